"""Decides what a conversation's cards show, which targets get them, and how a post records its attempt. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from messages.conversation import Announcement, Conversation, Debounce, SendingOutcome
from messages.line import Line
from messages.notification import Post, PostKind
from messages.planned import Planned, PlannedState
from messages.sms import Direction, Sms, State
from messages.ticket import Ticket
from workers.claim import Attempt, ClaimState

MARKS: Final = {
    State.WAITING: "hourglass_flowing_sand",
    State.SENDING: "hourglass_flowing_sand",
    State.UNKNOWN: "grey_question",
    State.QUEUED: "outbox_tray",
    State.SENT: "outbox_tray",
    State.DELIVERED: "white_check_mark",
    State.UNDELIVERED: "x",
    State.FAILED: "x",
    State.REFUSED: "x",
    State.NOTE: "memo",
}

CAN_BE_TAKEN_BACK: Final = "hourglass"
"""The mark on a reply that waits so that its author can take it back."""

PLANNED_MARK: Final = "clock9"
"""The reaction on a reply that is held until the morning."""

ENDED: Final = {PlannedState.CANCELLED: "x", PlannedState.REFUSED: "x"}
"""The reaction on a reply that was held until the morning and is never sent."""

CANT_BE_CHANGED: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "cant_delete_message", "is_inactive"}
)
"""What chat.update answers about a message that is gone, or stays as it is
(https://docs.slack.dev/reference/methods/chat.update#errors)."""


def shown(post: Post, debounce: Debounce) -> tuple[int, int]:
    """The text that a card shows, and how many others it counts.

    The newest notification follows the conversation: it shows the newest text and counts the unannounced ones
    besides it. An older one keeps what it showed when the next one was posted.
    """
    latest = debounce.latest
    if latest is None or post.announcement != latest.number:
        return post.shown, post.more
    if debounce.considered > debounce.announced:
        return debounce.considered, debounce.considered - debounce.announced - 1
    return debounce.considered, latest.last - latest.first if debounce.considered == latest.last else 0


def is_collapsed(post: Post, debounce: Debounce) -> bool:
    """Whether an agent hid a root, and no text has been due a notification since."""
    number = debounce.latest.number if debounce.latest else 0
    return post.kind is PostKind.ROOT and post.hidden_by is not None and (post.hidden_during or 0) >= number


def is_gone(post: Post) -> bool:
    """Whether an agent hid a card, so that it must not be in its channel."""
    return post.kind is PostKind.CARD and post.hidden_by is not None


def superseded_by(post: Post, ticket: int, posts: Sequence[Post]) -> Post | None:
    """The newest later notification of a ticket in the channel of a root or card, if one is shown there.

    None for a root that an agent has asked to see whole since.
    """
    later = [
        each
        for each in posts
        if each.kind is PostKind.CARD
        and each.ticket == ticket
        and (each.channel, each.hidden_by) == (post.channel, None)
        and (each.announcement or 0) > max(post.announcement or 0, post.shown_during or 0)
        and post.ts is not None
        and each.ts is not None
        and _moment(each.ts) > _moment(post.ts)
    ]
    return max(later, key=lambda each: each.announcement or 0, default=None)


def _moment(ts: str) -> tuple[int, ...]:
    """A message's `ts` in a form that sorts by time."""
    return tuple(int(part) for part in ts.split("."))


def is_past(post: Post, debounce: Debounce) -> bool:
    """Whether nothing is left to do about a card: it was deleted, or it came to nothing and a later one followed."""
    later = debounce.latest is not None and debounce.latest.number > (post.announcement or 0)
    return post.kind is PostKind.CARD and (post.removed or (later and post.ts is None and is_over(post)))


def announced(post: Post) -> tuple[int, int]:
    """The text that a card announced, and how many others; cards of earlier versions keep what they show."""
    return (post.last, post.last - post.first) if post.last else (post.shown, post.more)


def targets(announcement: Announcement, line: Line, root: Post | None) -> Sequence[str]:
    """The targets that need a card of a notification; its root, if any, is the origin channel's card."""
    wanted = announcement.targets or (line.channel,)
    return [target for target in wanted if not (_is_root_of(announcement, root) and target == line.channel)]


def origin_has_card(channel: str, wanted: Sequence[str], announcement: Announcement, root: Post | None) -> bool:
    """Whether the origin channel has, or will get, a card of a notification."""
    return channel in wanted or _is_root_of(announcement, root)


def announced_by_root(debounce: Debounce, ticket: Ticket) -> int | None:
    """The notification that a new root is a card of; None if an agent wrote first."""
    if debounce.latest is not None:
        return debounce.latest.number
    return 1 if ticket.last_text else None


def _is_root_of(announcement: Announcement, root: Post | None) -> bool:
    return root is not None and root.announcement == announcement.number


def root_id(conversation: Conversation) -> str:
    """The id of the root post of a conversation's thread, or of the thread that it is to get."""
    number = thread_number(conversation)
    return f"{conversation.id}/root-{number}" if number else f"{conversation.id}/root"


def thread_number(conversation: Conversation) -> int:
    """How many threads a conversation had before its present one, or before the one that it is to get."""
    if conversation.thread is not None:
        return conversation.thread.number
    return conversation.former.number + 1 if conversation.former is not None else 0


def is_elsewhere(known: Post, wanted: Post) -> bool:
    """Whether a post was attempted in another channel or thread than where it is wanted now."""
    same_thread = known.thread in {None, wanted.thread}  # workers of earlier versions recorded no thread
    return known.target != wanted.target or not same_thread


def is_left(post: Post, conversation: Conversation, line: Line) -> bool:
    """Whether a post is in the channel of a former thread that is no longer the line's: what it shows stays."""
    former = conversation.former
    return former is not None and post.target == former.channel != line.channel


def is_void(known: Post, wanted: Post) -> bool:
    """Whether the outcome of a post elsewhere does not count: a refusal or doubt there, or a former thread's text."""
    if not is_elsewhere(known, wanted):
        return False
    return known.kind is PostKind.TEXTS if known.ts is not None else is_over(known)


def card_id(conversation: Conversation, announcement: Announcement, target: str) -> str:
    """The id of a notification's post to a target."""
    return f"{conversation.id}/card/{announcement.number}/{target}"


def texts_id(conversation: Conversation, first: int) -> str:
    """The id of the thread post that begins with a text."""
    return f"{conversation.id}/texts/{first}"


def files_id(text: Sms) -> str:
    """The id of the thread post that holds a text's attachments."""
    return f"{text.conversation}/files/{text.seq}"


def missing_id(text: Sms) -> str:
    """The id of the thread line that says which of a text's attachments are missing."""
    return f"{text.conversation}/missing/{text.seq}"


def sharing_a_post(texts: Sequence[Sms]) -> Sequence[Sms]:
    """The first texts, which share a post: a text's attachments follow it before the next text."""
    last = next((place for place, text in enumerate(texts, 1) if text.unattached), len(texts))
    return texts[:last]


def line_id(conversation: Conversation, ticket: int, version: int) -> str:
    """The id of the thread line about a version of a ticket."""
    return f"{conversation.id}/line/{ticket}/{version}"


def outcome_id(text: Sms) -> str:
    """The id of the thread line that says why a text was not sent, or that it failed."""
    return f"{text.conversation}/outcome/{text.id}/{text.attempts}/{text.state}"


def written_id(text: Sms) -> str:
    """The id of the thread post of a text from a modal or command."""
    return f"{text.conversation}/written/{text.id}"


def planned_id(conversation: Conversation, planned: Planned) -> str:
    """The id of the post of a planned text in the conversation's present thread."""
    number = thread_number(conversation)
    return f"{conversation.id}/planned/{planned.id}{f'/thread-{number}' if number else ''}"


def planned_note_id(planned: Planned) -> str:
    """The id of the thread line about what Clerk did to a planned text."""
    return f"{planned.conversation}/planned-note/{planned.id}/{planned.version}"


def is_written_elsewhere(text: Sms) -> bool:
    """Whether an outbound text is in no message of a person in the thread, so that one of our posts must show it."""
    return text.direction is Direction.OUTBOUND and text.ts is None


def is_told_later(text: Sms, posted: int) -> bool:
    """Whether what a contact's text says about texting (STOP) must wait until the thread has the text."""
    return text.direction is Direction.INBOUND and (text.seq is None or text.seq > posted)


def absence_id(conversation: Conversation, since: datetime) -> str:
    """The id of the thread line that says that the bot was removed from the channel."""
    return f"{conversation.id}/absent/{thread_number(conversation)}/{int(since.timestamp())}"


def reaction_for(text: Sms) -> str | None:
    """The reaction on an agent's reply that shows its state."""
    if text.can_be_taken_back and text.hold_until is not None:
        return CAN_BE_TAKEN_BACK
    if text.planned is not None:
        return PLANNED_MARK
    return MARKS.get(text.state) if text.state else None


SUCCESSES: Final = frozenset({State.QUEUED, State.SENT, State.DELIVERED})
FAILURES: Final = frozenset({State.UNKNOWN, State.UNDELIVERED, State.FAILED, State.REFUSED})


def outcome(known: SendingOutcome | None, texts: Iterable[Sms]) -> SendingOutcome | None:
    """The outcome of the newest text of the team that has one: the known one, or of one of these texts.

    A text that waits, was not meant to be sent, or was sent by Clerk itself has none.
    """
    for text in texts:
        if not text.is_of_team or text.state not in SUCCESSES | FAILURES:
            continue
        at = min(datetime.fromtimestamp(float(text.ts), UTC), text.received_at) if text.ts else text.received_at
        failed = (text.words or "It was not delivered.") if text.state in FAILURES else ""
        found = SendingOutcome(at=at, failed=failed)
        if known is None or found.at >= known.at:
            known = found
    return known


def unreachable_id(conversation: Conversation, announcement: Announcement, target: str) -> str:
    """The id of the thread line that says that a notification could not reach a target."""
    return f"{conversation.id}/unreachable/{announcement.number}/{target}"


def notice_id(post: Post) -> str:
    """The id of the thread line that says that a post is missing, or may be."""
    return f"{post.id}/instead"


def attempt(post: Post) -> Attempt:
    """The attempt that a post records; workers of earlier versions write only `attempted_at`, at each call."""
    if post.ts is not None:
        return Attempt(ClaimState.SETTLED)
    if post.told is not None:
        return Attempt(ClaimState.TOLD)
    if post.failed is not None:
        return Attempt(ClaimState.REFUSED)
    first, lost = post.attempted_at or post.undecided_at, post.undecided_at
    if first is None:
        return Attempt()
    last = max(each for each in (first, lost, post.called_at) if each is not None)
    if lost is None:
        return Attempt(ClaimState.CLAIMED, first, last)
    state = ClaimState.CLAIMED_AGAIN if last > lost else ClaimState.UNDECIDED
    return Attempt(state, first, last, lost)


def recorded(attempt: Attempt) -> Mapping[str, datetime | None]:
    """The fields in which a post records an attempt that is free or in doubt."""
    is_called = attempt.state in {ClaimState.CLAIMED, ClaimState.CLAIMED_AGAIN}
    return {
        "attempted_at": attempt.first_at,
        "called_at": attempt.last_at if is_called else attempt.lost_at,
        "undecided_at": attempt.lost_at,
    }


def is_over(post: Post) -> bool:
    """Whether nothing is to be tried any more: it is posted, refused, or people were told about it."""
    return post.ts is not None or post.failed is not None or post.told is not None
