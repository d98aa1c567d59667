"""What is looked for, and which tickets that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.words import words
from messages.ticket import Status, Ticket
from tests import make
from tests.make import AGENT, CONTACT, LINE
from workers.interactive.search import Query, in_turn, matches, mine_first, parse_query, part_of_number

HEATING = make.ticket(
    id=12, subject="The heating, again!", tags=("building-7", "vip"), status=Status.ON_HOLD, assignees=(AGENT,)
)


@pytest.mark.parametrize(
    "query",
    [
        "#12",
        "12",
        " # 12 ",
        CONTACT,
        "(555) 000-2222",
        "heating",
        "HEAT",
        "again the",
        "vip",
        "building-7",
        "#vip",
        "on-hold",
        "On_Hold",
        "onhold vip",
        "lee",
        "ann heating on-hold vip",
    ],
)
def test_a_ticket_is_found_by_whatever_people_know_of_it(query: str) -> None:
    assert matches(HEATING, "Ann Lee", parse_query(query, LINE))


@pytest.mark.parametrize(
    "query", ["#13", "heated", "vip open", "bob", "+15559999999", "eating", "13 heating", "", "  ", "!?", "'; DROP"]
)
def test_a_ticket_is_not_found_by_what_does_not_fit_it(query: str) -> None:
    assert not matches(HEATING, "Ann Lee", parse_query(query, LINE))


def test_a_status_is_also_a_word() -> None:
    door = make.ticket(subject="Door won't open", status=Status.SOLVED)
    assert matches(door, "", parse_query("open door", LINE))
    assert matches(make.ticket(status=Status.OPEN), "", parse_query("open", LINE))


def test_a_query_of_nothing_asks_for_nothing() -> None:
    assert parse_query(" - ", LINE) == Query()


@given(make.written(200), st.sampled_from([LINE, None]))
def test_any_query_can_be_asked(query: str, line: str | None) -> None:
    asked = parse_query(query, line)
    assert len(asked.terms) <= 6
    assert all(0 < len(term) <= 40 and "/" not in term and ":" not in term for term in asked.terms)
    matches(HEATING, "Ann Lee", asked)


@given(make.tickets(), make.visible(80))
def test_every_ticket_is_found_by_each_word_of_its_subject_name_and_tags(ticket: Ticket, name: str) -> None:
    for text in (ticket.subject, name, *ticket.tags):
        for word in words(text):
            assert matches(ticket, name, Query(terms=(word,)))


def test_whoever_has_waited_longest_comes_first_and_an_agents_own_before_all() -> None:
    waiting = {1: make.at(30), 2: make.at(10), 3: None, 4: make.at(20), 5: None}
    some = [make.ticket(id=id, status=Status.OPEN, waiting_since=at) for id, at in waiting.items()]
    assert [ticket.id for ticket in in_turn(some)] == [2, 4, 1, 5, 3]
    own = [ticket.model_copy(update={"assignees": (AGENT,) if ticket.id in {1, 4} else ()}) for ticket in some]
    assert [ticket.id for ticket in mine_first(own, AGENT)] == [4, 1, 2, 5, 3]


def test_a_new_ticket_of_an_earlier_version_waits_since_it_began() -> None:
    assert make.ticket(status=Status.NEW, created_at=make.at(5)).waits_since == make.at(5)
    assert make.ticket(status=Status.OPEN, created_at=make.at(5)).waits_since is None


@pytest.mark.parametrize("part", ["5550143", "555 01 43", "(555) 0143", "0143", "+1 202 555 01", "02025550143"])
def test_a_part_of_a_number_is_found(part: str) -> None:
    query = parse_query(part, None)
    assert matches(make.ticket(contact="+12025550143"), "", query)
    assert not matches(make.ticket(contact="+12025559999", subject="", tags=()), "", query)


@pytest.mark.parametrize(
    "part", ["0049171", "00 49 171 12", "01149171", "+49 (0)171", "(0)171", "+49 ( 0 ) 171 123", "４９１７１", "٤٩١٧١"]
)
def test_a_part_of_a_number_is_found_as_it_is_dialled_or_printed_elsewhere(part: str) -> None:
    query = parse_query(part, LINE)
    assert matches(make.ticket(contact="+491711234567", subject="", tags=()), "", query)
    assert not matches(make.ticket(contact="+12025550143", subject="", tags=()), "", query)


@pytest.mark.parametrize("words", ["12", "a555", "555-abc", "#555", ""])
def test_other_words_are_no_part_of_a_number(words: str) -> None:
    assert part_of_number(words) == ()
