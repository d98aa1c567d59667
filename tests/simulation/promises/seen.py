"""What the promises look at: what people did, and what the documents say of it."""

from collections.abc import Iterator

from messages.ticket import Ticket
from tests.simulation.people.acts import Act
from tests.simulation.people.requests import WebhookCall, response_url
from tests.simulation.twilio import SentToContact
from tests.simulation.world import SimulatedWorld

type Broken = Iterator[tuple[str, str]]
"""The promises that were not kept: in a word, and what each was about."""


def acts_of(world: SimulatedWorld, *kinds: str) -> list[Act]:
    return [each for each in world.schedule.acts if each.what in kinds]


def requests_to(world: SimulatedWorld, path: str) -> dict[int, WebhookCall]:
    """The first request to a path for each act."""
    found: dict[int, WebhookCall] = {}
    for each in world.requests:
        if each.path == path:
            found.setdefault(each.act.number, each)
    return found


def contacts_of(world: SimulatedWorld) -> list[str]:
    return sorted({each.contact for each in world.schedule.acts})


def tickets_of(world: SimulatedWorld) -> list[Ticket]:
    found = world.server.collection("tickets").documents
    return [Ticket.model_validate({**each, "id": id}) for id, each in found.items()]


def entries_of(world: SimulatedWorld) -> dict[tuple[int, int], tuple[str, str]]:
    """By whom and why each version of each ticket was made, by the ticket and version."""
    moved = world.server.collection("history").documents.values()
    found = {(each["ticket"], each["version"]): (each["by"] or "", each["why"]) for each in moved}
    for ticket in tickets_of(world):
        found |= {(ticket.id, entry.version): (entry.by or "", entry.why) for entry in ticket.history}
    return found


def answers_to(world: SimulatedWorld, act: Act) -> list[str]:
    """What the agent of a click or a command was told about it."""
    user = f"U1{act.number:03d}"
    return [each.text for each in world.slack.told if each.response_url == response_url(act) or each.user == user]


def sent_as(world: SimulatedWorld, sms: str) -> list[SentToContact]:
    """What the network took as a text."""
    return [each for each in world.network.outbound if sms_of(each) == sms]


def sms_of(sent: SentToContact) -> str:
    """The id of the text that the network took."""
    return sent.callback.rpartition("/")[2]


def was_taken(world: SimulatedWorld, act: Act, path: str) -> bool:
    """Whether a gateway took the request of an act."""
    return any(each.act is act and each.path == path and each.taken_at is not None for each in world.requests)


def is_answered_by_people(world: SimulatedWorld, contact: str) -> bool:
    """Whether agents do anything about a contact."""
    return any(each.contact == contact and each.what != "text" for each in world.schedule.acts)


def has_fault(world: SimulatedWorld, *kinds: str) -> bool:
    """Whether a fault of these kinds happened."""
    return any(each.kind in kinds for each in world.schedule.faults)
