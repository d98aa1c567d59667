"""What agents are told about planned texts, and what keeps one from being planned."""

from datetime import timedelta

import pytest

from messages.formats.later import PASSED, TOO_FAR, TOO_SOON, meant, objection_to_time
from messages.formats.places import MeantIn, ZoneOf, certain_zone, meant_in
from messages.planned import IfReply, PlannedState, When
from tests import make
from tests.make import NOW
from workers.sms.planned import words

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("ahead", "objection"),
    [
        (timedelta(hours=-1), PASSED),
        (timedelta(seconds=59), TOO_SOON),
        (timedelta(minutes=1), ""),
        (366 * DAY, ""),
        (366 * DAY + timedelta(seconds=1), TOO_FAR),
    ],
)
def test_a_text_is_planned_a_minute_to_a_year_ahead(ahead: timedelta, objection: str) -> None:
    assert objection_to_time(NOW + ahead, NOW) == objection


@pytest.mark.parametrize(
    ("here", "yours", "objection"),
    [(19, 499, ""), (20, 20, words.TOO_MANY_HERE), (0, 500, words.TOO_MANY_OF_YOURS)],
)
def test_a_contact_and_an_agent_have_so_many_at_most(here: int, yours: int, objection: str) -> None:
    assert words.objection_to_count(here, yours) == objection


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+12125550123", "America/New_York"),
        ("+447911123456", "Europe/London"),
        ("+4915112345678", "Europe/Berlin"),
        ("+18505550123", None),  # an area code on both sides of a border of zones
        ("+18005550123", None),  # toll-free
        ("+61412345678", None),  # mobiles of a country with several zones
        ("+15551234567", None),
        ("12345", None),
        ("Bank", None),
    ],
)
def test_a_contacts_zone_counts_only_where_it_is_certain(number: str, zone: str | None) -> None:
    assert certain_zone(make.contact(id=number), NOW) == zone


def test_the_zone_that_an_agent_gave_a_contact_is_certain() -> None:
    assert certain_zone(make.contact(id="+12125550123", zone="Asia/Tokyo"), NOW) == "Asia/Tokyo"


def test_a_chosen_zone_that_is_the_contacts_is_called_theirs() -> None:
    assert meant_in("America/New_York", make.contact(id="+12125550123"), "", "", NOW).of is ZoneOf.CONTACT


def test_a_zone_is_the_chosen_one_the_contacts_the_agents_the_lines_in_this_order() -> None:
    found = [
        meant_in(chosen, make.contact(id=contact), agent, line, NOW).of
        for chosen, contact, agent, line in [
            ("Asia/Tokyo", "+12125550123", "Europe/Berlin", "Europe/London"),
            (None, "+12125550123", "Europe/Berlin", "Europe/London"),
            (None, "+18505550123", "Europe/Berlin", "Europe/London"),
            (None, "+18505550123", "Nowhere/Else", "Europe/London"),
            (None, "+18505550123", "", None),
        ]
    ]
    assert found == [ZoneOf.CHOSEN, ZoneOf.CONTACT, ZoneOf.AGENT, ZoneOf.LINE, ZoneOf.NOBODY]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (MeantIn("America/New_York", ZoneOf.CONTACT), "Mon 2 Mar 5:30 where Ann ∗ is (New York), <!date^"),
        (MeantIn("America/New_York", ZoneOf.LINE), "Mon 2 Mar 5:30 at the line (New York), <!date^"),
        (MeantIn("America/New_York", ZoneOf.AGENT), "Mon 2 Mar 5:30 your time (New York). If"),
    ],
)
def test_a_confirmation_says_when_where_and_what_if(where: MeantIn, said: str) -> None:
    contact = make.contact(name="Ann *")
    planned = make.planned(zone=where.zone)
    assert said in words.confirmation(planned, contact, where, None, NOW)
    answers = [words.confirmation(make.planned(if_reply=each), contact, where, None, NOW) for each in IfReply]
    assert len({each.rpartition(". ")[2] for each in answers}) == len(IfReply)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("America/New_York", "(New York). If"),
        ("America/Toronto", "(New York). If"),
        ("Europe/Berlin", "(New York), <!date^1772447400^{time}|"),
        ("Pacific/Kiritimati", "(New York), <!date^1772447400^{date_short_pretty} {time}|"),
        ("", "(New York), <!date^1772447400^{time}|"),
    ],
)
def test_the_authors_own_time_is_said_if_their_clocks_show_another(agent: str, said: str) -> None:
    where = MeantIn("America/New_York", ZoneOf.CONTACT)
    planned = make.planned(zone=where.zone)
    assert said in words.confirmation(planned, make.contact(), where, None, NOW, agent=agent)


def test_a_time_in_the_contacts_night_is_said_to_be_put_off() -> None:
    where = MeantIn("America/New_York", ZoneOf.CONTACT)
    planned, ends = make.planned(zone=where.zone), NOW + timedelta(hours=4)
    said = words.confirmation(planned, make.contact(name="Ann"), where, None, NOW, night_ends=ends)
    assert "It is night for Ann then, so it leaves when that ends: Mon 2 Mar 8:30." in said


def test_a_change_of_the_clocks_is_said() -> None:
    twice = meant(When(day="2026-11-01", clock="01:30"), NOW, "America/New_York")
    assert words.clock_change(twice) == ("1:30 comes twice that day, because clocks go back: it leaves the first time.")
    assert words.clock_change(meant(When(day="2026-11-01", clock="03:30"), NOW, "America/New_York")) == ""


@pytest.mark.parametrize("state", [PlannedState.PLANNED, PlannedState.RELEASED, PlannedState.CANCELLED])
def test_what_was_done_is_said(state: PlannedState) -> None:
    assert words.done(make.planned(state=state), make.contact())
