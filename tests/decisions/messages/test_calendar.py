"""Zones, business hours and closures: every row of the rules, and every change of the clocks from 2024 to 2028."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo  # noqa: TID251 - what the module does with another's aware times is tested, too

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from messages.calendar import (
    MOST_DAYS,
    NEVER_AFTER,
    PERIODS_A_DAY,
    WEEKDAYS,
    Calendar,
    ClockChange,
    Closure,
    NextChange,
    Period,
    SpecialDays,
    Weekday,
    add_open,
    date_words,
    day_words,
    days_of,
    is_open,
    moment_words,
    next_change,
    next_opening,
    offset,
    open_between,
    opening_words,
    place,
    wall_time,
    zone_exists,
    zone_words,
)
from tests import make

NEW_YORK: Final = "America/New_York"
LONDON: Final = "Europe/London"
LORD_HOWE: Final = "Australia/Lord_Howe"
CAIRO: Final = "Africa/Cairo"
SANTIAGO: Final = "America/Santiago"
TOKYO: Final = "Asia/Tokyo"

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def period(text: str) -> Period:
    """A period, from "9:00-17:00"."""
    opens, _, closes = text.partition("-")
    return Period(opens=f"{opens:0>5}", closes=f"{closes:0>5}")


def periods(text: str) -> tuple[Period, ...]:
    """Periods, from "9:00-12:00 13:00-17:00"."""
    return tuple(period(each) for each in text.split())


def week(**days: str) -> dict[Weekday, tuple[Period, ...]]:
    """A week, from "9:00-17:00" of some days."""
    return {Weekday(day): periods(text) for day, text in days.items()}


def every_day(text: str) -> dict[Weekday, tuple[Period, ...]]:
    """A week of equal days."""
    return dict.fromkeys(WEEKDAYS, periods(text))


def moment(text: str, zone: str = NEW_YORK) -> datetime:
    """The instant of a wall time, such as "2026-03-02 9:30"."""
    day, _, clock = text.partition(" ")
    return place(datetime.fromisoformat(f"{day} {clock:0>5}"), zone).instant


def special(first: str, *text: str, last: str = "", **fields: Any) -> SpecialDays:
    """A special day, closed or with periods."""
    first_day = date.fromisoformat(first)
    last_day = date.fromisoformat(last) if last else first_day
    return SpecialDays(first=first_day, last=last_day, periods=periods(" ".join(text)), **fields)


@lru_cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Every instant of 2024 to 2028 at which a zone's clocks change, found by looking at each half hour."""
    tz, begin, half = ZoneInfo(zone), datetime(2024, 1, 1, tzinfo=UTC), timedelta(minutes=30)
    days = [
        begin + day * DAY
        for day in range(5 * 366)
        if (begin + day * DAY).astimezone(tz).utcoffset() != (begin + (day + 1) * DAY).astimezone(tz).utcoffset()
    ]
    instants = (day + step * half for day in days for step in range(1, 49))
    return tuple(at for at in instants if at.astimezone(tz).utcoffset() != (at - half).astimezone(tz).utcoffset())


CHANGES: Final = [(zone, at) for zone in make.ZONES for at in changes(zone)]
INSTANTS: Final = st.integers(0, 5 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def calendar_and_instant(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar and an instant, every other time around a change of its zone's clocks."""
    zone = draw(st.sampled_from(make.ZONES))
    near, is_near = changes(zone), draw(st.booleans())
    if near and is_near:
        at = draw(st.sampled_from(near)) + timedelta(minutes=draw(st.integers(-3 * 24 * 60, 2 * 24 * 60)))
    else:
        at = draw(INSTANTS)
    days = st.integers(-3, 6).map(lambda ahead: (at + ahead * DAY).date())
    return draw(make.calendars(days)).model_copy(update={"zone": zone}), at


AMOUNTS: Final = st.integers(1, 400 * 60).map(lambda minutes: timedelta(minutes=minutes))
SPANS: Final = st.integers(0, 20 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


def test_the_clocks_of_the_zones_changed_as_often_as_their_laws_say() -> None:
    counts = {zone: len(changes(zone)) for zone in make.ZONES}
    assert counts == {NEW_YORK: 10, LONDON: 10, LORD_HOWE: 10, CAIRO: 10, SANTIAGO: 10, TOKYO: 0}


@pytest.mark.parametrize(
    ("zone", "wall", "shown", "instant"),
    [
        (NEW_YORK, "2026-03-08 02:30", "2026-03-08 03:30", "2026-03-08 07:30"),
        (LONDON, "2026-03-29 01:00", "2026-03-29 02:00", "2026-03-29 01:00"),
        (LORD_HOWE, "2026-10-04 02:15", "2026-10-04 02:45", "2026-10-03 15:45"),
        (CAIRO, "2026-04-24 00:30", "2026-04-24 01:30", "2026-04-23 22:30"),
        (SANTIAGO, "2026-09-06 00:00", "2026-09-06 01:00", "2026-09-06 04:00"),
    ],
)
def test_a_time_in_the_gap_moves_on_by_the_gaps_length(zone: str, wall: str, shown: str, instant: str) -> None:
    placed = place(datetime.fromisoformat(wall), zone)
    assert placed.trouble is ClockChange.GAP
    assert placed.wall == datetime.fromisoformat(shown)
    assert placed.instant == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        (NEW_YORK, "2026-11-01 01:30", "2026-11-01 05:30"),
        (LONDON, "2026-10-25 01:30", "2026-10-25 00:30"),
        (LORD_HOWE, "2026-04-05 01:45", "2026-04-04 14:45"),
        (CAIRO, "2026-10-29 23:30", "2026-10-29 20:30"),
        (SANTIAGO, "2026-04-04 23:30", "2026-04-05 02:30"),
    ],
)
def test_of_two_times_the_first_is_meant(zone: str, wall: str, instant: str) -> None:
    placed = place(datetime.fromisoformat(wall), zone)
    assert placed.trouble is ClockChange.OVERLAP
    assert placed.wall == datetime.fromisoformat(wall)
    assert placed.instant == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@given(INSTANTS)
def test_where_clocks_never_change_every_time_exists_once(at: datetime) -> None:
    wall = at.replace(tzinfo=None)
    placed = place(wall, TOKYO)
    assert (placed.trouble, placed.wall, placed.instant) == (None, wall, at - 9 * HOUR)


@pytest.mark.parametrize(("zone", "at"), CHANGES, ids=lambda each: str(each)[:16])
def test_every_minute_around_every_change_is_placed_by_the_rule(zone: str, at: datetime) -> None:
    before, after = offset(at - HOUR, zone), offset(at, zone)
    for minutes in range(-90, 91, 5):
        wall = (at + before).replace(tzinfo=None) + timedelta(minutes=minutes)
        placed = place(wall, zone)
        in_gap = timedelta() <= timedelta(minutes=minutes) < after - before
        twice = after - before <= timedelta(minutes=minutes) < timedelta()
        expected = ClockChange.GAP if in_gap else ClockChange.OVERLAP if twice else None
        assert placed.trouble is expected
        assert placed.wall == wall + (after - before if in_gap else timedelta())
        assert wall_time(placed.instant, zone) == placed.wall
        if twice:
            assert placed.instant < at


@given(INSTANTS, st.sampled_from(make.ZONES))
def test_what_clocks_show_at_an_instant_means_that_instant_but_for_the_second_of_two(at: datetime, zone: str) -> None:
    placed = place(wall_time(at, zone), zone)
    assert placed.trouble is not ClockChange.GAP
    assert placed.instant == at or placed.trouble is ClockChange.OVERLAP


@pytest.mark.parametrize("name", [NEW_YORK, "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "Europe/Kyiv"])
def test_zones_exist(name: str) -> None:
    assert zone_exists(name)


@pytest.mark.parametrize(
    "name",
    ["", "new york", "America/New York", "EST5EDT4", "../../etc/passwd", "/etc/localtime", "Europe/", "+01:00"],
)
def test_there_is_no_such_zone(name: str) -> None:
    assert not zone_exists(name)
    with pytest.raises(ValueError, match="there is no time zone"):
        wall_time(make.NOW, name)
    with pytest.raises(ValidationError, match="there is no time zone"):
        make.calendar(zone=name)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("9:00-17:00", (540, 1020)),
        ("00:00-24:00", (0, 1440)),
        ("22:00-06:00", (1320, 1800)),
        ("22:00-00:00", (1320, 1440)),
        ("22:00-24:00", (1320, 1440)),
        ("9:00-9:00", (540, 1980)),
    ],
)
def test_one_that_does_not_end_later_ends_the_next_day(text: str, minutes: tuple[int, int]) -> None:
    assert period(text).minutes == minutes


@pytest.mark.parametrize("text", ["24:00-24:00", "25:00-26:00", "9:60-10:00", "09:00-24:01", "-9:00-10:00"])
def test_times_of_day_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        period(text)


def test_periods_of_a_day_are_put_in_order() -> None:
    assert make.calendar(week=week(mon="13:00-17:00 9:00-12:00")).week == week(mon="9:00-12:00 13:00-17:00")


def test_periods_that_touch_do_not_overlap() -> None:
    shop = make.calendar(week=week(mon="9:00-12:00 12:00-17:00"))
    assert next_change(shop, moment("2026-03-02 10:00")) == NextChange(moment("2026-03-02 17:00"), opens=False)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({"mon": "9:00-12:00 11:59-17:00"}, "09:00-12:00 and 11:59-17:00 overlap"),
        ({"mon": "9:00-17:00 20:00-20:00 22:00-23:00"}, "20:00-20:00 and 22:00-23:00 overlap"),
        ({"mon": "22:00-06:00", "tue": "5:00-9:00"}, "22:00-06:00 of Monday and 05:00-09:00 of Tuesday overlap"),
        ({"sun": "22:00-06:00", "mon": "5:00-9:00"}, "22:00-06:00 of Sunday and 05:00-09:00 of Monday overlap"),
    ],
)
def test_periods_that_overlap_are_refused(days: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make.calendar(week=week(**days))


def test_a_day_has_at_most_twenty_periods() -> None:
    twenty = " ".join(f"{hour}:00-{hour}:30" for hour in range(PERIODS_A_DAY))
    assert len(make.calendar(week=week(mon=twenty)).week[Weekday.MON]) == PERIODS_A_DAY
    with pytest.raises(ValidationError, match="a day has at most 20 periods"):
        make.calendar(week=week(mon=f"{twenty} 23:00-23:30"))


def test_a_calendar_has_at_most_400_special_days() -> None:
    days = [special(str(date(2026, 1, 1) + each * DAY)) for each in range(MOST_DAYS + 1)]
    assert len(make.calendar(days=tuple(days[1:])).days) == MOST_DAYS
    with pytest.raises(ValidationError, match="at most 400 items"):
        make.calendar(days=tuple(days))


@pytest.mark.parametrize("id", ["", "Shop", "-shop", "the shop", "x" * 41, "a/b"])
def test_an_id_that_can_not_be_typed_is_refused(id: str) -> None:
    with pytest.raises(ValidationError):
        make.calendar(id=id)


def test_what_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="2026-12-24 is before 2026-12-25"):
        special("2026-12-25", last="2026-12-24")
    with pytest.raises(ValidationError, match="a closure can't end before it begins"):
        Closure(since=make.at(1), until=make.NOW)


AT: Final = moment("2026-03-02 10:00")
"""A Monday."""


@pytest.mark.parametrize("closure", [False, True])
@pytest.mark.parametrize("day", [None, "", "9:00-17:00"])
@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("weekday", ["", "9:00-17:00"])
def test_the_order(closure: bool, day: str | None, public: bool, weekday: str) -> None:
    entered = () if day is None else (special("2026-03-02", day),)
    holidays = (special("2026-03-02", name="Founders' Day", public=True),) if public else ()
    shop = make.calendar(
        week=week(mon=weekday),
        days=(*holidays, *entered),
        closures=(Closure(since=AT - HOUR, until=AT + HOUR),) if closure else (),
    )
    expected = not closure and (day != "" if day is not None else not public and weekday != "")
    assert is_open(shop, AT) is expected
    assert is_open(shop.model_copy(update={"days": shop.days[::-1]}), AT) is expected


def test_of_several_rows_about_a_day_the_shortest_counts() -> None:
    year_end = special("2026-12-24", last="2026-12-31", name="Year's end")
    half = special("2026-12-28", "10:00-14:00", name="Stocktaking")
    for days in ((year_end, half), (half, year_end)):
        shop = make.calendar(days=days)
        assert is_open(shop, moment("2026-12-28 11:00"))
        assert not is_open(shop, moment("2026-12-28 15:00"))
        assert not is_open(shop, moment("2026-12-29 11:00"))


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    nights = make.calendar(week=every_day("22:00-6:00"), days=(special("2026-03-03", name="Closed"),))
    assert is_open(nights, moment("2026-03-03 05:59"))  # the night of Monday
    assert not is_open(nights, moment("2026-03-03 23:00"))
    assert not is_open(nights, moment("2026-03-04 05:00"))
    assert is_open(nights, moment("2026-03-04 22:00"))


def test_a_night_that_ends_after_the_next_mornings_hours_goes_on() -> None:
    shop = make.calendar(week=week(tue="8:00-9:00"), days=(special("2026-03-02", "22:00-10:00"),))
    assert next_change(shop, moment("2026-03-02 23:00")) == NextChange(moment("2026-03-03 10:00"), opens=False)


def test_a_closure_ends_by_itself() -> None:
    shop = make.calendar(closures=(Closure(since=AT, until=AT + 2 * HOUR, by=make.AGENT, why="training"),))
    assert is_open(shop, AT - timedelta(microseconds=1))
    assert next_change(shop, AT - HOUR) == NextChange(AT, opens=False)
    assert next_change(shop, AT) == NextChange(AT + 2 * HOUR, opens=True)
    assert open_between(shop, moment("2026-03-02 0:00"), moment("2026-03-03 0:00")) == 6 * HOUR


def test_a_closure_that_was_over_as_it_began_changes_nothing() -> None:
    at_once = Closure(since=AT, until=AT)
    assert next_change(make.calendar(closures=(at_once,)), AT - HOUR) == next_change(make.calendar(), AT)


def test_closures_that_overlap_count_once() -> None:
    shop = make.calendar(
        closures=(
            Closure(since=AT, until=AT + 3 * HOUR),
            Closure(since=AT + HOUR, until=AT + 2 * HOUR),
            Closure(since=AT + 2 * HOUR, until=AT + 4 * HOUR),
        )
    )
    assert next_change(shop, AT) == NextChange(AT + 4 * HOUR, opens=True)
    assert open_between(shop, AT - HOUR, AT + 7 * HOUR) == 4 * HOUR


def test_an_hour_from_friday_evening_ends_on_monday_morning() -> None:
    friday = moment("2026-03-06 16:30")  # the clocks change on the Sunday
    assert add_open(make.calendar(), friday, HOUR) == moment("2026-03-09 9:30")


def test_an_hour_from_before_lunch_ends_after_it() -> None:
    shop = make.calendar(week=every_day("9:00-12:30 13:30-17:00"))
    assert not is_open(shop, moment("2026-03-02 12:30"))
    assert add_open(shop, moment("2026-03-02 12:00"), HOUR) == moment("2026-03-02 14:00")


def test_no_time_ends_at_once_even_while_it_is_closed() -> None:
    assert add_open(make.calendar(), moment("2026-03-01 12:00"), timedelta()) == moment("2026-03-01 12:00")


@pytest.mark.parametrize(
    ("zone", "longer", "shorter", "by"),
    [
        (NEW_YORK, "2026-11-01", "2026-03-08", HOUR),
        (LONDON, "2026-10-25", "2026-03-29", HOUR),
        (LORD_HOWE, "2026-04-05", "2026-10-04", HOUR / 2),
    ],
)
def test_a_period_over_the_change_lasts_as_long_as_it_really_does(
    zone: str, longer: str, shorter: str, by: timedelta
) -> None:
    nights = make.calendar(zone=zone, week=every_day("0:30-4:00"))
    for day, lasts in ((longer, 3.5 * HOUR + by), (shorter, 3.5 * HOUR - by), ("2026-06-10", 3.5 * HOUR)):
        begin = moment(f"{day} 0:00", zone)
        assert open_between(nights, begin, begin + 12 * HOUR) == lasts, day


def test_from_one_to_four_it_is_two_hours_or_four_in_new_york() -> None:
    nights = make.calendar(week=every_day("1:00-4:00"))
    for day, hours in (("2026-03-08", 2), ("2026-11-01", 4)):
        assert open_between(nights, moment(f"{day} 0:00"), moment(f"{day} 12:00")) == hours * HOUR


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("2:15-2:45", ["3:15-3:45"]),  # both bounds move on
        ("2:00-3:00", []),  # nothing is left
        ("2:30-3:00", []),  # it would end before it begins
        ("1:00-2:30", ["1:00-3:30"]),
        ("1:00-2:45 3:00-4:00", ["1:00-4:00"]),  # it overlaps its neighbour, and is merged with it
        ("2:30-2:40 3:00-3:20", ["3:00-3:20", "3:30-3:40"]),  # a later one comes first
    ],
)
def test_bounds_in_the_gap_move_on_with_it(text: str, spans: list[str]) -> None:
    nights = make.calendar(week=week(sun=text))
    assert list(_spans_told(nights, "2026-03-08")) == spans


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("1:30-1:45", ["1:30-1:45"]),  # the first of both
        ("0:30-1:30", ["0:30-1:30"]),
        ("1:30-2:30", ["1:30-2:30"]),
        ("1:00-1:30 2:00-3:00", ["1:00-1:30", "2:00-3:00"]),
    ],
)
def test_of_bounds_that_exist_twice_the_first_are_meant(text: str, spans: list[str]) -> None:
    nights = make.calendar(week=week(sun=text))
    assert list(_spans_told(nights, "2026-11-01")) == spans
    assert all(not is_open(nights, moment("2026-11-01 1:45") + 20 * HOUR) for _ in spans)


def test_times_of_one_zone_are_no_wall_times() -> None:
    """Python says 32 hours, and adds by the wall clock: https://docs.python.org/3/library/datetime.html."""
    always, there = make.calendar(week=every_day("00:00-24:00")), ZoneInfo(NEW_YORK)
    since, until = (moment(each).astimezone(there) for each in ("2026-03-07 9:00", "2026-03-08 17:00"))
    assert open_between(always, since, until) == 31 * HOUR
    assert add_open(always, since, 31 * HOUR) == until


@pytest.mark.parametrize("zone", make.ZONES)
def test_what_is_always_open_never_changes(zone: str) -> None:
    always = make.calendar(zone=zone, week=every_day("00:00-24:00"))
    assert is_open(always, make.NOW)
    assert next_change(always, make.NOW) is None
    assert next_opening(always, make.NOW) is None
    assert open_between(always, make.NOW, make.NOW + 400 * DAY) == 400 * DAY


@pytest.mark.parametrize(
    "never",
    [{}, {"days": (special("2025-03-02", "9:00-17:00"),)}, {"days": (special("2027-03-05", "9:00-17:00"),)}],
)
def test_what_does_not_open_for_a_year_never_opens(never: dict[str, Any]) -> None:
    shop = make.calendar(week={}, **never)
    assert not is_open(shop, make.NOW)
    assert next_change(shop, make.NOW) is None
    assert add_open(shop, make.NOW, HOUR) is None
    assert opening_words(shop, make.NOW) == ""


def test_what_opens_for_too_short_never_gets_there() -> None:
    once = make.calendar(week={}, days=(special("2026-03-05", "9:00-17:00"),))
    assert add_open(once, make.NOW, 8 * HOUR) == moment("2026-03-05 17:00")
    assert add_open(once, make.NOW, 8 * HOUR + timedelta(minutes=1)) is None


def test_open_time_is_added_over_years() -> None:
    yearly = make.calendar(week={}, days=tuple(special(f"{year}-03-05", "9:00-17:00") for year in range(2026, 2030)))
    assert add_open(yearly, make.NOW, 25 * HOUR) == moment("2029-03-05 10:00")


def _spans_told(calendar: Calendar, day: str) -> Iterator[str]:
    """When a calendar is open on a day, as its clocks show it."""
    at, end = moment(f"{day} 0:00", calendar.zone), moment(f"{day} 23:59", calendar.zone)
    while (change := next_change(calendar, at)) is not None and change.at < end:
        at = change.at
        wall = wall_time(at, calendar.zone)
        if change.opens:
            opened = f"{wall.hour}:{wall.minute:02}"
        else:
            yield f"{opened}-{wall.hour}:{wall.minute:02}"


@given(calendar_and_instant(), AMOUNTS)
def test_as_much_is_open_until_then_as_was_added(drawn: tuple[Calendar, datetime], amount: timedelta) -> None:
    calendar, since = drawn
    reached = add_open(calendar, since, amount)
    if reached is None:
        assert open_between(calendar, since, since + NEVER_AFTER) < amount
        return
    assert open_between(calendar, since, reached) == amount
    assert open_between(calendar, since, reached - timedelta(microseconds=1)) < amount


@given(calendar_and_instant(), AMOUNTS, AMOUNTS)
def test_more_ends_later(drawn: tuple[Calendar, datetime], amount: timedelta, further: timedelta) -> None:
    calendar, since = drawn
    first, second = add_open(calendar, since, amount), add_open(calendar, since, amount + further)
    assume(second is not None)
    assert first is not None
    assert second is not None
    assert since < first < second
    assert second == add_open(calendar, first, further)


@given(calendar_and_instant(), SPANS, SPANS)
def test_time_adds_up(drawn: tuple[Calendar, datetime], first: timedelta, second: timedelta) -> None:
    calendar, a = drawn
    b, c = a + first, a + first + second
    parts = open_between(calendar, a, b) + open_between(calendar, b, c)
    assert parts == open_between(calendar, a, c) <= c - a
    assert open_between(calendar, c, a) == timedelta()


@given(calendar_and_instant())
def test_the_next_change_is_the_first(drawn: tuple[Calendar, datetime]) -> None:
    calendar, at = drawn
    opened, change = is_open(calendar, at), next_change(calendar, at)
    until = at + 30 * DAY if change is None else change.at
    assert until > at
    assert open_between(calendar, at, until) == (until - at if opened else timedelta())
    if change is not None:
        assert is_open(calendar, change.at) is change.opens is not opened
        assert is_open(calendar, change.at - timedelta(microseconds=1)) is opened


@given(calendar_and_instant())
def test_a_quarter_of_an_hour_is_open_exactly_if_the_wall_clock_says_so(drawn: tuple[Calendar, datetime]) -> None:
    """A second implementation, by the wall alone: it holds where no clocks change."""
    calendar, at = drawn
    assume(offset(at - 3 * DAY, calendar.zone) == offset(at + 3 * DAY, calendar.zone))
    for step in range(0, 96, 5):
        instant = at + step * timedelta(minutes=15)
        assert is_open(calendar, instant) is _open_by_the_wall(calendar, instant)


@given(calendar_and_instant(), AMOUNTS, st.sampled_from(make.ZONES))
def test_in_which_zone_an_instant_is_given_changes_nothing(
    drawn: tuple[Calendar, datetime], amount: timedelta, zone: str
) -> None:
    calendar, at = drawn
    there = at.astimezone(ZoneInfo(zone))
    until = (at + 9 * DAY).astimezone(ZoneInfo(zone))
    assert is_open(calendar, there) is is_open(calendar, at)
    assert next_change(calendar, there) == next_change(calendar, at)
    assert open_between(calendar, there, until) == open_between(calendar, at, at + 9 * DAY)
    assert add_open(calendar, there, amount) == add_open(calendar, at, amount)


@pytest.mark.parametrize(("zone", "at"), CHANGES, ids=lambda each: str(each)[:16])
def test_an_open_day_lasts_as_long_as_the_day_with_the_change(zone: str, at: datetime) -> None:
    always = make.calendar(zone=zone, week=every_day("00:00-24:00"))
    day = wall_time(at - timedelta(minutes=1), zone).date()
    begin, end = (place(datetime.combine(each, time()), zone).instant for each in (day, day + 2 * DAY))
    shift = offset(at, zone) - offset(at - HOUR, zone)
    assert open_between(always, begin, end) == end - begin == 2 * DAY - shift
    assert add_open(always, begin, HOUR * 30) == begin + HOUR * 30


def _open_by_the_wall(calendar: Calendar, at: datetime) -> bool:
    wall = wall_time(at, calendar.zone)
    minute = wall - datetime.combine(wall.date(), time())
    today = any(
        timedelta(minutes=opens) <= minute < timedelta(minutes=closes)
        for opens, closes in (each.minutes for each in calendar.periods(wall.date()))
    )
    last_night = any(
        timedelta(minutes=opens) <= minute + DAY < timedelta(minutes=closes)
        for opens, closes in (each.minutes for each in calendar.periods(wall.date() - DAY))
    )
    closed = any(closure.since <= at < closure.until for closure in calendar.closures)
    return (today or last_night) and not closed


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-03-02 8:00", "today at 9:00"),
        ("2026-03-02 0:05", "today at 9:00"),
        ("2026-03-02 10:00", "tomorrow at 9:00"),  # it is open: the next opening
        ("2026-03-02 18:00", "tomorrow at 9:00"),
        ("2026-03-06 18:00", "on Monday at 9:00"),
        ("2026-12-23 18:00", "on Mon 4 Jan 2027 at 9:00"),
        ("2026-07-01 18:00", "on Tue 14 Jul at 9:00"),
    ],
)
def test_the_next_opening_is_named_as_people_name_it(now: str, words: str) -> None:
    shop = make.calendar(
        days=(special("2026-12-24", last="2027-01-03"), special("2026-07-02", last="2026-07-13")),
    )
    assert opening_words(shop, moment(now)) == words


def test_tomorrow_is_that_of_the_calendars_zone() -> None:
    late = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # it is Monday evening in New York, and Tuesday in London
    assert opening_words(make.calendar(), late) == "tomorrow at 9:00"
    assert opening_words(make.calendar(zone=LONDON), late) == "today at 9:00"
    assert moment_words(late, late, NEW_YORK) == "today at 21:00"


def test_zones_are_named_by_their_place() -> None:
    places = {zone: zone_words(zone) for zone in (NEW_YORK, "America/Argentina/Buenos_Aires", "UTC")}
    assert list(places.values()) == ["New York", "Buenos Aires", "UTC"]


def test_days_near_and_far() -> None:
    today = date(2026, 11, 30)
    names = [day_words(today + each * DAY, today) for each in (-1, 0, 1, 2, 6, 7, 40)]
    assert names == [
        *("on Sun 29 Nov", "today", "tomorrow", "on Wednesday", "on Sunday", "on Mon 7 Dec"),
        "on Sat 9 Jan 2027",
    ]
    assert date_words(date(2026, 11, 26), today) == "Thu 26 Nov"


def test_days_with_equal_hours_are_named_together() -> None:
    split = {**every_day("9:00-12:30 13:30-17:00"), **week(sat="9:00-12:00", sun="")}
    assert days_of(split) == [
        ("Mon-Fri", "9:00-12:30, 13:30-17:00"),
        ("Sat", "9:00-12:00"),
        ("Sun", "closed"),
    ]
    assert days_of({}) == [("Mon-Sun", "closed")]
    assert days_of(every_day("00:00-24:00")) == [("Mon-Sun", "0:00-24:00")]
