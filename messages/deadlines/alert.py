"""Alerts: what a person must be told about a ticket that waits too long, or about something that failed. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from messages.base import Document, Duration, Moment, Order, QueueMessage
from messages.deadlines.clocks import ClockKind

TURN: Final = timedelta(minutes=10)
"""After this long, the next one of those who are on call is told, too; after the last one, the channel is."""

LINE_FOR: Final = timedelta(minutes=10)
"""How long a channel still shows, in a line, that what an alert told of is over."""

NAGS: Final = (1, 2, 4)
"""After how many intervals each repeat of an alert comes; after the last one it is silent."""


class AlertCause(StrEnum):
    """What an alert tells of; the first three are the ticket's clocks."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    UNANSWERED = "unanswered"
    """The contact has waited for as long as the line allows, clock or no clock."""
    UNASSIGNED = "unassigned"
    """Nobody has been on the ticket for as long as the line allows."""
    SNOOZE_OVER = "snooze_over"
    HELD_TEXT = "held_text"
    """A planned text waits for a person."""
    ON_CALL = "on_call"
    """The line is closed, the contact waits, and the ticket can't: who is on call is told, one after the other."""
    FAILED_TEXT = "failed_text"
    """The newest text to the contact did not arrive."""

    @property
    def is_clock(self) -> bool:
        """Whether it is one of the ticket's clocks."""
        return self.value in set(ClockKind)

    @property
    def is_news(self) -> bool:
        """Whether it is over as soon as somebody says that they have it."""
        return self in {AlertCause.SNOOZE_OVER, AlertCause.FAILED_TEXT, AlertCause.ON_CALL}

    @property
    def is_about_waiting(self) -> bool:
        """Whether it says no more than that a contact waits for an answer."""
        return self in {AlertCause.FIRST_RESPONSE, AlertCause.NEXT_RESPONSE, AlertCause.UNANSWERED}


class AlertStage(StrEnum):
    """How far it has come: a clock is about to fall due, or has."""

    WARN = "warn"
    BREACH = "breach"


class AlertState(StrEnum):
    """Where an alert is in its life; the last one is final unless its cause comes back."""

    COMING = "coming"
    """Its cause is due later."""
    WAITS = "waits"
    """It fell due while the line was closed."""
    LISTED = "listed"
    """The line has opened, and the opening digest tells of it; so far nothing else does."""
    STANDS = "stands"
    """It is in Slack."""
    ENDED = "ended"
    """Its cause is gone, which a line in the channel says for a while."""
    OVER = "over"

    @property
    def is_live(self) -> bool:
        """Whether time alone may still change it."""
        return self is not AlertState.OVER


class AlertEnd(StrEnum):
    """What ended an alert."""

    ANSWERED = "answered"
    SOLVED = "solved"
    PAUSED = "paused"
    ASSIGNED = "assigned"
    TAKEN_UP = "taken_up"
    """Somebody said that they have it, or did something about the ticket."""
    SNOOZED = "snoozed"
    SENT = "sent"
    """No planned text waits for a person any more, or a later text arrived."""
    DROPPED = "dropped"
    """It counts no more: other settings, or another target."""


class Alert(Document):
    """What stands about a ticket for one cause that began at a time; a save compares `version`.

    `since` is when it fell due, or will; `count` how many texts are held. `owner` is whose it is before the assignees.

    It stands at `targets` (users and channels). Its posts are of one `round`: with each repeat a new one begins, posted
    at `posted_at`; `nags` counts the repeats since somebody last did something about the ticket, at `acted_at`.
    `escalated_at` is when it also went to those whom the line names for that.

    `end` says what ended it, by whom (None: Clerk, or nobody in particular) and when; `late` by how much too late. At
    `gone_at` Clerk found that.
    At `look_at` the clock has it considered again; from `show_at` on, Slack does not show this version yet.
    """

    id: str
    ticket: int
    conversation: str
    line: str
    cause: AlertCause
    began_at: Moment
    stage: AlertStage = AlertStage.BREACH
    since: Moment
    count: int = 0
    owner: str | None = None
    state: AlertState
    version: int = 0
    targets: tuple[str, ...] = ()
    round: int = 0
    posted_at: Moment | None = None
    listed_at: Moment | None = None
    nags: int = 0
    acted_at: Moment | None = None
    acted_by: str | None = None
    escalated_at: Moment | None = None
    end: AlertEnd | None = None
    ended_by: str | None = None
    ended_at: Moment | None = None
    gone_at: Moment | None = None
    late: Duration | None = None
    look_at: Moment | None = None
    show_at: Moment | None = None
    orders: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether Slack is to show it in full."""
        return self.state is AlertState.STANDS

    @property
    def is_for_digest(self) -> bool:
        """Whether the opening digest tells of it: nothing else does, or nothing any more."""
        return self.state in {AlertState.WAITS, AlertState.LISTED} or (self.stands and self.nags >= len(NAGS))


def alert_id(ticket: int, cause: AlertCause, began_at: datetime) -> str:
    """The id of an alert: whoever decides again decides about the same one."""
    return f"alert/{ticket}/{cause}/{began_at:%Y-%m-%dT%H:%M:%S.%f}"


Target = Annotated[str, StringConstraints(pattern=r"^[UWCG][A-Z0-9]{2,}$")]
"""The id of a Slack user or channel."""

MOST_ESCALATED: Final = 10


class AlertSettings(Document):
    """Whom a line's alerts reach, and when; durations are of open time.

    `escalation` are told `escalate_after` something fell due and nobody did anything about it. A contact who has waited
    for `unanswered_after`, and a ticket on which nobody has been for `unassigned_after`, are told of; None: never.
    An alert is repeated after `nag`, after twice and after four times that; 0: never.
    """

    escalation: tuple[Target, ...] = Field(default=(), max_length=MOST_ESCALATED)
    escalate_after: Duration = timedelta(minutes=30)
    unanswered_after: Duration | None = None
    unassigned_after: Duration | None = None
    nag: Duration = timedelta(minutes=30)

    @model_validator(mode="after")
    def _are_positive(self) -> Self:
        for each in (self.escalate_after, self.unanswered_after, self.unassigned_after, self.nag or None):
            if each is not None and not timedelta(minutes=1) <= each <= timedelta(days=28):
                raise ValueError("between one minute and 28 days")
        return self

    @property
    def are_watching(self) -> bool:
        """Whether a ticket without clocks may be told of because time passes."""
        return self.unanswered_after is not None or self.unassigned_after is not None


class StormState(StrEnum):
    """Where a storm of alerts is in its life."""

    RAGES = "rages"
    """One list stands for all alerts at its target."""
    ENDED = "ended"
    """Nothing is late there any more, which the list says for a while."""
    PAST = "past"
    """Its list is to be deleted."""


class AlertStorm(Document):
    """Too many alerts came to one target at once: since `began_at` one list stands there for all of them.

    It has listed up to `most`, and ended at `ended_at`. It is `tidy` once no alert has a post of its own there. When
    the list was last posted, `heard` alerts were there, as far as they have not become fewer since; with each `round`
    it is posted anew.
    """

    target: str
    began_at: Moment
    state: StormState = StormState.RAGES
    most: int = 0
    ended_at: Moment | None = None
    tidy: bool = False
    heard: int = 0
    round: int = 0


class AlertBoard(Document):
    """How a line (`id`) shows its alerts: one list where too many came at once; a save compares `version`.

    At `look_at` the clock has it looked at again.
    """

    id: str
    storms: tuple[AlertStorm, ...] = ()
    version: int = 0
    look_at: Moment | None = None


class ConsiderAlerts(QueueMessage):
    """Decide what the team must be told about a ticket now: one of its clocks, its snooze or an order has moved."""

    actor = "notifications.consider_alerts"
    ticket: int


class AcknowledgeAlert(Order):
    """An agent says, at a time, that they have what an alert tells of."""

    actor = "notifications.acknowledge_alert"
    alert: str
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None
    order: str | None = None


class ShowAlerts(QueueMessage):
    """Bring what Slack shows of a line's alerts into line with them."""

    actor = "slack.show_alerts"
    line: str
