"""Ends the waits of contacts who had opted out before an opt-out ended a wait.

Each ticket is saved by itself, and then left alone: after an interruption the next run goes on where this one ended.
"""

from collections.abc import Callable
from datetime import datetime

from messages.conversation import conversation_id
from messages.planned import LIVE
from messages.ticket import Ticket
from workers.mongo.collection import Database
from workers.mongo.contacts import Contacts
from workers.mongo.conversations import Conversations
from workers.mongo.opt_outs import OptOuts
from workers.mongo.past import Past
from workers.mongo.team.calendars import Calendars
from workers.mongo.team.lines import Lines
from workers.mongo.tickets import Tickets
from workers.mongo.unreadable import Unreadable


async def let_opted_out_wait_for_nothing(database: Database, now: Callable[[], datetime]) -> None:
    """Let the newest ticket of each conversation whose contact has opted out wait for nothing, and what is planned end.

    The clock finds the rest: it wakes what carries out a ticket's new version, notes what its clocks have to do, and
    looks after planned texts.
    """
    lines, contacts = Lines(database["lines"]), Contacts(database["contacts"], database["terms"])
    conversations = Conversations(database["conversations"])
    opt_outs = OptOuts(database["opt_outs"], lines, Calendars(database["calendars"]), contacts, conversations)
    tickets = Tickets(
        database["tickets"],
        database["tags"],
        database["terms"],
        database["counters"],
        Past(database["notes"], database["history"]),
    )
    for line, contact in await _concerned(database):
        try:
            if not (await opt_outs.of(line, contact)).out:
                continue
            id = conversation_id(line, contact)
            await _end_wait(id, tickets, now)
        except Unreadable:
            continue  # noted where it was read: such a conversation waits for an operator
        live = {"conversation": id, "state": {"$in": sorted(LIVE)}}
        await database["planned"].update_many(live, {"$set": {"look_at": now()}})


async def _end_wait(conversation: str, tickets: Tickets, now: Callable[[], datetime]) -> None:
    """Let nobody wait on a conversation's newest ticket; a save by another process is not overwritten."""
    while (ticket := await tickets.newest(conversation)) is not None and not ticket.is_closed:
        at = now()
        if (ended := ticket.out_of_wait(at, at)) is ticket:
            return
        due = {"due_at": at, **({"clocks_at": at} if _runs(ticket) else {})}
        if await tickets.save(ended.model_copy(update=due), ticket.version):
            return


def _runs(ticket: Ticket) -> bool:
    return any(each.kind.is_response and each.is_running for each in ticket.clocks)


async def _concerned(database: Database) -> list[tuple[str, str]]:
    """The line and contact of each conversation that an opt-out may concern: its own, its pool's, or a contact's."""
    found = database["conversations"].find({"opted_out": True}, {"line": 1, "contact": 1})
    own = [(each["line"], each["contact"]) async for each in found]
    lines = [(each["_id"], each.get("pool", "")) async for each in database["lines"].find({}, {"pool": 1})]
    scopes = [str(each["_id"]) async for each in database["opt_outs"].find({"opted_out": True}, {"_id": 1})]
    parts = [(scope, contact) for scope, _, contact in (each.rpartition(":") for each in scopes)]
    pooled = [(line, contact) for scope, contact in parts for line, pool in lines if scope in {line, pool}]
    contacts = [str(each["_id"]) async for each in database["contacts"].find({"opted_out": True}, {"_id": 1})]
    return list(dict.fromkeys([*own, *pooled, *((line, contact) for contact in contacts for line, _ in lines)]))
