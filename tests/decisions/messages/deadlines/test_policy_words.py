"""A line's targets as operators type them: what is right, what is refused in words, and what does nothing."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines import policy_words
from messages.deadlines.clocks import ClockKind, HoursCounted
from messages.deadlines.lateness import length
from messages.deadlines.policy import Policy, Target
from messages.deadlines.policy_words import KINDS, OFFERED, PRIORITIES, changed, described, inert
from messages.deadlines.priority import Priority
from ops.checks import policies
from ops.checks.finding import Verdict
from tests import make
from tests.make import NOW, at

FIRST = ClockKind.FIRST_RESPONSE


def minutes(policy: Policy, priority: Priority) -> list[float | None]:
    """The times of a priority's targets in minutes: first, next, resolution."""
    found = [policy.target(priority, kind) for kind in KINDS.values()]
    return [None if target is None else target.within / timedelta(minutes=1) for target in found]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        (Priority.URGENT, [15, 30, 240]),
        (Priority.HIGH, [60, 120, 480]),
        (Priority.NORMAL, [240, 480, 1440]),
        (Priority.NONE, [240, 480, 1440]),
        (Priority.LOW, [480, 960, 2400]),
    ],
)
def test_the_preset_is_that_of_the_specification(priority: Priority, expected: list[float]) -> None:
    policy = changed(Policy(), ["preset"], NOW)
    assert minutes(policy, priority) == expected
    assert all(
        (each.warn, each.counts) == (0.75, HoursCounted.OPEN) for of in policy.targets.values() for each in of.values()
    )


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("urgent.first=15m", Target(within=timedelta(minutes=15))),
        (" Urgent . First = 1h 30m ", Target(within=timedelta(minutes=90))),
        ("urgent.first=15min", Target(within=timedelta(minutes=15))),
        ("urgent.first=24h/calendar", Target(within=timedelta(hours=24), counts=HoursCounted.CALENDAR)),
        ("urgent.first=24h/50%/calendar", Target(within=timedelta(hours=24), warn=0.5, counts=HoursCounted.CALENDAR)),
        ("urgent.first=8784h", Target(within=timedelta(days=366))),
    ],
)
def test_a_target_is_a_time_with_hours_and_a_share(typed: str, target: Target) -> None:
    assert changed(Policy(), [typed], NOW).targets == {Priority.URGENT: {FIRST: target}}


def test_what_is_not_said_of_a_target_stays() -> None:
    policy = changed(Policy(), ["low.first=1h/calendar", "warn=60%", "low.first=2h"], NOW)
    assert policy.target(Priority.LOW, FIRST) == Target(
        within=timedelta(hours=2), warn=0.6, counts=HoursCounted.CALENDAR
    )
    open_again = changed(policy, ["low.first=2h/open"], NOW).target(Priority.LOW, FIRST)
    assert open_again is not None
    assert open_again.counts is HoursCounted.OPEN


def test_targets_go_one_by_one_by_priority_and_all_at_once() -> None:
    some = changed(Policy(), ["preset", "low=off", "high.next=off"], NOW)
    assert minutes(some, Priority.LOW) == [None, None, None]
    assert minutes(some, Priority.HIGH) == [60, None, 480]
    assert changed(some, ["off"], NOW).targets == {}
    assert changed(Policy(), ["low.first=1h", "low.first=off"], NOW) == Policy()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "give preset, off"),
        ("on", "give preset, off"),
        ("preset=1", "give preset, off"),
        ("urgent.first", "give preset, off"),
        ("urgent.first=", "give preset, off"),
        ("urgent.first.now=1h", "give preset, off"),
        ("urgent=1h", "say which clock, as urgent.first=15m"),
        ("none.first=1h", "a ticket without a priority has the targets of normal"),
        ("vip.first=1h", "there is no priority vip. There are urgent, high, normal, low"),
        ("low.second=1h", "there is no clock second. There are first, next, resolution"),
        ("low.first=soon", "write a time such as 15m, 4h or 1h30m"),
        ("low.first=2d", "A day of open hours is as long as the line is open: write hours"),
        ("low.first=/calendar", "write a time such as"),
        ("low.first=0m", "from one minute to 366 days"),
        ("low.first=8784h1m", "from one minute to 366 days"),
        ("low.first=1h/night", "night behind / is neither open, calendar, nor a share"),
        ("low.first=1h/", "nothing behind / is neither"),
        ("low.first=1h/100%", "from 1% to 99%"),
        ("warn=0%", "from 1% to 99%"),
        ("warn=80%", "there is no target yet"),
    ],
)
def test_what_is_no_target_is_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        changed(Policy(), [typed], NOW)


CHANGES = st.sampled_from(
    ["preset", "off", "warn=50%", "low.first=1h", "low.first=2h", "low=off", "urgent.next=5m/calendar"]
)


@given(st.lists(st.tuples(CHANGES, st.integers(-1000, 1000)), max_size=12))
def test_each_change_raises_the_version_and_nothing_lowers_it(history: list[tuple[str, int]]) -> None:
    policy = Policy()
    for typed, seconds in history:
        if typed.startswith("warn") and not policy.targets:
            continue
        after = changed(policy, [typed], at(seconds))
        assert (after.version > policy.version) == (after.targets != policy.targets)
        assert after.version >= policy.version
        policy = Policy.model_validate(after.model_dump())
        assert policy == after
        assert Policy.model_validate_json(after.model_dump_json()) == after


def test_a_line_that_is_added_again_has_no_version_of_before() -> None:
    before = changed(Policy(), ["preset"], NOW)
    again = changed(Policy(), ["off", "low.first=1h"], at(1))
    assert again.version > before.version


def test_a_policy_is_said_in_a_sentence_for_each_priority() -> None:
    policy = changed(Policy(), ["preset", "normal.resolution=24h/calendar", "low=off"], NOW)
    assert list(described(policy)) == [
        "Urgent: first answer in 15 min, next answer in 30 min, solved in 4 h (open hours, warns at 75%)",
        "High: first answer in 1 h, next answer in 2 h, solved in 8 h (open hours, warns at 75%)",
        "Normal, and no priority: first answer in 4 h (open hours, warns at 75%), next answer in 8 h (open hours, "
        "warns at 75%), solved in 24 h (day and night, warns at 75%)",
    ]
    assert list(described(Policy())) == []
    assert [length(timedelta(minutes=each)) for each in (0.2, 59, 60, 200)] == ["1 min", "59 min", "1 h", "3 h 20 min"]


NEVER = make.calendar(week={})


def test_what_of_a_policy_does_nothing_is_said() -> None:
    policy = changed(Policy(), ["preset"], NOW)
    day_and_night = changed(Policy(), ["low.first=1h/calendar"], NOW)
    assert "has no calendar and is always open" in " ".join(inert(policy, "", [NEVER], NOW))
    assert "the calendar shop never opens" in " ".join(inert(policy, "shop", [NEVER], NOW))
    for some, calendar in ((policy, "shop"), (day_and_night, ""), (Policy(), "")):
        assert list(inert(some, calendar, [make.calendar()], NOW)) == []
    assert list(inert(day_and_night, "shop", [NEVER], NOW)) == []


def test_the_doctor_names_targets_that_do_nothing_and_says_what_to_do() -> None:
    policy = changed(Policy(), ["urgent.first=15m", "low.resolution=40h"], NOW)
    assert list(policies.check([make.line(), make.line(policy=Policy(version=3))], [], NOW)) == []
    for calendar, calendars in (("", ()), ("shop", (NEVER,))):
        (found,) = policies.check([make.line(policy=policy, calendar=calendar)], calendars, NOW)
        assert found.state is Verdict.ADVICE
        assert f"clerk lines set {make.LINE} --calendar" in found.todo
    (found,) = policies.check([make.line(policy=policy, calendar="shop")], [make.calendar()], NOW)
    assert (found.state, found.found) == (Verdict.GOOD, "Urgent 15 min / – / –; Low – / – / 40 h")


def test_each_priority_that_has_targets_has_an_offered_one_for_each_clock() -> None:
    assert set(PRIORITIES) == set(Priority) - {Priority.NONE} == set(OFFERED)
    assert all(set(of) == set(ClockKind) for of in OFFERED.values())
    assert policy_words.said_in_short(Policy()) == ""
