"""Decides when a conversation's thread can't be written to any more, so that it begins anew elsewhere. Pure.

Slack has several ways to say so, and one without a word: it accepts a reply to a message that is gone, and posts it
outside any thread. The only sign is that the answer's message has no `thread_ts`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from messages.conversation import Thread
from messages.line import Line
from workers.platforms.slack_failures import NO_SUCH_THREAD, THREAD_LOCKED, is_about_the_message

UNTHREADED: Final = "unthreaded"
"""Our word for the answer of a Slack that posted a reply outside its thread."""

WHY: Final[Mapping[str, str]] = {
    "is_archived": "its channel was archived",
    "channel_is_archived": "its channel was archived",
    "posting_to_channel_denied": "its channel was archived",
    "channel_not_found": "its channel was deleted, or Clerk can no longer see it",
    "not_in_channel": "Clerk was removed from its channel",
    **dict.fromkeys(THREAD_LOCKED, "it was locked"),
}


def cannot_go_on(code: str, thread: Thread, line: Line) -> bool:
    """Whether a thread is gone for good, because of Slack's error for a post in it.

    A channel that refuses every post may be repaired, and Clerk waits for that, as long as it is the line's channel.
    """
    if code == UNTHREADED or code in NO_SUCH_THREAD:
        return True
    return thread.channel != line.channel and not is_about_the_message(code)


YOUNG: Final = timedelta(minutes=10)


def is_too_young(thread: Thread, now: datetime) -> bool:
    """Whether Slack takes no reply below a root that Clerk has just posted: one more would not help."""
    return not thread.recapped and thread.begun_at is not None and now - thread.begun_at < YOUNG


def is_loose(asked: str | None, given: str | None) -> bool:
    """Whether Slack posted a message that should be in the thread `asked` outside it."""
    return asked is not None and given != asked


def reason(thread: Thread) -> str:
    """Why a former thread could not go on, in words for people."""
    return WHY.get(thread.gone or "", "its first message was deleted")
