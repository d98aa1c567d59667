"""The app manifest asks for what Clerk uses, and subscribes to what the gateway takes."""

import json
import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from gateway import slack_webhook
from gateway.webhook import Request
from tests.servers import ROOT

MANIFEST: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docs" / "slack-app.yaml").read_text())
SCOPES: Final[list[str]] = MANIFEST["oauth_config"]["scopes"]["bot"]
EVENTS: Final[list[str]] = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

OF_METHODS: Final[dict[str, set[str]]] = {
    "auth.test": set(),  # https://docs.slack.dev/reference/methods/auth.test
    "chat.delete": {"chat:write"},  # https://docs.slack.dev/reference/methods/chat.delete
    "chat.getPermalink": set(),  # https://docs.slack.dev/reference/methods/chat.getPermalink
    "chat.postEphemeral": {"chat:write"},  # https://docs.slack.dev/reference/methods/chat.postEphemeral
    # `chat:write.public`: a line's public channel works without an invitation; `chat:write.customize`: other names
    "chat.postMessage": {
        "chat:write",
        "chat:write.public",
        "chat:write.customize",
    },  # https://docs.slack.dev/reference/methods/chat.postMessage
    "chat.update": {"chat:write"},  # https://docs.slack.dev/reference/methods/chat.update
    # lines have public or private channels: https://docs.slack.dev/reference/methods/conversations.info
    "conversations.info": {"channels:read", "groups:read"},
    # Clerk looks in lines' channels and in its direct messages with people; never in group messages
    # https://docs.slack.dev/reference/methods/conversations.history
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.open": {"im:write"},  # https://docs.slack.dev/reference/methods/conversations.open
    # https://docs.slack.dev/reference/methods/conversations.replies
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    # https://docs.slack.dev/reference/methods/files.completeUploadExternal
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {
        "files:write"
    },  # https://docs.slack.dev/reference/methods/files.getUploadURLExternal
    "files.info": {"files:read"},  # https://docs.slack.dev/reference/methods/files.info
    "reactions.add": {"reactions:write"},  # https://docs.slack.dev/reference/methods/reactions.add
    "reactions.remove": {"reactions:write"},  # https://docs.slack.dev/reference/methods/reactions.remove
    "users.conversations": {
        "channels:read",
        "groups:read",
    },  # https://docs.slack.dev/reference/methods/users.conversations
    "users.info": {"users:read"},  # https://docs.slack.dev/reference/methods/users.info
    "views.open": set(),  # https://docs.slack.dev/reference/methods/views.open
    "views.publish": set(),  # https://docs.slack.dev/reference/methods/views.publish
    "views.push": set(),  # https://docs.slack.dev/reference/methods/views.push
    "views.update": set(),  # https://docs.slack.dev/reference/methods/views.update
}
OF_EVENTS: Final[dict[str, set[str]]] = {
    "message.channels": {"channels:history"},  # https://docs.slack.dev/reference/events/message.channels
    "message.groups": {"groups:history"},  # https://docs.slack.dev/reference/events/message.groups
    "app_home_opened": set(),  # https://docs.slack.dev/reference/events/app_home_opened
    "app_uninstalled": set(),  # https://docs.slack.dev/reference/events/app_uninstalled
    "channel_archive": {"channels:read"},  # https://docs.slack.dev/reference/events/channel_archive
    "channel_id_changed": set(),  # https://docs.slack.dev/reference/events/channel_id_changed
    "channel_rename": {"channels:read"},  # https://docs.slack.dev/reference/events/channel_rename
    "channel_unarchive": {"channels:read"},  # https://docs.slack.dev/reference/events/channel_unarchive
    # https://docs.slack.dev/reference/events/member_joined_channel
    "member_joined_channel": {"channels:read", "groups:read"},
    "user_change": {"users:read"},  # https://docs.slack.dev/reference/events/user_change
    "tokens_revoked": set(),  # https://docs.slack.dev/reference/events/tokens_revoked
}
OF_FEATURES: Final = {"commands"}  # https://docs.slack.dev/interactivity/implementing-slash-commands

METHOD: Final = re.compile(r'"((?:auth|chat|conversations|files|reactions|team|users|views)\.[a-zA-Z.]+)"')
SECRET: Final = b"a signing secret of nobody's"


def called() -> set[str]:
    """Every method of the Web API that is named in the code."""
    sources = [path for folder in ("workers", "ops") for path in (ROOT / folder).rglob("*.py")]
    return {method for path in sources for method in METHOD.findall(path.read_text())}


def is_taken(kind: str) -> bool:
    """Whether the gateway makes anything of an event of this kind."""
    now = datetime.now(UTC)
    event = {
        "type": kind.partition(".")[0],
        "channel": "C0TEXTS",
        "old_channel_id": "G0TEXTS",
        "new_channel_id": "C0TEXTS",
        "user": {"id": "U0ADA", "deleted": True} if kind == "user_change" else "U0ADA",
        "text": "On my way",
        "ts": "1700000001.000100",
        "thread_ts": "1700000000.000100",
        "event_ts": "1700000001.000100",
        "tab": "home",
        "tokens": {"bot": ["U0CLERK"]},
    }
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": event}).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        b"x-slack-request-timestamp": timestamp.encode(),
        b"x-slack-signature": slack_webhook.signature(body, timestamp, SECRET).encode(),
    }
    app = slack_webhook.App(SECRET, "https://slack.com/api/")
    return bool(slack_webhook.event(Request("/slack/events", "", headers, body), app, now).messages)


def test_every_method_that_is_called_is_allowed() -> None:
    methods = called()
    assert "chat.postMessage" in methods
    assert methods - set(OF_METHODS) == set(), "name its scopes here, and in docs/slack-app.yaml"
    assert set().union(*(OF_METHODS[method] for method in methods)) - set(SCOPES) == set()


def test_no_scope_is_asked_for_that_nothing_needs() -> None:
    needed = OF_FEATURES.union(*OF_METHODS.values(), *(OF_EVENTS[event] for event in EVENTS))
    assert set(SCOPES) == needed
    assert len(SCOPES) == len(set(SCOPES))


@pytest.mark.parametrize("event", OF_EVENTS)
def test_exactly_the_events_that_the_gateway_takes_are_subscribed_to(event: str) -> None:
    assert (event in EVENTS) == is_taken(event)


def test_slack_is_told_the_routes_that_the_gateway_has() -> None:
    settings = MANIFEST["settings"]
    urls = [
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
        *(command["url"] for command in MANIFEST["features"]["slash_commands"]),
    ]
    assert [urlsplit(url).path for url in urls] == ["/slack/events", "/slack/interactions", "/slack/commands"]
    assert {urlsplit(url).netloc for url in urls} == {"clerk.example.org"}


def test_direct_messages_of_clerk_can_be_seen() -> None:
    assert MANIFEST["features"]["app_home"]["messages_tab_enabled"] is True


def test_the_home_tab_is_there() -> None:
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is True
