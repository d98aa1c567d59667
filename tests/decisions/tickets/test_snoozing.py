"""What each event does to a snooze, until when it lasts, and what is said of that."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import Calendar, Closure
from messages.deadlines.snooze import EndSnooze, MoveSnooze, SetSnooze, Snooze, SnoozeAgain, SnoozeEnd, WakeUp
from messages.planned import When
from messages.ticket import AddNote, Command, Edit, Expire, Reply, SetPriority, SetStatus, Status, Take, Ticket
from tests import make
from tests.make import AGENT, NOW, SOLVED_FOR, at
from workers.tickets.lifecycle import Decision, decide, receive
from workers.tickets.snoozing import (
    AGAIN_PASSED,
    AGAIN_TOO_LATE,
    ANOTHER_SINCE,
    NOT_SNOOZED,
    PASSED,
    SNOOZED_SINCE,
    SNOOZES,
    TOO_FAR,
    TOO_SOON,
    SnoozeEvent,
    SnoozeFacts,
    SnoozeOutcome,
    SnoozeState,
    confirmed,
    displaced_to,
    state_of,
)

UNTIL: Final = at(3600)
SNOOZE: Final = Snooze(by=AGENT, at=NOW, until=UNTIL, zone="UTC", last_text=1)
DEEP: Final = SNOOZE.model_copy(update={"wake_on_text": False})
WOKEN: Final = SNOOZE.model_copy(update={"ended": SnoozeEnd.TEXT, "ended_at": at(60)})
SET: Final = SetSnooze(when=When(after=timedelta(hours=2)))
CLOSED: Final = SnoozeFacts(make.calendar(closures=[Closure(since=NOW, until=at(86_400))]))

ORDERS: Final[dict[SnoozeEvent, Command]] = {
    SnoozeEvent.SET: SET,
    SnoozeEvent.AGAIN: SnoozeAgain(until=UNTIL),
    SnoozeEvent.REPLY: Reply(),
    SnoozeEvent.ASSIGN: Take(),
    SnoozeEvent.STATUS: SetStatus(status=Status.ON_HOLD),
    SnoozeEvent.WAKE: WakeUp(),
    SnoozeEvent.TIME: EndSnooze(until=UNTIL),
    SnoozeEvent.NIGHT: EndSnooze(until=UNTIL),
}
STATES: Final = {SnoozeState.AWAKE: WOKEN, SnoozeState.LIGHT: SNOOZE, SnoozeState.DEEP: DEEP}
BY_CLERK: Final = {SnoozeEvent.TIME, SnoozeEvent.NIGHT}


def order(ticket: Ticket, command: Command, seconds: float = 120, **facts: Any) -> Decision:
    by = None if isinstance(command, EndSnooze | MoveSnooze | Expire) else "U0BOB"
    return decide(ticket, command, by, at(seconds), SOLVED_FOR, **facts)


def happened(ticket: Ticket, event: SnoozeEvent) -> tuple[Ticket, tuple[str, ...]]:
    """The ticket after an event, and what was refused."""
    match event:
        case SnoozeEvent.TEXT | SnoozeEvent.THANKS:
            after = receive(ticket, 2, at(120), SOLVED_FOR, only_thanks=event is SnoozeEvent.THANKS)
        case SnoozeEvent.REACTION:
            after = receive(ticket, 2, at(120), SOLVED_FOR, silent=True)
        case _:
            facts = CLOSED if event is SnoozeEvent.NIGHT else SnoozeFacts()
            decision = order(ticket, ORDERS[event], 3600 if event in BY_CLERK else 120, snooze=facts)
            return decision.ticket, decision.refusals
    assert after is not None
    return after, ()


@pytest.mark.parametrize("state", SnoozeState)
@pytest.mark.parametrize("event", SnoozeEvent)
def test_each_event_does_to_a_snooze_what_the_table_says(event: SnoozeEvent, state: SnoozeState) -> None:
    ticket = make.ticket(status=Status.OPEN, snooze=STATES[state])
    assert state_of(ticket) is state
    after, refusals = happened(ticket, event)
    match SNOOZES[event][state]:
        case SnoozeEnd() as end:
            assert after.snooze is not None
            assert (after.snooze.ended, after.asleep) == (end, None)
            assert [each.what for each in after.history[-1].changes][-1] == "woken"
        case SnoozeOutcome.SET:
            assert after.asleep is not None
            assert after.asleep.by == "U0BOB"
            assert [each.what for each in after.history[-1].changes] == ["snoozed"]
        case SnoozeOutcome.STAYS:
            assert (after.snooze, refusals) == (ticket.snooze, ())
        case SnoozeOutcome.REFUSED:
            assert after.snooze == ticket.snooze
            assert refusals


def test_the_table_has_a_row_for_each_event_and_a_cell_for_each_state() -> None:
    assert {event: set(row) for event, row in SNOOZES.items()} == {event: set(SnoozeState) for event in SnoozeEvent}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("command", [SET, SnoozeAgain(until=UNTIL)], ids=["set", "again"])
def test_what_is_over_can_not_be_put_off_and_says_so(status: Status, command: Command) -> None:
    decision = order(make.ticket(status=status, snooze=WOKEN), command)
    over = status in {Status.SOLVED, Status.CLOSED}
    assert (decision.ticket.asleep is None) is over
    assert [f"#7 is {status.label}" in each for each in decision.refusals] == [True] * over


def test_solving_ends_a_snooze_and_delays_no_closing() -> None:
    solved = order(make.ticket(status=Status.OPEN, snooze=DEEP), SetStatus(status=Status.SOLVED)).ticket
    assert (solved.snooze or DEEP).ended is SnoozeEnd.STATUS
    assert solved.close_at == at(120) + SOLVED_FOR
    closed = decide(solved, Expire(), None, solved.close_at, SOLVED_FOR).ticket
    assert (closed.status, closed.snooze) == (Status.CLOSED, solved.snooze)


def test_a_snooze_that_an_earlier_version_left_on_a_solved_ticket_puts_nothing_off() -> None:
    solved = make.ticket(status=Status.SOLVED, snooze=DEEP)
    assert (solved.asleep, solved.episode.hushed_after) == (None, None)
    assert order(solved, EndSnooze(until=UNTIL), 3600).ticket is solved


@pytest.mark.parametrize("command", [AddNote(text="x"), SetPriority(priority=make.ticket().priority), Expire()])
def test_other_orders_leave_it_snoozed(command: Command) -> None:
    assert order(make.ticket(snooze=SNOOZE), command).ticket.snooze == SNOOZE


def test_the_form_ends_a_snooze_only_if_it_sets_a_status() -> None:
    ticket = make.ticket(status=Status.PENDING, snooze=SNOOZE)
    edit = {"version": 1, "origin": make.CHANNEL}
    assigned = order(ticket, Edit(**edit, assignees=(AGENT,), status=Status.PENDING, subject="The part"))
    assert (assigned.ticket.status, assigned.ticket.snooze) == (Status.OPEN, SNOOZE)
    held = order(ticket, Edit(**edit, status=Status.ON_HOLD))
    assert (held.ticket.snooze or SNOOZE).ended is SnoozeEnd.STATUS


AGAIN = SnoozeAgain(until=UNTIL)
LATER = Snooze(by=AGENT, at=NOW, until=at(200_000), last_text=1, ended=SnoozeEnd.TEXT, ended_at=at(60))


@pytest.mark.parametrize(
    ("snooze", "command", "seconds", "words"),
    [
        (WOKEN, AGAIN, 3599, ""),
        (WOKEN, AGAIN, 3600, AGAIN_PASSED),
        (LATER, SnoozeAgain(until=at(200_000)), 60 + 86_400, ""),
        (LATER, SnoozeAgain(until=at(200_000)), 61 + 86_400, AGAIN_TOO_LATE),
        (LATER, AGAIN, 120, ANOTHER_SINCE),
        (None, AGAIN, 120, ANOTHER_SINCE),
        (SNOOZE, AGAIN, 120, SNOOZED_SINCE),
        (WOKEN.model_copy(update={"ended": SnoozeEnd.TIME}), AGAIN, 120, ANOTHER_SINCE),
    ],
)
def test_one_click_sets_the_same_time_again_for_a_day_and_refuses_in_words_after(
    snooze: Snooze | None, command: SnoozeAgain, seconds: float, words: str
) -> None:
    decision = order(make.ticket(status=Status.OPEN, last_text=3, snooze=snooze), command, seconds)
    assert decision.refusals == ((words.format(ticket=7),) if words else ())
    if not words:
        asleep = decision.ticket.asleep
        assert asleep is not None
        assert (asleep.until, asleep.by, asleep.last_text) == (command.until, "U0BOB", 3)


def test_only_what_is_snoozed_can_be_woken() -> None:
    assert order(make.ticket(), WakeUp()).refusals == (NOT_SNOOZED.format(ticket=7),)


def test_the_clock_ends_only_the_snooze_that_it_found_and_only_in_time() -> None:
    ticket = make.ticket(snooze=SNOOZE)
    assert order(ticket, EndSnooze(until=UNTIL), 3599).ticket is ticket
    assert order(ticket, EndSnooze(until=at(10)), 3600).ticket is ticket
    once = order(ticket, EndSnooze(until=UNTIL), 3600).ticket
    assert order(once, EndSnooze(until=UNTIL), 3700).ticket is once


def test_what_waited_for_the_line_to_open_says_so() -> None:
    night = make.calendar(closures=[Closure(since=at(3000), until=at(7200))], week={})
    never = order(make.ticket(snooze=SNOOZE), EndSnooze(until=UNTIL), 3600, snooze=SnoozeFacts(night))
    assert (never.ticket.snooze or SNOOZE).ended is SnoozeEnd.TIME, "a line that never opens waits for nothing"
    weekdays = make.calendar(closures=[Closure(since=at(3000), until=at(40_000))])
    waits = order(make.ticket(snooze=SNOOZE), EndSnooze(until=UNTIL), 3600, snooze=SnoozeFacts(weekdays))
    assert waits.ticket.asleep == SNOOZE
    over = order(make.ticket(snooze=SNOOZE), EndSnooze(until=UNTIL), 40_001, snooze=SnoozeFacts(weekdays))
    assert (over.ticket.snooze or SNOOZE).waited


MONDAY: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""Monday 10:00 in New York, 16:00 in Paris."""

SHOP: Final = make.calendar()
HOLIDAY: Final = make.calendar(days=[{"first": "2026-03-09", "last": "2026-03-09", "name": "Inventory"}])
NIGHTS: Final = make.calendar(week={}, closures=())


@pytest.mark.parametrize(
    ("when", "calendar", "until"),
    [
        (When(after=timedelta(hours=1)), SHOP, "2026-03-02 16:00"),
        (When(day="tomorrow"), SHOP, "2026-03-03 14:00"),
        (When(day="mon"), SHOP, "2026-03-09 13:00"),
        (When(day="sat"), SHOP, "2026-03-09 13:00"),
        (When(day="mon"), HOLIDAY, "2026-03-10 13:00"),
        (When(day="2026-03-04"), SHOP, "2026-03-04 14:00"),
        (When(day="tomorrow"), None, "2026-03-03 08:00"),
        (When(day="mon"), None, "2026-03-09 08:00"),
        (When(day="tomorrow"), NIGHTS, "2026-03-03 14:00"),
        (When(day="tomorrow", clock="07:30"), SHOP, "2026-03-03 06:30"),
        (When(clock="15:00"), SHOP, "2026-03-03 14:00"),
        (When(day="mon", clock="17:00"), SHOP, "2026-03-02 16:00"),
    ],
)
def test_a_day_means_when_the_line_opens_and_a_clock_time_is_the_agents(
    when: When, calendar: Calendar | None, until: str
) -> None:
    facts = SnoozeFacts(calendar, "Europe/Paris")
    decision = decide(make.ticket(), SetSnooze(when=when), AGENT, MONDAY, SOLVED_FOR, snooze=facts)
    assert decision.ticket.snooze is not None
    assert f"{decision.ticket.snooze.until:%Y-%m-%d %H:%M}" == until


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (When(after=timedelta(seconds=30)), TOO_SOON),
        (When(after=timedelta(days=400)), TOO_FAR),
        (When(day="2026-01-01", clock="09:00"), PASSED),
        (When(day="2026-01-01"), PASSED),
        (When(day="2028-01-01"), TOO_FAR),
    ],
)
def test_a_time_that_can_not_be_meant_is_refused_in_words(when: When, words: str) -> None:
    decision = decide(make.ticket(), SetSnooze(when=when), AGENT, MONDAY, SOLVED_FOR, snooze=SnoozeFacts(SHOP))
    assert (decision.ticket.snooze, decision.refusals) == (None, (words,))


@pytest.mark.parametrize(
    ("when", "zone", "said"),
    [
        (When(day="tomorrow", clock="10:00"), "America/New_York", "it wakes tomorrow at 10:00 (New York)."),
        (When(day="2026-03-29", clock="02:30"), "Europe/Paris", "Clocks go forward then, so it is 3:30."),
        (When(day="2026-10-25", clock="02:30"), "Europe/Paris", "2:30 comes twice: the first is meant."),
        (
            When(day="sat", clock="10:00"),
            "America/New_York",
            "The line is closed then, so it waits until the line opens on Mon 9 Mar at 9:00 (New York).",
        ),
    ],
)
def test_the_confirmation_says_until_when_and_what_is_unusual_about_that(when: When, zone: str, said: str) -> None:
    command = SetSnooze(when=when, zone=zone)
    snoozed = decide(make.ticket(), command, AGENT, MONDAY, SOLVED_FOR, snooze=SnoozeFacts(SHOP)).ticket
    assert said in confirmed(snoozed, SHOP)


def test_an_order_that_comes_again_sets_nothing_again_whatever_the_calendar_says_by_then() -> None:
    command, facts = SetSnooze(when=When(day="tomorrow")), SnoozeFacts(SHOP)
    once = decide(make.ticket(), command, AGENT, MONDAY, SOLVED_FOR, "click/1", snooze=facts)
    again = decide(
        once.ticket, command, AGENT, MONDAY, SOLVED_FOR, "click/1", snooze=SnoozeFacts(HOLIDAY, "Asia/Tokyo")
    )
    assert (again.ticket, again.refusals) == (once.ticket, ())


def test_other_rules_of_a_zone_move_a_wall_time_and_no_instant() -> None:
    wall = SNOOZE.model_copy(update={"wall": "2026-03-02 12:30", "zone": "Europe/Paris"})
    assert displaced_to(wall) == at(7200)
    assert displaced_to(SNOOZE) is None
    moved = order(make.ticket(snooze=wall), MoveSnooze(until=UNTIL)).ticket
    assert (moved.snooze or SNOOZE).until == at(7200)
    assert order(moved, MoveSnooze(until=UNTIL)).ticket is moved


STEPS = st.lists(
    st.tuples(st.sampled_from([*SnoozeEvent]), st.sampled_from([60, 1800, 4000]), st.integers(1, 2)), max_size=12
)


@given(STEPS)
def test_whatever_happens_and_comes_again_a_snooze_is_as_the_table_says(
    steps: list[tuple[SnoozeEvent, int, int]],
) -> None:
    """Each order may come twice, as a broker delivers it."""
    ticket, seconds = make.ticket(status=Status.OPEN), 0
    for number, (event, gap, times) in enumerate(steps):
        seconds += gap
        before, state = ticket, state_of(ticket)
        until = before.snooze.until if before.snooze is not None else UNTIL
        for _ in range(times):
            match event:
                case SnoozeEvent.TEXT | SnoozeEvent.THANKS | SnoozeEvent.REACTION:
                    thanks, reactions = event is SnoozeEvent.THANKS, event is SnoozeEvent.REACTION
                    last = before.last_text + 1
                    heard = receive(ticket, last, at(seconds), SOLVED_FOR, only_thanks=thanks, silent=reactions)
                    ticket = heard or ticket
                case _:
                    status = Status.ON_HOLD if before.status is not Status.ON_HOLD else Status.PENDING
                    command: Command = {
                        **ORDERS,
                        SnoozeEvent.STATUS: SetStatus(status=status),
                        SnoozeEvent.AGAIN: SnoozeAgain(until=until),
                        SnoozeEvent.TIME: EndSnooze(until=until),
                        SnoozeEvent.NIGHT: EndSnooze(until=until),
                    }[event]
                    facts = CLOSED if event is SnoozeEvent.NIGHT else SnoozeFacts()
                    identity = None if event in BY_CLERK else f"order/{number}"
                    by = None if event in BY_CLERK else "U0BOB"
                    ticket = decide(ticket, command, by, at(seconds), SOLVED_FOR, identity, snooze=facts).ticket
        expected = SNOOZES[event][state]
        if event in BY_CLERK and until > at(seconds):
            expected = SnoozeOutcome.STAYS
        if isinstance(expected, SnoozeEnd):
            assert ticket.snooze is not None
            assert ticket.snooze.ended is expected
        elif event is SnoozeEvent.SET:
            assert ticket.asleep is not None
        elif event is not SnoozeEvent.AGAIN:
            assert ticket.snooze == before.snooze
        said = [each.what for entry in ticket.history for each in entry.changes if each.what in {"snoozed", "woken"}]
        assert (said[-1:] == ["snoozed"]) == (ticket.asleep is not None)
        assert (ticket.episode.hushed_after is None) == (ticket.asleep is None)
