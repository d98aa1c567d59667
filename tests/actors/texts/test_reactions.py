"""A reaction of a phone that quotes a text of ours stands in the thread, and reopens and notifies nothing."""

from collections.abc import Sequence

import pytest

from messages.ticket import ActOnTicket, SetStatus, Status, Ticket
from tests import make
from tests.actors.helpers import settle, texts_in_thread, thread, written
from tests.fakes import FakeWorkers

QUIET = 3600


async def tickets(workers: FakeWorkers) -> Sequence[Ticket]:
    """The conversation's newest ticket, and those that it follows."""
    found = [await workers.ports.stores.tickets.newest(make.CONVERSATION)]
    while found[-1] is not None and found[-1].follows is not None:
        found.append(await workers.ports.stores.tickets.get(found[-1].follows))
    return [each for each in found if each is not None]


async def set_status(workers: FakeWorkers, status: Status) -> None:
    (ticket,) = await tickets(workers)
    order = ActOnTicket(
        ticket=ticket.id, command=SetStatus(status=status), by=make.AGENT, at=workers.clock.now(), order=str(status)
    )
    await workers.handle(order)
    await settle(workers)


async def text(workers: FakeWorkers, number: int, body: str) -> None:
    """A contact's text, delivered twice, long after all others."""
    workers.clock.forward(QUIET)
    for _ in range(2):
        await workers.handle(make.sms_received(sid=f"SM{number}", body=body, received_at=workers.clock.now()))
    await workers.drain(times=2)
    await settle(workers, QUIET)


async def replied(workers: FakeWorkers, *replies: str, **fields: object) -> None:
    """A conversation in which an agent wrote these replies."""
    place = await thread(workers)
    for number, body in enumerate(replies, 1):
        await workers.handle(written(workers, place, number, body, **fields))
        await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == list(replies)


def notifications(workers: FakeWorkers) -> int:
    return len(workers.slack.kind("card"))


@pytest.mark.parametrize("status", [Status.PENDING, Status.SOLVED, Status.CLOSED])
async def test_a_reaction_is_shown_and_reopens_and_notifies_nothing(workers: FakeWorkers, status: Status) -> None:
    await replied(workers, "Your order ships today")
    await set_status(workers, status)
    before, shown = notifications(workers), texts_in_thread(workers)
    await text(workers, 2, "Liked “Your order ships today”")
    assert [each.status for each in await tickets(workers)] == [status]
    assert notifications(workers) == before
    assert texts_in_thread(workers) == [*shown, "Liked “Your order ships today”"]
    assert "Reaction:" in str(workers.slack.kind("texts")[-1].what.blocks)


async def test_a_text_after_a_reaction_reopens_and_notifies(workers: FakeWorkers) -> None:
    await replied(workers, "Your order ships today")
    await set_status(workers, Status.SOLVED)
    await text(workers, 2, "👍 to “Your order ships today”")
    before = notifications(workers)
    await text(workers, 3, "but when exactly?")
    assert [each.status for each in await tickets(workers)] == [Status.OPEN]
    assert notifications(workers) == before + 1


async def test_a_reaction_and_a_text_together_are_a_text(workers: FakeWorkers) -> None:
    await replied(workers, "Your order ships today")
    await set_status(workers, Status.CLOSED)
    workers.clock.forward(QUIET)
    bodies = {2: "Loved “Your order ships today”", 3: "can I change it?"}
    for number, body in bodies.items():
        message = make.sms_received(
            sid=f"SM{number}", body=body, received_at=workers.clock.now(), after=f"SM{number - 1}"
        )
        await workers.handle(message)
    await workers.drain(times=2)
    await settle(workers, QUIET)
    assert [each.status for each in await tickets(workers)] == [Status.NEW, Status.CLOSED]
    assert texts_in_thread(workers)[-2:] == list(bodies.values())


@pytest.mark.parametrize(
    "body", ["Liked “Your order ships tomorrow”", "Liked it a lot", "“Your order ships today” is not what I was told"]
)
async def test_what_quotes_none_of_our_texts_is_a_text(workers: FakeWorkers, body: str) -> None:
    await replied(workers, "Your order ships today")
    await set_status(workers, Status.SOLVED)
    before = notifications(workers)
    await text(workers, 2, body)
    assert [each.status for each in await tickets(workers)] == [Status.OPEN]
    assert notifications(workers) == before + 1


async def test_a_reaction_to_a_picture_counts_only_if_we_sent_one(workers: FakeWorkers) -> None:
    await replied(workers, "Your order ships today")
    await set_status(workers, Status.SOLVED)
    await text(workers, 2, "Loved an image")
    assert [each.status for each in await tickets(workers)] == [Status.OPEN]


async def test_a_reaction_to_a_note_is_a_text(workers: FakeWorkers) -> None:
    """The contact never saw it."""
    place = await thread(workers)
    await workers.handle(written(workers, place, 1, "// call them back"))
    await settle(workers)
    await set_status(workers, Status.SOLVED)
    await text(workers, 2, "Liked “call them back”")
    assert [each.status for each in await tickets(workers)] == [Status.OPEN]


async def test_a_first_text_that_quotes_something_begins_a_ticket(workers: FakeWorkers) -> None:
    await text(workers, 1, "Liked “Your order ships today”")
    assert [each.status for each in await tickets(workers)] == [Status.NEW]
