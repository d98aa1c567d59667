"""Every button has its orders, and any click gives some orders or none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.base import Order, QueueMessage
from messages.deadlines.priority import Priority
from messages.notification import HOME, AgentActed, HidePost, OpenModal, ShowPost, UndoHide
from messages.orders.clicks import ORDERS, Click, orders
from messages.ticket import ActOnTicket, SetPriority, SetStatus, Status, Take
from messages.views import OpenReply, PushSend, ShowHome
from tests import make
from tests.decisions.helpers import CARRIED
from tests.make import AGENT, CHANNEL, NOW
from workers.last_words import last_words

RESPONSE_URL = "https://hooks.slack.com/actions/T1/2/3"
SEEN = AgentActed(ticket=7, by=AGENT, at=NOW)


def _click(action_id: str, value: str) -> Click:
    return Click(
        action_id=action_id,
        value=value,
        user=AGENT,
        channel=CHANNEL,
        ts="1700000000.000100",
        trigger_id="1.2.abc",
        response_url=RESPONSE_URL,
        at=NOW,
    )


def _act(command: Take | SetStatus | SetPriority) -> ActOnTicket:
    return ActOnTicket(ticket=7, command=command, by=AGENT, at=NOW, response_url=RESPONSE_URL)


WHERE: dict[str, Any] = {"channel": CHANNEL, "ts": "1700000000.000100", "by": AGENT}
OPENED: dict[str, Any] = {"user": AGENT, "trigger_id": "1.2.abc", "response_url": RESPONSE_URL, "channel": CHANNEL}
REPLY = OpenReply(ticket=7, received_at=NOW, **OPENED)
FORM = PushSend(received_at=NOW, **OPENED)
MODAL = OpenModal(ticket=7, received_at=NOW, **OPENED)


@pytest.mark.parametrize(
    ("action_id", "carried", "expected"),
    [
        ("ticket.open", {"ticket": 7}, [SEEN]),
        ("ticket.assign", {"ticket": 7}, [MODAL, SEEN]),
        ("ticket.reply", {"ticket": 7}, [REPLY, SEEN]),
        ("clerk.send", {"channel": "C0TEXTS", "response_url": RESPONSE_URL}, [FORM]),
        ("ticket.hide", {"ticket": 7}, [HidePost(**WHERE, response_url=RESPONSE_URL), SEEN]),
        ("ticket.show", {"ticket": 7}, [ShowPost(**WHERE, response_url=RESPONSE_URL)]),
        ("ticket.undo_hide", {"post": "p1"}, [UndoHide(post="p1", by=AGENT, response_url=RESPONSE_URL)]),
        ("ticket.take", {"ticket": 7}, [_act(Take())]),
        ("ticket.status", {"ticket": 7, "status": "solved"}, [_act(SetStatus(status=Status.SOLVED))]),
        ("ticket.priority", {"ticket": 7, "priority": "high"}, [_act(SetPriority(priority=Priority.HIGH))]),
    ],
)
def test_a_click_on_a_button_gives_its_orders(
    action_id: str, carried: dict[str, Any], expected: list[QueueMessage]
) -> None:
    assert list(orders(_click(action_id, json.dumps(carried)))) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "7",
        "null",
        "[7]",
        "{}",
        '{"ticket": null}',
        '{"ticket": "7"}',
        '{"ticket": true}',
        '{"ticket": 7.5}',
        '{"ticket": NaN}',
        '{"ticket": -1}',
        '{"ticket": 9007199254740992}',
        '{"ticket": 1e400}',
        '{"ticket": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"ticket": 7',
        '{"ticket": 7, "status": "asleep", "priority": "huge"}',
    ],
)
def test_a_foreign_value_gives_no_order_for_a_ticket(value: str) -> None:
    for action_id in ("ticket.status", "ticket.priority"):
        assert list(orders(_click(action_id, value))) == []
    if '"ticket": 7,' not in value:
        need_none = {"ticket.show", "home.away"}
        assert [each for each in ORDERS if each not in need_none and orders(_click(each, value))] == []


IN_HOME_ALONE = {key for key in ORDERS if key.startswith("home.")}
"""What is only in the app's Home, where a click has no response_url."""


@pytest.mark.parametrize("action_id", sorted(ORDERS.keys() - IN_HOME_ALONE))
def test_whoever_clicks_can_be_told_what_becomes_of_it_whatever_is_down(action_id: str) -> None:
    found = orders(_click(action_id, json.dumps(CARRIED.get(action_id, {"ticket": 7}))))
    assert found
    for message in found:
        assert isinstance(message, Order)
        if not isinstance(message, AgentActed):
            assert getattr(message, "response_url", None) == RESPONSE_URL
            assert last_words(message) is not None


IN_HOME = sorted({*IN_HOME_ALONE, "clerk.back", *(key for key in ORDERS if key.startswith("planned."))})


@pytest.mark.parametrize("action_id", IN_HOME)
def test_whoever_clicks_in_the_home_is_told_there(action_id: str) -> None:
    click = _click(action_id, json.dumps(CARRIED[action_id])).model_copy(update={"channel": HOME, "response_url": None})
    found = orders(click)
    assert found
    for message in found:
        told = last_words(message)
        assert isinstance(message, ShowHome) or (told is not None and told.channel == HOME and told.user == AGENT)


@pytest.mark.parametrize("page", [-1, 1000, "1", None, True, 1.5])
def test_a_page_of_the_home_that_can_not_be_is_no_order(page: object) -> None:
    assert list(orders(_click("home.show.0", json.dumps({"tickets": page, "lines": 0})))) == []


def test_a_foreign_element_gives_no_order() -> None:
    assert list(orders(_click("poll.vote", '{"ticket": 7}'))) == []


@given(st.sampled_from([*ORDERS, "", "other"]), make.JSON.map(json.dumps) | st.text(max_size=50))
def test_any_click_gives_messages_that_can_be_published_or_none(action_id: str, value: str) -> None:
    for message in orders(_click(action_id, value)):
        assert type(message).model_validate_json(message.model_dump_json()) == message


@given(st.dictionaries(st.sampled_from(["ticket", "post", "status", "priority", "x"]), make.JSON | st.just(7)))
def test_any_value_of_our_own_shape_is_an_order_or_none(carried: dict[str, Any]) -> None:
    for action_id in ORDERS:
        for message in orders(_click(action_id, json.dumps(carried))):
            message.model_dump_json().encode()
