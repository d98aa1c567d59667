"""Who writes, edits or deletes in a thread that the app began is known, so that they can be told of an outage."""

import json
from typing import Any

import pytest

from gateway import slack_webhook
from gateway.webhook import Accepted, Request, ThreadAuthor
from tests.make import AGENT, CHANNEL, NOW

SECRET = b"a signing secret of nobody's"
AT = {"ts": "1700000001.000100", "thread_ts": "1700000000.000100", "user": AGENT, "parent_user_id": "U0CLERK"}
EDITED = {**AT, "text": "now", "edited": {"user": AGENT, "ts": "1700000002.000100"}}
REPLY = {**AT, "channel": CHANNEL, "text": "hello"}
CHANGE = {"subtype": "message_changed", "channel": CHANNEL, "message": EDITED, "previous_message": AT}
DELETION = {"subtype": "message_deleted", "channel": CHANNEL, "previous_message": AT}
APP = {"team_id": "T0TEAM", "user_id": "U0CLERK", "is_bot": True}


def taken(event: dict[str, Any], app: dict[str, Any] = APP, **headers: str) -> Accepted:
    """What the gateway makes of an event."""
    envelope = {"type": "event_callback", "event_id": "Ev1", "authorizations": [app]}
    body = json.dumps({**envelope, "event": {"type": "message", **event}}).encode()
    timestamp = str(int(NOW.timestamp()))
    signed = {
        b"x-slack-request-timestamp": timestamp.encode(),
        b"x-slack-signature": slack_webhook.signature(body, timestamp, SECRET).encode(),
        **{name.replace("_", "-").encode(): value.encode() for name, value in headers.items()},
    }
    slack = slack_webhook.App(SECRET, "https://slack.com/api/")
    return slack_webhook.event(Request("/slack/events", "", signed, body), slack, NOW)


@pytest.mark.parametrize("event", [REPLY, CHANGE, DELETION], ids=["reply", "edit", "deletion"])
def test_who_acts_in_our_thread_is_known_the_first_time(event: dict[str, Any]) -> None:
    assert taken(event).author == ThreadAuthor(CHANNEL, "1700000000.000100", AGENT)
    assert taken(event, x_slack_retry_num="1").author is None
    assert taken(event, {**APP, "user_id": "U0ANOTHER"}).author is None
    assert taken(event, {**APP, "is_bot": False}).author is None
    assert len(taken(event).messages) == 1


def test_an_event_that_does_not_name_who_began_the_thread_is_taken_all_the_same() -> None:
    found = taken({name: value for name, value in REPLY.items() if name != "parent_user_id"})
    assert (found.author, len(found.messages)) == (None, 1)
