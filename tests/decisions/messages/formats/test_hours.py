"""A calendar in words, and what people type about one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import MOST_CLOSURES, Calendar, Closure, Period, SpecialDays, is_open, next_change, place
from messages.formats.hours import (
    closed,
    closure_at,
    coming_days,
    hours_words,
    next_closed_words,
    overnight_words,
    parse_periods,
    parse_special,
    parse_until,
    parse_week,
    reopened,
    special_words,
    week_words,
)
from tests import make

NEW_YORK = "America/New_York"


def moment(text: str, zone: str = NEW_YORK) -> datetime:
    """The instant of a wall time."""
    return place(datetime.fromisoformat(text), zone).instant


MONDAY = moment("2026-03-02 10:00")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mon-fri 9:00-12:30 13:30-17:00, sat 9:00-12:00", "Mon-Fri 9:00-12:30, 13:30-17:00; Sat 9:00-12:00"),
        ("Monday-Friday 9-17", "Mon-Fri 9:00-17:00"),
        ("mon wed 13:30-17 9-12", "Mon 9:00-12:00, 13:30-17:00; Wed 9:00-12:00, 13:30-17:00"),
        ("sat-mon 9-12", "Mon 9:00-12:00; Sat-Sun 9:00-12:00"),
        ("mon-sun 0-24", "Mon-Sun 0:00-24:00"),
        ("mon-sat 9-17, sun closed", "Mon-Sat 9:00-17:00"),
        ("mon closed", "closed all week"),
        ("fri 22:00-6:00", "Fri 22:00-6:00"),
    ],
)
def test_a_week_is_typed_and_told(text: str, words: str) -> None:
    assert week_words(parse_week(text)) == words


@pytest.mark.parametrize(
    "text", ["", ",", "mon", "9-17", "mon 9-17 tue 9-17", "mon 9-17,", "m 9-17", "mon closed 9-17", "mon- 9-17"]
)
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_week(text)


@given(st.text(alphabet="montuefri ,-:0123456789closed", max_size=30))
def test_whatever_is_typed_is_a_week_or_one_sentence(text: str) -> None:
    try:
        week = parse_week(text)
    except ValueError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        make.calendar(week={day: week[day] for day in list(week)[:1]})


def test_nights_are_named() -> None:
    assert overnight_words(parse_week("fri sat 22:00-6:00")) == "22:00-6:00 ends on the day after it begins"
    assert overnight_words(parse_week("fri 9:00-24:00")) == ""


def test_closed_is_no_period() -> None:
    assert parse_periods("Closed") == ()
    assert parse_periods("9-12") == (Period(opens="09:00", closes="12:00"),)


@pytest.mark.parametrize(
    ("text", "until", "rest"),
    [
        ("2h", "2026-03-02 12:00", ""),
        ("30m", "2026-03-02 10:30", ""),
        ("1h30m lunch", "2026-03-02 11:30", "lunch"),
        ("until 14:00 training", "2026-03-02 14:00", "training"),
        ("14:00 staff training", "2026-03-02 14:00", "staff training"),
        ("until 24:00", "2026-03-03 00:00", ""),
        ("today", "2026-03-03 00:00", ""),
        ("today stocktaking", "2026-03-03 00:00", "stocktaking"),
        ("today 14:00 training", "2026-03-02 14:00", "training"),
        ("until tomorrow", "2026-03-03 00:00", ""),
        ("until tomorrow 9:00", "2026-03-03 09:00", ""),
        ("until Tuesday 9:00", "2026-03-03 09:00", ""),
        ("until mon 9:00 a move", "2026-03-09 09:00", "a move"),
        ("until 2026-12-24 12:00", "2026-12-24 12:00", ""),
        ("until 2026-12-24", "2026-12-24 00:00", ""),
    ],
)
def test_the_words(text: str, until: str, rest: str) -> None:
    found = parse_until(text, MONDAY, NEW_YORK)
    assert (found.at, found.rest, found.said) == (moment(until), rest, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Say until when"),
        ("until", "Say until when"),
        ("training", "“training” is no time. Say until when"),
        ("until 9:00", "“9:00” has passed already. Name a later day"),
        ("until 10:00", "“10:00” has passed already"),
        ("until 2026-03-01 9:00", "“2026-03-01 9:00” has passed already"),
        ("until 2026-02-30", "There is no day 2026-02-30"),
        ("until 14:60", "There is no time of day 14:60"),
        ("until 24:01", "There is no time of day 24:01"),
        ("until 2027-12-24", "“2027-12-24” is more than a year ahead"),
        ("0h", "“0h” has passed already"),
    ],
)
def test_what_can_not_be_meant_is_answered_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_until(text, MONDAY, NEW_YORK)


def test_a_time_that_does_not_exist_or_exists_twice_is_said() -> None:
    spring = parse_until("until sun 2:30", MONDAY, NEW_YORK)
    assert spring.at == moment("2026-03-08 03:30")
    assert spring.said == "Clocks go forward then, so it is 3:30."
    autumn = parse_until("until 2026-11-01 1:30", MONDAY, NEW_YORK)
    assert autumn.at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert autumn.said == "Clocks go back then, and 1:30 comes twice: the first is meant."


def test_hours_are_real_hours() -> None:
    night = moment("2026-03-08 01:00")
    assert parse_until("2h", night, NEW_YORK).at == night + timedelta(hours=2) == moment("2026-03-08 04:00")


@given(st.text(alphabet="until todaymonfri:-0123456789h", max_size=24), st.sampled_from(make.ZONES))
def test_whatever_is_typed_is_later_or_one_sentence(text: str, zone: str) -> None:
    try:
        assert parse_until(text, MONDAY, zone).at > MONDAY
    except ValueError as error:
        assert str(error)
        assert "\n" not in str(error)


def test_the_last_word_counts_and_what_was_before_it_is_kept() -> None:
    first = closed(make.calendar(), make.at(7200), make.AGENT, "training", make.NOW)
    assert closure_at(first, make.at(60)) == Closure(since=make.NOW, until=make.at(7200), by=make.AGENT, why="training")
    second = closed(first, make.at(3600), "U0BOB", "", make.at(600))
    assert [(each.since, each.until) for each in second.closures] == [
        (make.NOW, make.at(600)),
        (make.at(600), make.at(3600)),
    ]
    again = reopened(second, make.at(900))
    assert closure_at(again, make.at(900)) is None
    assert [each.until for each in again.closures] == [make.at(600), make.at(900)]
    assert reopened(again, make.at(1000)) == again


@given(make.calendars(), st.integers(1, 5000))
def test_whatever_the_hours_say_it_is_closed_until_then_and_as_before_afterwards(
    calendar: Calendar, minutes: int
) -> None:
    until = make.at(minutes * 60)
    plain = calendar.model_copy(update={"closures": ()})
    shut = closed(plain, until, make.AGENT, "", make.NOW)
    assert not is_open(shut, make.NOW)
    assert not is_open(shut, until - timedelta(microseconds=1))
    assert is_open(shut, until) is is_open(plain, until)
    change = next_change(shut, make.NOW)
    assert change is None or change.at >= until
    opened = reopened(shut, make.NOW)
    assert is_open(opened, make.NOW) is is_open(plain, make.NOW)
    assert next_change(opened, make.NOW) == next_change(plain, make.NOW)


def test_the_last_hundred_are_kept() -> None:
    calendar = make.calendar()
    for minute in range(MOST_CLOSURES + 5):
        calendar = closed(calendar, make.at(minute * 60 + 59), make.AGENT, "", make.at(minute * 60))
    assert len(calendar.closures) == MOST_CLOSURES
    assert calendar.closures[-1].since == make.at((MOST_CLOSURES + 4) * 60)


DAYS = (
    SpecialDays(first=date(2026, 11, 26), last=date(2026, 11, 26), name="Thanksgiving", public=True),
    SpecialDays(first=date(2026, 12, 26), last=date(2026, 12, 27), name="A weekend"),
    SpecialDays(first=date(2026, 12, 28), last=date(2027, 1, 1), name="Year's end"),
)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-23 10:00", "Open now until 17:00 (New York)"),
        ("2026-11-23 18:00", "Closed until tomorrow 9:00 (New York)"),
        ("2026-11-23 08:00", "Closed until 9:00 (New York)"),
        ("2026-11-26 10:00", "Closed until tomorrow 9:00 (New York): Thanksgiving"),
        ("2026-11-27 18:00", "Closed until Monday 9:00 (New York)"),
        ("2026-12-29 10:00", "Closed until Monday 9:00 (New York): Year's end"),
        ("2026-12-26 10:00", "Closed until Mon 4 Jan 2027 9:00 (New York): A weekend"),
    ],
)
def test_open_or_closed_and_until_when(now: str, words: str) -> None:
    assert hours_words(make.calendar(days=DAYS), moment(now)) == words


def test_who_reads_elsewhere_sees_their_own_time_too() -> None:
    own = lambda at: f"<!date^{int(at.timestamp())}^{{time}}|?>"  # noqa: E731 - as Slack has it
    assert hours_words(make.calendar(), moment("2026-11-23 10:00"), own) == (
        "Open now until 17:00 (New York; <!date^1795471200^{time}|?> for you)"
    )


def test_a_closure_says_why() -> None:
    shop = closed(make.calendar(), moment("2026-11-23 14:00"), make.AGENT, "training", moment("2026-11-23 10:00"))
    assert hours_words(shop, moment("2026-11-23 11:00")) == "Closed until 14:00 (New York): training"


def test_what_never_changes_says_so() -> None:
    assert hours_words(make.calendar(week={}), make.NOW) == "Never open: it has no opening for a year"
    always = make.calendar(week=parse_week("mon-sun 0-24"))
    assert hours_words(always, make.NOW) == "Always open (New York)"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-23 10:00", "Thu 26 Nov, Thanksgiving"),
        ("2026-11-26 10:00", "Mon 28 Dec to Fri 1 Jan 2027, Year's end"),  # a weekend is closed anyway
        ("2026-12-29 10:00", "Wed 30 Dec to Fri 1 Jan 2027, Year's end"),
        ("2027-01-01 10:00", ""),
    ],
)
def test_the_next_day_that_is_closed_though_its_weekday_is_not(now: str, words: str) -> None:
    assert next_closed_words(make.calendar(days=DAYS), moment(now)) == words


def test_days_to_come_are_in_order() -> None:
    shop = make.calendar(days=DAYS[::-1])
    assert [each.name for each in coming_days(shop, moment("2026-12-27 10:00"))] == ["A weekend", "Year's end"]


def test_special_days_in_words() -> None:
    half = parse_special("2026-12-24", "", "9-12", "Christmas Eve", date(2026, 11, 30))
    assert special_words(half, date(2026, 11, 30)) == "Thu 24 Dec 9:00-12:00, Christmas Eve"
