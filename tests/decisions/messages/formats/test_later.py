"""A time after `/clerk later`: what is read, what is refused, and which instant it means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import WEEKDAYS, ClockChange, wall_time
from messages.formats.later import NO_TEXT, TypedLater, Unread, meant, only_number, read_later, read_when, unread
from messages.formats.numbers import NotANumber
from messages.planned import When
from tests.make import NOW

ZONES = st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Cairo", "UTC"])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
TYPED_TIMES = st.one_of(
    st.builds("in {}h".format, st.integers(0, 9999)),
    st.builds("in {}m".format, st.integers(0, 9999)),
    st.builds("{}".format, CLOCKS),
    st.builds("{} {}".format, st.sampled_from(["today", "tomorrow", *WEEKDAYS, "2026-12-24"]), CLOCKS),
)


@pytest.mark.parametrize(
    ("typed", "when"),
    [
        ("in 2h", When(after=timedelta(hours=2))),
        ("in 90m", When(after=timedelta(minutes=90))),
        ("In 2h 30m", When(after=timedelta(minutes=150))),
        ("9:00", When(clock="09:00")),
        ("tomorrow 9:00", When(day="tomorrow", clock="09:00")),
        ("in 2 days", When(after=timedelta(days=2))),
        ("Monday 9:00", When(day="mon", clock="09:00")),
        ("Mon 17:30", When(day="mon", clock="17:30")),
        ("2026-12-24  9:00", When(day="2026-12-24", clock="09:00")),
        ("today 9:00", When(day="today", clock="09:00")),
        ("Today, at 9:00", When(day="today", clock="09:00")),
        ("tomorrow at 9am", When(day="tomorrow", clock="09:00")),
        ("mon 9:30 pm", When(day="mon", clock="21:30")),
        ("12:05AM", When(clock="00:05")),
        ("at 12 p.m.", When(clock="12:00")),
        ("tomorrow noon", When(day="tomorrow", clock="12:00")),
    ],
)
def test_each_form_of_a_time_is_read(typed: str, when: When) -> None:
    assert read_when(typed) == when
    assert read_later(f"+15551234567 {typed}: See you") == TypedLater("+15551234567", when, "See you")


NO_TIMES = """
9|9:60|24:00|25:00|13pm|0am|9 a|9:60am|9:5pm|noon tomorrow|tonight|tonight 9:00|midnight|today|tomorrow|at 9|today 9|
9:00 today|mo 9:00|in two hours|in h|in 2|2026-02-30 9:00|2026-13-01 9:00|next mon 9:00|12/24 9:00|24.12.2026 9:00
"""


@pytest.mark.parametrize("typed", [each.strip() for each in NO_TIMES.split("|")])
def test_anything_else_is_answered_in_words_and_never_taken_for_a_number(typed: str) -> None:
    assert isinstance(read_when(typed), str)
    answer = read_later(f"+4930123456 {typed}: See you")
    assert isinstance(answer, str)
    assert "2026-12-24" in answer
    local = read_later(f"030123456 {typed}: See you")  # only the line's country tells where such a number ends
    if isinstance(local, TypedLater):
        with pytest.raises(NotANumber):
            only_number(local.number, "+4930999999")


@pytest.mark.parametrize("typed", [each.strip() for each in NO_TIMES.split("|") if each.strip() != "9"])
@pytest.mark.parametrize("number", ["+4930123456", "030123456", "+49 (30) 123456:"])
def test_what_can_not_be_read_goes_into_a_form_as_it_was_typed(typed: str, number: str) -> None:
    found = unread(f"{number} {typed}: See you at 10:30: ring", "+4930999999")
    assert (found.number, found.time, found.text) == ("+4930123456", typed, "See you at 10:30: ring")
    assert f"“{typed}” is no time" in found.trouble


@pytest.mark.parametrize(
    ("typed", "apart"),
    [
        ("", Unread("", "", None, "")),
        ("tomorrow 9:00: Hi", Unread("", "tomorrow 9:00", When(day="tomorrow", clock="09:00"), "Hi")),
        ("+15551234567 in 2h:", Unread("+15551234567", "in 2h", When(after=timedelta(hours=2)), "")),
        ("+15551234567 Hello, see you", Unread("+15551234567", "", None, "Hello, see you")),
        ("+1555123456789012 some day: Hi", Unread("+1555123456789012", "some day", None, "Hi")),
        ("12 some day: Hi", Unread("", "12 some day", None, "Hi")),
        ("+4930123456 9: Hi", Unread("", "+4930123456 9", None, "Hi")),
    ],
)
def test_what_is_missing_or_can_not_be_told_apart_is_left_to_its_author(typed: str, apart: Unread) -> None:
    assert unread(typed, "+15559999999") == apart


@pytest.mark.parametrize(
    ("typed", "number", "text"),
    [
        ("+1 (555) 123-4567 tomorrow 9:00: Come at 10:30: ring", "+1 (555) 123-4567", "Come at 10:30: ring"),
        ("<tel:+15551234567|+1 555 123 4567> 9:00: Hi", "<tel:+15551234567|+1 555 123 4567>", "Hi"),
        ("+15551234567: 9:00: 12 o'clock\nis fine", "+15551234567", "12 o'clock\nis fine"),
    ],
)
def test_the_number_ends_where_the_time_begins(typed: str, number: str, text: str) -> None:
    found = read_later(typed)
    assert isinstance(found, TypedLater)
    assert (found.number, found.text) == (number, text)


@pytest.mark.parametrize("typed", ["+15551234567 9:00 See you", "9:00: See you", "+15551234567 9:00:30: See you"])
def test_a_time_without_its_colon_or_number_is_not_guessed(typed: str) -> None:
    assert isinstance(read_later(typed), str)


def test_a_text_is_asked_for() -> None:
    assert read_later("+15551234567 9:00:  ") == NO_TEXT


@given(st.text(alphabet="0159:+ intomrwh-<>|x", max_size=300))
def test_whatever_is_typed_gives_a_text_or_an_answer(typed: str) -> None:
    found = read_later(typed)
    assert found if isinstance(found, str) else found.text and found.number
    apart = unread(typed, None)
    assert "".join(apart.text.split()) in "".join(typed.split())
    assert apart.trouble


@given(TYPED_TIMES, INSTANTS, ZONES)
def test_a_time_means_an_instant_that_clocks_show_then(typed: str, now: datetime, zone: str) -> None:
    when = read_when(typed)
    assert isinstance(when, When)
    found = meant(when, now, zone)
    assert wall_time(found.placed.instant, zone) == found.placed.wall
    if when.after is not None:
        assert (found.placed.instant - now, found.wall) == (when.after, None)
        return
    assert found.wall is not None
    assert f"{found.wall:%H:%M}" == when.clock
    assert (found.placed.wall != found.wall) == (found.placed.trouble is ClockChange.GAP)
    if not when.day:
        assert timedelta() < found.placed.instant - now <= timedelta(hours=49)
    if when.day in WEEKDAYS:
        assert WEEKDAYS[found.wall.weekday()] == when.day
        assert timedelta() < found.placed.instant - now <= timedelta(days=7, hours=1)
    if when.day in {"today", "tomorrow"}:
        assert found.wall.date() - wall_time(now, zone).date() == timedelta(days=when.day == "tomorrow")


def test_a_time_in_the_gap_moves_on_and_one_that_comes_twice_is_the_first() -> None:
    gap = meant(When(day="2026-03-08", clock="02:30"), NOW, "America/New_York")
    assert (gap.placed.trouble, f"{gap.placed.wall:%H:%M}") == (ClockChange.GAP, "03:30")
    twice = meant(When(day="2026-11-01", clock="01:30"), NOW, "America/New_York")
    assert (twice.placed.trouble, twice.placed.instant) == (
        ClockChange.OVERLAP,
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
    )
