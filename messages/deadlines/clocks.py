"""A ticket's clocks: by when the contact must have an answer, and by when the ticket must be solved. Pure."""

from datetime import timedelta
from enum import StrEnum

from messages.base import Document, Duration, Moment


class ClockKind(StrEnum):
    """What a clock measures."""

    FIRST_RESPONSE = "first_response"
    """From the ticket's first text to the first answer."""
    NEXT_RESPONSE = "next_response"
    """From the oldest text without an answer to the next answer."""
    RESOLUTION = "resolution"
    """From the ticket's beginning until it is solved."""

    @property
    def is_response(self) -> bool:
        """Whether an answer stops it."""
        return self is not ClockKind.RESOLUTION


class HoursCounted(StrEnum):
    """Which time a clock counts."""

    OPEN = "open"
    """Only while the line is open."""
    CALENDAR = "calendar"
    """All of it."""


class TicketClock(Document):
    """A clock of a ticket: what is to happen within `target` of `began_at`, in the hours `counts`.

    It has used up `ran` before the present run, which began at `running_since` (None: it pauses, or has stopped).
    It falls due at `due_at`, and is about to at `warn_at`; both None while it pauses, has stopped, or counts open
    hours that never come. `warned_at` and `breached_at` are when Clerk found that these had passed. `stopped_at` is
    when it stopped for good, and `by` the text that stopped it (None: the ticket's status did).

    `policy`, `calendar` and `calendar_version` say from which version of which rules the due times come.
    """

    kind: ClockKind
    began_at: Moment
    target: Duration
    counts: HoursCounted = HoursCounted.OPEN
    ran: Duration = timedelta()
    running_since: Moment | None = None
    warn_at: Moment | None = None
    due_at: Moment | None = None
    warned_at: Moment | None = None
    breached_at: Moment | None = None
    stopped_at: Moment | None = None
    by: str | None = None
    policy: int = 0
    calendar: str = ""
    calendar_version: int = 0

    @property
    def is_running(self) -> bool:
        """Whether its time is being used up."""
        return self.running_since is not None and self.stopped_at is None
