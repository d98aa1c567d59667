"""The ticket's life: every status with every event, against the specification's table as it is written there."""

from datetime import timedelta
from itertools import product

import pytest

from messages.deadlines.priority import Priority
from messages.ticket import Command, Expire, Reply, SetPriority, SetStatus, Status, Take, Ticket
from tests import make
from tests.make import AGENT, NOW, SOLVED_FOR, at
from workers.tickets.lifecycle import SUCCESSORS, TRANSITIONS, Decision, Event, Outcome, decide, receive

SPECIFIED = """
| event | New | Open | Pending | On-hold | Solved | Closed |
| an inbound SMS | New | Open | Open | Open | Open | a new ticket, New |
| an agent replies | Open | Open | Open | On-hold | Open | a new ticket, Open |
| an agent assigns someone | Open | Open | Open | On-hold | Solved | refused |
| an agent takes it | Open | Open | Open | On-hold | Solved | refused |
| solved_for passes | - | - | - | - | Closed | - |
| an agent sets New | New | refused | refused | refused | refused | refused |
| an agent sets Open | Open | Open | Open | Open | Open | refused |
| an agent sets Pending | Pending | Pending | Pending | Pending | Pending | refused |
| an agent sets On-hold | On-hold | On-hold | On-hold | On-hold | On-hold | refused |
| an agent sets Solved | Solved | Solved | Solved | Solved | Solved | refused |
| an agent sets Closed | Closed | Closed | Closed | Closed | Closed | - |
"""

BY_LABEL = {status.label: status for status in Status}


def _rows() -> list[tuple[str, str, str]]:
    header, *rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in SPECIFIED.strip().splitlines()]
    return [
        (event, status, outcome)
        for event, *outcomes in rows
        for status, outcome in zip(header[1:], outcomes, strict=True)
    ]


def _ticket(status: Status) -> Ticket:
    return make.ticket(status=status, close_at=NOW if status is Status.SOLVED else None)


def _decided(event: str, ticket: Ticket) -> Decision:
    if event == "an agent assigns someone":
        command: Command = make.edit(assignees=("U0BOB",))
    elif event == "an agent takes it":
        command = Take()
    elif event == "an agent replies":
        command = Reply()
    elif event == "solved_for passes":
        return decide(ticket, Expire(), None, at(1), SOLVED_FOR)
    else:
        command = SetStatus(status=BY_LABEL[event.removeprefix("an agent sets ")])
    return decide(ticket, command, AGENT, at(1), SOLVED_FOR)


def test_the_table_names_every_status_and_every_event() -> None:
    events = {event for event, _, _ in _rows()}
    assert {status for _, status, _ in _rows()} == {status.label for status in Status}
    assert events >= {f"an agent sets {status.label}" for status in Status}
    assert set(TRANSITIONS) == set(Event)
    assert all(set(row) == set(Status) for row in TRANSITIONS.values())
    assert len(_rows()) == len(events) * len(Status)


@pytest.mark.parametrize(("event", "status", "outcome"), _rows())
def test_an_event_moves_a_ticket_as_specified(event: str, status: str, outcome: str) -> None:
    ticket = _ticket(BY_LABEL[status])
    if event == "an inbound SMS":
        received = receive(ticket, ticket.last_text + 1, at(1), SOLVED_FOR)
        if outcome == "a new ticket, New":
            assert received is None
            assert SUCCESSORS[Outcome.SUCCESSOR_NEW] is Status.NEW
        else:
            assert received is not None
            assert (received.status, received.last_text) == (BY_LABEL[outcome], ticket.last_text + 1)
        return
    decision = _decided(event, ticket)
    if outcome == "a new ticket, Open":
        assert decision == Decision(ticket)
        assert TRANSITIONS[Event.REPLY][Status.CLOSED] is Outcome.SUCCESSOR_OPEN
        assert SUCCESSORS[Outcome.SUCCESSOR_OPEN] is Status.OPEN
    elif outcome == "refused":
        assert decision.ticket is ticket
        assert len(decision.refusals) == 1
        assert f"#{ticket.id}" in decision.refusals[0]
    elif outcome == "-":
        assert decision == Decision(ticket)
    else:
        assert decision.ticket.status is BY_LABEL[outcome]
        assert decision.refusals == ()


@pytest.mark.parametrize(("shown", "wanted"), list(product(Status, Status)))
def test_the_modal_sets_a_status_under_the_same_rules_as_a_click(shown: Status, wanted: Status) -> None:
    ticket = _ticket(shown)
    by_click = decide(ticket, SetStatus(status=wanted), AGENT, at(1), SOLVED_FOR)
    by_modal = decide(ticket, make.edit(status=wanted), AGENT, at(1), SOLVED_FOR)
    assert by_modal.ticket.status is by_click.ticket.status
    if wanted is not shown:
        assert by_modal.refusals == by_click.refusals


def test_a_stale_click_is_refused_in_words_that_name_the_ticket_and_its_status() -> None:
    refusals = decide(make.ticket(status=Status.OPEN), SetStatus(status=Status.NEW), AGENT, NOW, SOLVED_FOR).refusals
    assert refusals == ("Ticket #7 is Open: it can't become New again.",)
    refusals = decide(make.ticket(status=Status.CLOSED), Take(), AGENT, NOW, SOLVED_FOR).refusals
    assert "Ticket #7 is Closed for good" in refusals[0]


def test_who_takes_what_is_theirs_already_is_told_so() -> None:
    first = decide(make.ticket(status=Status.NEW), Take(), AGENT, NOW, SOLVED_FOR)
    assert first.refusals == ()
    again = decide(first.ticket, Take(), AGENT, at(1), SOLVED_FOR)
    assert again.refusals == (f"Ticket #{first.ticket.id} is yours already.",)
    assert (again.ticket.status, again.ticket.assignees) == (first.ticket.status, first.ticket.assignees)
    assert decide(first.ticket, Take(), "U0OTHER", at(2), SOLVED_FOR).refusals == ()


def test_solving_an_unassigned_ticket_assigns_the_solver() -> None:
    solved = decide(make.ticket(), SetStatus(status=Status.SOLVED), AGENT, NOW, SOLVED_FOR).ticket
    assert solved.assignees == (AGENT,)
    kept = decide(make.ticket(assignees=("U0BOB",)), SetStatus(status=Status.SOLVED), AGENT, NOW, SOLVED_FOR).ticket
    assert kept.assignees == ("U0BOB",)
    emptied = decide(
        make.ticket(assignees=("U0BOB",)), make.edit(assignees=(), status=Status.SOLVED), AGENT, NOW, SOLVED_FOR
    ).ticket
    assert emptied.assignees == (AGENT,)


def test_a_solved_ticket_closes_when_its_time_has_passed_and_not_before() -> None:
    solved = decide(make.ticket(), SetStatus(status=Status.SOLVED), AGENT, NOW, timedelta(hours=1)).ticket
    assert solved.close_at == NOW + timedelta(hours=1)
    early = decide(solved, Expire(), None, NOW + timedelta(minutes=59), SOLVED_FOR)
    assert early == Decision(solved)
    closed = decide(solved, Expire(), None, NOW + timedelta(hours=1), SOLVED_FOR).ticket
    assert closed.status is Status.CLOSED
    assert (closed.history[-1].by, closed.history[-1].why, closed.close_at) == (None, "solved_for", None)


def test_a_text_to_a_solved_ticket_opens_it_and_stops_the_closing() -> None:
    solved = decide(make.ticket(), SetStatus(status=Status.SOLVED), AGENT, NOW, SOLVED_FOR).ticket
    opened = receive(solved, 2, at(5), SOLVED_FOR)
    assert opened is not None
    assert (opened.status, opened.close_at) == (Status.OPEN, None)
    assert decide(opened, Expire(), None, NOW + SOLVED_FOR, SOLVED_FOR).ticket is opened


def test_solving_again_what_is_solved_does_not_put_the_closing_off() -> None:
    solved = decide(make.ticket(), SetStatus(status=Status.SOLVED), AGENT, NOW, SOLVED_FOR).ticket
    assert decide(solved, SetStatus(status=Status.SOLVED), AGENT, at(500), SOLVED_FOR).ticket is solved


def test_the_same_text_twice_is_received_once() -> None:
    ticket = make.ticket(last_text=3, status=Status.PENDING)
    assert receive(ticket, 3, at(1), SOLVED_FOR) is ticket
    assert receive(ticket, 2, at(1), SOLVED_FOR) is ticket


def test_a_closed_tickets_subject_priority_tags_and_notes_can_still_change_and_nothing_else() -> None:
    closed = make.ticket(status=Status.CLOSED, assignees=("U0BOB",))
    late = make.edit(subject="s", priority=Priority.LOW, tags=(), new_tags=("vip",), note="n", assignees=(), notify=())
    decision = decide(closed, late, AGENT, NOW, SOLVED_FOR)
    after = decision.ticket
    assert (after.subject, after.priority, after.tags, after.notes[0].text) == ("s", Priority.LOW, ("vip",), "n")
    assert (after.status, after.assignees, after.notify) == (Status.CLOSED, ("U0BOB",), ())
    assert len(decision.refusals) == 1


def test_a_priority_never_returns_to_none() -> None:
    ticket = make.ticket(priority=Priority.HIGH)
    for command in (SetPriority(priority=Priority.NONE), make.edit(priority=Priority.NONE)):
        decision = decide(ticket, command, AGENT, NOW, SOLVED_FOR)
        assert decision.ticket is ticket
        assert decision.refusals == ("You can change a priority, but you can't remove it.",)


def test_a_reply_assigns_the_replier_to_an_unassigned_ticket() -> None:
    assert decide(make.ticket(), Reply(), AGENT, NOW, SOLVED_FOR).ticket.assignees == (AGENT,)
    busy = make.ticket(assignees=("U0BOB",), status=Status.OPEN)
    assert decide(busy, Reply(), AGENT, NOW, SOLVED_FOR).ticket.assignees == ("U0BOB",)


def test_a_ticket_says_when_a_person_last_wrote_to_the_contact() -> None:
    later = decide(make.ticket(), Reply(), AGENT, make.at(60), SOLVED_FOR).ticket
    assert later.written_at == make.at(60)
    assert decide(later, Reply(), "U0BOB", NOW, SOLVED_FOR).ticket.written_at == make.at(60), "it came late"
    assert decide(later, Take(), "U0BOB", make.at(90), SOLVED_FOR).ticket.written_at == make.at(60)
    assert [change.what for entry in later.history for change in entry.changes] == ["status", "assignees"]


def test_an_agents_own_status_wins_over_the_one_that_assigning_gives() -> None:
    edit = make.edit(assignees=("U0BOB",), status=Status.PENDING)
    assert decide(make.ticket(), edit, AGENT, NOW, SOLVED_FOR).ticket.status is Status.PENDING
