"""The gateway takes the opening of the app's Home, and what is clicked there, as what a person did in their Home."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway import slack_webhook
from gateway.webhook import Accepted, Request, Unusable
from messages.notification import HOME
from messages.team.agent import ComeBack
from messages.views import ShowHome
from tests.make import AGENT, CHANNEL, NOW

SECRET = b"a signing secret of nobody's"
APP = slack_webhook.App(SECRET, "https://slack.com/api/")


def signed(body: bytes) -> Request:
    """A request as Slack signs it."""
    timestamp = str(int(NOW.timestamp()))
    signature = slack_webhook.signature(body, timestamp, SECRET).encode()
    headers = {b"x-slack-request-timestamp": timestamp.encode(), b"x-slack-signature": signature}
    return Request("/slack", "", headers, body)


def opened(**event: Any) -> Accepted:
    """What the gateway makes of the opening of a tab."""
    whole = {"type": "app_home_opened", "user": AGENT, "channel": "D0ADA", "event_ts": "1.0", **event}
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": whole}).encode()
    return slack_webhook.event(signed(body), APP, NOW)


def clicked(**payload: Any) -> Accepted:
    """What the gateway makes of a click on "I am back"."""
    action = {"action_id": "clerk.back", "value": json.dumps({"since": NOW.isoformat()}), "action_ts": "1.0"}
    whole = {"type": "block_actions", "user": {"id": AGENT}, "trigger_id": "1.2", "actions": [action], **payload}
    return slack_webhook.interaction(signed(urlencode({"payload": json.dumps(whole)}).encode()), APP, NOW)


def test_who_opens_the_home_sees_it_and_a_later_view_than_the_one_they_had_stays() -> None:
    assert opened(tab="home").messages == [ShowHome(user=AGENT)]
    seen = {"id": "V1", "type": "home", "hash": "1.abc", "blocks": []}
    assert opened(tab="home", view=seen).messages == [ShowHome(user=AGENT, opened="1.abc")]


def test_another_tab_is_no_home_and_who_is_nobody_has_none() -> None:
    assert opened(tab="messages").dropped == "app_home_opened"
    assert opened().dropped == "app_home_opened"
    with pytest.raises(Unusable):
        opened(tab="home", user=None)


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        ({"container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "home"}}, HOME),
        ({"container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "modal"}}, None),
        ({"container": {"type": "message", "message_ts": "1.0", "channel_id": CHANNEL}}, CHANNEL),
        ({"container": {"type": "message", "message_ts": "1.0"}, "channel": {"id": CHANNEL}}, CHANNEL),
    ],
)
def test_a_click_is_where_it_was_made(payload: dict[str, Any], place: str | None) -> None:
    (back,) = clicked(**payload).messages
    assert isinstance(back, ComeBack)
    assert back.channel == place
