"""A planned text in lists: when it leaves, what it says, and the buttons below it. Pure."""

import json
from typing import Final

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, MarkdownTextObject, SectionBlock

from messages.calendar import time_words, wall_time, zone_words
from messages.planned import Planned, PlannedState
from workers.markup import clip_escaped, escape, local_time, unstyled, words_and_files

LISTED_WORDS: Final = 300


def listed_plan(planned: Planned) -> list[Block]:
    """A planned text in a list, with its buttons while there is something to do."""
    held = " · held" if planned.state is PlannedState.HELD else ""
    said = clip_escaped(unstyled(words_and_files(planned.body, planned.files)), LISTED_WORDS)
    line = f"{leaves_words(planned)}{held} · to {escape(planned.contact)}\n{said}"
    return [SectionBlock(text=MarkdownTextObject(text=line, verbatim=True)), *plan_buttons(planned)]


def leaves_words(planned: Planned) -> str:
    """When it is due for the reader, and what clocks show where it was meant."""
    shown = time_words(wall_time(planned.due_at, planned.zone))
    return f"{local_time(planned.due_at)} ({shown} in {escape(zone_words(planned.zone))})"


def plan_buttons(planned: Planned) -> list[Block]:
    """What can be done about a planned text, in a block; nothing once it is over."""
    if planned.state.is_final:
        return []
    value = json.dumps({"planned": planned.id, "version": planned.version})
    keep = ButtonElement(text="Send as planned", action_id="planned.keep", value=value)
    buttons = [
        *([keep] if planned.state is PlannedState.HELD else []),
        ButtonElement(text="Edit", action_id="planned.edit", value=value),
        ButtonElement(text="Send now", action_id="planned.send_now", value=value),
        ButtonElement(text="Don't send" if planned.at_night else "Cancel", action_id="planned.cancel", value=value),
    ]
    return [ActionsBlock(block_id=f"planned.{planned.id}.{planned.version}"[:255], elements=buttons)]
