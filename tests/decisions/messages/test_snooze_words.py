"""What people type after `/clerk snooze`, and pick in its form."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.snooze import SetSnooze
from messages.orders.commands import SlashCommand, read
from messages.orders.forms import read as submit
from messages.orders.snoozes import (
    PASSED,
    PICK_DATE,
    TOO_FAR,
    UNSNOOZE_USAGE,
    USAGE,
    TypedSnooze,
    read_snooze,
)
from messages.planned import When
from messages.ticket import ActOnTicket
from messages.views import SnoozeTyped
from tests import make
from tests.decisions.helpers import submitted
from tests.make import AGENT, NOW
from workers.interactive.snooze_form import snooze_form


def span(**parts: int) -> When:
    return When(after=timedelta(**parts))


@pytest.mark.parametrize(
    ("typed", "when", "note"),
    [
        ("#12 tomorrow", When(day="tomorrow"), ""),
        ("12 Tomorrow 9:00", When(day="tomorrow", clock="09:00"), ""),
        ("#12 2h", span(hours=2), ""),
        ("#12 in 1h30m", span(hours=1, minutes=30), ""),
        ("#12 for 2 days", span(days=2), ""),
        ("#12 30 min waiting for the part", span(minutes=30), "waiting for the part"),
        ("#12 mon", When(day="mon"), ""),
        ("#12 next Monday", When(day="mon"), ""),
        ("#12 until Thursday 14:30", When(day="thu", clock="14:30"), ""),
        ("#12 9:00", When(clock="09:00"), ""),
        ("#12 today 17:00 the part", When(day="today", clock="17:00"), "the part"),
        ("#12 until today at 5pm: 2 parts", When(day="today", clock="17:00"), "2 parts"),
        ("#12 mon, 9 am the part", When(day="mon", clock="09:00"), "the part"),
        ("#12 noon", When(clock="12:00"), ""),
        ("#12 until 17:00: 2 parts", When(clock="17:00"), "2 parts"),
        ("#12 2026-12-24 9:00", When(day="2026-12-24", clock="09:00"), ""),
        ("#12 2026-12-24, the holidays", When(day="2026-12-24"), "the holidays"),
        ("#12 tomorrow: Ann &amp; Bob", When(day="tomorrow"), "Ann & Bob"),
        (f"#12 tomorrow: {'x' * 300}", When(day="tomorrow"), "x" * 200),
    ],
)
def test_a_number_a_time_and_a_note_are_read(typed: str, when: When, note: str) -> None:
    assert read_snooze(typed) == TypedSnooze(12, when, note)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "tomorrow",
        "#12",
        "#0 2h",
        "#12 soon",
        "#12 tomorrow at 9",
        "#12 9",
        "#12 25:00",
        "#12 next monday 9:00",
        "#12 today",
        "#12 tonight",
    ],
)
def test_what_is_not_one_of_these_is_answered_with_how_to_write_it(typed: str) -> None:
    assert read_snooze(typed) == USAGE


def test_a_day_that_is_not_is_refused() -> None:
    assert read_snooze("#12 2026-02-30") == (
        "Nothing was snoozed. There is no day 2026-02-30. Write a date as 2026-12-24."
    )


@given(st.text(max_size=60) | st.builds(lambda rest: f"#12 {rest}", st.text(max_size=40)))
def test_whatever_is_typed_is_read_or_answered(typed: str) -> None:
    assert isinstance(read_snooze(typed), TypedSnooze | str)


def command(text: str) -> Any:
    return read(SlashCommand(text=text, user=AGENT, channel="C1", trigger_id="T1", at=NOW))


def test_the_words_after_clerk_order_that() -> None:
    snooze = command("snooze #12 tomorrow: the part")
    assert isinstance(snooze, SnoozeTyped)
    assert (snooze.ticket, snooze.when, snooze.note, snooze.order) == (
        12,
        When(day="tomorrow"),
        "the part",
        "command/T1",
    )
    wake = command("unsnooze 12")
    assert isinstance(wake, SnoozeTyped)
    assert (wake.ticket, wake.when) == (12, None)
    assert command("unsnooze all") == UNSNOOZE_USAGE


FORM = snooze_form(make.ticket(), "Europe/Paris", NOW)


def saved(**states: Any) -> Any:
    return submit(submitted(FORM, **states))


def test_the_form_orders_what_was_picked() -> None:
    order = saved(date={"selected_date": "2026-03-05"}, time={"selected_time": "07:30"}, note={"value": " the  part "})
    assert isinstance(order, ActOnTicket)
    assert order.ticket == 7
    assert order.command == SetSnooze(
        when=When(day="2026-03-05", clock="07:30"), zone="Europe/Paris", note="the part", wake_on_text=True
    )


def test_the_form_begins_with_tomorrow_when_the_line_opens() -> None:
    order = saved(date={"selected_date": FORM["blocks"][0]["element"]["initial_date"]})
    assert isinstance(order, ActOnTicket)
    assert isinstance(order.command, SetSnooze)
    assert order.command.when == When(day="2026-03-03")


def test_without_the_check_mark_no_text_wakes_it() -> None:
    order = saved(date={"selected_date": "2026-03-05"}, wake_on_text={"selected_options": []})
    assert isinstance(order, ActOnTicket)
    assert isinstance(order.command, SetSnooze)
    assert not order.command.wake_on_text


@pytest.mark.parametrize(
    ("states", "errors"),
    [
        ({"date": {}}, {"date": PICK_DATE}),
        ({"date": {"selected_date": "2026-03-02"}}, {"date": PASSED}),
        ({"date": {"selected_date": "2026-03-02"}, "time": {"selected_time": "10:30"}}, {"time": PASSED}),
        ({"date": {"selected_date": "2027-06-01"}}, {"date": TOO_FAR}),
        ({"date": {"selected_date": "2027-06-01"}, "time": {"selected_time": "10:30"}}, {"date": TOO_FAR}),
    ],
)
def test_the_form_answers_at_once_what_is_wrong(states: dict[str, Any], errors: dict[str, str]) -> None:
    assert saved(**states) == errors
