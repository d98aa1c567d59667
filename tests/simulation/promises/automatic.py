"""What must hold of what a line does by itself: said once, in time, as nobody; one digest when it opens."""

from collections import Counter
from datetime import timedelta
from typing import Final

from messages.answering import AutoKind
from messages.opt_outs import OptOut
from messages.sms import Origin
from messages.ticket import Status
from tests import make
from tests.simulation.promises.planned import AHEAD
from tests.simulation.promises.seen import (
    Broken,
    acts_of,
    contacts_of,
    has_fault,
    is_answered_by_people,
    sms_of,
    tickets_of,
    was_taken,
)
from tests.simulation.world import SimulatedWorld

NEARLY_OPEN: Final = timedelta(minutes=5)
"""So long before it opens a line says nothing about its hours."""

LONG: Final = ("long mongo outage",)
"""Faults after which a text is filed too late for an automatic answer."""

CHANGE_HOURS: Final = ("close", "open")
"""What people do about the hours of a line: it closes and opens at other times."""

MANY: Final = 5
"""Who writes so many texts may be a machine."""


def _said(world: SimulatedWorld, contact: str) -> list[str]:
    """The automatic texts that the network took for a contact."""
    return [id for each in world.network.outbound if each.contact == contact and (id := sms_of(each))[:5] == "auto-"]


def _once(world: SimulatedWorld) -> Broken:
    """A contact gets one automatic text of a closed period, and one in all until a person has written to them."""
    for contact in contacts_of(world):
        said = _said(world, contact)
        hours = [each for each in said if each.split("-")[1] in {AutoKind.CLOSED, AutoKind.HOLIDAY}]
        if len(hours) > 1 and not acts_of(world, *CHANGE_HOURS):
            yield "automatic text twice in a closed period", f"{contact}: {hours}"
        if len(said) > 1 and not is_answered_by_people(world, contact):
            yield "automatic texts without a person's in between", f"{contact}: {said}"


def _has_opted_out(world: SimulatedWorld, contact: str) -> bool:
    """Whether a contact has sent a STOP: whoever has opted out waits for nothing."""
    return any(each.contact == contact and each.wish == OptOut.STOP for each in world.texts().values())


def _as_nobody(world: SimulatedWorld) -> Broken:
    """An automatic text is no agent's: it has no author, moves no ticket, and the contact still waits."""
    for text in world.texts().values():
        if text.id.startswith("auto-") and (text.origin is not Origin.AUTO or text.author is not None):
            yield "automatic text as an agent", text.id
    for ticket in tickets_of(world):
        if not _said(world, ticket.contact) or is_answered_by_people(world, ticket.contact):
            continue
        waits = ticket.waits_since is not None or _has_opted_out(world, ticket.contact)
        if ticket.status is not Status.NEW or not waits or ticket.assignees or ticket.written_at:
            yield "automatic text counts as an answer", f"ticket #{ticket.id} is {ticket.status}"


def _in_time(world: SimulatedWorld) -> Broken:
    """Who writes to a closed line, and whom nothing silences, is told when it opens."""
    shop, last = world.schedule.shop, max((each.at + each.lasts for each in world.schedule.faults), default=0.0)
    if shop.opens_at is None or shop.closes_at is None or not shop.line.auto_replies.closed or has_fault(world, *LONG):
        return
    if (
        acts_of(world, *CHANGE_HOURS)
        or shop.closes_at > make.NOW
        or shop.opens_at - NEARLY_OPEN < make.NOW + timedelta(seconds=last + 60)
    ):
        return
    for contact in contacts_of(world):
        acts = [each for each in world.schedule.acts if each.contact == contact]
        if len(acts) >= MANY or any(each.what != "text" or each.detail for each in acts):
            continue
        if any(was_taken(world, each, "/twilio/sms") for each in acts) and not _said(world, contact):
            yield "no automatic text", contact


def _digests(world: SimulatedWorld) -> Broken:
    """A line that opens tells its channel once what waits, and none if nothing does."""
    posts = [each for each in world.slack.messages if each.post_id.startswith("digest/")]
    if twice := [id for id, count in Counter(each.post_id for each in posts).items() if count > 1]:
        yield "digest twice", str(twice)
    if acts_of(world, *CHANGE_HOURS):
        return
    if len(posts) > 1:
        yield "more than one digest of an opening", str([each.post_id for each in posts])
    shop = world.schedule.shop
    if shop.opens_at is None or shop.closes_at is None:
        return
    if any(each.at < shop.opens_at - AHEAD for each in posts):
        yield "digest before the line opens", str([each.at for each in posts])
    for act in acts_of(world, "text"):
        at = make.NOW + timedelta(seconds=act.at)
        asleep = shop.closes_at + AHEAD < at < shop.opens_at - timedelta(seconds=60)
        if asleep and not posts and not act.detail and not is_answered_by_people(world, act.contact):
            yield "no digest", act.words
            return


PROMISES: Final = (_once, _as_nobody, _in_time, _digests)
