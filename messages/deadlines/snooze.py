"""A snooze: a ticket is put off until a time, and the orders that people and the clock give about it. Pure."""

from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal

from messages.base import Document, Moment
from messages.planned import WallTime, When

NOTE_LIMIT: Final = 200
"""How long a snooze's note may be: it is on cards."""

AGAIN_WITHIN: Final = timedelta(hours=24)
"""How long after a text ended a snooze one click sets it again."""


class SnoozeEnd(StrEnum):
    """What ended a snooze."""

    TIME = "time"
    TEXT = "text"
    STATUS = "status"
    AGENT = "agent"


class Snooze(Document):
    """An agent (`by`) put a ticket off at `at`, until the moment `until`: when clocks in `zone` show `wall`.

    A blank `wall` means an instant: they said how long. `note` is what they wait for. A text of the contact ends it if
    `wake_on_text`; `last_text` was the ticket's last one then. `ended` and `ended_at` say what ended it, and when. It
    `waited` if its time came while the line was closed.
    """

    by: str
    at: Moment
    until: Moment
    wall: WallTime = ""
    zone: str = "UTC"
    note: str = ""
    wake_on_text: bool = True
    last_text: int = 0
    ended: SnoozeEnd | None = None
    ended_at: Moment | None = None
    waited: bool = False

    @property
    def is_on(self) -> bool:
        """Whether the ticket is still put off."""
        return self.ended_at is None


class SetSnooze(Document):
    """The agent puts the ticket off.

    A `when` without a clock time is when the line opens on that day, or next after it. `zone` is where clock times are
    meant; None: where the agent is.
    """

    kind: Literal["snooze"] = "snooze"
    when: When
    zone: str | None = None
    note: str = ""
    wake_on_text: bool = True


class SnoozeAgain(Document):
    """The agent puts the ticket off again, until the same time `until` as before the contact's text woke it."""

    kind: Literal["snooze_again"] = "snooze_again"
    until: Moment


class WakeUp(Document):
    """The agent ends the snooze."""

    kind: Literal["wake"] = "wake"


class EndSnooze(Document):
    """The clock found that the snooze until `until` is over."""

    kind: Literal["snooze_over"] = "snooze_over"
    until: Moment


class MoveSnooze(Document):
    """The clock found that a zone has other rules: the snooze until `until` ends at another instant."""

    kind: Literal["snooze_moved"] = "snooze_moved"
    until: Moment


type SnoozeCommand = SetSnooze | SnoozeAgain | WakeUp | EndSnooze | MoveSnooze
