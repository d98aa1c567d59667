"""The words for a moment mean the same after every command, and what does not exist is refused with the same words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import WEEKDAYS, wall_time
from messages.formats.hours import parse_until
from messages.formats.later import PASSED, TOO_SOON, meant, objection_to_time, read_when
from messages.formats.moments.grammar import clock_named, day_named, moment_at
from messages.orders.snoozes import TypedSnooze, read_snooze
from messages.planned import When
from messages.team.away_words import read_away
from tests import make

INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
CLOCKS = st.builds("{}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
DAYS = st.sampled_from(
    [
        "today",
        "tomorrow",
        "Tomorrow",
        *(day.full[:length] for day in WEEKDAYS for length in range(3, len(day.full) + 1)),
    ]
)
SPANS = st.builds("{}{}".format, st.integers(1, 300), st.sampled_from(["d", "h", " hours", " min", "m", "h30m"]))


def snoozed(typed: str, now: datetime, zone: str) -> datetime:
    """Until when a snooze is meant to last."""
    found = read_snooze(f"#12 {typed}")
    assert isinstance(found, TypedSnooze)
    return meant(found.when, now, zone).placed.instant


@given(DAYS, CLOCKS, INSTANTS, st.sampled_from(make.ZONES))
def test_a_day_and_a_time_are_the_same_moment_after_every_command(
    day: str, clock: str, now: datetime, zone: str
) -> None:
    typed, later = f"{day} {clock}", read_when(f"{day} {clock}")
    assert isinstance(later, When)
    at = meant(later, now, zone).placed.instant
    assert snoozed(f"until {typed}", now, zone) == at
    if at > now:
        assert parse_until(f"until {typed}", now, zone).at == at
        assert read_away(f"until {typed}", now, zone).at == at


@given(st.integers(0, 23), st.integers(0, 59), st.booleans(), st.sampled_from(["am", " AM", " a.m."]))
def test_a_time_of_twelve_hours_is_that_of_twenty_four_after_every_command(
    hour: int, minute: int, at: bool, half: str
) -> None:
    half = half.replace("a", "p").replace("A", "P") if hour >= 12 else half
    typed = f"{'at ' * at}{(hour - 1) % 12 + 1}{f':{minute:02}' if minute else ''}{half}"
    clock = f"{hour:02}:{minute:02}"
    assert read_when(typed) == When(clock=clock)
    assert read_snooze(f"#12 tomorrow {typed}") == TypedSnooze(12, When(day="tomorrow", clock=clock))
    for read in (parse_until, read_away):
        assert (
            read(f"until tomorrow {typed}", make.NOW, "UTC").at == read(f"until tomorrow {clock}", make.NOW, "UTC").at
        )


@given(CLOCKS, INSTANTS, st.sampled_from(make.ZONES))
def test_a_time_of_today_that_has_passed_is_refused_after_every_command(clock: str, now: datetime, zone: str) -> None:
    typed = f"today {clock}"
    later = read_when(typed)
    assert isinstance(later, When)
    at = meant(later, now, zone).placed.instant
    assert at == snoozed(typed, now, zone)
    if at > now:
        return
    assert objection_to_time(at, now) in {PASSED, TOO_SOON}
    for read in (parse_until, read_away):
        with pytest.raises(ValueError, match=f"“{typed}” has passed already"):
            read(f"until {typed}", now, zone)


@given(SPANS, INSTANTS, st.sampled_from(make.ZONES))
def test_a_length_of_time_is_the_same_after_every_command(typed: str, now: datetime, zone: str) -> None:
    later = read_when(f"in {typed}")
    assert isinstance(later, When)
    assert later.after is not None
    found = snoozed(f"for {typed}", now, zone), parse_until(typed, now, zone).at, read_away(typed, now, zone).at
    assert set(found) == {now + later.after}


def test_a_day_that_does_not_exist_is_refused_with_the_same_words() -> None:
    words, day = "There is no day 2026-02-30. Write a date as 2026-12-24.", "2026-02-30"
    assert read_when(f"{day} 9:00") == f"Nothing was planned. {words}"
    assert read_snooze(f"#12 {day}") == f"Nothing was snoozed. {words}"
    for read in (parse_until, read_away):
        with pytest.raises(ValueError, match=words):
            read(f"until {day}", make.NOW, "UTC")


@pytest.mark.parametrize("typed", ["until 0:00", "0m", "until 2020-01-01 9:00", "until 2090-01-01"])
def test_a_time_that_has_passed_or_is_too_far_is_refused_with_the_same_words(typed: str) -> None:
    said = []
    for read in (parse_until, read_away):
        with pytest.raises(ValueError, match=r"passed already|more than a year") as refused:
            read(typed, make.NOW, "UTC")
        said.append(str(refused.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("word", ["mo", "ſun", "mondays", "２０２６-12-24", "next", "", "2026-1-1", "yesterday"])
def test_other_words_name_no_day(word: str) -> None:
    assert day_named(word) == ""
    assert isinstance(read_when(f"{word} 9:00"), str) == bool(word)


@pytest.mark.parametrize("typed", ["until mon 9 training", "today 5", "until tomorrow tonight", "mon tue"])
def test_a_day_and_something_that_may_be_a_time_is_not_taken_for_the_day_alone(typed: str) -> None:
    with pytest.raises(ValueError, match="may be meant as a time"):
        parse_until(typed, make.NOW, "UTC")
    with pytest.raises(ValueError, match="Until when are you away"):
        read_away(f"until {typed.removeprefix('until ')}", make.NOW, "UTC")


def test_a_time_of_day_is_one_until_midnight() -> None:
    assert clock_named("24:00") == timedelta(days=1)
    assert (clock_named("9am"), clock_named("Noon")) == (timedelta(hours=9), timedelta(hours=12))
    assert (clock_named("12am"), clock_named("12:30 p.m.")) == (timedelta(), timedelta(hours=12, minutes=30))
    assert {clock_named(word) for word in ("9", "midnight", "tonight", "9ame", "9a", "９am", "")} == {None}
    for word in ("24:01", "9:60", "99:00", "13pm", "0am", "9:60am", "24:00pm"):
        with pytest.raises(ValueError, match=f"There is no time of day {word}"):
            clock_named(word)


@given(st.text("until todaypm nfri,:-0123456789h.", max_size=24), INSTANTS, st.sampled_from(make.ZONES))
def test_a_moment_is_named_by_the_first_words_and_the_rest_follows(text: str, now: datetime, zone: str) -> None:
    words = " ".join(text.split())
    try:
        found = moment_at(words, now, zone)
    except ValueError as error:
        assert str(error).startswith("There is no ")
        return
    if found is not None:
        assert words.startswith(found.words)
        assert words.removeprefix(found.words).lstrip(", ") == found.rest.lstrip(", ")
        assert wall_time(found.placed.instant, zone) == found.placed.wall
