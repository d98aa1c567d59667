"""Documents as Slack messages: thread posts, lines and whispers, with their fallback text. Pure.

The cards are in `workers/slack/cards.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    RichTextBlock,
    RichTextElementParts,
    RichTextQuoteElement,
    SectionBlock,
    TextObject,
)

from messages.deadlines.priority import Priority
from messages.formats.byline import Byline
from messages.formats.plain_words import visible
from messages.sms import Origin, Sms, State
from messages.ticket import Change, Entry, Status, Ticket
from workers.markup import (
    came,
    clip_escaped,
    escape,
    listed,
    local_time,
    mention,
    sender,
    unstyled,
    words_and_files,
    words_of,
)
from workers.slack.elements import (
    FALLBACK,
    SECTION,
    Rendered,
    mrkdwn,
    plain,
    rendered,
    text_sections,
    unstyled_words,
    value_of,
)
from workers.slack.snoozes import again_button, snooze_phrase, snooze_sentence

NOTED: Final = 1000
POST_BLOCKS: Final = 45
POST_WEIGHT: Final = 12000
BLOCK_WEIGHT: Final = 50
"""A message's blocks together hold about 13,000 characters, including the blocks' own weight
(https://github.com/slackapi/bolt-js/issues/2509)."""


def texts(texts: Sequence[Sms], byline: Byline | None = None) -> tuple[Rendered, int]:
    """One thread post of the first texts, as many as fit (at least one), under a name, and their number."""
    blocks: list[Block] = []
    bodies: list[str] = []
    count = weight = 0
    for text in texts:
        timed = len(texts) > 1 or text.found_at is not None
        when = [ContextBlock(elements=[mrkdwn(came(text))])] if timed else []
        own = [*when, *(_reaction(text) if text.reaction else text_sections(text))]
        size = sum(map(_weight, own))
        if count and (len(blocks) + len(own) > POST_BLOCKS or weight + size > POST_WEIGHT):
            break
        blocks += own
        bodies.append(words_of(text))
        count += 1
        weight += size
    return replace(rendered(clip_escaped("\n".join(bodies), FALLBACK), blocks), byline=byline), count


def _reaction(text: Sms) -> list[Block]:
    """A phone's reaction to a text of ours, apart from what the contact writes."""
    return [ContextBlock(elements=[plain(f"Reaction: {clip_escaped(text.body, SECTION - 100)}")])]


def line(ticket: Ticket, entries: Sequence[Entry], who: str = "the contact") -> Rendered | None:
    """The thread line that says what changed, and by whom; None if no change matters to people.

    `who` is the contact's name, not yet escaped.
    """
    sentences = [sentence for entry in entries if (sentence := _sentence(ticket, entry, who))]
    if not sentences:
        return None
    whole = listed(sentences, SECTION, "\n")
    blocks: list[Block] = [ContextBlock(elements=[mrkdwn(whole)])]
    machines = [change for entry in entries for change in entry.changes if change.what == "machine"]
    if machines and machines[-1].after:
        value = value_of(ticket=ticket.id, since=machines[-1].before)
        again = ButtonElement(text="Answer it again", action_id="ticket.answer_again", value=value)
        blocks.append(ActionsBlock(elements=[again]))
    if snooze_again := again_button(ticket, entries):
        blocks.append(ActionsBlock(elements=snooze_again))
    return rendered(whole, blocks)


@dataclass(frozen=True)
class Unshown:
    """What a line says that is not shown: in words, and the ids by which `clerk trace` finds it."""

    words: str = "A message"
    traces: tuple[str, ...] = ()


def withheld(subject: Unshown, code: str) -> Rendered:
    """The thread line in the place of something that Slack does not accept."""
    line = f":warning: {subject.words} could not be shown here (Slack: {escape(code)}).{_traced(subject)}"
    return rendered(line, [ContextBlock(elements=[mrkdwn(line)])])


def undecided(subject: Unshown, code: str) -> Rendered:
    """The thread line in the place of something that may be shown or not, and that Clerk can't look up."""
    line = (
        f":grey_question: {subject.words} may be missing here: Slack did not answer, and Clerk can't look it up "
        f"(Slack: {escape(code)}). If Clerk is not a member of this channel, invite it (`/invite @clerk`)."
        f"{_traced(subject)}"
    )
    return rendered(line, [ContextBlock(elements=[mrkdwn(line)])])


def maybe_notified(target: str, code: str) -> Rendered:
    """The thread line about a notification that may be shown or not, and that Clerk can't look up."""
    line = (
        f":grey_question: Clerk does not know whether it notified {mention(target)}: Slack did not answer, and Clerk "
        f"can't look there (Slack: {escape(code)}). If Clerk is not a member, invite it there (`/invite @clerk`)."
    )
    return rendered(line, [ContextBlock(elements=[mrkdwn(line)])])


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
    return rendered(text, [ContextBlock(elements=[mrkdwn(text)])])


def absent() -> Rendered:
    """The thread line that says that nobody's reply here reaches the contact, since Clerk does not see it."""
    line = (
        ":warning: Clerk is not a member of this channel, so it does not see what you write here, and the contact does "
        "not get it. Invite Clerk (`/invite @clerk`), or use the Reply button."
    )
    return rendered(line, [ContextBlock(elements=[mrkdwn(line)])])


def missing(words: str) -> Rendered:
    """The thread line that says which attachments of a text are missing, and why."""
    line = f":warning: {clip_escaped('\n'.join(map(unstyled, words.splitlines())), SECTION - 100)}"
    return rendered(line, [ContextBlock(elements=[mrkdwn(line)])])


def outcome(text: Sms) -> Rendered:
    """The thread line that tells a text's author why it failed and what to do; Resend if the outcome is unknown."""
    who = f"{mention(text.author)} " if text.author and text.is_of_team else ""
    line = f":warning: {who}{clip_escaped(text.words, SECTION - 100)}"
    blocks: list[Block] = [ContextBlock(elements=[mrkdwn(line)])]
    if text.state is State.UNKNOWN:
        again = ButtonElement(
            text="Resend", action_id="ticket.resend", value=value_of(sms=text.id, attempt=text.attempts)
        )
        blocks.append(ActionsBlock(elements=[again]))
    if text.late:
        now = ButtonElement(text="Send it now", action_id="ticket.send_late", value=value_of(sms=text.id))
        blocks.append(ActionsBlock(elements=[now]))
    return rendered(line, blocks)


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


_VERBS: Final = {
    Origin.AGENT: "wrote",
    Origin.PLANNED: "planned",
    Origin.AUTO: "answered",
    Origin.SURVEY: "asked",
}


def written(text: Sms) -> Rendered:
    """The thread post of an outbound text that is in no message of a person: who sent it, its words, and its state."""
    verb = "noted" if text.state is State.NOTE else _VERBS[text.origin]
    who = f"{sender(text)} {verb} · {local_time(text.received_at)}"
    if text.state is State.UNSENT and text.withdrawn_at is not None:
        gone = f"{who} · :leftwards_arrow_with_hook: taken back, the contact does not get it"
        return rendered(gone, [ContextBlock(elements=[mrkdwn(gone)])])
    words = words_and_files(text.body, text.files)
    state = _held(text.retry_at) if text.is_held else _STATES.get(text.state or State.WAITING, "")
    quote = RichTextBlock(elements=[RichTextQuoteElement(elements=[RichTextElementParts.Text(text=visible(words))])])
    blocks: list[Block] = [ContextBlock(elements=[mrkdwn(who)]), quote, ContextBlock(elements=[mrkdwn(state)])]
    if text.can_be_taken_back and text.hold_until is not None and not text.is_held:
        back = ButtonElement(text="Take it back", action_id="ticket.take_back", value=value_of(sms=text.id))
        blocks.append(ActionsBlock(elements=[back]))
    said = clip_escaped(words, FALLBACK)
    return rendered(said if text.is_of_team else f"{sender(text)} {verb}: {said}", blocks)


def _held(until: datetime | None) -> str:
    return f":clock9: held until {local_time(until)}: it is night for the contact" if until else ""


def hidden_notice(post: str) -> Rendered:
    """The private confirmation after Hide, with Undo."""
    text = "Hidden for everyone here."
    undo = ButtonElement(text="Undo", action_id="ticket.undo_hide", value=value_of(post=post))
    return rendered(text, [SectionBlock(text=mrkdwn(text), accessory=undo)])


def whisper(text: str, back: datetime | None = None, *, markup: bool = False) -> Rendered:
    """A private message to one agent: plain words, or Slack's markup. Plain words need no quotes around a command.

    With `back`, a button ends the absence that they spoke of at that time.
    """
    if markup:
        return rendered(text, [SectionBlock(text=mrkdwn(text))])
    escaped = clip_escaped(text.replace("`", ""), SECTION)
    value = "" if back is None else value_of(since=back.isoformat())
    button = ButtonElement(text="I am back", action_id="clerk.back", value=value) if value else None
    return rendered(escaped, [SectionBlock(text=plain(escaped), accessory=button)])


def _weight(block: Block) -> int:
    """What a section or context block adds to a message's weight."""
    texts = (
        block.elements if isinstance(block, ContextBlock) else [block.text] if isinstance(block, SectionBlock) else []
    )
    return BLOCK_WEIGHT + sum(len(each.text) for each in texts if isinstance(each, TextObject))


def _sentence(ticket: Ticket, entry: Entry, who: str) -> str | None:
    """One entry of the history as a sentence for the thread."""
    if (snoozed := snooze_sentence(ticket, entry, who)) is not None:
        return snoozed
    status = next((change for change in entry.changes if change.what == "status"), None)
    if entry.why == "solved_for":
        return f"Clerk closed ticket #{ticket.id}: it was solved a while ago and stayed quiet."
    asked = next((change for change in entry.changes if change.what == "asked_again"), None)
    if asked is not None:
        return _nudge_sentence(ticket, asked)
    machine = next((change for change in entry.changes if change.what == "machine"), None)
    if machine is not None and machine.after:
        until = local_time(datetime.fromisoformat(machine.after))
        return f"This looks like a machine, so Clerk stopped answering it by itself until {until}."
    if entry.why == "text":
        if status is None:
            return None
        return f"Ticket #{ticket.id} is {Status(status.after).label} again: the contact wrote."
    if entry.why == "answer_failed" and status is not None:
        return f"Clerk set ticket #{ticket.id} back to {Status(status.after).label}: a reply did not reach the contact."
    words = [word for change in entry.changes if (word := _change_phrase(change, entry))]
    if not words or entry.why == "note":
        return None
    by = mention(entry.by) if entry.by else "Clerk"
    return f"{by} {listed(words, SECTION - 200, ', ')}"


def _nudge_sentence(ticket: Ticket, asked: Change) -> str:
    before = local_time(datetime.fromisoformat(asked.before)) if asked.before else "a while ago"
    if asked.after is None:
        return f"Clerk solved ticket #{ticket.id}: the contact was asked again {before} and has not written since."
    until = local_time(datetime.fromisoformat(asked.after))
    return (
        f"Clerk asked the contact again: ticket #{ticket.id} has been Pending since {before}. "
        f"If nobody writes by {until}, it becomes Solved."
    )


def _change_phrase(change: Change, entry: Entry) -> str | None:
    before, after = change.before, change.after
    match change.what:
        case "status":
            return f"set status {Status(before).label} → *{Status(after).label}*"
        case "priority":
            return f"set priority {Priority(before).label} → *{Priority(after).label}*"
        case "subject":
            return f"set the subject to “{unstyled_words(after)}”" if after else "removed the subject"
        case "tags":
            return _difference(before, after, "tag", lambda tag: f"`{escape(tag)}`")
        case "assignees":
            return _difference(before, after, "assignee", mention)
        case "notify":
            return _difference(before, after, "notified", mention)
        case "opted_out":
            return "lifted the opt-out: the contact told them that they want texts. The provider may still refuse them."
        case "blocked":
            return _block_phrase(after)
        case "machine":
            return "lets Clerk answer this contact by itself again: it is no machine"
        case "snoozed" | "woken":
            return snooze_phrase(change, entry)
        case "withdrawn":
            return "took back a reply before it left: the contact did not get it"
        case "note":
            return f"noted: {clip_escaped(unstyled(after), NOTED)}"
        case _:
            return None


def _block_phrase(after: str | bool) -> str:
    if after is False:
        return "unblocked the contact: what they write notifies again, and they can get texts"
    why = f": {unstyled_words(after)}" if isinstance(after, str) else ""
    return f"blocked the contact{why}. Their texts are kept here but notify nobody, and none is sent to them"


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
