"""The gateway takes what a person's account has become, as of the time of the event, and drops what an app has."""

import json
from typing import Any

import pytest

from gateway import slack_webhook
from gateway.webhook import Accepted, Request, Unusable
from messages.team.agent import AccountChanged
from tests.make import NOW, at

SECRET = b"a signing secret of nobody's"


def taken(event: dict[str, Any]) -> Accepted:
    """What the gateway makes of an event."""
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "user_change", **event}}).encode()
    timestamp = str(int(NOW.timestamp()))
    signature = slack_webhook.signature(body, timestamp, SECRET).encode()
    headers = {b"x-slack-request-timestamp": timestamp.encode(), b"x-slack-signature": signature}
    app = slack_webhook.App(SECRET, "https://slack.com/api/")
    return slack_webhook.event(Request("/slack/events", "", headers, body), app, NOW)


@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize(("seconds", "counts"), [(-60, -60), (600, 0)])
def test_an_event_counts_as_of_its_own_time_and_never_later_than_now(deleted: bool, seconds: int, counts: int) -> None:
    user = {"id": "U0ANN", "deleted": deleted, "name": "ann", "profile": {"status_text": "hi"}}
    found = taken({"user": user, "event_ts": f"{at(seconds).timestamp():.6f}"})
    assert found.messages == [AccountChanged(user="U0ANN", deleted=deleted, at=at(counts))]


def test_an_event_without_a_time_counts_as_of_now() -> None:
    assert taken({"user": {"id": "U0ANN", "deleted": True}}).messages == [
        AccountChanged(user="U0ANN", deleted=True, at=NOW)
    ]


def test_what_an_app_has_become_is_dropped_and_what_names_nobody_is_refused() -> None:
    assert taken({"user": {"id": "U0APP", "deleted": True, "is_bot": True}}).dropped == "user_change"
    for broken in ({}, {"user": "U0ANN"}, {"user": {"deleted": True}}):
        with pytest.raises(Unusable):
            taken(broken)
