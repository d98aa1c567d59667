"""The gateway hands a click to a judge if the person's workspace is not that of the app or of its message."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from gateway import slack_webhook
from gateway.webhook import Request
from messages.base import QueueMessage
from messages.notification import AgentActed, OpenModal
from messages.orders.clicks import ORDERS, orders
from messages.orders.foreign_clicks import ForeignClick
from tests.make import AGENT, CHANNEL, NOW

SECRET = b"a signing secret of nobody's"
VALUE = json.dumps(
    {"ticket": 7, "post": "p", "sms": "s", "planned": "p", "alert": "a", "status": "open", "priority": "low"}
    | {"snooze": "1h", "until": "2026-12-24T09:00:00Z", "since": None, "channel": CHANNEL, "query": "x", "page": 0}
)


def taken(action_id: str = "ticket.assign", value: str = VALUE, **payload: Any) -> list[QueueMessage]:
    """What the gateway makes of a click."""
    action = {"action_id": action_id, "value": value, "action_ts": "1700000005.000200", "type": "button"}
    click = {
        "type": "block_actions",
        "user": {"id": AGENT, "team_id": "T0TEAM"},
        "team": {"id": "T0TEAM"},
        "message": {"team": "T0TEAM"},
        "container": {"type": "message", "message_ts": "1700000000.000100", "channel_id": CHANNEL},
        "trigger_id": "11.22.ab",
        "response_url": "https://hooks.slack.com/actions/T0TEAM/1/abc",
        "actions": [action],
        **payload,
    }
    body = f"payload={quote(json.dumps(click))}".encode()
    timestamp = str(int(NOW.timestamp()))
    signature = slack_webhook.signature(body, timestamp, SECRET).encode()
    headers = {b"x-slack-request-timestamp": timestamp.encode(), b"x-slack-signature": signature}
    app = slack_webhook.App(SECRET, "https://slack.com/api/")
    return [*slack_webhook.interaction(Request("/slack/interactions", "", headers, body), app, NOW).messages]


def foreign(team: str = "T0PARTNER") -> dict[str, Any]:
    """Somebody of another workspace."""
    return {"id": AGENT, "team_id": team}


@pytest.mark.parametrize(
    "payload",
    [
        {"user": foreign()},
        {"user": foreign(), "message": None},
        {"user": foreign(), "team": None},
        {"user": foreign(), "team": {"id": "T0PARTNER"}},
        {"user": foreign(), "message": {"team": "T0PARTNER"}},
        {"user": foreign("E0OTHER")},
    ],
    ids=["both", "no message", "no team", "team is theirs", "message is theirs", "organisation"],
)
def test_a_click_of_another_workspace_orders_only_that_it_is_judged(payload: dict[str, Any]) -> None:
    (found,) = taken(**payload)
    assert isinstance(found, ForeignClick)
    assert (found.user, found.channel, found.team) == (AGENT, CHANNEL, payload["user"]["team_id"])
    assert found.response_url == "https://hooks.slack.com/actions/T0TEAM/1/abc"
    assert list(orders(found.click)) == taken()


@pytest.mark.parametrize(
    "payload",
    [{}, {"message": None}, {"team": None}, {"team": None, "message": None}, {"user": {"id": AGENT}}],
    ids=["all", "no message", "no team", "nothing to compare", "no workspace of the person"],
)
def test_a_click_of_the_apps_own_workspace_orders_at_once(payload: dict[str, Any]) -> None:
    assert [type(each) for each in taken(**payload)] == [OpenModal, AgentActed]


@pytest.mark.parametrize("action_id", sorted(ORDERS))
def test_whatever_is_clicked_in_another_workspace_is_judged(action_id: str) -> None:
    ours, theirs = taken(action_id), taken(action_id, user=foreign())
    assert [type(each) for each in theirs] == ([ForeignClick] if ours else [])


def test_a_click_that_orders_nothing_needs_no_judge() -> None:
    assert taken("other.app", user=foreign()) == taken(value="garbled", user=foreign()) == []
