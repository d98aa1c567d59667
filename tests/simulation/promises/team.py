"""What must hold of agents who are away or gone, and of lines that are closed: nobody is left waiting for them."""

from datetime import timedelta
from typing import Any, Final

from messages.calendar import Calendar
from messages.deadlines.alert import TURN
from tests import make
from tests.simulation.people.doing import agent_of
from tests.simulation.promises.seen import Broken, acts_of, has_fault, tickets_of, was_taken
from tests.simulation.world import SimulatedWorld
from workers.slack.hand_on.card import OPEN

CALLED_WITHIN: Final = timedelta(minutes=2)
"""So long after their turn has come somebody is called, where nothing is at fault any more."""

STANDSTILLS: Final = ("long mongo outage",)
"""Faults that last longer than a turn."""


def _handed_on(world: SimulatedWorld) -> Broken:
    """What somebody had in hand whose account was deactivated is handed on once."""
    agents = world.server.collection("agents").documents
    for user in sorted(world.witness.left):
        lists = [each for each in world.slack.messages if each.post_id.startswith(f"hand-on/{user}/")]
        ids = [each.post_id for each in lists]
        if len(ids) > len(set(ids)):
            yield "handed on twice", str(ids)
        agent: dict[str, Any] = agents.get(user, {})
        if not agent.get("deactivated"):
            continue
        since = agent["account_at"]
        left = [each for each in tickets_of(world) if user in each.assignees and each.status in OPEN]
        known = [each.id for each in left if each.history and each.history[-1].at < since]
        if known and not lists:
            yield "not handed on", f"tickets {known} of {user}"


def _account(world: SimulatedWorld) -> Broken:
    """The documents say of an account what Slack said last."""
    agents = world.server.collection("agents").documents
    users = sorted({agent_of(each) for each in acts_of(world, "leave")})
    for user in users:
        acts = [each for each in acts_of(world, "leave", "rejoin") if agent_of(each) == user]
        last = max(acts, key=lambda each: each.at)
        if not all(was_taken(world, each, "/slack/events") for each in acts):
            continue
        gone = bool(agents.get(user, {}).get("deactivated"))
        if gone != (last.what == "leave"):
            yield "account forgotten", f"{user} did {last.what}, but deactivated is {gone}"


def _closures(world: SimulatedWorld) -> Broken:
    """Each order to close a line makes one closure, and none of another's is lost."""
    found = world.server.collection("calendars").documents.get("shop")
    closures = Calendar.model_validate({**found, "id": "shop"}).closures if found else ()
    orders = [each.order for each in closures]
    if len(orders) > len(set(orders)):
        yield "closed twice", str(orders)
    for act in acts_of(world, "close"):
        if not was_taken(world, act, "/slack/commands") or found is None:
            continue
        told = [each.text for each in world.slack.told if f"/{act.number}/" in each.response_url]
        said = any("closed" in each for each in told) and not any("Nothing is closed" in each for each in told)
        if said and f"typed-trigger{act.number}-{agent_of(act)}" not in orders:
            yield "closure lost", f"{act.what} {act.number} of {make.LINE}"


def _called(world: SimulatedWorld) -> Broken:
    """The next one who is on call is called a turn after the one before, and at last the channel, until it is over."""
    if has_fault(world, *STANDSTILLS) or acts_of(world, "close", "open"):
        return
    people = (*world.schedule.shop.line.on_call, world.schedule.shop.line.channel)
    for id, calls in world.witness.calls.items():
        until = min(each for each in (calls.ended_at, world.schedule.shop.opens_at, world.now()) if each is not None)
        for turn, target in enumerate(people):
            if calls.since + turn * TURN + CALLED_WITHIN < until and target not in calls.at:
                yield "not called", f"{target} of {id}, which called from {calls.since} to {until}"


PROMISES: Final = (_handed_on, _account, _closures, _called)
