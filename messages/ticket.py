"""A ticket: one episode of a conversation, and the orders that agents give about it. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field

from messages.base import Document, Moment, Order, QueueMessage
from messages.conversation import Arrival, DebounceAsRead, Episode
from messages.deadlines.clocks import ClockMark, TicketClock
from messages.deadlines.nudge import AskedAgain, Nudge, SolveUnanswered
from messages.deadlines.priority import Priority
from messages.deadlines.snooze import EndSnooze, MoveSnooze, SetSnooze, Snooze, SnoozeAgain, WakeUp


class Status(StrEnum):
    """Where a ticket is in its life, in the order shown to the user."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The status as people read it."""
        return "On-hold" if self is Status.ON_HOLD else self.value.capitalize()

    @property
    def meaning(self) -> str:
        """The one-line meaning shown to the user."""
        return _MEANINGS[self]


_MEANINGS: Final = {
    Status.NEW: "Nobody has acted on it yet",
    Status.OPEN: "Picked up, in progress",
    Status.PENDING: "Waiting for more information from the contact",
    Status.ON_HOLD: "Waiting for someone other than the contact",
    Status.SOLVED: "A solution has been given",
    Status.CLOSED: "Finished for good",
}


PRIORITY_STAYS: Final = "You can change a priority, but you can't remove it."

SUBJECT_LIMIT: Final = 150
NOTE_LIMIT: Final = 3000
TAG_LIMIT: Final = 30
TAGS_LIMIT: Final = 20


VIP: Final = "vip"
"""The tag of tickets that can't wait, whatever their priority."""

CARRIED_OUT_BY: Final = ("notifications", "slack")
"""The slices that every change of a ticket must reach."""


class Note(Document):
    """Something an agent wrote for the team, never sent to the contact."""

    text: str
    author: str
    at: Moment


class Change(Document):
    """One field of a ticket, before and after."""

    what: str
    before: Any = None
    after: Any = None


class Entry(Document):
    """A line of a ticket's history: the changes that made `version`, by whom (None: Clerk itself), when and why.

    `order` is the identity of the agent's order, and `digest` a hash of what it asked for. An order that changed
    nothing has an entry too, with the `refusals` that its author was told: delivered again, it still changes nothing.
    `waited_since` is since when the contact had waited whom the agent's reply answered.
    """

    version: int
    changes: tuple[Change, ...]
    by: str | None
    at: Moment
    why: str
    order: str | None = None
    digest: str = ""
    refusals: tuple[str, ...] = ()
    waited_since: Moment | None = None


class LastText(Document):
    """What the contact wrote last, as lists of tickets show it: its number in the conversation, its words, its time."""

    seq: int
    words: str
    at: Moment


class Ticket(Document):
    """One episode of a conversation, `id` being its number in the workspace; a save compares `version`.

    Texts `first_text`..`last_text` of the conversation belong to it. `close_at` is when Solved becomes Closed.
    `waiting_since` is when the contact wrote what no agent has answered; None while nobody waits for an answer. Clerk
    filed that at `wait_filed_at`: who wrote to the contact before has not answered it. At `wait_ended_at` Clerk found
    that they have opted out, or have texted keywords alone: nobody waits until they write something else.
    `written_at` is when a person last wrote to the contact, on this ticket or one before it. While `blocked`, the
    team has blocked the contact: nobody waits, and no clock runs.
    `clocks` are those of the line's policy, as they follow from what has happened (`marks`). The next of them warns or
    falls due at `clocks_at`; while one runs, `rules` says under which rules they were computed. `snooze` is the last
    one. `nudge` says when a contact who says nothing is asked again.
    `settled` holds, per slice, the version that it has carried out; until all have reached `version`, `due_at`
    tells the clock when to wake them again. A version that only has more texts need not be due: the texts are.

    `newest` is the text `last_text`, unless a process of an earlier version filed that. `notes` and `history` are the
    newest few; `earlier_notes` and `earlier_entries` count those before them, which are in documents of their own.
    """

    id: int
    conversation: str
    line: str
    contact: str
    version: int = 1
    status: Status = Status.NEW
    priority: Priority = Priority.NONE
    subject: str = ""
    tags: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    history: tuple[Entry, ...] = ()
    earlier_notes: int = 0
    earlier_entries: int = 0
    follows: int | None = None
    first_text: int
    last_text: int
    newest: LastText | None = None
    created_at: Moment
    updated_at: Moment
    close_at: Moment | None = None
    waiting_since: Moment | None = None
    wait_filed_at: Moment | None = None
    wait_ended_at: Moment | None = None
    written_at: Moment | None = None
    blocked: bool = False
    clocks: tuple[TicketClock, ...] = ()
    clocks_at: Moment | None = None
    marks: tuple[ClockMark, ...] = ()
    rules: str | None = None
    snooze: Snooze | None = None
    nudge: Nudge | None = None
    due_at: Moment | None = None
    settled: dict[str, int] = {}

    @property
    def waits_since(self) -> datetime | None:
        """When the contact began to wait; tickets of earlier versions do not say it, and New ones wait all the same."""
        if self.blocked or self.wait_ended_at is not None:
            return None
        return self.waiting_since or (self.created_at if self.status is Status.NEW else None)

    @property
    def is_closed(self) -> bool:
        """Whether the episode is finished for good."""
        return self.status is Status.CLOSED

    @property
    def asleep(self) -> Snooze | None:
        """The snooze that puts it off now, if any: what is over is not put off, whatever earlier versions stored."""
        over = self.status in {Status.SOLVED, Status.CLOSED}
        return None if over or self.snooze is None or not self.snooze.is_on else self.snooze

    @property
    def episode(self) -> Episode:
        """What is announced of it."""
        return Episode(
            self.id,
            self.first_text,
            self.last_text,
            self.notify,
            self.version,
            self.follows,
            self.assignees,
            None if self.asleep is None else self.asleep.last_text,
        )

    @property
    def cannot_wait(self) -> bool:
        """Whether whoever is on call is told of it while its line is closed."""
        return self.priority is Priority.URGENT or VIP in self.tags

    def out_of_wait(self, at: datetime, now: datetime) -> Self:
        """The ticket of whose contact is found now that they opted out at a time; the same if they wrote later.

        An answer that has ended their wait may turn out to have failed: it ends for good.
        """
        wrote_later = self.waiting_since is not None and (self.wait_filed_at or self.waiting_since) > at
        if wrote_later or self.wait_ended_at is not None:
            return self
        return self.model_copy(update={"wait_ended_at": now, "version": self.version + 1, "updated_at": now})

    def is_unsettled(self, slice: str) -> bool:
        """Whether a slice must still carry out the present version."""
        return self.due_at is not None and self.settled.get(slice, 0) < self.version


class Edit(Document):
    """What an agent submitted in the modal; a field that the modal did not offer is None.

    `version` and `origin` are those of the ticket and the origin channel that the modal showed: a field
    that was left as shown changes nothing.
    """

    kind: Literal["edit"] = "edit"
    version: int
    origin: str
    notify: tuple[str, ...] | None = None
    assignees: tuple[str, ...] | None = None
    subject: str | None = None
    status: Status | None = None
    priority: Priority | None = None
    tags: tuple[str, ...] | None = None
    new_tags: tuple[str, ...] = ()
    note: str = ""


class Take(Document):
    """The agent takes the ticket."""

    kind: Literal["take"] = "take"


class SetStatus(Document):
    """The agent picked a status."""

    kind: Literal["status"] = "status"
    status: Status


class SetPriority(Document):
    """The agent picked a priority."""

    kind: Literal["priority"] = "priority"
    priority: Priority


class Reply(Document):
    """The agent wrote to the contact: now, or earlier for now (`planned`), which is no new work on a solved ticket."""

    kind: Literal["reply"] = "reply"
    planned: bool = False


class TakeBack(Document):
    """The agent took back what they wrote to the contact before it left; `reply` is the identity of that order."""

    kind: Literal["take_back"] = "take_back"
    reply: str


class AnswerFailed(Document):
    """What an agent wrote to the contact failed for good, after `tries` calls to the provider.

    `reply` is the identity of the order by which they wrote, at `written_at`.
    """

    kind: Literal["answer_failed"] = "answer_failed"
    reply: str
    written_at: Moment
    tries: int = 0


class AddNote(Document):
    """The agent wrote an internal note in the thread."""

    kind: Literal["note"] = "note"
    text: str


class OptIn(Document):
    """The contact, who had opted out (`since`, as the card showed), told the agent that they want texts again."""

    kind: Literal["opt_in"] = "opt_in"
    since: Moment


WHY_LIMIT: Final = 200


class Block(Document):
    """The agent blocks the contact on the ticket's line: their texts notify nobody, and none is sent to them."""

    kind: Literal["block"] = "block"
    why: str = Field("", max_length=WHY_LIMIT)


class Unblock(Document):
    """The agent ends the block of the ticket's contact."""

    kind: Literal["unblock"] = "unblock"


class StopAnswering(Document):
    """The contact looks like a machine since `since`: Clerk answers it no more by itself before `until`."""

    kind: Literal["stop_answering"] = "stop_answering"
    since: Moment
    until: Moment


class AnswerAgain(Document):
    """An agent says that the contact that Clerk takes for a machine `since` then is a person."""

    kind: Literal["answer_again"] = "answer_again"
    since: Moment


class Expire(Document):
    """`solved_for` has passed."""

    kind: Literal["expire"] = "expire"


Command = Annotated[
    Edit
    | Take
    | SetStatus
    | SetPriority
    | Reply
    | TakeBack
    | AnswerFailed
    | AddNote
    | OptIn
    | Block
    | Unblock
    | StopAnswering
    | AnswerAgain
    | SetSnooze
    | SnoozeAgain
    | WakeUp
    | EndSnooze
    | MoveSnooze
    | AskedAgain
    | SolveUnanswered
    | Expire,
    Field(discriminator="kind"),
]


class FileTexts(QueueMessage):
    """Put the conversation's new texts under its ticket.

    `arrivals` are the texts that have just got their places, and `newest` is the last of them, if the sender knew them:
    they spare the reader a look at the texts. `read` is the conversation's debounce as it was then.
    """

    actor = "tickets.file_texts"
    conversation: str
    arrivals: tuple[Arrival, ...] = ()
    newest: LastText | None = None
    read: DebounceAsRead | None = None


class ConsiderAnswering(QueueMessage):
    """Carry out what was decided about automatic texts in a conversation, and decide what is due there."""

    actor = "tickets.consider_answering"
    conversation: str


class AgentWrote(QueueMessage):
    """An agent wrote to the contact outside the thread: move the ticket, or begin the first one.

    `order` is the order's identity, None in a message of an earlier version. The text was `planned` earlier, or not.
    """

    actor = "tickets.record_text"
    conversation: str
    by: str
    at: Moment
    order: str | None = None
    planned: bool = False


class ActOnTicket(Order):
    """An order about a ticket, by an agent or (None) by the clock; a refusal goes to `response_url`, if given.

    `order` is the identity of an agent's order, the same in every delivery; None in a message of an earlier version.
    `read` is the conversation's debounce, if the sender knows it.
    """

    actor = "tickets.act"
    ticket: int
    command: Command
    by: str | None
    at: Moment
    response_url: str | None = None
    order: str | None = None
    read: DebounceAsRead | None = None
