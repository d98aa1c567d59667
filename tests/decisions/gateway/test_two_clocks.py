"""Where the sandbox's clock is moved, signatures are judged by the real time, and messages have the moved one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from gateway import slack_webhook
from gateway.webhook import Rejected, Request
from messages.inbound import SlackReplyPosted

SECRET: Final = b"a-signing-secret"
APP: Final = slack_webhook.App(SECRET, "https://slack.com/api/")
REAL: Final = datetime(2026, 11, 24, 8, tzinfo=UTC)
NOW: Final = REAL + timedelta(days=5)


def reply(signed_at: datetime) -> Request:
    """A reply in a thread, signed at a time."""
    event = {"type": "message", "channel": "C0TEXTS", "user": "U0ADA", "text": "On my way", "ts": "1700000001.000100"}
    envelope = {"type": "event_callback", "event_id": "Ev1", "event": {**event, "thread_ts": "1700000000.000100"}}
    body, timestamp = json.dumps(envelope).encode(), str(int(signed_at.timestamp()))
    signature = slack_webhook.signature(body, timestamp, SECRET).encode()
    headers = {b"x-slack-request-timestamp": timestamp.encode(), b"x-slack-signature": signature}
    return Request("/slack/events", "", headers, body)


def test_a_genuine_webhook_is_taken_with_the_moved_time() -> None:
    (message,) = slack_webhook.event(reply(REAL), APP, NOW, REAL).messages
    assert isinstance(message, SlackReplyPosted)
    assert message.received_at == NOW


@pytest.mark.parametrize("receive", [slack_webhook.event, slack_webhook.interaction, slack_webhook.command])
def test_an_old_signature_is_refused_whatever_the_moved_time_is(receive: object) -> None:
    assert callable(receive)
    with pytest.raises(Rejected):
        receive(reply(NOW), APP, NOW, REAL)
