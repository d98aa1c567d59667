"""Each click, submission and command has one identity, derived from what Slack repeats in every delivery."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from messages.base import QueueMessage
from messages.conversation import NameContact
from messages.notification import AgentActed, HidePost, ShowPost, UndoHide
from messages.sms import ResendText, SendLate, TakeBackText
from messages.ticket import ActOnTicket
from tests.wire.gateway.helpers import Served, click, submission

BUTTONS = [
    ("ticket.hide", '{"ticket": 7}', HidePost),
    ("ticket.show", '{"ticket": 7}', ShowPost),
    ("ticket.undo_hide", '{"post": "p1"}', UndoHide),
    ("ticket.resend", '{"sms": "s1"}', ResendText),
    ("ticket.send_late", '{"sms": "s1"}', SendLate),
    ("ticket.take_back", '{"sms": "s1"}', TakeBackText),
    ("ticket.take", '{"ticket": 7}', ActOnTicket),
    ("ticket.status", '{"ticket": 7, "status": "open"}', ActOnTicket),
    ("ticket.priority", '{"ticket": 7, "priority": "low"}', ActOnTicket),
]


def orders(gateway: Served, payload: dict[str, Any]) -> list[str | None]:
    """The identities of the orders in a request."""
    assert gateway.interaction(payload).status_code == 200
    return [_order(message) for message in gateway.publisher.take() if not isinstance(message, AgentActed)]


def _order(message: QueueMessage) -> str | None:
    found: str | None = message.model_dump()["order"]
    return found


@pytest.mark.parametrize(("action_id", "value", "kind"), BUTTONS)
def test_a_click_has_the_identity_of_its_trigger_in_every_delivery(
    gateway: Served, action_id: str, value: str, kind: type[QueueMessage]
) -> None:
    payload = click(action_id, value)
    (first,), (second,) = orders(gateway, payload), orders(gateway, payload)
    assert first is not None
    assert first == second
    (other,) = orders(gateway, {**payload, "trigger_id": "11.23.ab"})
    assert other != first


def test_two_elements_of_one_interaction_are_two_orders(gateway: Served) -> None:
    actions = [
        {"action_id": "ticket.take", "value": '{"ticket": 7}', "action_ts": "1700000005.000200"},
        {"action_id": "ticket.show", "value": '{"ticket": 7}', "action_ts": "1700000005.000200"},
    ]
    found = orders(gateway, click(actions=actions))
    assert len({*found} - {None}) == 2


def test_a_click_without_a_trigger_is_identified_by_its_user_element_and_time(gateway: Served) -> None:
    payload = {**click("ticket.take"), "trigger_id": None}
    (first,), (second,) = orders(gateway, payload), orders(gateway, payload)
    assert first is not None
    assert first == second
    (other,) = orders(gateway, {**payload, "user": {"id": "U0BEN"}})
    assert other != first


def test_a_click_without_an_identity_is_still_taken(gateway: Served) -> None:
    actions = [{"action_id": "ticket.take", "value": '{"ticket": 7}'}]
    assert orders(gateway, {**click(actions=actions), "trigger_id": ""}) == [None]


def test_a_submission_has_the_identity_of_its_view_and_the_views_state(gateway: Served) -> None:
    payload = submission({"subject": {"type": "plain_text_input", "value": "Blue one"}})
    (first,), (second,) = orders(gateway, payload), orders(gateway, {**payload, "trigger_id": "99.1.ab"})
    assert first is not None
    assert first == second
    for change in ({"id": "V0OTHER"}, {"hash": "1700000001.def"}):
        (other,) = orders(gateway, {**payload, "view": {**payload["view"], **change}})
        assert other != first


def test_a_command_has_the_identity_of_its_trigger(gateway: Served) -> None:
    def name(trigger: str) -> str | None:
        typed = {"text": "name +15550002222 Ann", "user_id": "U0ADA", "channel_id": "C0TEXTS", "trigger_id": trigger}
        assert gateway.slack("/slack/commands", urlencode(typed).encode()).status_code == 200
        (order,) = gateway.publisher.take()
        assert isinstance(order, NameContact)
        return order.order

    assert name("1.2.a") == name("1.2.a") is not None
    assert name("1.2.b") != name("1.2.a")
    assert name("") is None


def seen_at(gateway: Served, action_ts: str) -> datetime:
    """The time at which, for the gateway, a click on Open was made."""
    actions = [{"action_id": "ticket.open", "value": '{"ticket": 7}', "action_ts": action_ts}]
    gateway.interaction(click(actions=actions))
    (seen,) = gateway.publisher.take()
    assert isinstance(seen, AgentActed)
    return seen.at


def test_a_click_has_the_time_that_slack_gives_it_however_often_it_comes(gateway: Served) -> None:
    moment = (datetime.now(UTC) - timedelta(seconds=100)).replace(microsecond=250_000)
    assert seen_at(gateway, f"{moment.timestamp():.6f}") == moment
    assert seen_at(gateway, f"{moment.timestamp():.6f}") == moment


@pytest.mark.parametrize("action_ts", ["", "soon", "nan", "inf", "-1", "1700000005.000200", "9" * 400, "1e9", "１７"])
def test_a_time_that_no_recent_click_can_have_is_not_believed(gateway: Served, action_ts: str) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before <= seen_at(gateway, action_ts) <= datetime.now(UTC)


def test_no_click_has_a_time_in_the_future(gateway: Served) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=30)
    assert seen_at(gateway, f"{ahead.timestamp():.6f}") <= datetime.now(UTC)
