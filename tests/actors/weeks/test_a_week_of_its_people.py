"""A week from Monday to Monday: several periods a day, a closure, a holiday, the night of the change, and its people.

Times are what the shop's clocks show. Which instant that is follows from how far they are ahead of UTC before the
change and after it, which is written down here; nothing is computed by what is tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import pytest

from messages.calendar import WEEKDAYS, Period, SpecialDays, Weekday
from messages.deadlines.alert import AlertSettings
from messages.deadlines.clocks import ClockKind, HoursCounted, TicketClock
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.planned import PlannedState
from messages.ticket import SetPriority, SetStatus, Status
from tests import make
from tests.actors.weeks.played import PlayedShop

ADA, BEN, ONE, TWO = make.AGENT, "U0BEN", "U0ONE", "U0TWO"
ANN, BEA, CAL, DAN, ELI, FAY, GUS, HAL, IVY, JOY, KIM, LOU = (f"+1555000{number}" for number in range(2001, 2013))


@dataclass(frozen=True)
class PeoplesWeek:
    """A week in whose last night clocks change: its Monday, and what the shop's clocks are ahead of UTC."""

    zone: str
    monday: date
    before: str
    after: str
    night_answer: str
    """When six hours are over of which the first is that from 22:00 before the change: clocks show this on Sunday."""
    open_answer: str
    """The same in open hours: the shop is open from 22:00 to 2:00, and again on Monday from 9:00."""

    def at(self, wall: str) -> str:
        """The instant at which the shop's clocks show a time of this week, or of the Monday behind it (`next`)."""
        day, clock = wall.split()
        number = 7 if day == "next" else [each[:3] for each in WEEKDAYS].index(day)
        offset = self.before if number < len(WEEKDAYS) - 1 else self.after
        return f"{self.monday + timedelta(days=number)}T{clock}{offset}"

    def instant(self, wall: str) -> datetime:
        """That instant."""
        return datetime.fromisoformat(self.at(wall))


WEEKS: Final = {
    "New York, back": PeoplesWeek(
        "America/New_York", date(2026, 10, 26), "-04:00", "-05:00", night_answer="03:00", open_answer="10:00"
    ),
    "New York, forward": PeoplesWeek(
        "America/New_York", date(2027, 3, 8), "-05:00", "-04:00", night_answer="05:00", open_answer="11:00"
    ),
    "London, forward": PeoplesWeek(
        "Europe/London", date(2026, 3, 23), "+00:00", "+01:00", night_answer="05:00", open_answer="12:00"
    ),
    "London, back": PeoplesWeek(
        "Europe/London", date(2026, 10, 19), "+01:00", "+00:00", night_answer="03:00", open_answer="10:00"
    ),
    "Lord Howe, forward": PeoplesWeek(
        "Australia/Lord_Howe", date(2026, 9, 28), "+10:30", "+11:00", night_answer="04:30", open_answer="11:00"
    ),
    "Lord Howe, back": PeoplesWeek(
        "Australia/Lord_Howe", date(2026, 3, 30), "+11:00", "+10:30", night_answer="03:30", open_answer="10:30"
    ),
}

DAY: Final = (Period(opens="09:00", closes="12:30"), Period(opens="13:30", closes="17:00"))
SATURDAY: Final = (Period(opens="10:00", closes="13:00"), Period(opens="22:00", closes="02:00"))
HOURS: Final[Mapping[Weekday, tuple[Period, ...]]] = {**dict.fromkeys(WEEKDAYS[:5], DAY), WEEKDAYS[5]: SATURDAY}


def _targets(
    first: int, next_: int, resolution: int, counts: HoursCounted = HoursCounted.OPEN
) -> dict[ClockKind, Target]:
    return {
        ClockKind.FIRST_RESPONSE: Target(within=timedelta(hours=first)),
        ClockKind.NEXT_RESPONSE: Target(within=timedelta(hours=next_)),
        ClockKind.RESOLUTION: Target(within=timedelta(hours=resolution), counts=counts),
    }


POLICY: Final = Policy(
    targets={
        Priority.NORMAL: _targets(2, 3, 8),
        Priority.HIGH: _targets(6, 6, 6, HoursCounted.CALENDAR),
        Priority.URGENT: _targets(1, 1, 8),
    },
    version=1,
)

CLOSED: Final = "Thanks for your text. We are back {0} and will answer then."
FIRST, NEXT, SOLUTION = "The first answer", "The next answer", "The solution"


@pytest.fixture(params=WEEKS)
def week(request: pytest.FixtureRequest) -> PeoplesWeek:
    return WEEKS[request.param]


@pytest.fixture
async def shop(week: PeoplesWeek) -> PlayedShop:
    """The shop on Monday at 9:00, with targets, and two people on call."""
    thursday = week.monday + timedelta(days=3)
    found = PlayedShop(week.zone, SpecialDays(first=thursday, last=thursday, name="the fair", public=True))
    found.workers.slack.zones.update(dict.fromkeys((ADA, BEN), week.zone))
    alerts = AlertSettings(nag=timedelta())
    await found.open(week.at("mon 09:00"), HOURS, policy=POLICY, alerts=alerts, on_call=(ONE, TWO))
    return found


async def clock_of(shop: PlayedShop, contact: str, kind: ClockKind) -> TicketClock:
    """The newest clock of a kind of a contact's ticket."""
    return [each for each in (await shop.ticket(contact)).clocks if each.kind is kind][-1]


async def test_monday_an_answer_is_late_by_open_minutes_and_pending_pauses_the_solution(
    week: PeoplesWeek, shop: PlayedShop
) -> None:
    await shop.text(week.at("mon 12:00"), ANN, "Is the blue one still there?")
    await shop.text(week.at("mon 12:40"), BEA, "Are you open?")
    await shop.text(week.at("mon 12:55"), BEA, "Hello?")
    assert (shop.sent(ANN), shop.sent(BEA)) == ([], [CLOSED.format("today at 13:30")])
    await shop.at(week.at("mon 13:30"))
    assert [each.split(",")[0] for each in shop.digests()] == ["While you were closed: 1 conversation"]
    await shop.type(week.at("mon 13:40"), f"send {BEA} We are")
    await shop.act(week.at("mon 13:45"), BEA, SetStatus(status=Status.SOLVED))

    # Half an hour before lunch, two hours in all: Clerk warns at 14:30, it is late at 15:00, and answered at 15:10.
    await shop.at(week.at("mon 14:30"), -5)
    assert shop.alerts() == []
    await shop.at(week.at("mon 14:30"))
    (warning,) = shop.alerts(ANN)
    assert f"{FIRST} is due" in warning.what.text
    await shop.at(week.at("mon 15:00"), -5)
    assert f"{FIRST} is due" in shop.alerts(ANN)[0].what.text
    await shop.at(week.at("mon 15:00"))
    assert [each.ts for each in shop.alerts()] == [warning.ts]
    assert f"{FIRST} was due" in warning.what.text
    await shop.type(week.at("mon 15:10"), f"send {ANN} It is")
    assert "10 min late" in str(shop.alerts(ANN)[0].what.blocks)
    await shop.at(week.at("mon 15:22"))
    assert shop.alerts() == []

    # Of the eight hours until the solution three are over at 16:00. Pending pauses them, until Ann writes on Tuesday.
    await shop.act(week.at("mon 16:00"), ANN, SetStatus(status=Status.PENDING))
    assert (await clock_of(shop, ANN, ClockKind.RESOLUTION)).due_at is None
    await shop.text(week.at("tue 10:00"), ANN, "And the red one?")
    assert (await shop.ticket(ANN)).status is Status.OPEN
    solution, answer = [await clock_of(shop, ANN, kind) for kind in (ClockKind.RESOLUTION, ClockKind.NEXT_RESPONSE)]
    assert (solution.warn_at, solution.due_at) == (week.instant("tue 14:00"), week.instant("tue 16:00"))
    assert (answer.warn_at, answer.due_at) == (week.instant("tue 12:15"), week.instant("tue 14:00"))
    await shop.type(week.at("tue 11:00"), f"send {ANN} That too")
    await shop.act(week.at("tue 11:30"), ANN, SetStatus(status=Status.SOLVED))
    await shop.at(week.at("tue 16:30"))
    assert shop.alerts() == []
    assert (await clock_of(shop, ANN, ClockKind.NEXT_RESPONSE)).stopped_at == week.instant("tue 11:00")
    assert (await clock_of(shop, ANN, ClockKind.RESOLUTION)).stopped_at == week.instant("tue 11:30")


async def test_tuesday_a_closure_is_closed_time_and_what_is_written_at_night_leaves_in_the_morning(
    week: PeoplesWeek, shop: PlayedShop
) -> None:
    await shop.type(week.at("tue 12:00"), f"later {ELI} wed 10:00: Shall we come?")
    assert "16:00" in await shop.type(week.at("tue 14:00"), "close until 16:00 training")
    await shop.text(week.at("tue 14:30"), CAL, "Anybody there?")
    await shop.text(week.at("tue 15:30"), CAL, "Hello?")
    assert shop.sent(CAL) == [CLOSED.format("today at 16:00")]
    await shop.at(week.at("tue 16:00"), -5)
    assert shop.digests() == []
    await shop.at(week.at("tue 16:00"))
    assert [each.split(",")[0] for each in shop.digests()] == ["While you were closed: 1 conversation"]

    # An hour from 16:00 is left of the day: the rest of Cal's two is on Wednesday.
    waits = await clock_of(shop, CAL, ClockKind.FIRST_RESPONSE)
    assert (waits.warn_at, waits.due_at) == (week.instant("wed 09:30"), week.instant("wed 10:00"))

    # At night Clerk answers who writes, and an agent's text waits for 8:00. Who writes before a planned text holds it.
    await shop.text(week.at("tue 20:00"), DAN, "Tomorrow?")
    assert shop.sent(DAN) == [CLOSED.format("tomorrow at 9:00")]
    assert (await shop.type(week.at("tue 22:30"), f"send {DAN} Yes, come by")).startswith("Held until 8:00")
    await shop.text(week.at("tue 23:00"), ELI, "Don't come")
    assert shop.sent(ELI) == [CLOSED.format("tomorrow at 9:00")]
    await shop.at(week.at("wed 08:00"), -5)
    assert len(shop.sent(DAN)) == 1
    await shop.at(week.at("wed 08:00"))
    assert shop.sent(DAN)[1:] == ["Yes, come by"]

    # Who was answered is in no digest, nor who was in one before.
    await shop.at(week.at("wed 09:00"))
    assert [each.split(",")[0] for each in shop.digests()[1:]] == ["While you were closed: 1 conversation"]
    await shop.type(week.at("wed 09:20"), f"send {CAL} Here we are")
    await shop.at(week.at("wed 10:00"))
    assert shop.sent(ELI) == [CLOSED.format("tomorrow at 9:00")]
    assert (await shop.planned(ELI)).state is PlannedState.HELD
    assert shop.alerts(CAL) == []


async def test_wednesday_the_channel_stands_in_for_who_is_away_until_they_are_back(
    week: PeoplesWeek, shop: PlayedShop
) -> None:
    await shop.text(week.at("wed 09:30"), FAY, "Is it ready?")
    await shop.act(week.at("wed 09:35"), FAY, make.edit(assignees=(ADA,), notify=(ADA,)))
    assert "14:00" in await shop.type(week.at("wed 10:00"), "away until 14:00 dentist")
    await shop.text(week.at("wed 10:30"), FAY, "Hello?")
    await shop.at(week.at("wed 10:45"))
    assert shop.places(FAY, "card") == [make.CHANNEL]
    assert "is away until" in str(shop.workers.slack.kind("card")[0].what.blocks)
    await shop.at(week.at("wed 11:00"))
    assert [(each.channel, FIRST in each.what.text) for each in shop.alerts(FAY)] == [(make.CHANNEL, True)]
    await shop.type(week.at("wed 11:10"), f"send {FAY} Nearly", by=BEN)

    # At 14:00 she is back by herself: the next text, and the warnings, are hers alone.
    await shop.text(week.at("wed 14:30"), FAY, "And now?")
    await shop.at(week.at("wed 14:45"))
    assert shop.places(FAY, "card") == [make.CHANNEL, f"D{ADA[1:]}"]
    for clock, what in (("16:30", SOLUTION), ("16:45", NEXT)):
        await shop.at(week.at(f"wed {clock}"), -5)
        assert not any(what in each.what.text for each in shop.alerts(FAY))
        await shop.at(week.at(f"wed {clock}"))
        (alert,) = [each for each in shop.alerts(FAY) if what in each.what.text]
        assert alert.channel == f"D{ADA[1:]}"
    due = [(await clock_of(shop, FAY, kind)).due_at for kind in (ClockKind.RESOLUTION, ClockKind.NEXT_RESPONSE)]
    assert due == [week.instant("fri 10:30"), week.instant("fri 09:30")]
    await shop.type(week.at("wed 16:50"), f"send {FAY} It is", by=ADA)
    await shop.act(week.at("wed 16:55"), FAY, SetStatus(status=Status.SOLVED), by=ADA)
    assert shop.alerts(FAY) == []


async def test_a_snooze_that_ends_in_closed_time_waits_over_the_holiday_and_clocks_run_on(
    week: PeoplesWeek, shop: PlayedShop
) -> None:
    await shop.text(week.at("wed 15:00"), GUS, "The part is broken")
    await shop.type(week.at("wed 15:05"), f"send {GUS} We order another")
    number = (await shop.ticket(GUS)).id
    told = await shop.type(week.at("wed 15:10"), f"snooze #{number} 5h: the part")
    assert "Fri" in told
    await shop.at(week.at("wed 20:10"))
    await shop.at(week.at("fri 09:00"), -5)
    assert (await shop.ticket(GUS)).asleep
    assert shop.alerts() == []
    await shop.at(week.at("fri 09:00"))
    assert not (await shop.ticket(GUS)).asleep
    (over,) = shop.alerts(GUS)
    assert over.channel == f"D{ADA[1:]}"
    solution = await clock_of(shop, GUS, ClockKind.RESOLUTION)
    assert (solution.warn_at, solution.due_at) == (week.instant("fri 14:00"), week.instant("fri 16:00"))


async def test_thursday_is_a_holiday_on_which_what_can_not_wait_calls_who_is_on_call(
    week: PeoplesWeek, shop: PlayedShop
) -> None:
    await shop.type(week.at("wed 12:00"), f"later {HAL} thu 10:00: Happy fair!")
    await shop.at(week.at("thu 10:00"))
    assert shop.sent(HAL) == ["Happy fair!"]
    await shop.text(week.at("thu 11:00"), IVY, "Water everywhere!")
    assert shop.sent(IVY) == ["We are closed for the fair. We are back tomorrow at 9:00."]
    await shop.act(week.at("thu 11:05"), IVY, SetPriority(priority=Priority.URGENT))
    assert [each.channel for each in shop.alerts(IVY)] == ["D0ONE"]
    await shop.at(week.at("thu 11:15"), 10)
    assert [each.channel for each in shop.alerts(IVY)] == ["D0ONE", "D0TWO"]
    await shop.acknowledge(week.at("thu 11:20"), IVY, TWO)
    await shop.text(week.at("thu 12:00"), JOY, "It is getting worse")
    await shop.act(week.at("thu 12:05"), JOY, make.edit(tags=("vip",)))
    for clock in ("12:15", "12:25", "12:35"):
        await shop.at(week.at(f"thu {clock}"), 10)
    assert [each.channel for each in shop.alerts()] == ["D0ONE", "D0TWO", make.CHANNEL]
    assert shop.alerts(IVY) == []

    # The first hour of Friday is the one within which Ivy is answered: until then nothing of a night is late.
    await shop.at(week.at("fri 09:00"))
    (digest,) = shop.digests()
    assert digest.startswith("While you were closed: 2 conversations, 1 urgent")
    urgent, other = [await clock_of(shop, each, ClockKind.FIRST_RESPONSE) for each in (IVY, JOY)]
    assert (urgent.warn_at, urgent.due_at) == (week.instant("fri 09:45"), week.instant("fri 10:00"))
    assert (other.warn_at, other.due_at) == (week.instant("fri 10:30"), week.instant("fri 11:00"))


async def test_the_night_of_the_change_is_as_long_as_it_really_is(week: PeoplesWeek, shop: PlayedShop) -> None:
    # Half an hour of Friday and an hour and a half of Saturday; nobody has written, so Saturday has no digest.
    await shop.text(week.at("fri 16:30"), KIM, "How much is it?")
    await shop.at(week.at("sat 11:00"), -5)
    assert (shop.alerts(), shop.digests()) == ([], [])
    await shop.at(week.at("sat 11:00"))
    (warning,) = shop.alerts(KIM)
    await shop.type(week.at("sat 11:29"), f"send {KIM} Nothing")
    assert "late" not in str(warning.what.blocks)

    # From 22:00 the shop is open for four hours by its clocks, and for as long as that is when they change.
    await shop.text(week.at("sat 22:00"), LOU, "Is the bar open?")
    await shop.act(week.at("sat 22:05"), LOU, SetPriority(priority=Priority.HIGH))
    answer, solution = [await clock_of(shop, LOU, kind) for kind in (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION)]
    assert answer.due_at == week.instant(f"next {week.open_answer}")
    assert solution.due_at == week.instant(f"sun {week.night_answer}")
    assert shop.sent(LOU) == []
    await shop.text(week.at("sun 12:00"), LOU, "Hello?")
    assert shop.sent(LOU) == [CLOSED.format("tomorrow at 9:00")]
    await shop.at(week.at("next 09:00"), -5)
    assert shop.digests() == []
    await shop.at(week.at("next 09:00"))
    assert [each.split(",")[0] for each in shop.digests()] == ["While you were closed: 1 conversation"]
    await shop.at(week.at(f"next {week.open_answer}"), -5)
    assert not any(f"{FIRST} was due" in each.what.text for each in shop.alerts(LOU))
    await shop.at(week.at(f"next {week.open_answer}"))
    assert any(f"{FIRST} was due" in each.what.text for each in shop.alerts(LOU))
    assert (await clock_of(shop, LOU, ClockKind.RESOLUTION)).breached_at is not None
