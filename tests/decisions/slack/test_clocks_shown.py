"""Cards, forms and lists say by when a ticket must be answered and solved, in each reader's own time."""

import json
from datetime import timedelta

import pytest
from hypothesis import given

from messages.deadlines.clocks import ClockKind, TicketClock
from messages.ticket import Status, Ticket
from ops.traces.due import due_now
from sandbox.slack.blockkit.block_checks import block_errors
from tests import make
from tests.make import NOW, at
from workers.interactive import assign_modal, lists
from workers.markup import local_age, local_time
from workers.shown.clocks import due_in_short, due_words
from workers.slack import cards
from workers.slack.digest.card import Waiting, digest

HOUR = timedelta(hours=1)
IN_AN_HOUR = f"{local_age(at(3600))} ({local_time(at(3600))})"
SOLVING = {"kind": ClockKind.RESOLUTION, "target": 4 * HOUR}
PAUSES = {**SOLVING, "running_since": None, "warn_at": None, "due_at": None}


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (make.ticket_clock(), f"Reply due {IN_AN_HOUR}"),
        (make.ticket_clock(kind=ClockKind.NEXT_RESPONSE), f"Reply due {IN_AN_HOUR}"),
        (make.ticket_clock(warned_at=NOW), f"Reply due {IN_AN_HOUR}"),
        (make.ticket_clock(breached_at=at(3600)), f":rotating_light: Reply was due {IN_AN_HOUR}"),
        (make.ticket_clock(due_at=None), "Reply never due: no opening in the calendar"),
        (make.ticket_clock(**SOLVING), f"Resolution due {IN_AN_HOUR}"),
        (make.ticket_clock(**SOLVING, breached_at=NOW), f":rotating_light: Resolution was due {IN_AN_HOUR}"),
        (make.ticket_clock(**PAUSES, ran=HOUR * 2 / 3), "Resolution pauses, 3 h 20 min left"),
        (make.ticket_clock(**PAUSES, ran=5 * HOUR, breached_at=NOW), ":rotating_light: Resolution pauses, 1 h late"),
        (make.ticket_clock(stopped_at=at(60)), None),
        (make.ticket_clock(**PAUSES, stopped_at=at(60)), None),
    ],
)
def test_each_state_of_a_clock_is_said(clock: TicketClock, words: str | None) -> None:
    said = due_words(make.ticket(clocks=(clock,)))
    assert said == ([] if words is None else [words])
    card = json.dumps(cards.card(card_of(make.ticket(clocks=(clock,)))).blocks, ensure_ascii=False)
    assert words is None or words in card


def card_of(ticket: Ticket) -> cards.Card:
    """A ticket's card."""
    return cards.Card(ticket, make.contact(), make.line(), make.sms(), 0, None, root=False)


BOTH = (make.ticket_clock(**SOLVING), make.ticket_clock(breached_at=at(3600)))


def test_the_reply_is_said_before_the_resolution_on_cards_and_forms() -> None:
    ticket = make.ticket(clocks=BOTH)
    line = f":rotating_light: Reply was due {IN_AN_HOUR} · Resolution due {IN_AN_HOUR}"
    assert line in json.dumps(cards.card(card_of(ticket)).blocks, ensure_ascii=False)
    assert line in json.dumps(assign_modal.edit(ticket, make.line(), ()), ensure_ascii=False)
    closed = ticket.model_copy(update={"status": Status.CLOSED})
    assert " due " not in json.dumps(cards.card(card_of(closed)).blocks, ensure_ascii=False)


def test_lists_and_the_digest_say_what_is_late_or_due_next() -> None:
    later = make.ticket_clock(kind=ClockKind.RESOLUTION, due_at=at(7200))
    ticket = make.ticket(clocks=(later, make.ticket_clock()), newest=None)
    row = lists.Row(ticket, "Ann", None)
    shown = json.dumps(lists.answer(lists.ListPage("#7"), lists.FoundTickets([row], 1)).blocks, ensure_ascii=False)
    assert f"reply due {local_age(at(3600))} · waits since" in shown
    late = make.ticket(clocks=(make.ticket_clock(due_at=at(-60), breached_at=NOW), later))
    assert list(due_in_short(late)) == [f":rotating_light: reply was due {local_age(at(-60))}"]
    assert digest([Waiting(each, "Ann", None) for each in (late, ticket)], {}).text.startswith(
        "While you were closed: 1 conversation, 1 late, since "
    )
    told = json.dumps(digest([Waiting(ticket, "Ann", None)], {}).blocks, ensure_ascii=False)
    assert f"reply due {local_age(at(3600))}" in told
    assert list(due_in_short(make.ticket())) == []


@pytest.mark.parametrize(
    ("seconds", "words", "is_late"),
    [(0, "reply in 1 h", False), (3600, "reply 1 min late", True), (3900, "reply 5 min late", True)],
)
def test_the_console_says_how_late_a_ticket_is(seconds: float, words: str, is_late: bool) -> None:
    found = due_now(make.ticket(clocks=(make.ticket_clock(),)), None, at(seconds))
    assert found is not None
    assert (found.words, found.is_late) == (words, is_late)
    assert due_now(make.ticket(), None, NOW) is None


@given(make.tickets())
def test_whatever_the_clocks_cards_forms_and_lists_are_what_slack_accepts(ticket: Ticket) -> None:
    blocks = [
        *cards.card(card_of(ticket)).blocks,
        *lists.answer(lists.ListPage("x"), lists.FoundTickets([lists.Row(ticket, "", None)], 1)).blocks,
    ]
    assert block_errors(json.loads(json.dumps(blocks))) == []
