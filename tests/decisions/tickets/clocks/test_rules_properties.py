"""The clocks against a simulation that goes minute by minute, with what happened told twice, late and out of order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import WEEKDAYS, Calendar, Period, Weekday, is_open
from messages.deadlines.clocks import ClockKind, TicketClock
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.ticket import Status
from workers.tickets.clocks.rules import (
    Answered,
    ClockRules,
    ClockState,
    ContactWrote,
    Event,
    Moved,
    Retargeted,
    Ticked,
    advance,
)

MINUTE: Final = timedelta(minutes=1)

RUNNING: Final = {Status.NEW, Status.OPEN}
OVER: Final = {Status.SOLVED, Status.CLOSED}


def shop(zone: str) -> Calendar:
    """A shop that is open at night, when clocks change, and closes for lunch."""
    lunch = (Period(opens="09:00", closes="09:20"), Period(opens="09:35", closes="10:00"))
    night = (Period(opens="00:30", closes="03:30"), *lunch)
    return Calendar(id="shop", zone=zone, week={**dict.fromkeys(WEEKDAYS, lunch), Weekday.SUN: night})


@cache
def _is_open(zone: str, at: datetime) -> bool:
    return is_open(shop(zone), at)


SHOPS: Final = (
    (shop("America/New_York"), datetime(2026, 3, 8, 4, 0, tzinfo=UTC)),
    (shop("America/New_York"), datetime(2026, 11, 1, 3, 30, tzinfo=UTC)),
    (shop("Australia/Lord_Howe"), datetime(2026, 4, 4, 13, 0, tzinfo=UTC)),
    (None, datetime(2026, 3, 8, 4, 0, tzinfo=UTC)),
)
"""Calendars, and a time shortly before clocks change there."""


@dataclass(frozen=True)
class ToldLate:
    """Something that happens in the minute `at`, and becomes known in the minutes `known`."""

    at: int
    known: tuple[int, ...]
    status: Status | None = None
    answer: str = ""
    fails: bool = False


@dataclass
class TicketStory:
    """What happens on a ticket that begins in minute 0, on a line with these hours."""

    shop: Calendar | None
    since: datetime
    told: list[ToldLate] = field(default_factory=list)
    until: int = 0

    def time(self, minute: int) -> datetime:
        return self.since + minute * MINUTE

    def is_open(self, minute: int) -> bool:
        return self.shop is None or _is_open(self.shop.zone, self.time(minute))

    def events(self) -> list[Event]:
        """What is told, in the order in which it becomes known, with repeats."""
        order: list[tuple[int, int, Event]] = [(0, -2, Moved(Status.NEW, self.time(0), 1)), (0, -1, self.text(0, 0, 0))]
        for number, each in enumerate(self.told, 1):
            for place, minute in enumerate(each.known):
                event: Event = self.text(number, each.at, each.known[place])
                if each.status is not None:
                    event = Moved(each.status, self.time(each.at), number + 1)
                elif each.answer:
                    failed = each.fails and place % 2 == 0
                    event = Answered(each.answer, self.time(each.at), failed=failed)
                order.append((minute, number, event))
        return [event for _, _, event in sorted(order, key=lambda each: each[:2])]

    def text(self, number: int, at: int, known: int) -> ContactWrote:
        return ContactWrote(number, self.time(at), self.time(known))


@st.composite
def stories(draw: st.DrawFn) -> TicketStory:
    calendar, since = draw(st.sampled_from(SHOPS))
    story = TicketStory(calendar, since)
    now = 0
    for number in range(draw(st.integers(0, 12))):
        now += draw(st.integers(1, 90))
        again = (now, now + draw(st.integers(0, 60)))
        match draw(st.integers(0, 5)):
            case 0 | 1:
                story.told.append(ToldLate(draw(st.integers(0, now)), again))
            case 2 | 3:
                known = tuple(now + draw(st.integers(0, 120)) for _ in range(3))
                written = draw(st.integers(0, now))
                story.told.append(ToldLate(written, known, answer=f"a{number}", fails=draw(st.booleans())))
            case _:
                status = draw(st.sampled_from(list(Status)[1:]))
                story.told.append(ToldLate(now, again, status=status))
    story.until = now + draw(st.integers(120, 300))
    return story


@dataclass
class Simulated:
    """A clock of the simulation: whole minutes."""

    kind: ClockKind
    began: int
    used: int = 0
    stopped: int | None = None
    by: str | None = None
    due: int | None = None


class MinuteByMinute:
    """The clocks' table as a simulation: what happens in each minute, and then which minutes each clock counts."""

    def __init__(self, story: TicketStory, targets: dict[ClockKind, int]) -> None:
        self.clocks: list[Simulated] = [Simulated(ClockKind.RESOLUTION, 0)]
        self._status = Status.NEW
        running: set[int] = set()
        texts = [ToldLate(0, (0,)), *(each for each in story.told if not each.answer and each.status is None)]
        for minute in range(story.until):
            for each in texts:
                if each.known[0] == minute:
                    self._write(each.at)
            for each in sorted(story.told, key=lambda each: each.answer):
                if each.at == minute and each.answer and not each.fails:
                    self._stop(self._waiting(), minute, each.answer)
            for each in story.told:
                if each.at == minute and each.status is not None:
                    self._move(each.status, minute)
            if self._status in RUNNING:
                running.add(minute)
        for clock in self.clocks:
            for minute in range(clock.began, story.until):
                stopped = clock.kind.is_response and clock.stopped is not None and minute >= clock.stopped
                runs = not stopped and (clock.kind.is_response or minute in running)
                if runs and story.is_open(minute):
                    clock.used += 1
                    if clock.used == targets[clock.kind]:
                        clock.due = minute + 1

    def _write(self, at: int) -> None:
        if waiting := self._waiting():
            waiting[0].began = min(waiting[0].began, at)
            return
        first = all(each.kind is ClockKind.RESOLUTION for each in self.clocks)
        self.clocks.append(Simulated(ClockKind.FIRST_RESPONSE if first else ClockKind.NEXT_RESPONSE, at))

    def _waiting(self) -> list[Simulated]:
        return [each for each in self.clocks if each.kind.is_response and each.stopped is None]

    def _stop(self, clocks: Sequence[Simulated], minute: int, by: str | None = None) -> None:
        for each in clocks:
            each.stopped, each.by = minute, by

    def _move(self, status: Status, minute: int) -> None:
        if status in OVER and self._status not in OVER:
            self._stop([*self._waiting(), self.clocks[0]], minute)
        elif status not in OVER and self._status in OVER:
            self.clocks[0].stopped = None
        self._status = status


@given(stories(), st.lists(st.integers(5, 200), min_size=3, max_size=3))
def test_the_clocks_are_those_of_a_simulation_minute_by_minute(story: TicketStory, within: list[int]) -> None:
    targets = dict(zip(ClockKind, within, strict=True))
    policy = Policy(
        targets={Priority.NORMAL: {kind: Target(within=each * MINUTE) for kind, each in targets.items()}}, version=1
    )
    rules, state = ClockRules(policy, Priority.NONE, story.shop), ClockState()
    for event in story.events():
        state = advance(state, event, rules, story.time(story.until))
    state = advance(state, Ticked(), rules, story.time(story.until))
    simulated = MinuteByMinute(story, targets).clocks
    simulated.append(simulated.pop(0))
    assert [_facts(story, each) for each in state.clocks] == [
        (each.kind, each.began, each.stopped, each.by) for each in simulated
    ]
    for clock, minutes in zip(state.clocks, simulated, strict=True):
        late = minutes.used > targets[clock.kind] or (minutes.due is not None and minutes.stopped is None)
        if clock.kind.is_response or clock.is_running:
            assert (clock.breached_at is not None) == late
        if clock.is_running and minutes.due is not None and clock.kind.is_response:
            assert clock.due_at == story.time(minutes.due)
        if clock.running_since is not None and clock.kind is ClockKind.RESOLUTION:
            first = (clock.running_since - story.since) // MINUTE
            assert clock.ran == (minutes.used - sum(map(story.is_open, range(first, story.until)))) * MINUTE
    assert advance(state, Retargeted(), rules, story.time(story.until)) == state


def _facts(story: TicketStory, clock: TicketClock) -> tuple[ClockKind, int, int | None, str | None]:
    stopped = None if clock.stopped_at is None else (clock.stopped_at - story.since) // MINUTE
    return clock.kind, (clock.began_at - story.since) // MINUTE, stopped, clock.by
