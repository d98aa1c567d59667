"""Documents as Slack messages: cards, thread posts, lines and whispers, with their fallback text. Pure.

A contact's words are in plain_text objects, escaped and without emoji codes, so that Slack renders nothing in them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    PlainTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextQuoteElement,
    SectionBlock,
    StaticSelectElement,
    TextObject,
)

from messages.conversation import Contact
from messages.formats.media_types import counted, described, plain_type
from messages.formats.plain_words import visible
from messages.line import Line
from messages.sms import Media, Sms, State
from messages.ticket import Change, Entry, Priority, Status, Ticket
from workers.markup import clip_escaped, escape, listed, local_time, mention, split, unstyled

FALLBACK: Final = 3900
"""chat.update refuses a text of more than 4,000 characters (https://docs.slack.dev/reference/methods/chat.update)."""

SECTION: Final = 3000
FIELD: Final = 900
SECTIONS: Final = 3
"""Sections of one text: enough for the longest one, 1,600 characters each written as an entity."""

NOTED: Final = 1000
POST_BLOCKS: Final = 45
POST_WEIGHT: Final = 12000
BLOCK_WEIGHT: Final = 50
"""A message's blocks together hold about 13,000 characters, including the blocks' own weight
(https://github.com/slackapi/bolt-js/issues/2509)."""


@dataclass(frozen=True)
class Rendered:
    """A message: its blocks, and the text that notifications and old clients show."""

    text: str
    blocks: tuple[Mapping[str, Any], ...]

    @property
    def digest(self) -> str:
        """A hash that is the same for the same message only."""
        whole = json.dumps([self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Card:
    """The contents of a card: `newest` is its text, `more` counts the others, `permalink` leads to the thread.

    With `withheld`, Slack's error, it says that its text could not be shown.
    """

    ticket: Ticket
    contact: Contact
    line: Line
    newest: Sms | None
    more: int
    permalink: str | None
    root: bool
    withheld: str | None = None


def card(card: Card) -> Rendered:
    """A ticket's card with Open, Assign and Hide."""
    ticket = card.ticket
    who = _who(card.contact)
    words = _said(card.newest) if card.newest and card.withheld is None else "(text not shown)"
    nothing = [ContextBlock(elements=[_plain("Nothing from the contact yet.")])] if not ticket.last_text else []
    blocks: list[Block] = [
        HeaderBlock(text=_plain(clip_escaped(who, 150))),
        ContextBlock(elements=[_mrkdwn(_headline(card))]),
        *(_text_sections(card.newest) if card.withheld is None else _withheld_text(card)),
        *nothing,
        *([ContextBlock(elements=[_mrkdwn(_arrival_line(card))])] if card.newest else []),
        SectionBlock(fields=_fields(ticket, card.line)),
        ActionsBlock(block_id="ticket.actions", elements=_buttons(card)),
        _quick_actions(ticket),
    ]
    more = f" (+{card.more} more)" if card.more else ""
    said = f"{who}: {words}{more}" if card.newest else who
    fallback = f"{said} · Ticket #{ticket.id} {ticket.status.label}"
    return _rendered(clip_escaped(fallback, FALLBACK), blocks)


def collapsed(card: Card, hidden_by: str | None) -> Rendered:
    """A hidden root: one line, and a Show button."""
    ticket = card.ticket
    line = f"Ticket #{ticket.id} · {ticket.status.label} · {clip_escaped(unstyled(_who(card.contact)), 500)}"
    hidden = f" · hidden by {mention(hidden_by)}" if hidden_by else ""
    show = ButtonElement(text="Show", action_id="ticket.show", value=_value(ticket=ticket.id))
    blocks = [
        ContextBlock(elements=[_mrkdwn(f"{line}{hidden}")]),
        ActionsBlock(block_id="ticket.actions", elements=[show]),
    ]
    return _rendered(line, blocks)


def texts(texts: Sequence[Sms]) -> tuple[Rendered, int]:
    """One thread post of the first texts, as many as fit (at least one), and their number."""
    blocks: list[Block] = []
    bodies: list[str] = []
    count = weight = 0
    for text in texts:
        when = [ContextBlock(elements=[_mrkdwn(local_time(text.received_at))])] if len(texts) > 1 else []
        own = [*when, *_text_sections(text)]
        size = sum(map(_weight, own))
        if count and (len(blocks) + len(own) > POST_BLOCKS or weight + size > POST_WEIGHT):
            break
        blocks += own
        bodies.append(_said(text))
        count += 1
        weight += size
    return _rendered(clip_escaped("\n".join(bodies), FALLBACK), blocks), count


def line(ticket: Ticket, entries: Sequence[Entry]) -> Rendered | None:
    """The thread line that says what changed, and by whom; None if no change matters to people."""
    sentences = [sentence for entry in entries if (sentence := _sentence(ticket, entry))]
    if not sentences:
        return None
    whole = listed(sentences, SECTION, "\n")
    return _rendered(whole, [ContextBlock(elements=[_mrkdwn(whole)])])


@dataclass(frozen=True)
class Unshown:
    """What a line says that is not shown: in words, and the ids by which `clerk trace` finds it."""

    words: str = "A message"
    traces: tuple[str, ...] = ()


def withheld(subject: Unshown, code: str) -> Rendered:
    """The thread line in the place of something that Slack does not accept."""
    line = f":warning: {subject.words} could not be shown here (Slack: {escape(code)}).{_traced(subject)}"
    return _rendered(line, [ContextBlock(elements=[_mrkdwn(line)])])


def undecided(subject: Unshown, code: str) -> Rendered:
    """The thread line in the place of something that may be shown or not, and that Clerk can't look up."""
    line = (
        f":grey_question: {subject.words} may be missing here: Slack did not answer, and Clerk can't look it up "
        f"(Slack: {escape(code)}). If Clerk is not a member of this channel, invite it (`/invite @clerk`)."
        f"{_traced(subject)}"
    )
    return _rendered(line, [ContextBlock(elements=[_mrkdwn(line)])])


def _withheld_text(card: Card) -> list[Block]:
    """What a card says instead of a text that Slack does not accept."""
    if card.newest is None or card.withheld is None:
        return []
    return [ContextBlock(elements=[_mrkdwn(withheld(Unshown("A text", (card.newest.id,)), card.withheld).text)])]


def maybe_notified(target: str, code: str) -> Rendered:
    """The thread line about a notification that may be shown or not, and that Clerk can't look up."""
    line = (
        f":grey_question: Clerk does not know whether it notified {mention(target)}: Slack did not answer, and Clerk "
        f"can't look there (Slack: {escape(code)}). If Clerk is not a member, invite it there (`/invite @clerk`)."
    )
    return _rendered(line, [ContextBlock(elements=[_mrkdwn(line)])])


def _traced(subject: Unshown) -> str:
    """How an admin finds what is not shown."""
    shows = " ".join(f"`clerk trace {escape(each)}` shows it." for each in subject.traces)
    return f" {shows}" if shows else ""


_UNREACHABLE: Final = {
    "is_archived": "it is archived. Unarchive it, or remove it from the ticket's list.",
    "not_in_channel": "Clerk is not a member. Invite it there (`/invite @clerk`).",
    "channel_not_found": "Clerk can't see it. If it is a private channel, invite Clerk there (`/invite @clerk`).",
    "user_not_found": "this person is no longer here. Remove them from the ticket's list.",
    "user_disabled": "the account is deactivated. Remove it from the ticket's list.",
    "cannot_dm_bot": "it is an app, not a person. Remove it from the ticket's list.",
    "restricted_action": "the workspace does not allow Clerk to post there. Ask an admin.",
}


def unreachable(target: str, reason: str) -> Rendered:
    """The thread line that says which target a notification could not reach, why, and what to do."""
    why = _UNREACHABLE.get(reason, f"Slack says `{escape(reason)}`.")
    text = f":warning: Could not notify {mention(target)}: {why}"
    return _rendered(text, [ContextBlock(elements=[_mrkdwn(text)])])


def missing(words: str) -> Rendered:
    """The thread line that says which attachments of a text are missing, and why."""
    line = f":warning: {clip_escaped('\n'.join(map(unstyled, words.splitlines())), SECTION - 100)}"
    return _rendered(line, [ContextBlock(elements=[_mrkdwn(line)])])


def outcome(text: Sms) -> Rendered:
    """The thread line that tells a text's author why it failed and what to do; Resend if the outcome is unknown."""
    who = f"{mention(text.author)} " if text.author else ""
    line = f":warning: {who}{clip_escaped(text.words, SECTION - 100)}"
    blocks: list[Block] = [ContextBlock(elements=[_mrkdwn(line)])]
    if text.state is State.UNKNOWN:
        again = ButtonElement(
            text="Resend", action_id="ticket.resend", value=_value(sms=text.id, attempt=text.attempts)
        )
        blocks.append(ActionsBlock(elements=[again]))
    return _rendered(line, blocks)


_STATES: Final = {
    State.WAITING: ":hourglass_flowing_sand: sending",
    State.SENDING: ":hourglass_flowing_sand: sending",
    State.UNKNOWN: ":grey_question: unknown whether it was sent",
    State.QUEUED: ":outbox_tray: sent",
    State.SENT: ":outbox_tray: sent",
    State.DELIVERED: ":white_check_mark: delivered",
    State.UNDELIVERED: ":x: not delivered",
    State.FAILED: ":x: failed",
    State.REFUSED: ":x: not sent",
    State.UNSENT: ":x: not sent",
    State.NOTE: ":memo: a note, not sent",
}


def written(text: Sms) -> Rendered:
    """The thread post of a text from a modal or command: its author, its words, and its state."""
    verb = "noted" if text.state is State.NOTE else "wrote"
    who = f"{mention(text.author or '')} {verb} · {local_time(text.received_at)}"
    state = _STATES.get(text.state or State.WAITING, "")
    quote = RichTextBlock(
        elements=[RichTextQuoteElement(elements=[RichTextElementParts.Text(text=visible(text.body))])]
    )
    blocks = [ContextBlock(elements=[_mrkdwn(who)]), quote, ContextBlock(elements=[_mrkdwn(state)])]
    return _rendered(clip_escaped(text.body, FALLBACK), blocks)


def hidden_notice(post: str) -> Rendered:
    """The private confirmation after Hide, with Undo."""
    text = "Hidden for everyone here."
    undo = ButtonElement(text="Undo", action_id="ticket.undo_hide", value=_value(post=post))
    return _rendered(text, [SectionBlock(text=_mrkdwn(text), accessory=undo)])


def whisper(text: str) -> Rendered:
    """A private message to one agent."""
    escaped = clip_escaped(text, SECTION)
    return _rendered(escaped, [SectionBlock(text=_plain(escaped))])


def _rendered(text: str, blocks: Sequence[Block]) -> Rendered:
    return Rendered(text, tuple(block.to_dict() for block in blocks))


def _plain(escaped: str) -> PlainTextObject:
    return PlainTextObject(text=escaped, emoji=False)


def _mrkdwn(escaped: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=escaped, verbatim=True)


def _value(**carried: int | str) -> str:
    return json.dumps(carried)


def _who(contact: Contact) -> str:
    name, id = visible(contact.name), visible(contact.id)
    return f"{name} · {id}" if name.strip() else id


def _headline(card: Card) -> str:
    ticket = card.ticket
    parts = [f"Ticket #{ticket.id}", f"on {_unstyled(card.line.label)}"]
    if ticket.follows is not None:
        parts.append(f"follows #{ticket.follows}")
    return " · ".join(parts)


def _unstyled(text: str) -> str:
    """An agent's words inside mrkdwn: escaped, and without styling."""
    return escape(unstyled(text))


def _arrival_line(card: Card) -> str:
    assert card.newest is not None
    came = local_time(card.newest.received_at)
    return f"{came} · *+{card.more} more*" if card.more > 0 else came


def _text_sections(text: Sms | None) -> list[Block]:
    if text is None:
        return []
    blocks: list[Block] = []
    if text.body.strip():
        pieces = split(text.body, SECTION)
        blocks += [SectionBlock(text=_plain(piece)) for piece in pieces[:SECTIONS]]
        if len(pieces) > SECTIONS:
            blocks.append(ContextBlock(elements=[_plain("This text is too long for Slack, so its end is not shown.")]))
    elif not text.media:
        blocks.append(ContextBlock(elements=[_plain("(no text)")]))
    if text.others:
        others = listed(text.others, 500, ", ")
        words = f"A group message, also to {others}. Replies go to this contact alone."
        blocks.append(ContextBlock(elements=[_plain(clip_escaped(words, SECTION))]))
    if text.media:
        blocks.append(ContextBlock(elements=[_plain(clip_escaped(f"📎 {_attached(text.media)}", SECTION))]))
    return blocks


def _weight(block: Block) -> int:
    """What a section or context block adds to a message's weight."""
    texts = (
        block.elements if isinstance(block, ContextBlock) else [block.text] if isinstance(block, SectionBlock) else []
    )
    return BLOCK_WEIGHT + sum(len(each.text) for each in texts if isinstance(each, TextObject))


def _said(text: Sms) -> str:
    """What a text says, where no picture can be shown."""
    if text.body.strip():
        return visible(text.body)
    return f"({described([each.content_type for each in text.media]) or 'no text'})"


def _attached(media: Sequence[Media]) -> str:
    types = [each.content_type for each in media]
    kinds = listed(filter(None, map(plain_type, types)), 200, ", ", none="")
    return f"{counted(types)} ({kinds})" if kinds else counted(types)


def _fields(ticket: Ticket, line: Line) -> list[MarkdownTextObject | PlainTextObject]:
    tags = listed((f"`{escape(tag)}`" for tag in ticket.tags), FIELD)
    notified = listed(map(mention, ticket.notify or (line.channel,)), FIELD)
    assignees = listed(map(mention, ticket.assignees), FIELD, none="nobody yet")
    return [
        _mrkdwn(f"*Status*\n{ticket.status.label}"),
        _mrkdwn(f"*Priority*\n{ticket.priority.label if ticket.priority is not Priority.NONE else '–'}"),
        _plain(f"Subject\n{clip_escaped(ticket.subject, FIELD) or '–'}"),
        _mrkdwn(f"*Tags*\n{tags}"),
        _mrkdwn(f"*Notified*\n{notified}"),
        _mrkdwn(f"*On it*\n{assignees}"),
    ]


def _buttons(card: Card) -> list[ButtonElement]:
    value = _value(ticket=card.ticket.id)
    return [
        ButtonElement(text="Open", action_id="ticket.open", value=value, url=card.permalink, style="primary"),
        ButtonElement(text="Reply", action_id="ticket.reply", value=value),
        ButtonElement(text="Assign", action_id="ticket.assign", value=value),
        ButtonElement(text="Hide", action_id="ticket.hide", value=value),
    ]


def _quick_actions(ticket: Ticket) -> Block:
    """The row of quick actions: what one click can still do to the ticket.

    Its block_id changes with what its menus show: Slack keeps a person's choice in a menu that has not changed.
    """
    elements: list[InteractiveElement] = []
    if not ticket.is_closed:
        take = ButtonElement(text="Take it", action_id="ticket.take", value=_value(ticket=ticket.id))
        statuses = [each for each in Status if each is not Status.NEW or ticket.status is Status.NEW]
        elements += [take, _menu(ticket, "status", statuses, ticket.status)]
    priorities = [each for each in Priority if each is not Priority.NONE or ticket.priority is Priority.NONE]
    elements.append(_menu(ticket, "priority", priorities, ticket.priority))
    return ActionsBlock(block_id=f"ticket.quick.{ticket.status}.{ticket.priority}", elements=elements)


def _menu[S: (Status, Priority)](ticket: Ticket, what: str, offered: Sequence[S], present: S) -> StaticSelectElement:
    """A menu that shows the present value."""
    options = {
        each: Option(
            value=_value(ticket=ticket.id, **{what: each}),
            text=_plain("No priority" if each is Priority.NONE else each.label),
        )
        for each in offered
    }
    return StaticSelectElement(
        action_id=f"ticket.{what}",
        placeholder=what.capitalize(),
        options=list(options.values()),
        initial_option=options[present],
    )


def _sentence(ticket: Ticket, entry: Entry) -> str | None:
    """One entry of the history as a sentence for the thread."""
    status = next((change for change in entry.changes if change.what == "status"), None)
    if entry.why == "solved_for":
        return f"Clerk closed ticket #{ticket.id}: it was solved a while ago and stayed quiet."
    if entry.why == "text":
        if status is None:
            return None
        return f"Ticket #{ticket.id} is {Status(status.after).label} again: the contact wrote."
    words = [word for change in entry.changes if (word := _change_phrase(change))]
    if not words or entry.why == "note":
        return None
    who = mention(entry.by) if entry.by else "Clerk"
    return f"{who} {listed(words, SECTION - 200, ', ')}"


def _change_phrase(change: Change) -> str | None:
    before, after = change.before, change.after
    match change.what:
        case "status":
            return f"set status {Status(before).label} → *{Status(after).label}*"
        case "priority":
            return f"set priority {Priority(before).label} → *{Priority(after).label}*"
        case "subject":
            return f"set the subject to “{_unstyled(after)}”" if after else "removed the subject"
        case "tags":
            return _difference(before, after, "tag", lambda tag: f"`{escape(tag)}`")
        case "assignees":
            return _difference(before, after, "assignee", mention)
        case "notify":
            return _difference(before, after, "notified", mention)
        case "note":
            return f"noted: {clip_escaped(unstyled(after), NOTED)}"
        case _:
            return None


def _difference(before: Sequence[str], after: Sequence[str], noun: str, show: Any) -> str | None:
    added = [show(each) for each in after if each not in before]
    removed = [show(each) for each in before if each not in after]
    verbs = {
        "tag": ("tagged it", "untagged it"),
        "assignee": ("assigned", "unassigned"),
        "notified": ("notifies", "no longer notifies"),
    }
    words = [
        f"{verb} {listed(names, 1000)}" for verb, names in zip(verbs[noun], (added, removed), strict=True) if names
    ]
    return " and ".join(words) or None
