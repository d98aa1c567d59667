"""A gateway remembers which text of a contact it saw before which, within bounds."""

from gateway.arrivals.own import MOST, Arrivals
from tests.make import CONTACT, LINE


def test_each_text_names_the_one_before_it() -> None:
    arrivals = Arrivals()
    assert [arrivals.arrived(LINE, CONTACT, sid) for sid in ("a", "b", "c")] == [None, "a", "b"]


def test_a_text_that_comes_again_names_the_same_one_again() -> None:
    arrivals = Arrivals()
    for sid in ("a", "b"):
        arrivals.arrived(LINE, CONTACT, sid)
    assert arrivals.arrived(LINE, CONTACT, "a") is None
    assert arrivals.arrived(LINE, CONTACT, "c") == "b"


def test_contacts_and_lines_do_not_wait_for_one_another() -> None:
    arrivals = Arrivals()
    arrivals.arrived(LINE, CONTACT, "a")
    assert arrivals.arrived(LINE, "+15550003333", "b") is None
    assert arrivals.arrived("+15550009999", CONTACT, "c") is None


def test_a_text_that_was_not_published_is_forgotten_so_that_nothing_waits_for_it() -> None:
    arrivals = Arrivals()
    arrivals.arrived(LINE, CONTACT, "a")
    arrivals.arrived(LINE, CONTACT, "b")
    arrivals.failed(LINE, CONTACT, "b")
    assert arrivals.arrived(LINE, CONTACT, "c") == "a"
    arrivals.failed(LINE, CONTACT, "c")
    assert arrivals.arrived(LINE, CONTACT, "b") == "a"


def test_a_first_text_that_was_not_published_leaves_nothing_behind() -> None:
    arrivals = Arrivals()
    arrivals.arrived(LINE, CONTACT, "a")
    arrivals.failed(LINE, CONTACT, "a")
    assert arrivals.arrived(LINE, CONTACT, "b") is None


def test_a_text_that_was_not_published_keeps_its_place_when_others_follow_it() -> None:
    arrivals = Arrivals()
    for sid in ("a", "b", "c"):
        arrivals.arrived(LINE, CONTACT, sid)
    arrivals.failed(LINE, CONTACT, "b")
    assert arrivals.arrived(LINE, CONTACT, "b") == "a"
    assert arrivals.arrived(LINE, CONTACT, "d") == "c"


def test_only_the_latest_texts_are_remembered() -> None:
    arrivals = Arrivals()
    for number in range(MOST + 1):
        arrivals.arrived(LINE, f"+1{number}", f"SM{number}")
    assert arrivals.arrived(LINE, "+10", "again") is None
    assert arrivals.arrived(LINE, f"+1{MOST}", "next") == f"SM{MOST}"
