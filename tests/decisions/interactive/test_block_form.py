"""The form that blocks a contact: the ticket's modal offers it, and Slack accepts what it says."""

from hypothesis import given

from messages.conversation import Contact
from messages.orders.forms import read
from messages.ticket import WHY_LIMIT, ActOnTicket, Block
from sandbox.slack.blockkit.block_checks import modal_errors
from tests import make
from tests.decisions.helpers import submitted
from tests.make import AGENT
from workers.interactive import assign_modal
from workers.interactive.blocking.form import block_form


@given(make.written(400))
def test_slack_accepts_the_form_whatever_the_contact_is_called(name: str) -> None:
    contact = Contact(id=make.CONTACT, name=name, created_at=make.NOW)
    assert modal_errors(block_form(make.ticket(), contact, make.line())) == []


def test_a_submitted_form_blocks_with_the_reason() -> None:
    form = block_form(make.ticket(id=7), make.contact(), make.line())
    order = read(submitted(form, why={"value": " spam "}))
    assert isinstance(order, ActOnTicket)
    assert (order.ticket, order.command, order.by) == (7, Block(why="spam"), AGENT)
    without = read(submitted(form))
    assert isinstance(without, ActOnTicket)
    assert without.command == Block()
    assert read(submitted(form, why={"value": "x" * (WHY_LIMIT + 1)})) == {
        "why": f"At most {WHY_LIMIT} characters, please: this has {WHY_LIMIT + 1}."
    }


def test_the_tickets_modal_offers_it_unless_the_contact_is_blocked() -> None:
    offered, blocked = (
        str(assign_modal.edit(make.ticket(blocked=is_blocked), make.line(), [])) for is_blocked in (False, True)
    )
    assert ("ticket.block" in offered, "ticket.block" in blocked) == (True, False)
