"""A ticket's clocks: by when the contact must have an answer, and by when the ticket must be solved. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from messages.base import Document, Duration, Moment, QueueMessage


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
    when it stopped for good, and `by` the text that stopped it; None: the ticket's status did, or the contact has
    `opted_out`.

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
    opted_out: bool = False
    policy: int = 0
    calendar: str = ""
    calendar_version: int = 0

    @property
    def is_running(self) -> bool:
        """Whether its time is being used up."""
        return self.running_since is not None and self.stopped_at is None

    @property
    def next_at(self) -> datetime | None:
        """When it next warns or falls due, as far as nobody has noted that; None if it does neither."""
        if not self.is_running or self.breached_at is not None or self.due_at is None:
            return None
        return self.due_at if self.warned_at is not None or self.warn_at is None else min(self.warn_at, self.due_at)


class MarkKind(StrEnum):
    """What has happened to a ticket that its clocks depend on."""

    TEXT = "text"
    """The contact wrote."""
    ANSWER = "answer"
    """A person's text was accepted by the provider, or came to nothing."""
    OPTED_OUT = "opted_out"
    """The contact opted out: nobody may answer."""
    RUNS = "runs"
    """The ticket became New or Open."""
    PAUSES = "pauses"
    """The ticket became Pending or On-hold."""
    SOLVED = "solved"
    """The ticket became Solved or Closed."""


class ClockMark(Document):
    """Something that has happened to a ticket; its clocks follow from its marks, in whatever order these became known.

    `of` is the number of the contact's text, the identity of the order by which an agent wrote (`Entry.order`), or the
    ticket's version. A text is answered by what an agent wrote after `known_at`, when Clerk had filed it; blank: `at`.
    An answer counts unless it has `failed`, as was found after `tries` calls to the provider: what
    was found after more of them counts more, and of two that were found after as many, the failure.
    """

    kind: MarkKind
    at: Moment
    of: str
    known_at: Moment | None = None
    tries: int = 0
    failed: bool = False


class RecordAnswer(QueueMessage):
    """The provider accepted what a person wrote to a contact at `written_at`, or that `failed` for good, found at `at`.

    `order` is the identity of the order by which the agent wrote, and `tries` how often the provider had been called.
    """

    actor = "tickets.record_answer"
    conversation: str
    order: str
    written_at: Moment
    at: Moment
    tries: int = 0
    failed: bool = False


class EndWait(QueueMessage):
    """A contact has opted out, as of `at`, by something else than a text of this conversation: nobody may answer."""

    actor = "tickets.end_wait"
    conversation: str
    at: Moment


class TickClocks(QueueMessage):
    """Note what of a ticket's clocks has passed, and let them follow the rules that its line has now."""

    actor = "tickets.tick_clocks"
    ticket: int
