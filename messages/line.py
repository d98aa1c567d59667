"""A line: one of the team's phone numbers, its channel and its settings. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from pydantic import model_validator

from messages.answering import AutoReplies
from messages.base import Document, Duration, Moment
from messages.calendar import Clock, Period
from messages.deadlines.alert import AlertSettings, Target
from messages.deadlines.interruption import Interruption
from messages.deadlines.policy import Policy


class Mode(StrEnum):
    """When texts are announced: only when a conversation starts, or also when it goes quiet."""

    BOTH = "leading+trailing"
    LEADING = "leading"


class ReplyMode(StrEnum):
    """Whether replies in the thread go to the contact, or only texts written with the Reply button."""

    THREAD = "thread"
    BUTTONS = "buttons"


class Quiet(StrEnum):
    """What quiet hours do; whatever Clerk sends by itself, or at a planned time, they hold unless they are off."""

    OFF = "off"
    WARN = "warn"
    """A person's text is sent, and its author is told."""
    HOLD = "hold"
    """A person's text is held, too."""


LEAST_ALLOWED: Final = timedelta(hours=6)
"""How much of a day quiet hours leave at least: a contact may be in one of several zones, and all must allow a text."""


class QuietHours(Document):
    """From when to when it is night, in the contact's wall time; with `sundays`, all Sunday long."""

    begins: Clock = "21:00"
    ends: Clock = "08:00"
    sundays: bool = False

    @model_validator(mode="after")
    def _leave_a_day(self) -> Self:
        if timedelta(days=1) - self.length < LEAST_ALLOWED:
            raise ValueError(f"quiet hours are from one time to another, and leave at least {_HOURS} hours of a day")
        return self

    @property
    def length(self) -> timedelta:
        """How long a night is; a whole day if it ends when it begins."""
        begins, ends = Period(opens=self.begins, closes=self.ends).minutes
        return timedelta(minutes=ends - begins)

    def __str__(self) -> str:
        return f"{self.begins}-{self.ends}" + (" and Sundays" if self.sundays else "")


_HOURS: Final = LEAST_ALLOWED // timedelta(hours=1)
LONGEST_HOLD: Final = timedelta(seconds=30)


class Line(Document):
    """One of the team's phone numbers (`id`, E.164), tied to one Slack channel, its origin channel.

    `opt_out` says which words opt out (`messages/opt_outs.py`); None: by the kind of the number. `pool` is the
    Messaging Service that the line's webhooks name, since `pool_at`; blank: none.
    `auto_replies` are what it answers by itself (`messages/team/auto_replies.py`).
    `calendar` is the id of the calendar that says when the line is open; blank: always.
    In `quiet_hours` it is night for a contact, and `quiet` says what that does to texts. `zone` is where the line is,
    for contacts of whom nobody knows where they are; blank: unknown.
    A reply in the thread waits for `hold`, at most `LONGEST_HOLD`, so that its author can take it back.
    `policy` says within which time its tickets are answered and solved; by default it says nothing. `alerts` are whom
    Clerk tells of what is late, and when.
    `on_call` are told, one after the other, of what can't wait while the line is closed.
    With `other_organisations`, people of other organisations in a shared channel may write to contacts and
    give orders, too.
    """

    id: str
    channel: str
    name: str = ""
    mode: Mode = Mode.BOTH
    window: Duration = timedelta(minutes=3)
    cap: Duration = timedelta(minutes=15)
    solved_for: Duration = timedelta(hours=96)
    reply_mode: ReplyMode = ReplyMode.THREAD
    opt_out: str | None = None
    pool: str = ""
    pool_at: Moment | None = None
    other_organisations: bool = False
    calendar: str = ""
    quiet: Quiet = Quiet.WARN
    quiet_hours: QuietHours = QuietHours()
    zone: str = ""
    auto_replies: AutoReplies = AutoReplies()
    hold: Duration = timedelta()
    policy: Policy = Policy()
    alerts: AlertSettings = AlertSettings()
    on_call: tuple[Target, ...] = ()

    @property
    def label(self) -> str:
        """The line's name, else its number."""
        return self.name or self.id


def line_of(lines: Sequence[Line], channel: str | None) -> Line | None:
    """The line that a command typed in a channel means: the channel's own, else the only one; None if unclear."""
    found = [line for line in lines if line.channel == channel] or lines
    return found[0] if len(found) == 1 else None


class Inbox(Document):
    """How far Clerk has compared a line's texts (`id` is its number) with the provider's list.

    Clerk ignores texts from before `began_at`. Every text up to `seen_at` is stored, or in a queue: `taken` are those
    that the last comparison queued. One worker makes the next comparison, at `look_at`; the last began at `looked_at`.
    `interruption` is the last time in which none of its texts was taken in.
    """

    id: str
    began_at: Moment = datetime.fromtimestamp(0, UTC)
    seen_at: Moment
    look_at: Moment
    looked_at: Moment | None = None
    taken: tuple[str, ...] = ()
    interruption: Interruption | None = None
