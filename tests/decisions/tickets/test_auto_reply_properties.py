"""Automatic texts, whatever contacts and people do: never too many, never twice, and none to machines."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.answering import Answering, AutoKind, AutoReplies
from messages.calendar import Calendar, Period, Weekday
from messages.conversation import Arrival
from messages.line import Line
from messages.team.auto_replies import OFFERED
from messages.ticket import Reply, SetStatus, Status, Ticket
from tests import make
from workers.tickets.auto_reply import AutoDecision, AutoFacts, closed_since, decide_texts, decide_wait
from workers.tickets.lifecycle import decide, receive

BEGIN = datetime(2026, 3, 4, tzinfo=UTC)
ALL = AutoReplies(**{kind.value: words for kind, words in OFFERED.items()}, waiting_after=30)


@dataclass(frozen=True)
class Said:
    """An automatic text that was decided."""

    id: str
    kind: AutoKind
    at: datetime
    period: datetime | None


@dataclass
class Chat:
    """A contact, people and Clerk: the ticket and what is remembered, as the actors keep them."""

    calendar: Calendar | None
    line: Line
    now: datetime = BEGIN
    ticket: Ticket | None = None
    number: int = 0
    answering: Answering = field(default_factory=Answering)
    said: list[Said] = field(default_factory=list)
    written: list[datetime] = field(default_factory=list)
    arrived: list[datetime] = field(default_factory=list)
    is_sent: bool = True

    def wait(self, seconds: float) -> None:
        """Let time pass, with the clock's looks."""
        until = self.now + timedelta(seconds=seconds)
        while self.ticket is not None and self.answering.wait is not None and self.answering.due_at is not None:
            if max(self.now, self.answering.due_at) > until:
                break
            self.now = max(self.now, self.answering.due_at)
            self.settle(decide_wait(self.facts(self.ticket)))
        self.now = until

    def text(self, digest: str, *, twice: bool = False) -> None:
        """The contact writes; the message may come twice."""
        self.number += 1
        self.arrived.append(self.now)
        after = None if self.ticket is None else receive(self.ticket, self.number, self.now, make.SOLVED_FOR)
        if after is None:
            begun = {"id": self.number, "first_text": self.number, "last_text": self.number, "created_at": self.now}
            written_at = self.ticket.written_at if self.ticket else None
            after = make.ticket(**begun, waiting_since=self.now, written_at=written_at)
        self.ticket = after
        text = Arrival(self.number, self.now, keyword=False, digest=digest)
        for _ in range(1 + twice):
            self.settle(decide_texts(self.facts(self.ticket, text)))

    def write(self, status: Status | None = None) -> None:
        """A person writes, or sets a status."""
        if self.ticket is None:
            return
        if status is None and not self.ticket.is_closed:
            self.written.append(self.now)
        command = Reply() if status is None else SetStatus(status=status)
        after = decide(self.ticket, command, make.AGENT, self.now, make.SOLVED_FOR).ticket
        self.ticket = after.model_copy(update={"assignees": ()})

    def facts(self, ticket: Ticket, *arrivals: Arrival) -> AutoFacts:
        return AutoFacts(self.now, self.line, self.calendar, ticket, self.answering, arrivals)

    def settle(self, decision: AutoDecision) -> None:
        """What the actors do with a decision."""
        after = decision.answering
        if decision.said is not None:
            assert after.order is not None
            assert after.due_at is not None
            period = closed_since(self.calendar, self.now) if self.calendar and decision.said.is_about_hours else None
            self.said.append(Said(after.order.id, decision.said, self.now, period))
            sent = after.sent(after.order.id, self.now) if self.is_sent else after
            after = sent.without_order(after.order.id, self.now)
        self.answering = after.told(self.now)
        assert len(after.model_dump_json()) < 8000, "what is remembered is bounded"


GAPS = st.one_of(st.floats(0, 15), st.floats(0, 3600), st.floats(0, 60 * 3600))
DOINGS = st.lists(
    st.tuples(
        GAPS, st.sampled_from(("text",) * 4 + ("write", "solve", "close", "twice")), st.sampled_from(("", *"abcdefg"))
    ),
    max_size=40,
)
CALENDARS = st.none() | make.calendars(st.dates(date(2026, 3, 1), date(2026, 3, 31)))


@settings(max_examples=40)
@given(CALENDARS, DOINGS, st.booleans())
def test_nobody_gets_too_many_automatic_texts(
    calendar: Calendar | None, doings: list[tuple[float, str, str]], is_sent: bool
) -> None:
    chat = Chat(calendar, make.line(auto_replies=ALL), is_sent=is_sent)
    for gap, doing, digest in doings:
        chat.wait(gap)
        match doing:
            case "write":
                chat.write()
            case "solve":
                chat.write(Status.SOLVED)
            case "close":
                chat.write(Status.CLOSED)
            case _:
                chat.text(digest, twice=doing == "twice")
    assert len({each.id for each in chat.said}) == len(chat.said), "each has an id of its own"
    periods = [each.period for each in chat.said if each.period is not None]
    assert len(set(periods)) == len(periods), "one in a closed period"
    for place, each in enumerate(chat.said):
        since = max((at for at in chat.written if at < each.at), default=BEGIN - timedelta(days=99))
        before = [other.at for other in chat.said[:place] if other.at > since]
        assert all(each.at - at >= timedelta(hours=12) for at in before), "one in twelve hours"
        assert sum(each.at - at < timedelta(days=7) for at in before) < 3, "three in seven days"
        assert each.at - since >= timedelta(minutes=30), "none right after a person"
    for first, last in zip(chat.arrived, chat.arrived[4:], strict=False):
        if last - first <= timedelta(minutes=2):
            assert not any(last <= each.at < last + timedelta(hours=24) for each in chat.said), "none to a machine"


@settings(max_examples=15)
@given(st.floats(0, 29), st.integers(5, 12), st.integers(1, 3))
def test_a_machine_whose_words_differ_each_time_gets_one_text_however_long_it_goes_on(
    seconds: float, count: int, days: int
) -> None:
    sundays = make.calendar(week={Weekday.SUN: (Period(opens="09:00", closes="17:00"),)})
    chat = Chat(sundays, make.line(auto_replies=AutoReplies(closed="Closed.", waiting="Soon.")))
    for day in range(days):
        for number in range(count):
            chat.text(f"{day}/{number}")
            chat.wait(seconds)
        chat.wait(24 * 3600)
        chat.write()
        chat.wait(3600)
        assert chat.answering.stop is not None
    assert len(chat.said) <= days
    assert all(later.at - former.at >= timedelta(hours=12) for former, later in pairwise(chat.said))


@settings(max_examples=10)
@given(st.floats(1, 9), st.integers(3, 9))
def test_a_machine_that_answers_each_automatic_text_at_once_gets_two(seconds: float, nights: int) -> None:
    chat = Chat(make.calendar(), make.line(auto_replies=AutoReplies(closed="Closed.")))
    for night in range(nights):
        chat.text(f"first {night}")
        chat.wait(seconds)
        chat.text(f"second {night}")
        chat.write()
        chat.wait(24 * 3600 - seconds - 1)
        said = len(chat.said)
    assert said <= 2 + nights // 2


@given(DOINGS)
def test_a_line_without_automatic_texts_says_nothing(doings: list[tuple[float, str, str]]) -> None:
    chat = Chat(make.calendar(), make.line())
    for gap, _, digest in doings:
        chat.wait(gap)
        chat.text(digest)
    assert chat.said == []
    assert chat.answering.due_at is None
