"""Decides about agents' replies in a thread: sent, refused or a note; and maps the provider's states. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from messages.conversation import Conversation, Thread
from messages.formats.provider_words import SCHEDULED, delivery_state
from messages.formats.segments import segments
from messages.formats.thread_replies import FORWARDED
from messages.inbound import SlackReplyPosted
from messages.line import ReplyMode
from messages.notification import NOTIFICATIONS, Post
from messages.orders.files import objection
from messages.sms import LIMIT, SlackFile, Sms, State
from workers.sms.plain_text import is_note

EMPTY: Final = "Not sent: your reply has no text."
BUTTONS_ONLY: Final = "On this line, a reply in the thread is not sent to the contact. Use the Reply button."
LINE_REMOVED: Final = (
    "Not sent: {line} is no longer one of Clerk's lines, so nothing written here reaches the contact. "
    "An admin can add the line again (clerk lines add)."
)
NOT_IN_THREAD: Final = "Not sent: only replies in the conversation's own thread reach the contact. Open leads there."
NO_THREAD_YET: Final = (
    "Not sent: this conversation's thread has not appeared yet, since Slack does not answer. Use the Reply button, or "
    "write in the thread once it is there."
)
THREAD_LEFT: Final = (
    "Not sent: this conversation continues in another thread, and only replies there reach the contact."
)
OUTCOME_KNOWN: Final = "The outcome of this text is known by now: its reaction shows it. It was not sent again."

TEXT_GONE: Final = "Nothing was sent: Clerk no longer has that text. Write it again if the contact should get it."
NOT_LATE: Final = "That text is not waiting any more: its mark in the thread shows what became of it."
FOREIGN: Final = (
    "Not sent, and not kept: only people of the team's own organisation write to its contacts from this channel. "
    "An admin can change that (clerk lines set LINE --other-organisations yes)."
)


@dataclass(frozen=True)
class ReplyDecision:
    """A reply's first state, and the reason why it is not sent, in words for the agent."""

    state: State
    words: str = ""


def decide_reply(
    markup: str,
    body: str,
    files: Sequence[SlackFile],
    mode: ReplyMode,
    barred: str = "",
    beyond_text: Sequence[str] = (),
) -> ReplyDecision:
    """Decide whether to send a reply; `body` is its `markup` as plain text. Notes come first: they are never sent.

    `barred` says in words why the contact can't be texted at all; empty if they can. What has parts that can't be sent
    (`beyond_text`) is not sent without them: half an answer misleads. For a text written with a button, which is sent
    in any mode, pass ReplyMode.THREAD.
    """
    if is_note(markup) or is_note(body):
        return ReplyDecision(State.NOTE)
    if mode is not ReplyMode.THREAD:
        return ReplyDecision(State.UNSENT)
    if barred:
        return ReplyDecision(State.REFUSED, barred)
    if beyond_text:
        return ReplyDecision(State.REFUSED, not_whole(beyond_text))
    if words := objection(files):
        return ReplyDecision(State.REFUSED, words)
    if not body.strip() and not files:
        return ReplyDecision(State.REFUSED, EMPTY)
    if (length := segments(body).characters) > LIMIT:
        return ReplyDecision(
            State.REFUSED, f"Not sent: it has {length:,} characters, and a text has at most {LIMIT:,}."
        )
    return ReplyDecision(State.WAITING)


def held(hold: timedelta, now: datetime, patience: timedelta) -> dict[str, datetime]:
    """The fields of a reply that waits so that its author can take it back; the clock misses it after `patience`."""
    if not hold:
        return {}
    until = now + hold
    return {"hold_until": until, "retry_at": until, "due_at": until + patience}


def is_given_up(text: Sms, reply: SlackReplyPosted) -> bool:
    """Whether a reply as it came first means nothing any more: its author took it back, or edited it into a note.

    What follows from that, the message about the change publishes.
    """
    changed = text.withdrawn_at is not None or text.edited != reply.edited
    return changed and text.state in {State.NOTE, State.UNSENT, State.REFUSED}


def not_whole(parts: Sequence[str]) -> str:
    """Why a reply with such parts is not sent, in words for the agent."""
    if FORWARDED in parts:
        return (
            "Not sent: your reply forwards a message, and Clerk forwards none to a contact: it may be internal. Copy "
            "what the contact should read into a new reply."
        )
    kinds = ", ".join(part.replace("_", " ") or "unknown" for part in parts)
    return f"Not sent: your reply has a part that phones can't show ({kinds}). Write what it says in a new reply."


def written_at(ts: str) -> datetime:
    """When a Slack message was written, from its `ts`: the same in every retry of its event."""
    return datetime.fromtimestamp(float(ts), UTC)


def is_in_thread(reply: SlackReplyPosted, thread: Thread | None) -> bool:
    """Whether a reply is in this thread."""
    return thread is not None and (thread.channel, thread.ts) == (reply.channel, reply.thread_ts)


def outside_notice(post: Post | None, conversation: Conversation | None) -> str | None:
    """The notice to the author of a reply below one of our posts that begins no conversation's thread.

    None if it is no post of ours, or its thread may only not be recorded yet.
    """
    if post is None:
        return None
    has_thread = conversation is not None and (conversation.thread is not None or conversation.former is not None)
    if post.kind in NOTIFICATIONS:
        return NOT_IN_THREAD if has_thread or conversation is None else NO_THREAD_YET
    if conversation is None or not has_thread:
        return None
    link = conversation.thread.permalink if conversation.thread else None
    return f"{THREAD_LEFT} {link}" if link else THREAD_LEFT


def ask_again_in(waited: timedelta) -> timedelta:
    """When to ask Slack again for the replies before one that has waited so long: less and less often."""
    return min(max(waited / 4, timedelta(seconds=1)), timedelta(seconds=5))


WAITS_UNTOLD: Final = timedelta(minutes=5)
"""How long a reply waits for its thread to be recorded before its author is told."""

WAITING_FOR_THREAD: Final = (
    "Clerk has not sent your reply yet: it can't tell yet which contact this thread belongs to. It keeps your reply, "
    "and sends it as soon as it can. If that takes long, ask an admin to run `clerk doctor`."
)


def wait_for_thread(waited: timedelta) -> timedelta:
    """How long until the next search for the conversation of a reply whose thread is not recorded yet."""
    return min(max(waited / 2, timedelta(seconds=1)), timedelta(seconds=10))


PUT_OFF: Final = (
    "The provider has this text and sends it later: by its own rules it is night for the contact. There is nothing to "
    "do."
)


def put_off(status: str) -> str:
    """What the thread says of a text of which the provider reports this; empty unless it sends it later by itself."""
    return PUT_OFF if status.strip().lower() == SCHEDULED else ""


def reported(status: str) -> State | None:
    """The state in a report or in an answer of the provider; None if the word is unknown."""
    return delivery_state(status)
