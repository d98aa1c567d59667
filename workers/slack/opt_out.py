"""What a card says of an opt-out before an agent writes, with a button for what the contact told otherwise. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, MarkdownTextObject, SectionBlock

from messages.line import Line
from messages.opt_outs import TOLD, way_back, words_of
from workers.markup import escape


def opt_out(ticket: int, line: Line, since: datetime | None) -> Sequence[Block]:
    """The card's block about an opt-out that counts since then; none without one."""
    if since is None:
        return []
    back = escape(way_back(words_of(line.id, line.opt_out, in_service=bool(line.pool))))
    said = f":no_entry: *Opted out.* Clerk sends them no texts until they text {back}, or tell you otherwise."
    value = json.dumps({"ticket": ticket, "since": since.isoformat()})
    button = ButtonElement(text=TOLD, action_id="ticket.opt_in", value=value)
    return [SectionBlock(text=MarkdownTextObject(text=said, verbatim=True), accessory=button)]
