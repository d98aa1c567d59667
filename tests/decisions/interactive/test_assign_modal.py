"""The Assign modal: every ticket fits, and what it shows comes back as it was shown."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.priority import Priority
from messages.orders import forms
from messages.ticket import ActOnTicket, Edit, Note, Status, Ticket
from sandbox.slack.blockkit.block_checks import modal_errors
from tests import make
from tests.decisions.helpers import submitted, untouched
from tests.make import AGENT, CHANNEL, SOLVED_FOR, at
from workers.interactive import assign_modal
from workers.tickets.lifecycle import decide


def _blocks(view: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


KNOWN = st.lists(make.TAGS, max_size=150, unique=True)


@given(make.tickets(), KNOWN)
def test_every_ticket_fits_in_a_modal(ticket: Ticket, known: Sequence[str]) -> None:
    assert modal_errors(assign_modal.edit(ticket, make.line(), known)) == []


@given(make.tickets(), KNOWN)
def test_a_modal_that_is_submitted_as_it_was_opened_changes_nothing(ticket: Ticket, known: Sequence[str]) -> None:
    order = forms.read(submitted(assign_modal.edit(ticket, make.line(), known)))
    assert isinstance(order, ActOnTicket)
    assert isinstance(order.command, Edit)
    decision = decide(ticket, order.command, AGENT, order.at, SOLVED_FOR)
    assert (decision.ticket, decision.refusals) == (ticket, ())


def test_the_fullest_ticket_fits_and_loses_nothing_when_it_is_saved_untouched() -> None:
    full = make.ticket(
        subject="𝔘" * 150,
        tags=tuple(f"{number:030d}" for number in range(20)),
        notify=(*make.many("C", 100), *make.many("U", 100)),
        assignees=make.many("U", 100),
        notes=tuple(Note(text="😀&" * 1500, author=AGENT, at=at(number)) for number in range(200)),
        status=Status.ON_HOLD,
        priority=Priority.URGENT,
    )
    view = assign_modal.edit(full, make.line(), [f"tag-{number}" for number in range(500)])
    assert modal_errors(view) == []
    assert len(view["blocks"]) <= 100
    order = forms.read(submitted(view))
    assert isinstance(order, ActOnTicket)
    assert decide(full, order.command, AGENT, order.at, SOLVED_FOR).ticket is full


def test_it_shows_every_field_with_its_present_value() -> None:
    ticket = make.ticket(
        status=Status.PENDING,
        priority=Priority.HIGH,
        subject="Blue one",
        tags=("vip",),
        notify=("U0BOB", CHANNEL),
        assignees=(AGENT,),
    )
    view = assign_modal.edit(ticket, make.line(), ["late", "vip"])
    assert view["title"]["text"] == "Ticket #7"
    assert view["callback_id"] == "ticket.edit"
    state = untouched(view)
    assert state["notify"]["selected_conversations"] == ["U0BOB", CHANNEL]
    assert state["assignees"]["selected_users"] == [AGENT]
    assert state["subject"]["value"] == "Blue one"
    assert state["status"]["selected_option"]["value"] == "pending"
    assert state["priority"]["selected_option"]["value"] == "high"
    assert [each["value"] for each in state["tags"]["selected_options"]] == ["vip"]
    assert list(state) == ["notify", "assignees", "subject", "status", "priority", "tags", "new_tags", "note"]
    assert all(block["block_id"] == block["element"]["action_id"] for block in _blocks(view).values())
    assert [name for name, block in _blocks(view).items() if not block["optional"]] == ["status"]


def test_each_status_is_offered_with_its_meaning_but_new_only_while_the_ticket_is_new() -> None:
    offered = _blocks(assign_modal.edit(make.ticket(), make.line(), []))["status"]["element"]["options"]
    assert [option["value"] for option in offered] == ["new", "open", "pending", "on_hold", "solved", "closed"]
    assert offered[2]["text"]["text"] == "Pending"
    assert offered[2]["description"]["text"] == "Waiting for more information from the contact"
    offered = _blocks(assign_modal.edit(make.ticket(status=Status.OPEN), make.line(), []))["status"]["element"][
        "options"
    ]
    assert "new" not in [option["value"] for option in offered]


def test_no_priority_is_not_offered_once_one_is_set() -> None:
    view = assign_modal.edit(make.ticket(priority=Priority.LOW), make.line(), [])
    offered = [option["value"] for option in _blocks(view)["priority"]["element"]["options"]]
    assert offered == ["low", "normal", "high", "urgent"]


def test_the_origin_channel_is_preselected_if_no_targets_were_chosen() -> None:
    element = _blocks(assign_modal.edit(make.ticket(), make.line(), []))["notify"]["element"]
    assert element["initial_conversations"] == [CHANNEL]
    assert set(element["filter"]["include"]) == {"im", "public", "private"}


def test_a_closed_tickets_modal_offers_only_what_can_still_change() -> None:
    view = assign_modal.edit(make.ticket(status=Status.CLOSED), make.line(), [])
    assert list(_blocks(view)) == ["subject", "priority", "new_tags", "note"]


def test_earlier_notes_are_listed_newest_first_with_author_and_time_and_the_rest_is_counted() -> None:
    notes = tuple(Note(text=f"note {number} <b>", author=f"U{number:03d}", at=at(number)) for number in range(25))
    blocks = assign_modal.edit(make.ticket(notes=notes), make.line(), [])["blocks"]
    shown = [html.unescape(block["text"]["text"]) for block in blocks if block["type"] == "section"]
    assert shown == [f"note {number} <b>" for number in range(24, 4, -1)]
    assert "<@U024> · <!date^" in str(blocks)
    assert "5 earlier notes are not shown." in str(blocks)


@pytest.mark.parametrize("priority", [Priority.LOW, Priority.URGENT])
def test_a_priority_that_was_taken_out_of_its_menu_is_answered_on_that_field(priority: Priority) -> None:
    view = assign_modal.edit(make.ticket(priority=priority), make.line(), [])
    answer = forms.read(submitted(view, priority={"selected_option": None}))
    assert answer == {"priority": "You can change a priority, but you can't remove it."}
