"""A snooze: a ticket is put off until a time. Pure."""

from enum import StrEnum

from messages.base import Document, Moment


class SnoozeEnd(StrEnum):
    """What ended a snooze."""

    TIME = "time"
    TEXT = "text"
    STATUS = "status"
    AGENT = "agent"


class Snooze(Document):
    """An agent (`by`) put a ticket off at `at`, until the moment `until`: the clock time `wall` in `zone`.

    `note` is what they wait for. A text of the contact ends it if `wake_on_text`. `ended` and `ended_at` say what ended
    it, and when.
    """

    by: str
    at: Moment
    until: Moment
    wall: str
    zone: str
    note: str = ""
    wake_on_text: bool = True
    ended: SnoozeEnd | None = None
    ended_at: Moment | None = None

    @property
    def is_on(self) -> bool:
        """Whether the ticket is still put off."""
        return self.ended_at is None
