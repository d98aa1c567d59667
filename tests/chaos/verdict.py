"""The verdict on a storm: every fault that the stand-ins or the documents show, in words."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from pymongo import MongoClient

from messages.queues import QUEUES, dead, delayed
from messages.sms import Sms, State
from messages.ticket import Status, Ticket
from tests.chaos.script import Deed
from tests.deployment import Json, Still, World, field, is_one_line
from tests.servers import depths


class StoredDocuments:
    """The documents that Clerk stores."""

    def __init__(self, mongo_url: str) -> None:
        with MongoClient[dict[str, Any]](mongo_url, tz_aware=True) as client:
            database = client.get_default_database()
            self.tickets = [Ticket.model_validate({**each, "id": each["_id"]}) for each in database["tickets"].find()]
            self.texts = [Sms.model_validate({**each, "id": each["_id"]}) for each in database["sms"].find()]


def faults(
    world: World,
    amqp_url: str,
    documents: StoredDocuments,
    contacts: Mapping[str, Sequence[Deed]],
    poisoned: int,
    resent: Set[str],
) -> Iterator[str]:
    """Every fault that is found; texts that a person sent again (`resent`) may be out of order."""
    world = Still(world)
    state = world.state()
    anywhere = {text.body for text in documents.texts if text.id in resent}
    yield from _queues(amqp_url, poisoned)
    yield from _posts(state)
    for contact, script in contacts.items():
        yield from _inbound(world, contact, script)
        yield from _outbound(state, contact, script, anywhere)
    for ticket in documents.tickets:
        yield from _history(ticket)
    yield from _shown(world, documents, contacts)
    for text in documents.texts:
        if text.state in {State.FAILED, State.UNKNOWN, State.REFUSED}:
            yield f"the text {text.id} ended as {text.state}"
    yield from (f"the stand-ins refused: {each}" for each in state["violations"])


def waits(world: World, documents: StoredDocuments) -> list[tuple[float, float]]:
    """When each text came, and when it was in its thread."""
    world, came = Still(world), {text.body: text.received_at.timestamp() for text in documents.texts}
    shown = {
        block["text"]["text"]: float(message["ts"])
        for channel in world.state()["channels"]
        for message in channel["messages"]
        for block in message.get("blocks", ())
        if block["type"] == "section" and block.get("text", {}).get("type") == "plain_text" and message.get("bot_id")
    }
    return [(came[body], at) for body, at in shown.items() if body in came]


def beyond(wait: tuple[float, float], disturbed: Sequence[tuple[float, float]]) -> float:
    """How many seconds of a wait nothing was disturbed."""
    (began, ended), left = wait, 0.0
    for start, end in sorted(disturbed):
        if began < end and start < ended:
            left += max(0.0, start - began)
            began = max(began, end)
    return left + max(0.0, ended - began)


def _queues(amqp_url: str, poisoned: int) -> Iterator[str]:
    found = depths(amqp_url)
    for queue in QUEUES:
        for name in (queue, delayed(queue)):
            if found.get(name):
                yield f"{name} still has {found[name]} messages"
    letters = sum(found.get(dead(queue), 0) for queue in QUEUES)
    if letters != poisoned:
        yield f"{letters} dead letters, of which {poisoned} were meant to be"


def _posts(state: Json) -> Iterator[str]:
    """No message of Clerk's appears twice: each carries its own id."""
    ids = Counter(
        message["metadata"]["event_payload"]["id"]
        for channel in state["channels"]
        for message in channel["messages"]
        if message.get("metadata")
    )
    yield from (f"{id} was posted {times} times" for id, times in ids.items() if times > 1)


def _inbound(world: World, contact: str, script: Sequence[Deed]) -> Iterator[str]:
    wanted = [deed.words(contact) for deed in script if deed.kind == "text"]
    found = world.texts_in_thread(contact)
    if found != wanted:
        yield f"the thread of {contact} has {_difference(found, wanted)}"
    roots = [card for card in [*world.cards(contact), *world.collapsed(contact)] if card.get("reply_count")]
    if len(roots) != 1:
        yield f"{contact} has {len(roots)} threads"


def _outbound(state: Json, contact: str, script: Sequence[Deed], anywhere: Set[str]) -> Iterator[str]:
    wanted = [deed.words(contact) for deed in script if deed.kind == "reply"]
    found = [each["body"] for each in state["texts"] if each["to"] == contact]
    ordered = [[body for body in bodies if body not in anywhere] for bodies in (found, wanted)]
    if Counter(found) != Counter(wanted) or ordered[0] != ordered[1]:
        yield f"{contact} got {_difference(found, wanted)}"


def _difference(found: Sequence[str], wanted: Sequence[str]) -> str:
    lost, more = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    if not lost and not more:
        return f"everything, out of order: {list(found)}"
    return f"{len(found)} of {len(wanted)} texts; missing {sorted(lost)}, too many {sorted(more.elements())}"


def _history(ticket: Ticket) -> Iterator[str]:
    """A ticket's state is what its history makes of a new one, each version once."""
    versions = [entry.version for entry in ticket.history]
    if versions != sorted(set(versions)):
        yield f"ticket #{ticket.id} has a history of versions {versions}"
    now: dict[str, Any] = {}
    for entry in ticket.history:
        for change in (each for each in entry.changes if each.what in Ticket.model_fields):  # the rest only tells
            if change.what != "note" and change.what in now and now[change.what] != change.before:
                yield f"ticket #{ticket.id}: {change.what} was {now[change.what]}, its history says {change.before}"
            now[change.what] = change.after
    for what, value in now.items():
        if what != "note" and json.dumps(getattr(ticket, what), default=str) != json.dumps(value, default=str):
            yield f"ticket #{ticket.id}: {what} is {getattr(ticket, what)}, its history implies {value}"


def _shown(world: World, documents: StoredDocuments, contacts: Mapping[str, Sequence[Deed]]) -> Iterator[str]:
    """Every card that is not collapsed shows its ticket as it is."""
    words = {Status.ON_HOLD: "On-hold"}
    for contact in contacts:
        tickets = [ticket for ticket in documents.tickets if ticket.contact == contact]
        if len(tickets) != 1:
            yield f"{contact} has {len(tickets)} tickets"
            continue
        status = words.get(tickets[0].status, tickets[0].status.capitalize())
        for card in world.cards(contact):
            if is_one_line(card):
                if f" {status} " not in card["text"]:
                    yield f"the root of {contact} says {card['text']}, the ticket is {status}"
            elif field(card, "Status") != status:
                yield f"a card of {contact} says {field(card, 'Status')}, the ticket is {status}"
