"""The words for a moment mean the same after every command, and what does not exist is refused with the same words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import WEEKDAYS, wall_time
from messages.formats.hours import parse_until
from messages.formats.later import meant, read_when
from messages.formats.moments.grammar import clock_named, day_named, moment_at
from messages.orders.snoozes import TypedSnooze, read_snooze
from messages.planned import When
from messages.team.away_words import read_away
from tests import make

INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
CLOCKS = st.builds("{}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
DAYS = st.sampled_from(
    ["tomorrow", "Tomorrow", *(day.full[:length] for day in WEEKDAYS for length in range(3, len(day.full) + 1))]
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


def test_a_time_of_day_is_one_until_midnight() -> None:
    assert clock_named("24:00") == timedelta(days=1)
    assert clock_named("9am") is None
    for word in ("24:01", "9:60", "99:00"):
        with pytest.raises(ValueError, match=f"There is no time of day {word}"):
            clock_named(word)


@given(st.text("until todaymnfri,:-0123456789h", max_size=24), INSTANTS, st.sampled_from(make.ZONES))
def test_a_moment_is_named_by_the_first_words_and_the_rest_follows(text: str, now: datetime, zone: str) -> None:
    words = " ".join(text.split())
    try:
        found = moment_at(words, now, zone)
    except ValueError as error:
        assert str(error).startswith("There is no ")
        return
    if found is not None:
        assert (
            f"{found.words} {found.rest}".split()
            == [each.rstrip(",") for each in words.split()[:2]][: len(found.words.split())] + found.rest.split()
        )
        assert wall_time(found.placed.instant, zone) == found.placed.wall
