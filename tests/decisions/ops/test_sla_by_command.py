"""What `clerk sla` shows: the life of a ticket's clocks, and what is late or due next, in 80 columns."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from messages.deadlines.clocks import ClockKind, TicketClock
from messages.deadlines.policy import Policy
from messages.deadlines.policy_words import changed
from messages.deadlines.priority import Priority
from messages.ticket import Change, Entry, Status, Ticket
from ops.commands import sla
from ops.commands.options import console_of
from tests import make
from tests.make import NOW, at
from workers.shown.clock_life import clock_life
from workers.shown.clocks import due_words
from workers.tickets.clocks.rules import (
    Answered,
    ClockRules,
    ClockState,
    ContactWrote,
    Moved,
    Retargeted,
    Ticked,
    advance,
)
from workers.tickets.clocks.rules import Event as ClockEvent

POLICY = changed(Policy(), ["preset"], NOW)
SHOP = make.calendar()
OPENED = 5 * 3600
"""NOW is 4:30 in New York, and the shop opens at 9:00."""


def lived() -> Ticket:
    """A ticket that was answered, waited for the contact, got another priority, and whose next answer failed."""
    none, high = (ClockRules(POLICY, priority, SHOP) for priority in (Priority.NONE, Priority.HIGH))
    happened: tuple[tuple[int, ClockEvent, ClockRules], ...] = (
        (0, Moved(Status.NEW, at(OPENED), 1), none),
        (0, ContactWrote(1, at(OPENED), at(OPENED)), none),
        (1500, Answered("o1", at(OPENED + 1500)), none),
        (1500, Moved(Status.OPEN, at(OPENED + 1500), 2), none),
        (3000, Moved(Status.PENDING, at(OPENED + 3000), 3), none),
        (6000, ContactWrote(2, at(OPENED + 6000), at(OPENED + 6000)), none),
        (6000, Moved(Status.OPEN, at(OPENED + 6000), 4), none),
        (6600, Answered("o2", at(OPENED + 6600)), none),
        (7000, Retargeted(), high),
        (13000, Answered("o2", at(OPENED + 6600), failed=True), high),
        (13300, Ticked(), high),
    )
    state = ClockState()
    for seconds, event, rules in happened:
        state = advance(state, event, rules, at(OPENED + seconds))
    return make.ticket(id=42, status=Status.OPEN, priority=Priority.HIGH, clocks=state.clocks, marks=state.marks)


def entry(version: int, seconds: int, *changes: Change, by: str | None = make.AGENT, order: str | None = None) -> Entry:
    return make.entry(*changes, version=version, at=at(OPENED + seconds), by=by, order=order)


HISTORY = [
    entry(2, 1500, Change(what="status", before="new", after="open"), order="o1"),
    entry(3, 3000, Change(what="status", before="open", after="pending"), Change(what="subject", after="Heating")),
    entry(4, 6000, Change(what="status", before="pending", after="open"), by=None),
    entry(5, 6600, order="o2"),
    entry(6, 7000, Change(what="priority", before="none", after="high")),
]
LATER = at(OPENED + 15000)

TOLD = """\
#42  Open, High on +15550001111
hours of shop; times are those of New York

clock         within  ran         due              state
first answer  4 h     25 min      –                answered
resolution    8 h     3 h 20 min  Tue 3 Mar 10:20  4 h 40 min left
next answer   2 h     2 h 30 min  Mon 2 Mar 13:10  30 min late

when             clock         what
Mon 2 Mar 9:30   first answer  begins: 4 h, open hours
Mon 2 Mar 9:30   resolution    begins: 8 h, open hours
Mon 2 Mar 9:55   first answer  stops after 25 min: answered by U0ADA
Mon 2 Mar 9:55   resolution    New to Open by U0ADA: runs
Mon 2 Mar 10:20  resolution    Open to Pending by U0ADA: pauses
Mon 2 Mar 11:10  next answer   begins: 2 h, open hours
Mon 2 Mar 11:10  resolution    Pending to Open by Clerk: runs
Mon 2 Mar 11:20                the answer of U0ADA did not arrive, and counts as
                               none
Mon 2 Mar 11:26                priority None to High by U0ADA
Mon 2 Mar 13:10  next answer   was due
Mon 2 Mar 13:11  next answer   Clerk warns
Mon 2 Mar 13:11  next answer   Clerk finds it late
Tue 3 Mar 10:20  resolution    will be due
"""


def printed(*shown: Text | Table, width: int = 80) -> str:
    """What a terminal shows, without the spaces at the ends of lines."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    for each in shown:
        console.print(each)
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def test_a_life_is_told_in_eighty_columns() -> None:
    ticket = lived()
    life = clock_life(ticket, HISTORY, SHOP, LATER)
    assert printed(*sla.told(ticket, life, SHOP, LATER)) == TOLD


def test_the_card_says_that_the_answer_did_not_arrive() -> None:
    (reply, resolution) = due_words(lived())
    assert reply.startswith(":rotating_light: Reply was due ")
    assert reply.endswith(" did not arrive")
    assert "arrive" not in resolution
    other = make.ticket(clocks=lived().clocks)
    assert not any("arrive" in each for each in due_words(other))


def test_a_life_is_told_to_programs_in_seconds_and_utc() -> None:
    ticket = lived()
    told = json.loads(json.dumps(sla.explained(ticket, clock_life(ticket, HISTORY, SHOP, LATER), SHOP)))
    assert (told["ticket"], told["calendar"], told["priority"]) == (42, "shop", "high")
    first, resolution, following = told["clocks"]
    assert (first["kind"], first["ran"], first["state"], first["late"]) == ("first_response", 1500, "answered", False)
    assert (resolution["ran"], following["late"], following["target"]) == (12000, True, 7200)
    assert told["steps"][0] == {
        "at": at(OPENED).isoformat(),
        "clock": "first answer",
        "what": "begins: 4 h, open hours",
        "late": False,
    }


def test_a_ticket_without_clocks_says_why() -> None:
    life = clock_life(make.ticket(), HISTORY, None, LATER)
    assert (life.clocks, life.steps) == ((), ())
    assert "clerk lines set LINE --sla" in printed(*sla.told(make.ticket(), life, None, LATER))


def test_a_clock_pauses_or_is_never_due_or_ends_without_an_answer() -> None:
    hour = timedelta(hours=1)
    given: dict[str, dict[str, Any]] = {
        "pauses, 20 min left": {"running_since": None, "due_at": None, "ran": hour * 2 / 3},
        "pauses, 1 h late": {"running_since": None, "due_at": None, "ran": 2 * hour, "breached_at": NOW},
        "never due: no opening in the calendar": {"due_at": None},
        "solved without an answer": {"stopped_at": at(60), "running_since": None, "due_at": None},
        "answered, 1 h late": {"stopped_at": at(60), "by": "o", "ran": 2 * hour, "running_since": None}
        | {"breached_at": NOW},
        "solved": {"stopped_at": at(60), "running_since": None, "kind": ClockKind.RESOLUTION},
    }
    for words, fields in given.items():
        life = clock_life(make.ticket(clocks=(make.ticket_clock(**fields),)), (), make.calendar(week={}), LATER)
        assert [each.state for each in life.clocks] == [words]


def test_what_is_late_and_what_is_due_next_is_a_row_each() -> None:
    late = lived().model_copy(update={"assignees": ("U0ADA", "U0BOB")})
    shown = printed(
        sla.due_table([late, make.ticket(clocks=(make.ticket_clock(due_at=LATER + timedelta(hours=18)),))], {}, LATER)
    )
    assert shown == (
        "ticket  due                status  priority  line          assigned to\n"
        "#42     reply 30 min late  Open    High      +15550001111  U0ADA U0BOB\n"
        "#7      reply in 18 h      New               +15550001111\n"
    )
    row = sla.due_row(late, LATER)
    assert (row["ticket"], row["clock"], row["late"]) == (42, "next_response", True)
    assert row["due_at"] == at(OPENED + 13200).isoformat()


@pytest.mark.parametrize("width", [30, 40, 60, 70, 80, 100])
def test_however_narrow_the_place_when_something_is_due_is_in_one_line(width: int) -> None:
    soon, days = timedelta(hours=47, minutes=5), ("U0ADA", "U0BOB")
    clocks = (make.ticket_clock(due_at=LATER + soon, kind=ClockKind.RESOLUTION),)
    tickets = [make.ticket(clocks=clocks, status=Status.ON_HOLD, priority=Priority.URGENT, assignees=days)] * 2
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    console.print(sla.due_list(tickets, {}, LATER, console))
    shown = out.getvalue()
    assert shown.count("resolution in 1 d 23 h") == 2
    assert shown.count("U0BOB") == 2
    assert shown.count(make.LINE) == 2
    assert all(len(line) <= width for line in shown.splitlines())


def test_what_is_piped_on_is_a_row_each_however_long() -> None:
    assignees = tuple(f"U0{number:09}" for number in range(20))
    ticket = make.ticket(clocks=(make.ticket_clock(due_at=LATER + timedelta(hours=18)),), assignees=assignees)
    console = console_of(out := io.StringIO())
    console.print(sla.due_list([ticket], {}, LATER, console))
    assert len(out.getvalue().splitlines()) == 2


@given(st.lists(make.CLOCKS, max_size=4), st.booleans())
def test_whatever_the_clocks_their_life_is_told_in_order_and_in_eighty_columns(
    clocks: list[TicketClock], is_open: bool
) -> None:
    calendar = SHOP if is_open else None
    ticket = make.ticket(clocks=tuple(clocks))
    life = clock_life(ticket, HISTORY, calendar, LATER)
    assert [each.at for each in life.steps] == sorted(each.at for each in life.steps)
    assert all(len(line) <= 80 for line in printed(*sla.told(ticket, life, calendar, LATER)).splitlines())
