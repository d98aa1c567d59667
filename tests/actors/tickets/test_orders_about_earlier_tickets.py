"""An order about a ticket that has a successor is carried out like any other, and then wakes nobody any more."""

from datetime import timedelta

from messages.notification import ConsiderNotifying
from messages.ticket import ActOnTicket, Edit, SetStatus, Status
from tests import make
from tests.fakes import FakeWorkers
from workers import clock


async def followed(workers: FakeWorkers) -> None:
    """Ticket #1, Closed, and #2, which a text began after that."""
    await workers.handle(make.sms_received(received_at=workers.clock.now()))
    await workers.drain()
    await workers.handle(_order(SetStatus(status=Status.CLOSED), workers))
    await workers.drain()
    workers.clock.forward(60)
    await workers.handle(make.sms_received(sid="SM2", after="SM1", received_at=workers.clock.now()))
    await workers.drain()
    newest = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert newest is not None
    assert (newest.id, newest.follows) == (2, 1)


def _order(command: SetStatus | Edit, workers: FakeWorkers) -> ActOnTicket:
    return ActOnTicket(ticket=1, command=command, by="U0BEN", at=workers.clock.now())


async def _due(workers: FakeWorkers) -> list[int]:
    """The tickets that are due, sooner or later."""
    stores, later = workers.ports.stores, workers.clock.now() + timedelta(days=1)
    return [ticket.id for ticket in await stores.tickets.due(later, later)]


async def test_a_note_on_a_ticket_with_a_successor_is_settled(workers: FakeWorkers) -> None:
    await followed(workers)
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    await workers.handle(_order(make.edit(version=ticket.version, note="one more thing"), workers))
    await workers.drain(times=2)
    noted = await workers.ports.stores.tickets.get(1)
    assert noted is not None
    assert noted.version > ticket.version
    assert await _due(workers) == []


async def test_a_ticket_with_a_successor_that_stayed_due_is_settled_by_the_clock(workers: FakeWorkers) -> None:
    """As an earlier version, or a lost message, left it."""
    await followed(workers)
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    overdue = {"version": ticket.version + 1, "due_at": workers.clock.now() - timedelta(minutes=1)}
    assert await workers.ports.stores.tickets.save(ticket.model_copy(update=overdue), ticket.version)
    await clock.sweep(workers.ports)
    assert ConsiderNotifying(conversation=make.CONVERSATION) in [each for _, each in workers.queue.waiting]
    await workers.drain()
    assert await _due(workers) == []
