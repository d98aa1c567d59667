"""A week of a shop with a lunch break, a holiday and the night of the clock change, as the tables say.

The instants are written down in UTC, and none is computed by what is tested. New York is four hours behind UTC in
summer and five in winter, London one ahead and none, and Lord Howe eleven ahead and ten and a half: there, clocks
change by half an hour.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import pytest

from messages.calendar import SpecialDays
from messages.conversation import conversation_id
from messages.deadlines.clocks import ClockKind
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.line import Quiet
from messages.planned import PlannedState
from messages.ticket import Status
from tests import make
from tests.actors.weeks.played import PlayedShop

ANN, BEN, CEM, DOT, EVE = (f"+1555000{number}" for number in range(2001, 2006))


@dataclass(frozen=True)
class ShopWeek:
    """A week: what happens, and when the tables say that something follows. The comments are the shop's wall times."""

    zone: str
    holiday: SpecialDays
    opens: str
    """9:00 on the last day before the weekend."""
    ben: str
    """12:20."""
    ann: tuple[str, str]
    """12:45 and 12:55."""
    after_lunch: str
    """13:30."""
    waited: str
    """14:05: since 12:20 the shop was open for 45 minutes."""
    plans_at: str
    """12:00 on the day before the clocks change."""
    asked_for: str
    """A wall time of the night that does not exist, or exists twice."""
    said: str
    meant: str
    night_ends: str
    """8:00 on the day of the change."""
    cem: tuple[str, str]
    """Shortly before and after the change; or at the same wall time, before and after it."""
    back: str
    opens_again: str
    """9:00 on the first day after the weekend that is open."""
    dot: str
    """10:00 on the holiday."""
    closed_for: str
    not_open: str
    """9:00 on the holiday."""
    opens_last: str
    """9:00 on the first day after the holiday that is open."""


def holiday(name: str, first: date, last: date | None = None) -> SpecialDays:
    return SpecialDays(first=first, last=last or first, name=name, public=True)


GAP: Final = "{0} does not exist that day, because clocks go forward: it leaves at {1}."
TWICE: Final = "{0} comes twice that day, because clocks go back: it leaves the first time."

WEEKS: Final = {
    "New York, back": ShopWeek(
        zone="America/New_York",
        holiday=holiday("Election Day", date(2026, 11, 3)),
        opens="2026-10-30T13:00Z",
        ben="2026-10-30T16:20Z",
        ann=("2026-10-30T16:45Z", "2026-10-30T16:55Z"),
        after_lunch="2026-10-30T17:30Z",
        waited="2026-10-30T18:05Z",
        plans_at="2026-10-31T16:00Z",
        asked_for="1:30",
        said=TWICE.format("1:30"),
        meant="2026-11-01T05:30Z",
        night_ends="2026-11-01T13:00Z",
        cem=("2026-11-01T05:30Z", "2026-11-01T06:30Z"),
        back="We are back tomorrow at 9:00",
        opens_again="2026-11-02T14:00Z",
        dot="2026-11-03T15:00Z",
        closed_for="We are closed for Election Day. We are back tomorrow at 9:00.",
        not_open="2026-11-03T14:00Z",
        opens_last="2026-11-04T14:00Z",
    ),
    "New York, forward": ShopWeek(
        zone="America/New_York",
        holiday=holiday("Saint Patrick's Day", date(2027, 3, 17)),
        opens="2027-03-12T14:00Z",
        ben="2027-03-12T17:20Z",
        ann=("2027-03-12T17:45Z", "2027-03-12T17:55Z"),
        after_lunch="2027-03-12T18:30Z",
        waited="2027-03-12T19:05Z",
        plans_at="2027-03-13T17:00Z",
        asked_for="2:30",
        said=GAP.format("2:30", "3:30"),
        meant="2027-03-14T07:30Z",
        night_ends="2027-03-14T12:00Z",
        cem=("2027-03-14T06:59Z", "2027-03-14T07:01Z"),
        back="We are back tomorrow at 9:00",
        opens_again="2027-03-15T13:00Z",
        dot="2027-03-17T14:00Z",
        closed_for="We are closed for Saint Patrick's Day. We are back tomorrow at 9:00.",
        not_open="2027-03-17T13:00Z",
        opens_last="2027-03-18T13:00Z",
    ),
    "London, forward": ShopWeek(
        zone="Europe/London",
        holiday=holiday("Easter", date(2026, 4, 3), date(2026, 4, 6)),
        opens="2026-03-27T09:00Z",
        ben="2026-03-27T12:20Z",
        ann=("2026-03-27T12:45Z", "2026-03-27T12:55Z"),
        after_lunch="2026-03-27T13:30Z",
        waited="2026-03-27T14:05Z",
        plans_at="2026-03-28T12:00Z",
        asked_for="1:30",
        said=GAP.format("1:30", "2:30"),
        meant="2026-03-29T01:30Z",
        night_ends="2026-03-29T07:00Z",
        cem=("2026-03-29T00:59Z", "2026-03-29T01:01Z"),
        back="We are back tomorrow at 9:00",
        opens_again="2026-03-30T08:00Z",
        dot="2026-04-03T09:00Z",
        closed_for="We are closed for Easter. We are back on Tuesday at 9:00.",
        not_open="2026-04-03T08:00Z",
        opens_last="2026-04-07T08:00Z",
    ),
    "London, back": ShopWeek(
        zone="Europe/London",
        holiday=holiday("the harvest fair", date(2026, 10, 28)),
        opens="2026-10-23T08:00Z",
        ben="2026-10-23T11:20Z",
        ann=("2026-10-23T11:45Z", "2026-10-23T11:55Z"),
        after_lunch="2026-10-23T12:30Z",
        waited="2026-10-23T13:05Z",
        plans_at="2026-10-24T11:00Z",
        asked_for="1:30",
        said=TWICE.format("1:30"),
        meant="2026-10-25T00:30Z",
        night_ends="2026-10-25T08:00Z",
        cem=("2026-10-25T00:30Z", "2026-10-25T01:30Z"),
        back="We are back tomorrow at 9:00",
        opens_again="2026-10-26T09:00Z",
        dot="2026-10-28T10:00Z",
        closed_for="We are closed for the harvest fair. We are back tomorrow at 9:00.",
        not_open="2026-10-28T09:00Z",
        opens_last="2026-10-29T09:00Z",
    ),
    "Lord Howe, forward": ShopWeek(
        zone="Australia/Lord_Howe",
        holiday=holiday("the regatta", date(2026, 10, 7)),
        opens="2026-10-01T22:30Z",
        ben="2026-10-02T01:50Z",
        ann=("2026-10-02T02:15Z", "2026-10-02T02:25Z"),
        after_lunch="2026-10-02T03:00Z",
        waited="2026-10-02T03:35Z",
        plans_at="2026-10-03T01:30Z",
        asked_for="2:15",
        said=GAP.format("2:15", "2:45"),
        meant="2026-10-03T15:45Z",
        night_ends="2026-10-03T21:00Z",
        cem=("2026-10-03T15:29Z", "2026-10-03T15:31Z"),
        back="We are back tomorrow at 9:00",
        opens_again="2026-10-04T22:00Z",
        dot="2026-10-06T23:00Z",
        closed_for="We are closed for the regatta. We are back tomorrow at 9:00.",
        not_open="2026-10-06T22:00Z",
        opens_last="2026-10-07T22:00Z",
    ),
    "Lord Howe, back": ShopWeek(
        zone="Australia/Lord_Howe",
        holiday=holiday("the regatta", date(2026, 4, 8)),
        opens="2026-04-02T22:00Z",
        ben="2026-04-03T01:20Z",
        ann=("2026-04-03T01:45Z", "2026-04-03T01:55Z"),
        after_lunch="2026-04-03T02:30Z",
        waited="2026-04-03T03:05Z",
        plans_at="2026-04-04T01:00Z",
        asked_for="1:40",
        said=TWICE.format("1:40"),
        meant="2026-04-04T14:40Z",
        night_ends="2026-04-04T21:30Z",
        cem=("2026-04-04T14:40Z", "2026-04-04T15:10Z"),
        back="We are back tomorrow at 9:00",
        opens_again="2026-04-05T22:30Z",
        dot="2026-04-07T23:30Z",
        closed_for="We are closed for the regatta. We are back tomorrow at 9:00.",
        not_open="2026-04-07T22:30Z",
        opens_last="2026-04-08T22:30Z",
    ),
}

CLOSED: Final = "Thanks for your text. {0} and will answer then."
WAITING: Final = "Still with you: somebody will answer shortly."


@pytest.fixture(params=WEEKS)
def week(request: pytest.FixtureRequest) -> ShopWeek:
    return WEEKS[request.param]


async def test_a_week_plays_as_the_tables_say(week: ShopWeek) -> None:
    shop = PlayedShop(week.zone, week.holiday)
    await shop.open(week.opens)

    # A lunch break is closed time: an answer once, one digest after it, and no minute of it counts as waiting.
    await shop.text(week.ben, BEN, "Is the blue one still there?")
    assert shop.sent(BEN) == []
    await shop.text(week.ann[0], ANN, "Are you open?")
    await shop.text(week.ann[1], ANN, "Hello?")
    assert shop.sent(ANN) == [CLOSED.format("We are back today at 13:30")]
    await shop.at(week.after_lunch, -5)
    assert shop.digests() == []
    await shop.at(week.after_lunch)
    assert [each.split(",")[0] for each in shop.digests()] == ["While you were closed: 1 conversation"]
    await shop.at(week.waited, -5)
    assert shop.sent(BEN) == []
    await shop.at(week.waited)
    assert shop.sent(BEN) == [WAITING]

    # In the night of the change, what is planned is placed and said; it leaves when the night ends, by the new time.
    told = await shop.type(week.plans_at, f"later {EVE} sun {week.asked_for}: See you on Monday")
    assert week.said in told
    assert (await shop.planned(EVE)).due_at == datetime.fromisoformat(week.meant)
    for at in sorted({*week.cem, week.meant}):
        if at in week.cem:
            await shop.text(at, CEM, f"Hello at {at}")
        await shop.at(at, 10)
    assert shop.sent(CEM) == [CLOSED.format(week.back)]
    assert shop.sent(EVE) == []
    assert (await shop.planned(EVE)).due_at == datetime.fromisoformat(week.night_ends)
    await shop.at(week.night_ends, -5)
    assert shop.sent(EVE) == []
    await shop.at(week.night_ends)
    assert shop.sent(EVE) == ["See you on Monday"]

    # One digest at the next opening, by the new time.
    await shop.at(week.opens_again, -5)
    assert len(shop.digests()) == 1
    await shop.at(week.opens_again)
    assert [each.split(",")[0] for each in shop.digests()[1:]] == ["While you were closed: 1 conversation"]

    # A holiday is closed all day, and its digest comes when the shop opens after it.
    await shop.at(week.not_open)
    await shop.text(week.dot, DOT, "Anybody there?")
    assert shop.sent(DOT) == [week.closed_for]
    await shop.at(week.opens_last, -5)
    assert len(shop.digests()) == 2
    await shop.at(week.opens_last)
    assert [each.split(",")[0] for each in shop.digests()[2:]] == ["While you were closed: 1 conversation"]

    # What Clerk said by itself was nobody's answer.
    for contact in (ANN, BEN, CEM, DOT):
        ticket = await shop.ticket(contact)
        assert (ticket.status, ticket.written_at, ticket.assignees) == (Status.NEW, None, ())
        assert ticket.waits_since is not None
        assert len(shop.sent(contact)) == 1


async def test_without_quiet_hours_a_text_leaves_at_the_instant_that_its_time_means(week: ShopWeek) -> None:
    shop = PlayedShop(week.zone, week.holiday)
    await shop.open(week.opens, quiet=Quiet.OFF)
    await shop.type(week.plans_at, f"later {EVE} sun {week.asked_for}: Good night")
    await shop.at(week.meant, -5)
    assert shop.sent(EVE) == []
    await shop.at(week.meant)
    assert shop.sent(EVE) == ["Good night"]
    assert await shop.stores.planned.live(conversation_id(make.LINE, EVE)) == []


async def test_who_writes_in_the_night_of_the_change_holds_what_is_planned_for_them(week: ShopWeek) -> None:
    shop = PlayedShop(week.zone, week.holiday)
    await shop.open(week.opens)
    await shop.type(week.plans_at, f"later {CEM} sun 9:00: Are you coming?")
    await shop.text(week.cem[0], CEM, "I can't come")
    await shop.at(week.night_ends)
    await shop.at(week.opens_again)
    assert (await shop.planned(CEM)).state is PlannedState.HELD
    assert shop.sent(CEM) == [CLOSED.format(week.back)]


MINUTE: Final = 60.0
FOUR_HOURS: Final = Policy(
    targets={Priority.NORMAL: {ClockKind.FIRST_RESPONSE: Target(within=timedelta(hours=4))}}, version=1
)


async def test_a_clock_counts_open_hours_alone_and_its_alert_goes_with_it(week: ShopWeek) -> None:
    shop = PlayedShop(week.zone, week.holiday)
    await shop.open(week.opens, policy=FOUR_HOURS)
    await shop.text(week.ben, BEN, "Is the blue one still there?")

    # Ten minutes before lunch, 170 after it: three of the four hours are over at 16:20, and Clerk warns.
    await shop.at(week.after_lunch, 170 * MINUTE - 5)
    assert shop.alerts() == []
    await shop.at(week.after_lunch, 170 * MINUTE)
    (warning,) = shop.alerts()
    assert (warning.channel, warning.thread_ts) == (make.CHANNEL, None)
    assert "The first answer is due" in warning.what.text

    # The rest of Friday takes 40 minutes of the last hour: it falls due at 9:20 when the shop has opened again.
    await shop.at(week.opens_again, 20 * MINUTE - 5)
    assert [(each.ts, "is due" in each.what.text) for each in shop.alerts()] == [(warning.ts, True)]
    await shop.at(week.opens_again, 20 * MINUTE)
    assert [(each.ts, "was due" in each.what.text) for each in shop.alerts()] == [(warning.ts, True)]

    # The answer takes it back: in one line that says how late it was, for ten minutes.
    await shop.type(week.opens_again, f"send {BEN} It is, come by", 30 * MINUTE)
    (line,) = shop.alerts()
    assert line.ts == warning.ts
    assert "Answered by <@U0ADA>" in str(line.what.blocks)
    assert "10 min late" in str(line.what.blocks)
    await shop.at(week.opens_again, 42 * MINUTE)
    assert shop.alerts() == []
    (clock,) = (await shop.ticket(BEN)).clocks
    assert clock.due_at is None
    assert clock.stopped_at == datetime.fromisoformat(week.opens_again) + timedelta(minutes=30)


async def test_a_ticket_snoozed_until_tomorrow_wakes_when_the_shop_opens_again(week: ShopWeek) -> None:
    shop = PlayedShop(week.zone, week.holiday)
    await shop.open(week.opens)
    await shop.text(week.ben, BEN, "Is the blue one still there?")
    number = (await shop.ticket(BEN)).id
    await shop.type(week.after_lunch, f"snooze #{number} tomorrow: the part comes by train")
    await shop.at(week.opens_again, -5)
    assert (await shop.ticket(BEN)).asleep
    await shop.at(week.opens_again)
    assert not (await shop.ticket(BEN)).asleep
    (alert,) = shop.alerts()
    assert "the part comes by train" in str(alert.what.blocks)
