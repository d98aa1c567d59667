"""The form in which an agent blocks a ticket's contact: it says what that does, and asks why. Pure."""

import json
from typing import Any, Final

from slack_sdk.models.blocks import InputBlock, MarkdownTextObject, PlainTextInputElement, PlainTextObject, SectionBlock
from slack_sdk.models.views import View

from messages.conversation import Contact
from messages.line import Line
from messages.ticket import WHY_LIMIT, Ticket
from workers.markup import clip_escaped, escape, unstyled

NAMED: Final = 100
BLOCKED_ALREADY: Final = "The contact is blocked already. *Unblock* on the card ends that."


def block_form(ticket: Ticket, contact: Contact, line: Line) -> dict[str, Any]:
    """The form, which is the question whether they are surely to be blocked, too."""
    name, on = clip_escaped(unstyled(contact.name), NAMED), clip_escaped(unstyled(line.label), NAMED)
    who = f"*{name}* ({escape(contact.id)})" if name else f"*{escape(contact.id)}*"
    says = (
        f"Block {who} on {on}? Their texts are kept in the thread but notify nobody, and no text is sent to them: "
        "those that were planned are cancelled. *Unblock* on the card ends that."
    )
    why = PlainTextInputElement(action_id="why", max_length=WHY_LIMIT)
    blocks = [
        SectionBlock(text=MarkdownTextObject(text=says, verbatim=True)),
        InputBlock(block_id="why", label=_plain("Why?"), element=why, hint=_plain("For the team only."), optional=True),
    ]
    return View(
        type="modal",
        callback_id="ticket.block",
        private_metadata=json.dumps({"ticket": ticket.id}),
        title=_plain("Block contact"),
        submit=_plain("Block"),
        close=_plain("Cancel"),
        blocks=blocks,
    ).to_dict()


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)
