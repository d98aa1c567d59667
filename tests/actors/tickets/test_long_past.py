"""A ticket's past is kept in separate documents: a text's cost does not grow with it, and none of it is lost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from bson import BSON
from pymongo import monitoring

from messages.notification import OpenModal
from messages.ticket import ActOnTicket, AddNote, Change, Edit, Entry, Note, Reply, SetStatus, Status, Ticket
from ops.documents.reader import Documents
from ops.traces.timeline import of_ticket
from tests import make
from tests.fakes import DiesAt, FakeWorkers
from workers.failures import Temporary
from workers.interactive.assign_modal import NOTES_SHOWN
from workers.mongo import Stores
from workers.mongo.past import ENTRIES_KEPT, NOTES_KEPT, Past
from workers.mongo.tickets import Tickets

PAST: Final = 60
"""The number of notes on a ticket of an earlier version."""


class ReplySizes(monitoring.CommandListener):
    """Counts commands, the bytes that they send, and the bytes that come back."""

    def __init__(self) -> None:
        self.commands = self.written = self.read = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count a command."""
        self.commands += 1
        self.written += len(BSON.encode({"command": {k: v for k, v in event.command.items() if k[0] not in "$l"}}))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Count the bytes of an answer."""
        self.read += len(BSON.encode({"cursor": event.reply.get("cursor"), "value": event.reply.get("value")}))

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """An error returns no documents."""

    def take(self) -> tuple[int, int, int]:
        """Commands, bytes written and bytes read since the last time."""
        found = (self.commands, self.written, self.read)
        self.commands = self.written = self.read = 0
        return found


@pytest.fixture
def sizes() -> Iterator[ReplySizes]:
    """The commands of every client that is created during the test."""
    listener = ReplySizes()
    listeners = monitoring._LISTENERS.command_listeners
    listeners.append(listener)
    yield listener
    listeners.remove(listener)


async def ticket_of(stores: Stores, number: int = 1) -> Ticket:
    """The current ticket."""
    found = await stores.tickets.get(number)
    assert found is not None
    return found


async def text(workers: FakeWorkers, number: int) -> None:
    """Handle a contact's text and everything that follows."""
    await workers.handle(make.sms_received(sid=f"SM{number}", received_at=workers.clock.now()))
    await workers.drain()
    workers.clock.forward(1)


async def give_it_a_past_of_before(stores: Stores, count: int = PAST, length: int = 10) -> None:
    """Give ticket #1 notes and history as an earlier version wrote them: all in the ticket's document."""
    ticket = await ticket_of(stores)
    said = [f"note {number} ".ljust(length, "x") for number in range(count)]
    first = ticket.version + 1
    notes = [{"text": each, "author": make.AGENT, "at": make.NOW} for each in said]
    history = [
        {
            "version": first + number,
            "changes": [{"what": "note", "before": None, "after": each}],
            "by": make.AGENT,
            "at": make.at(number),
            "why": "edit",
        }
        for number, each in enumerate(said)
    ]
    version = first + count - 1
    settled = {"slack": version, "notifications": version}
    change = {"notes": notes, "history": history, "version": version, "settled": settled}
    added = {"earlier_notes": "", "earlier_entries": ""}
    await stores.tickets._collection.update_one({"_id": 1}, {"$set": change, "$unset": added})


async def all_notes(stores: Stores) -> list[str]:
    """Every note of ticket #1, in order."""
    ticket = await ticket_of(stores)
    notes = [*await stores.past.notes_before(ticket, 1_000_000), *ticket.notes]
    return [note.text.strip() for note in notes]


async def all_versions(stores: Stores) -> list[int]:
    """The versions in the history of ticket #1, in order."""
    ticket = await ticket_of(stores)
    return [entry.version for entry in (*await stores.past.entries_since(ticket, 0), *ticket.history)]


def note(workers: FakeWorkers, words: str, order: str | None = None) -> ActOnTicket:
    """An order to add a note."""
    command = AddNote(text=words)
    return ActOnTicket(ticket=1, command=command, by=make.AGENT, at=workers.clock.now(), order=order or words)


async def test_a_text_costs_the_same_with_many_notes_as_with_none(sizes: ReplySizes, mongo_url: str) -> None:
    async with Stores.opened(mongo_url, remember=timedelta(hours=1)) as stores:
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        await text(workers, 1)
        await text(workers, 2)
        costs = []
        for count in (NOTES_KEPT * 2, 250):
            await give_it_a_past_of_before(stores, count, length=500)
            await text(workers, 10 * count)
            sizes.take()
            await text(workers, 10 * count + 1)
            costs.append(sizes.take())
        few, many = costs
    assert many[0] <= few[0], costs
    assert many[1] <= few[1] * 1.1, costs
    assert many[2] <= few[2] * 1.1, costs


async def test_the_document_of_a_ticket_does_not_grow_with_its_past(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    grown = []
    for number in range(40):
        await workers.handle(note(workers, f"{number} ".ljust(3000, "x"), f"o{number}"))
        workers.queue.waiting.clear()
        found = await stores.tickets._collection.find_one({"_id": 1})
        grown.append(len(BSON.encode(found or {})))
    assert grown[-1] <= grown[ENTRIES_KEPT + 2] + 100
    assert grown[-1] < 40_000
    assert len(await all_notes(stores)) == 40


async def test_the_next_change_moves_an_earlier_versions_past_completely_and_in_order(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    await give_it_a_past_of_before(stores)
    version = (await ticket_of(stores)).version
    for _ in range(2):
        await workers.handle(note(workers, "and now"))
        await workers.drain()
    ticket = await ticket_of(stores)
    assert (len(ticket.notes), len(ticket.history)) == (NOTES_KEPT, ENTRIES_KEPT)
    assert await all_notes(stores) == [*(f"note {number} ".ljust(10, "x").strip() for number in range(PAST)), "and now"]
    assert await all_versions(stores) == list(range(version - PAST + 1, version + 2))


async def test_a_move_that_is_killed_at_any_step_continues_where_it_stopped(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    await give_it_a_past_of_before(stores)
    expected = await all_notes(stores)
    step, lived = 0, False
    while not lived:
        words = f"step {step}"
        lived = await workers.handle_or_die(note(workers, words), DiesAt(step))
        await workers.handle(note(workers, words))
        await workers.drain()
        expected.append(words)
        assert await all_notes(stores) == expected
        versions = await all_versions(stores)
        assert versions == sorted(set(versions))
        step += 1
    assert step > 5


async def test_a_very_long_past_is_moved_by_several_saves_and_each_is_read_whole(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    await give_it_a_past_of_before(stores)
    database = stores.tickets._collection.database
    past = Past(database["notes"], database["history"], most=25)
    tickets = Tickets(database["tickets"], database["tags"], database["terms"], database["counters"], past)
    expected, versions = await all_notes(stores), await all_versions(stores)
    held = []
    for _ in range(4):
        ticket = await ticket_of(stores)
        assert await tickets.save(ticket.model_copy(update={"version": ticket.version + 1}), ticket.version)
        held.append(len((await ticket_of(stores)).notes))
        assert await all_notes(stores) == expected
        assert await all_versions(stores) == versions
    assert held == [35, 10, NOTES_KEPT, NOTES_KEPT]


async def test_half_a_move_by_a_worker_that_lost_the_race_does_no_harm(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    await give_it_a_past_of_before(stores)
    read = await ticket_of(stores)
    assert await stores.tickets.save(read.model_copy(update={"version": read.version + 1}), read.version)
    other = Note(text="never saved", author=make.AGENT, at=make.NOW)
    late = read.model_copy(update={"version": read.version + 1, "notes": (*read.notes, other)})
    assert not await stores.tickets.save(late, read.version)
    await workers.handle(note(workers, "and now"))
    assert "never saved" not in await all_notes(stores)
    assert len(await all_notes(stores)) == PAST + 1


async def test_what_an_earlier_version_adds_is_moved_by_the_next_process(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    await give_it_a_past_of_before(stores)
    await workers.handle(note(workers, "new 1"))
    expected = await all_notes(stores)
    for number in range(2 * NOTES_KEPT):
        ticket = await ticket_of(stores)
        words = f"old {number}"
        entry = make.entry(Change(what="note", after=words), version=ticket.version + 1)
        own = {
            "notes": [each.model_dump() for each in ticket.notes]
            + [{"text": words, "author": make.AGENT, "at": make.NOW}],
            "history": [each.model_dump(exclude={"order", "digest", "refusals"}) for each in (*ticket.history, entry)],
            "version": entry.version,
        }
        assert await stores.tickets._update({"_id": 1, "version": ticket.version}, {"$set": own})
        expected.append(words)
    workers.clock.forward(1)
    await workers.handle(note(workers, "new 2"))
    assert await all_notes(stores) == [*expected, "new 2"]
    assert len((await ticket_of(stores)).notes) == NOTES_KEPT
    versions = await all_versions(stores)
    assert versions == sorted(set(versions))


async def test_the_modal_shows_the_newest_notes_and_the_number_of_the_others(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    await give_it_a_past_of_before(stores)
    await workers.handle(note(workers, "and now"))
    await workers.drain()
    click = OpenModal(ticket=1, user=make.AGENT, trigger_id="1.2", received_at=workers.clock.now())
    await workers.handle(click)
    (view,) = workers.slack.views
    shown = [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]
    expected = ["and now", *(f"note {number} ".ljust(10, "x") for number in reversed(range(PAST)))]
    assert [each.strip() for each in shown] == [each.strip() for each in expected[:NOTES_SHOWN]]
    assert f"{PAST + 1 - NOTES_SHOWN} earlier notes are not shown." in str(view["blocks"])


async def test_a_modal_that_was_open_for_long_overwrites_only_what_it_changes(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    shown = (await ticket_of(stores)).version
    edits = [Edit(version=shown, origin=make.CHANNEL, subject="Boiler", tags=("heat",))]
    edits += [Edit(version=10_000, origin=make.CHANNEL, note=f"note {number}") for number in range(PAST)]
    for number, edit in enumerate(edits):
        order = ActOnTicket(ticket=1, command=edit, by="U0BEN", at=workers.clock.now(), order=f"b{number}")
        await workers.handle(order)
        workers.queue.waiting.clear()
    late = Edit(version=shown, origin=make.CHANNEL, subject="", tags=(), note="from long ago")
    await workers.handle(ActOnTicket(ticket=1, command=late, by=make.AGENT, at=workers.clock.now(), order="late"))
    ticket = await ticket_of(stores)
    assert (ticket.subject, ticket.tags, ticket.notes[-1].text) == ("Boiler", ("heat",), "from long ago")


async def test_an_order_that_comes_again_after_many_others_is_still_recognized(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    order = ActOnTicket(
        ticket=1, command=SetStatus(status=Status.PENDING), by=make.AGENT, at=workers.clock.now(), order="first"
    )
    await workers.handle(order)
    nothing = order.model_copy(update={"order": "changed nothing", "by": "U0CARLA"})
    await workers.handle(nothing)
    back = order.model_copy(update={"command": SetStatus(status=Status.OPEN), "by": "U0BEN", "order": "back"})
    await workers.handle(back)
    for number in range(ENTRIES_KEPT + 5):
        await workers.handle(note(workers, f"note {number}"))
        workers.queue.waiting.clear()
    before = await ticket_of(stores)
    for each in (order, nothing, note(workers, "note 0")):
        await workers.handle(each)
    assert (await ticket_of(stores)).version == before.version
    assert before.status is Status.OPEN


async def test_a_reply_from_an_episode_closed_long_ago_begins_no_new_one(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    reply = ActOnTicket(ticket=1, command=Reply(), by=make.AGENT, at=workers.clock.now(), order="C0-1")
    close = SetStatus(status=Status.CLOSED)
    await workers.handle(ActOnTicket(ticket=1, command=close, by="U0BEN", at=workers.clock.now(), order="c1"))
    await workers.handle(reply)
    await workers.drain()
    assert (await ticket_of(stores, 2)).follows == 1
    await workers.handle(ActOnTicket(ticket=2, command=close, by="U0BEN", at=workers.clock.now(), order="c2"))
    await text(workers, 2)
    await workers.handle(ActOnTicket(ticket=3, command=close, by="U0BEN", at=workers.clock.now(), order="c3"))
    await workers.drain()
    await workers.handle(reply)
    await workers.drain()
    newest = await stores.tickets.newest(make.CONVERSATION)
    assert newest is not None
    assert (newest.id, newest.status) == (3, Status.CLOSED)


async def test_all_changes_made_while_slack_is_away_are_posted_later(workers: FakeWorkers) -> None:
    await text(workers, 1)

    def away(method: str, channel: str) -> None:
        raise Temporary("service_unavailable")

    workers.slack.before = away
    for number in range(ENTRIES_KEPT + 5):
        edit = Edit(version=10_000, origin=make.CHANNEL, note=f"note {number}")
        await workers.handle(
            ActOnTicket(ticket=1, command=edit, by=make.AGENT, at=workers.clock.now(), order=f"o{number}")
        )
        workers.queue.waiting.clear()
    workers.slack.before = lambda method, channel: None
    await workers.pass_time(120)
    said = [message.what.text for message in workers.slack.kind("line")]
    assert [f"note {number}" in each for number, each in enumerate(said)] == [True] * (ENTRIES_KEPT + 5)


async def test_a_trace_shows_the_whole_history_of_a_ticket(workers: FakeWorkers, mongo_url: str) -> None:
    stores = workers.ports.stores
    await text(workers, 1)
    await give_it_a_past_of_before(stores)
    with Documents(mongo_url) as documents:
        before = documents.history(await ticket_of(stores))
        await workers.handle(note(workers, "and now"))
        ticket = await ticket_of(stores)
        after = documents.history(ticket)
        steps = [step.what for step in of_ticket(ticket, after, workers.clock.now())]
    assert [entry.version for entry in after] == await all_versions(stores)
    assert [entry.version for entry in before] == [entry.version for entry in after][:-1]
    assert steps.count("#1 changed: note") == PAST + 1


async def test_a_moved_entry_and_note_are_read_back_unchanged(stores: Stores) -> None:
    notes = tuple(Note(text=f"n{number}", author=make.AGENT, at=make.at(number)) for number in range(9))
    history = tuple(
        Entry(
            version=2 + number,
            changes=(Change(what="tags", before=["a"], after=["a", "b"]),),
            by=None if number % 2 else make.AGENT,
            at=make.at(number),
            why="edit",
            order=f"o{number}" if number % 3 else None,
            digest="d",
            refusals=("no",),
        )
        for number in range(30)
    )
    await stores.tickets.add(make.ticket(id=1))
    whole: dict[str, Any] = {"notes": notes, "history": history, "version": 31}
    assert await stores.tickets.save(make.ticket(id=1, **whole), read=1)
    ticket = await ticket_of(stores)
    assert (*await stores.past.notes_before(ticket, 100), *ticket.notes) == notes
    assert (*await stores.past.entries_since(ticket, 0), *ticket.history) == history
    assert await stores.past.entries_since(ticket, 15) == list(history[14:20])
    assert await stores.past.of_order("o1") == history[1]
    assert await stores.past.of_order("o29") is None
