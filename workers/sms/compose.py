"""Texts that agents write in a modal or after `/clerk send`, and those that Clerk writes by itself. Pure."""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.answering import AutoOrder
from messages.conversation import Contact, Conversation, conversation_id
from messages.formats.numbers import NotANumber, SeveralNumbers, split, split_contact
from messages.formats.segments import segments
from messages.line import Line, line_of
from messages.sms import Direction, Origin, SlackFile, Sms, State, WriteText, WriteTyped

DECIDED_WITHIN: Final = timedelta(seconds=12)
"""After this long the clock finds a text without an outcome."""

LISTED: Final = 20

NO_TEXT: Final = (
    "Nothing was sent: write the text after the number, such as /clerk send +15551234567 We are on our way."
)
NO_LINES: Final = "Nothing was sent: Clerk has no line yet. Ask an admin to add one (clerk lines add)."
KEPT_AS_NOTE: Final = "Not sent: your text begins like a note, so it was kept on the ticket as a note."
NO_TICKET_FOR_NOTE: Final = (
    "Nothing was sent: a text that begins with // or note: is a note for the team, and there is no ticket yet to keep "
    "it on. To send it to the contact, begin it differently."
)
AT_ONCE: Final = "It is day where they are, so it leaves at once."
NOTE_WITH_FILES: Final = (
    "Nothing was sent: a text that begins with // or note: is a note for the team, and one from a form keeps no files. "
    "Write it in the conversation's thread, where the team sees them."
)
ACCEPTED_BEFORE: Final = (
    "Your change was not sent: Clerk had already accepted your text as you first submitted it. "
    "The conversation's thread shows it. Write another text if something is missing."
)


def parse_typed(typed: WriteTyped, lines: Sequence[Line], known: Collection[str] = ()) -> WriteText | str:
    """The order in a typed number and text, or the answer that says what is wrong.

    `known` are contacts that the typed words may begin with: the numbers of some are in no list of numbers.
    """
    line = line_of(lines, typed.channel)
    if line is None:
        return which_line(lines)
    try:
        number, text = split(typed.typed, line.id)
    except NotANumber as error:
        numbers = [each for each in known if each[:1] == "+" and each[1:].isdigit()]
        try:
            exactly = None if isinstance(error, SeveralNumbers) else split_contact(typed.typed, numbers, line.id)
        except SeveralNumbers as several:
            return f"Nothing was sent. {several}"
        if exactly is None:
            return f"Nothing was sent. {error}"
        number, text = exactly
    if not text:
        return NO_TEXT
    return WriteText(
        sms=typed.sms,
        line=line.id,
        contact=number,
        text=text,
        by=typed.by,
        at=typed.at,
        channel=typed.channel,
        response_url=typed.response_url,
    )


def which_line(lines: Sequence[Line]) -> str:
    """The answer to an agent who typed a text where it is unclear which line should send it."""
    if not lines:
        return NO_LINES
    names = ", ".join(f"{line.name} ({line.id})" if line.name else line.id for line in lines[:LISTED])
    return (
        f"Nothing was sent: it is unclear which line should send it ({names}). Type the command in the line's "
        "channel, or type /clerk alone, click Send text and pick the line there."
    )


def refusal_id(message: WriteText | WriteTyped) -> str:
    """The id under which the refusal of an order is kept; a form that was changed and submitted again has another."""
    if isinstance(message, WriteTyped):
        said = [message.typed]
    else:
        said = [message.line, message.contact, message.text, *(each.id for each in message.files)]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
    return f"refused/{message.sms}/{message.actor}/{digest}"


def document(
    message: WriteText, body: str, state: State, correlation_id: str | None, files: Sequence[SlackFile] = ()
) -> Sms:
    """An agent's text as a document; `files` are those of the message, with all that Slack says about them."""
    conversation = conversation_id(message.line, message.contact)
    waiting = state is State.WAITING
    return Sms(
        id=message.sms,
        conversation=conversation,
        line=message.line,
        contact=message.contact,
        direction=Direction.OUTBOUND,
        body=body,
        files=tuple(files),
        received_at=message.at,
        correlation_id=correlation_id,
        state=state,
        rank=state.rank,
        author=message.by,
        outbox=conversation if waiting else None,
        due_at=message.at + DECIDED_WITHIN if waiting else None,
        unshown=conversation,
    )


def confirmation(text: Sms, contact: Contact, line: Line) -> str:
    """The answer to an agent whose text is on its way, or was kept as a note."""
    if text.state is State.NOTE:
        return KEPT_AS_NOTE
    if text.late:
        return text.words + " The conversation's thread has a button for that."
    size = segments(text.body)
    files = f", with {len(text.files)} file{'s' * (len(text.files) > 1)}" if text.files else ""
    several = f", as {size.count} segments ({size.encoding})" if size.count > 1 else ""
    who = f"{contact.name} ({contact.id})" if contact.name else contact.id
    return f"On its way to {who} from {line.label}{several}{files}. The conversation's thread shows whether it arrives."


def automatic(order: AutoOrder, conversation: Conversation, now: datetime, correlation_id: str | None) -> Sms:
    """An automatic text as a document; what answers a contact who has just written is sent at night, too."""
    return Sms(
        id=order.id,
        conversation=conversation.id,
        line=conversation.line,
        contact=conversation.contact,
        direction=Direction.OUTBOUND,
        origin=Origin.AUTO,
        exempt=order.kind.answers_at_once,
        body=order.body,
        received_at=order.at,
        stored_at=now,
        correlation_id=correlation_id,
        state=State.WAITING,
        rank=State.WAITING.rank,
        outbox=conversation.id,
        due_at=now + DECIDED_WITHIN,
        unshown=conversation.id,
    )
