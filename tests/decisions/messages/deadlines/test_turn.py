"""Whose turn it is: what is late, then what is due soonest, then who has waited longest, then the newest."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.clocks import ClockKind, TicketClock
from messages.deadlines.turn import DUE, WAITING, due_places, late_places, next_due, place
from messages.ticket import Status, Ticket
from tests import make
from tests.make import AGENT, NOW, at
from workers.interactive.search import in_turn, mine_first


def due(seconds: float, **fields: object) -> TicketClock:
    """A running clock that is due so many seconds after NOW."""
    return make.ticket_clock(due_at=at(seconds), **fields)


def test_what_is_late_comes_first_then_what_is_due_soonest_then_who_has_waited_longest() -> None:
    solution = due(30, kind=ClockKind.RESOLUTION)
    clocks = {
        1: (),
        2: (due(900), due(7200, kind=ClockKind.RESOLUTION)),
        3: (due(-600, breached_at=at(-600)),),
        4: (due(-6000, breached_at=at(-6000)),),
        5: (due(5, stopped_at=NOW), due(60)),
        6: (make.ticket_clock(due_at=None, running_since=None),),
        7: (solution,),
        8: (make.ticket_clock(due_at=None),),
    }
    waiting = {1: at(-90), 6: at(-80), 8: at(-70)}
    some = [
        make.ticket(id=id, status=Status.OPEN, clocks=each, waiting_since=waiting.get(id, NOW if id != 7 else None))
        for id, each in clocks.items()
    ] + [make.ticket(id=id, status=Status.OPEN) for id in (9, 10)]
    assert [each.id for each in in_turn(some)] == [4, 3, 7, 5, 2, 1, 6, 8, 10, 9]
    own = [each.model_copy(update={"assignees": (AGENT,) if each.id in {1, 2} else ()}) for each in some]
    assert [each.id for each in mine_first(own, AGENT)] == [2, 1, 4, 3, 7, 5, 6, 8, 10, 9]


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda naive: naive.replace(tzinfo=NOW.tzinfo))  # noqa: DTZ001
TICKETS = st.lists(st.tuples(st.none() | MOMENTS, st.none() | MOMENTS), max_size=12)


@given(TICKETS)
def test_a_lesser_place_comes_first_whatever_the_times(given: list[tuple[datetime | None, datetime | None]]) -> None:
    tickets = [
        make.ticket(
            id=number,
            status=Status.OPEN,
            waiting_since=waits,
            clocks=() if due_at is None else (make.ticket_clock(due_at=due_at),),
        )
        for number, (due_at, waits) in enumerate(given, 1)
    ]

    def expected(ticket: Ticket) -> tuple[int, float, int]:
        clock = next_due(ticket.clocks)
        if clock is not None and clock.due_at is not None:
            return 0, clock.due_at.timestamp(), ticket.id
        if ticket.waits_since is not None:
            return 1, ticket.waits_since.timestamp(), ticket.id
        return 2, 0, -ticket.id

    assert in_turn(tickets) == sorted(tickets, key=expected)


@given(st.lists(make.CLOCKS, max_size=3), st.none() | MOMENTS, st.integers(1, 10**9))
def test_places_are_found_by_what_they_wait_for(clocks: list[TicketClock], waits: datetime | None, number: int) -> None:
    found = place(number, clocks, waits)
    is_due = any(each.is_running and each.due_at is not None for each in clocks)
    assert (DUE[0] <= found < DUE[1]) == is_due
    assert (WAITING[0] <= found < WAITING[1]) == (is_due or waits is not None)
    due_at = [each.due_at for each in clocks if each.is_running and each.due_at is not None]
    for each in (found, place(number, clocks, waits, asleep=True)):
        assert any(first <= each < last for first, last in due_places()) == is_due
        assert any(first <= each < last for first, last in late_places(at(5000))) == any(
            due < at(5000) for due in due_at
        )


def test_a_place_without_clocks_is_that_of_earlier_versions() -> None:
    assert place(7, (), NOW + timedelta(0)) == f"0/{NOW.isoformat()}/0000000007"
    assert place(7, (), None) == "1/9999999992"
