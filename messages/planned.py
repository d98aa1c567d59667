"""A planned text: what an agent wrote to be sent later. Pure.

It is a document of its own until it is released; then it becomes an ordinary text, whose id follows from its own.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from messages.base import Document, Duration, Moment, Order, QueueMessage
from messages.sms import SlackFile


class PlannedState(StrEnum):
    """Where a planned text is in its life; the last three are final."""

    PLANNED = "planned"
    HELD = "held"
    """It waits for a person: `why` says what for."""
    RELEASED = "released"
    """It left: the text `planned-{id}` says what became of it."""
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """It can't be sent, and `why` says for which reason."""

    @property
    def is_final(self) -> bool:
        """Whether nothing can change it any more."""
        return self not in LIVE


LIVE: Final = (PlannedState.PLANNED, PlannedState.HELD)
"""The states of a text that may still be sent."""


class IfReply(StrEnum):
    """What becomes of a planned text when the contact writes first."""

    HOLD = "hold"
    SEND = "send"
    CANCEL = "cancel"


PREFIX: Final = "planned-"
"""What the id of a text begins with that was planned: the planned text's own id follows."""

AT_NIGHT: Final = "night-"
"""What the id of a planned text begins with that was written at night: the id of what its author wrote follows."""

SOONEST: Final = timedelta(minutes=1)
LATEST: Final = timedelta(days=366)
MOST_IN_CONVERSATION: Final = 20
MOST_OF_AUTHOR: Final = 500
EDITS_KEPT: Final = 20

FILLED: Final = ("name", "line", "agent")
"""The placeholders of planned texts: the contact's name, the line's, and that of whoever planned it."""

WALL_FORMAT: Final = "%Y-%m-%d %H:%M"

WallTime = Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d\d-\d\d \d\d:\d\d)?$")]
"""What clocks show, as YYYY-MM-DD HH:MM; blank if an instant is meant, and no wall time."""


AUTHOR_GONE: Final = "the account of who planned it was deactivated"
"""Why a text is held whose author is gone, in words for the thread."""


class When(Document):
    """When to send, as a person says it: `after` a while, at a `clock` time of a `day`, or when the contact is `awake`.

    `day` is blank (the next such time), "today", "tomorrow", a day of the week as "mon", or a date as YYYY-MM-DD.
    """

    after: Duration | None = None
    day: Annotated[
        str, StringConstraints(pattern=r"^(today|tomorrow|mon|tue|wed|thu|fri|sat|sun|\d{4}-\d\d-\d\d)?$")
    ] = ""
    clock: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    awake: bool = False


class PlannedEdit(Document):
    """An agent changed a planned text: who, when, and what it was before."""

    by: str
    at: Moment
    body: str
    due_at: Moment
    files: tuple[SlackFile, ...] = ()


class Planned(Document):
    """A text that `by` planned; a save compares `version` and `state`.

    It is due when clocks in `zone` show `wall`, or at the instant meant: `due_at` is what follows from that. It was
    `moved` if something else, such as quiet hours, put `due_at` off. `since` is when a person last said that it is
    right: what the contact wrote later comes first. At `look_at` the clock looks after it: when it is due, to remind
    its author, or, once it is released, until the text is in the outbox. `changed_by` is who made this version, None
    for Clerk itself. `orders` are the newest orders that were carried out. `shown` is the version that the thread
    shows.

    It is `at_night` if its author wrote it to be sent at once, and the line held it for the end of the contact's night:
    then its `id` follows from that of the text that they wrote.

    If it `fills`, its placeholders are filled in when it is released: from then on `body` is what the contact gets.
    What was written to be sent at once, or planned by an earlier version, is sent as it was written.
    """

    id: str
    conversation: str
    line: str
    contact: str
    body: str
    files: tuple[SlackFile, ...] = ()
    by: str
    created_at: Moment
    since: Moment
    wall: WallTime = ""
    zone: str = "UTC"
    due_at: Moment
    moved: bool = False
    at_night: bool = False
    if_reply: IfReply = IfReply.HOLD
    fills: bool = False
    state: PlannedState = PlannedState.PLANNED
    version: int = 1
    why: str = ""
    changed_by: str | None = None
    ended_at: Moment | None = None
    reminded: int = 0
    look_at: Moment | None = None
    edits: tuple[PlannedEdit, ...] = ()
    orders: tuple[str, ...] = ()
    shown: int = 0
    correlation_id: str | None = None

    @property
    def sms(self) -> str:
        """The id of the text that it becomes: released twice, it is the same text."""
        return f"{PREFIX}{self.id}"

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do: it has ended, and if it was released, the text is in the outbox."""
        return self.state.is_final and self.look_at is None

    @property
    def wall_time(self) -> datetime | None:
        """What clocks in its zone are to show; None if an instant is meant."""
        return datetime.strptime(self.wall, WALL_FORMAT) if self.wall else None  # noqa: DTZ007 - a wall time


class PlanText(Order):
    """An agent asks to send a text later; `planned` becomes its id, and `text` is in Slack's markup.

    Without `zone`, it is the contact's, if that is certain, else the agent's, else the line's. The agent learns the
    outcome at `response_url`, else in `channel`.
    """

    actor = "sms.plan"
    planned: str
    line: str
    contact: str
    text: str
    files: tuple[SlackFile, ...] = ()
    when: When
    zone: str | None = None
    if_reply: IfReply = IfReply.HOLD
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None


class PlanTyped(Order):
    """An agent typed a contact's number, a time and a text after `/clerk later`."""

    actor = "sms.plan_typed"
    planned: str
    number: str
    when: When
    text: str
    by: str
    at: Moment
    channel: str
    response_url: str | None = None


class ListPlanned(Order):
    """An agent asks which texts they have planned."""

    actor = "sms.list_planned"
    by: str
    channel: str
    response_url: str | None = None


class ChangePlan(Document):
    """New words (in Slack's markup), a new time, or another wish for when the contact writes first; None: as before.

    Of its files it keeps those with an id in `keep`, and gets `files` besides.
    `version` is the one that the agent saw: a change of something else meanwhile refuses it whole.
    """

    kind: Literal["change"] = "change"
    version: int
    text: str | None = None
    keep: tuple[str, ...] | None = None
    files: tuple[SlackFile, ...] = ()
    when: When | None = None
    zone: str | None = None
    if_reply: IfReply | None = None


class CancelPlan(Document):
    """Never send it."""

    kind: Literal["cancel"] = "cancel"


class SendPlanNow(Document):
    """Send it at once."""

    kind: Literal["send_now"] = "send_now"


class KeepPlan(Document):
    """Send a held text as planned, although the contact wrote; at once if its time has passed."""

    kind: Literal["keep"] = "keep"


type PlanCommand = Annotated[ChangePlan | CancelPlan | SendPlanNow | KeepPlan, Field(discriminator="kind")]


class ActOnPlanned(Order):
    """An agent's order about a planned text; `order` is its identity, the same in every delivery."""

    actor = "sms.act_on_planned"
    planned: str
    command: PlanCommand
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None
    order: str | None = None


class LookAtPlanned(QueueMessage):
    """Look after the conversation's planned texts: one is due, or the contact wrote, opted out, or is to be asked."""

    actor = "sms.look_at_planned"
    conversation: str
