"""What people type after `/clerk away`: a few forms, in the zone where they are, and the rest refused in words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.calendar import NEVER_AFTER
from messages.team.agent import Agent
from messages.team.away_words import NO_ZONE, NOTE, USAGE, AwayUntil, hours_words, now_words, read_away, until_words
from tests import make

PARIS = "Europe/Paris"


def paris(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 by the clocks of Paris, which are one hour ahead. It is Monday the 2nd, 10:30."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    ("typed", "at", "note"),
    [
        ("", None, ""),
        ("sick", None, "sick"),
        ("on leave", None, "on leave"),
        ("2h", paris(2, 12, 30), ""),
        ("for 2 hours", paris(2, 12, 30), ""),
        ("2h30m lunch", paris(2, 13), "lunch"),
        ("90 min", paris(2, 12), ""),
        ("1d", paris(3, 10, 30), ""),
        ("until 14:00", paris(2, 14), ""),
        ("UNTIL 14:00 at the dentist", paris(2, 14), "at the dentist"),
        ("until tomorrow 9:00", paris(3, 9), ""),
        ("until today 5pm", paris(2, 17), ""),
        ("dentist until 5:30 p.m.", paris(2, 17, 30), "dentist"),
        ("until tomorrow at noon, at the dentist", paris(3, 12), "at the dentist"),
        ("until tomorrow", paris(3, 0), ""),
        ("until Monday 11:00", paris(2, 11), ""),
        ("until Monday 9:00", paris(9, 9), ""),
        ("until mon", paris(9, 0), ""),
        ("until Tue 9:00", paris(3, 9), ""),
        ("on leave until Friday 9:00", paris(6, 9), "on leave"),
        ("on leave until 2026-03-24", paris(24, 0), "on leave"),
        ("on leave, until 2026-03-24 8:15, back soon", paris(24, 8, 15), "on leave, back soon"),
        ("R&amp;R until Fri 9:00", paris(6, 9), "R&R"),
    ],
)
def test_what_is_typed_means_a_time_and_a_reason(typed: str, at: datetime | None, note: str) -> None:
    assert read_away(typed, make.NOW, PARIS) == AwayUntil(at, note)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2", USAGE),
        ("until", USAGE),
        ("until later", USAGE),
        ("unitl mon 9:00", USAGE),
        ("until monday 9", USAGE),
        ("until 9am", "“9am” has passed already"),
        ("until today 9:00", "“today 9:00” has passed already"),
        ("until 13pm", "There is no time of day 13pm"),
        ("until tonight", USAGE),
        ("today", USAGE),
        ("tomorrow", USAGE),
        ("Monday off", USAGE),
        ("until 25:00", "There is no time of day 25:00"),
        ("until mo 9:00", USAGE),
        ("until 9:00", "“9:00” has passed already"),
        ("until today", "“today” has passed already"),
        ("until 2026-03-02 9:00", "“2026-03-02 9:00” has passed already"),
        ("until 2026-02-30", "There is no day 2026-02-30. Write a date as 2026-12-24."),
        ("0h", "“0h” has passed already"),
        ("until 2027-12-24", "more than a year"),
        ("999d", "more than a year"),
    ],
)
def test_what_is_no_time_is_refused_in_words(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_away(typed, make.NOW, PARIS)
    assert said in str(refused.value)


def test_where_no_zone_is_known_only_a_length_of_time_says_when() -> None:
    assert read_away("2h", make.NOW, "").at == make.at(7200)
    with pytest.raises(ValueError, match=r"time zone") as refused:
        read_away("until 14:00", make.NOW, "")
    assert str(refused.value) == NO_ZONE


@pytest.mark.parametrize(
    ("typed", "at", "said"),
    [
        ("until 2026-03-29 2:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "so it is 3:30."),
        ("until 2026-10-25 2:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2:30 comes twice: the first is meant."),
    ],
)
def test_a_time_that_does_not_exist_or_comes_twice_is_said(typed: str, at: datetime, said: str) -> None:
    found = read_away(typed, make.NOW, PARIS)
    assert found.at == at
    assert found.said.endswith(said)


def test_the_end_is_named_as_the_agents_clocks_show_it() -> None:
    assert until_words(paris(2, 17), make.NOW, PARIS) == "17:00 (Paris)"
    assert until_words(paris(9, 9), make.NOW, PARIS) == "Mon 9 Mar 9:00 (Paris)"
    assert until_words(paris(3, 9), make.NOW, "") == "Tue 3 Mar 8:00 (UTC)"


def test_an_agent_is_there_or_away_in_words() -> None:
    agent = Agent(id=make.AGENT, zone=PARIS, away_until=paris(9, 9), away_note="on leave", hours="shop")
    assert now_words(agent, None, make.NOW) == "away until Mon 9 Mar 9:00 (Paris): on leave"
    assert now_words(Agent(id=make.AGENT), make.calendar(), make.NOW) == "away until 9:00 (New York)"
    assert now_words(Agent(id=make.AGENT), make.calendar(week={}), make.NOW) == "away"
    assert now_words(Agent(id=make.AGENT), None, make.NOW) == "there"
    assert hours_words(agent, ["shop"]) == "shop"
    assert hours_words(agent, []) == "always: there is no calendar shop"
    assert hours_words(Agent(id=make.AGENT), []) == "always"


PIECES = ("until", "on leave", "2h", "mon", "9:00", "tomorrow", "2026-12-24", "0000-00-00", "1d", "99:99", ",", "for")


@given(
    st.one_of(make.written(200), st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join)),
    st.sampled_from(make.ZONES),
)
def test_whatever_is_typed_is_a_time_ahead_or_words(typed: str, zone: str) -> None:
    try:
        found = read_away(typed, make.NOW, zone)
    except ValueError as error:
        assert str(error).endswith(".") or str(error) in {USAGE, NO_ZONE}
    else:
        assert found.at is None or make.NOW < found.at <= make.NOW + NEVER_AFTER
        assert len(found.note) <= NOTE
