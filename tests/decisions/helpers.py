"""What the tests of modals and of cards have in common."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from messages.orders.submission import InputState, Submission
from tests.make import AGENT, at

_STATE = {
    "initial_value": "value",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_users": "selected_users",
    "initial_conversations": "selected_conversations",
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
