"""The forms that open from the app's Home. Pure."""

from typing import Any, Final

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from messages.line import Line
from messages.orders.commands import QUERY_LIMIT
from messages.orders.home_forms import AwayMetadata, CloseMetadata
from workers.markup import clip_escaped

AWAY_HINT: Final = "Without an end, you are away until your hours begin again."
NO_HOURS_HINT: Final = "You come back by yourself then."


def away_form(zone: str, *, has_hours: bool) -> dict[str, Any]:
    """The form in which somebody says until when they are away; `zone` is theirs, blank if unknown."""
    element = PlainTextInputElement(
        action_id="away", max_length=QUERY_LIMIT, placeholder=_plain("2h, until Monday 9:00, on leave until 2026-12-24")
    )
    hint = AWAY_HINT if has_hours else NO_HOURS_HINT
    field = InputBlock(
        block_id="away", label=_plain("Until when, and why"), element=element, optional=has_hours, hint=_plain(hint)
    )
    metadata = AwayMetadata(zone=zone, has_hours=has_hours)
    return _form("home.away", "Away", metadata.model_dump_json(), field)


def close_form(line: Line, zone: str) -> dict[str, Any]:
    """The form in which somebody closes a line; `zone` is that of its hours."""
    element = PlainTextInputElement(
        action_id="until", max_length=QUERY_LIMIT, placeholder=_plain("2h, today, until 14:00 training, until mon 9:00")
    )
    label = f"Until when is {clip_escaped(line.label, 90)} closed, and why"
    field = InputBlock(block_id="until", label=_plain(label), element=element, hint=_plain("It opens again by itself."))
    return _form("home.close", "Close now", CloseMetadata(line=line.id, zone=zone).model_dump_json(), field)


def _form(callback_id: str, title: str, metadata: str, *blocks: InputBlock) -> dict[str, Any]:
    return View(
        type="modal",
        callback_id=callback_id,
        private_metadata=metadata,
        title=_plain(title),
        submit=_plain("Save"),
        close=_plain("Cancel"),
        blocks=blocks,
    ).to_dict()


def _plain(escaped: str) -> PlainTextObject:
    return PlainTextObject(text=escaped, emoji=False)
