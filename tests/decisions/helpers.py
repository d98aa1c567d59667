"""What the tests of modals and of cards have in common."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from messages.orders.submission import InputState, Submission
from tests.make import AGENT, CHANNEL, LINE, NOW, at

_STATE = {
    "initial_value": "value",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_users": "selected_users",
    "initial_conversations": "selected_conversations",
    "initial_date": "selected_date",
    "initial_time": "selected_time",
}


def untouched(view: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What Slack sends of a modal that was submitted as it was opened, by block_id."""
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    return {
        block["block_id"]: {_STATE[name]: value for name, value in block["element"].items() if name in _STATE}
        for block in inputs
    }


def submitted(view: Mapping[str, Any], **states: Mapping[str, Any]) -> Submission:
    """The submission of a modal with some inputs' states changed."""
    return Submission(
        callback_id=view["callback_id"],
        private_metadata=view["private_metadata"],
        fields={name: InputState.model_validate(state) for name, state in {**untouched(view), **states}.items()},
        user=AGENT,
        at=at(1),
    )


LINK = "https://team.slack.com/archives/C0TEXTS/p1700000000000100"
"""The address of a message."""

ALIVE = re.compile(
    r"<(?!@[UW][A-Z0-9]+>|#[CGD][A-Z0-9]+>|!date\^\d+\^(?:\{date_short_pretty\} \{time\}|\{ago\})\|[-0-9: ]+ UTC>"
    rf"|{re.escape(LINK)}\|see the newest notification>)"
)
"""A control sequence that is not one of Clerk's own: a mention of a person or channel, a time, or a link to a card."""


def text_objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every text object in some blocks."""
    if isinstance(value, Mapping):
        if value.get("type") in {"plain_text", "mrkdwn"} and "text" in value:
            yield value
        for each in value.values():
            yield from text_objects(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from text_objects(each)


CARRIED: dict[str, dict[str, Any]] = {
    "ticket.undo_hide": {"post": "p1"},
    "ticket.resend": {"sms": "s1"},
    "ticket.send_late": {"sms": "s1"},
    "ticket.take_back": {"sms": "s1"},
    "ticket.status": {"ticket": 7, "status": "solved"},
    "ticket.priority": {"ticket": 7, "priority": "high"},
    "ticket.opt_in": {"ticket": 7, "since": NOW.isoformat()},
    "ticket.block": {"ticket": 7, "channel": CHANNEL},
    "ticket.answer_again": {"ticket": 7, "since": NOW.isoformat()},
    **{key: {"planned": "P1"} for key in ("planned.keep", "planned.send_now", "planned.cancel", "planned.edit")},
    "alert.have": {"alert": "alert/7/unanswered/2026", "ticket": 7},
    "ticket.snooze": {"ticket": 7, "snooze": "1h"},
    "ticket.snooze_again": {"ticket": 7, "until": NOW.isoformat()},
    "clerk.back": {"since": NOW.isoformat()},
    "clerk.send": {"channel": CHANNEL, "response_url": "https://hooks.slack.com/actions/T1/2/3"},
    "clerk.page.0": {"query": "open", "page": 0},
    "clerk.page.1": {"query": "open", "page": 1},
    "home.show.0": {"tickets": 1, "lines": 2},
    "home.show.1": {"tickets": 1, "lines": 2},
    "home.away": {},
    "home.close": {"line": LINE},
    "home.open": {"line": LINE},
    "home.settings": {"line": LINE},
}
"""What the buttons carry that carry more than a ticket, by `action_id`."""
