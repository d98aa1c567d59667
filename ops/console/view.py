"""What the console shows: the queues, the documents, the log trail and what was recorded, put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from messages.calendar import Calendar
from messages.conversation import Conversation
from messages.formats.hours import hours_words, next_closed_words
from messages.line import Line
from messages.opt_outs import described
from messages.process.settings import Settings
from messages.quiet import in_words
from messages.sms import Direction, Sms
from messages.team import away_words
from messages.team.agent import Agent
from messages.team.away_words import now_words
from messages.ticket import Status
from ops.console.dead_letters import DeadLetters, SeenLetters
from ops.console.names import Names
from ops.console.problems import (
    Problem,
    of_absences,
    of_calls,
    of_documents,
    of_posts,
    of_processes,
    of_publishing,
    of_snapshot,
    of_stages,
    of_unreadable,
)
from ops.console.runs import Runs
from ops.documents.reader import Documents, DocumentsAway
from ops.metrics.recorder import Recorder
from ops.queues.broker import Broker, BrokerAway
from ops.queues.letters import Letter
from ops.traces import timeline
from ops.traces.log_trail import Trail

MOST_UNREADABLE: Final = 10
"""How many documents that can't be read the console names; `clerk doctor` names more."""

LATE: Final = timedelta(seconds=60)
"""A redraw that is overdue by more than this is late: the clock starts it within half a minute."""


@dataclass(frozen=True)
class LineHealth:
    """A line, its hours, which words opt out of it, its quiet hours, when it last had a text, what Slack says of its
    channel.
    """

    line: Line
    hours: str
    opt_out: str
    quiet: str
    last_text_at: datetime | None
    throttled_until: datetime | None
    refused: str | None


def hours_of(line: Line, calendars: Mapping[str, Calendar], now: datetime) -> str:
    """Whether a line is open, and until when; and when it is closed next."""
    if not line.calendar:
        return "always open"
    calendar = calendars.get(line.calendar)
    if calendar is None:
        return f"always open: there is no calendar {line.calendar}"
    following = next_closed_words(calendar, now)
    return hours_words(calendar, now) + (f"; next closed: {following}" if following else "")


@dataclass(frozen=True)
class AgentNow:
    """An agent, whether they are there now, and whose hours they have."""

    id: str
    now: str
    hours: str


def agent_now(agent: Agent, calendars: Mapping[str, Calendar], now: datetime) -> AgentNow:
    """An agent as an operator sees them."""
    return AgentNow(
        agent.id, now_words(agent, calendars.get(agent.hours), now), away_words.hours_words(agent, calendars)
    )


@dataclass(frozen=True)
class PendingTexts:
    """A conversation with unannounced texts; what is not known of it is empty."""

    conversation: Conversation
    name: str
    line: str
    ticket: int | None


@dataclass
class View:
    """What the pages are drawn from."""

    settings: Settings
    broker: Broker
    documents: Documents
    trail: Trail | None
    recorder: Recorder
    unpublished: Callable[[], str | None] = field(default=lambda: None)
    """Why this gateway could not publish when it last tried; None if it could."""
    names: Names = field(default_factory=Names)
    runs: Runs = field(default_factory=Runs)
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sandbox_now: Callable[[], datetime] | None = None
    """The time by the sandbox's clock, if there is one: the documents' times are by it."""

    def __post_init__(self) -> None:
        self.dead = DeadLetters(self.broker, self.runs.running)

    def documents_now(self) -> datetime:
        """The time that the documents' times are compared with."""
        return (self.sandbox_now or self.now)()

    def problems(self) -> list[Problem]:
        """What is wrong, the most serious first."""
        latest, now = self.recorder.latest(), self.documents_now()
        found = [
            *of_publishing(self.unpublished()),
            *(of_snapshot(latest.snapshot, latest.processes or ()) if latest else ()),
        ]
        if latest is not None:
            found += [*of_processes(latest.processes or ()), *of_stages(latest.stages), *of_calls(latest.calls)]
        try:
            behind = len(self.documents.behind(now - LATE, 1000))
            found += of_posts(self.documents.not_shown(now - timedelta(days=1)))
            found += of_documents(behind, self.documents.throttled(now), self.documents.refusing(), now)
            found += of_absences(self.documents.absent())
            found += of_unreadable(self.documents.unreadable(MOST_UNREADABLE))
        except DocumentsAway as error:
            todo = "Bring MongoDB back. Until then texts wait in the queues, and nothing is lost."
            found.append(Problem(found=str(error), todo=todo))
        return found

    def dead_letters(self) -> SeenLetters:
        """The dead letters, read again if the queues' count says that they changed; BrokerAway if they can't be."""
        latest = self.recorder.latest()
        return self.dead.look(latest.snapshot if latest else None)

    def tickets_by_status(self) -> dict[Status, int] | None:
        """How many tickets there are in each status; None if MongoDB can't be reached."""
        try:
            return self.documents.tickets_by_status()
        except DocumentsAway:
            return None

    def trace(self, id: str) -> timeline.Trace:
        """Everything known of an id, dead letters included."""
        letters: tuple[Letter, ...] = ()
        unasked: tuple[str, ...] = ()
        try:
            letters = self.dead_letters().page.letters
        except BrokerAway as error:
            unasked = (str(error),)
        found = timeline.trace(id, self.documents, self.trail, self.documents_now(), letters)
        return found.model_copy(update={"unasked": unasked})

    def pending(self, limit: int) -> list[PendingTexts]:
        """Conversations with texts that wait to be announced, with what people call their contacts and lines."""
        found = self.documents.pending(limit)
        contacts = self.documents.by_ids("contacts", {each.contact for each in found})
        names = {str(each["_id"]): str(each.get("name", "")) for each in contacts}
        lines = {line.id: line for line in self.documents.lines()}
        tickets = self.documents.current_tickets([each.id for each in found])
        return [
            PendingTexts(
                conversation=each,
                name=names.get(each.contact, ""),
                line=lines[each.line].name if each.line in lines else "",
                ticket=tickets.get(each.id),
            )
            for each in found
        ]

    def line_health(
        self,
        line: Line,
        calendars: Mapping[str, Calendar],
        throttled: Mapping[str, datetime],
        refusing: Mapping[str, str],
    ) -> LineHealth:
        """The health of a line, according to the documents."""
        latest = self.documents.texts({"line": line.id, "direction": Direction.INBOUND}, 1)
        return LineHealth(
            line=line,
            hours=hours_of(line, calendars, self.documents_now()),
            opt_out=described(line),
            quiet=in_words(line),
            last_text_at=latest[0].received_at if latest else None,
            throttled_until=throttled.get(line.channel),
            refused=refusing.get(line.channel),
        )

    def texts_to_no_line(self) -> list[Sms]:
        """The latest texts to numbers that are not lines."""
        known = [line.id for line in self.documents.lines()]
        return self.documents.texts({"line": {"$nin": known}, "direction": Direction.INBOUND}, 20)
