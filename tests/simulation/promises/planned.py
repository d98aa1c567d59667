"""What must hold of planned texts: each is sent once or ends as its table says, and whoever ordered something knows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from messages.planned import IfReply, Planned, PlannedState
from messages.sms import Direction, Sms, State
from tests import make
from tests.simulation.people.acts import PLAN_ORDERS, Act
from tests.simulation.people.doing import agent_of
from tests.simulation.people.requests import plan_id
from tests.simulation.promises.seen import Broken, acts_of, answers_to, sent_as, was_taken
from tests.simulation.world import SimulatedWorld

AT_ONCE: Final = timedelta(seconds=60)
"""What was stored so long before a text was released, its worker must have seen, even if it stood still meanwhile."""

AHEAD: Final = timedelta(seconds=16)
"""How far the clocks of machines may be ahead of the true time."""


def _planned(world: SimulatedWorld, act: Act) -> Planned | None:
    """What became of a text that an agent planned."""
    found = world.server.collection("planned").documents.get(plan_id(act, agent_of(act)))
    return None if found is None else Planned.model_validate({**found, "id": found["_id"]})


def _orders(world: SimulatedWorld, act: Act) -> list[Act]:
    """What agents ordered about a text that was planned."""
    return [each for each in acts_of(world, *PLAN_ORDERS) if each.detail == str(act.number)]


def _fate(world: SimulatedWorld) -> Broken:
    """Each planned text is sent once or ends in the state that its table says, and never before its time."""
    texts = world.texts()
    for act in acts_of(world, "later"):
        planned = _planned(world, act)
        if was_taken(world, act, "/slack/commands") and not answers_to(world, act):
            yield ("planned text unconfirmed" if planned else "planned text lost"), act.words
        if planned is None:
            continue
        sent, text = sent_as(world, planned.sms), texts.get(planned.sms)
        if planned.state is PlannedState.RELEASED and text is None:
            yield "planned text lost", f"{planned.body} was released"
        if planned.state is PlannedState.RELEASED and text is not None and text.state in {State.WAITING, State.SENDING}:
            yield "planned text undecided", f"{planned.body} is {text.state}"
        if planned.state is not PlannedState.RELEASED and (sent or text is not None):
            yield "planned text sent although it was not released", f"{planned.body} is {planned.state}"
        if sent and [each.sent.body for each in sent] != [planned.body]:
            yield "planned text sent as it was", f"{[each.sent.body for each in sent]}, not {planned.body}"
        if sum(each.sent.body == planned.body for each in world.network.outbound) > 1:
            yield "planned text sent twice", planned.body
        by_hand = any(each.what in {"planned.send_now", "planned.keep"} for each in _orders(world, act))
        if sent and not by_hand and sent[0].sent.at < planned.due_at - AHEAD:
            yield "planned text sent too early", f"{planned.body} at {sent[0].sent.at}, due at {planned.due_at}"
        if sent and planned.changed_by is None and (first := _wrote_first(planned, texts)) is not None:
            yield "planned text sent although the contact wrote first", f"{planned.body}, {first.body}"
        gone = agent_of(act) in world.witness.left
        if (
            planned.state is PlannedState.HELD
            and not gone
            and not any(each.contact == act.contact for each in acts_of(world, "text"))
        ):
            yield "planned text held for nothing", planned.body


def _wrote_first(planned: Planned, texts: Mapping[str, Sms]) -> Sms | None:
    """The contact's text that should have kept a text from leaving by itself."""
    if planned.if_reply is IfReply.SEND or planned.ended_at is None:
        return None
    for text in texts.values():
        if text.direction is Direction.INBOUND and text.conversation == planned.conversation and text.stored_at:
            in_time = text.stored_at < planned.ended_at - AT_ONCE
            if in_time and text.received_at > planned.since + AHEAD:
                return text
    return None


def _answers(world: SimulatedWorld) -> Broken:
    """Whoever ordered something about a planned text was told what became of it; what they were told is so."""
    later = {each.number: each for each in acts_of(world, "later")}
    for act in acts_of(world, *PLAN_ORDERS):
        if not was_taken(world, act, "/slack/interactions"):
            continue
        told = answers_to(world, act)
        if not told and f"trigger{act.number}" not in world.slack.opened:
            yield "order about a planned text unanswered", f"{act.what} {act.number}"
        planned = _planned(world, later[int(act.detail)])
        if planned is None:
            continue
        sent = sent_as(world, planned.sms)
        if sent and any(each.startswith("Cancelled:") for each in told):
            yield "planned text sent after it was cancelled", planned.body
        if planned.state is PlannedState.CANCELLED and any(each.startswith("On its way") for each in told):
            yield "planned text cancelled after it left", planned.body


def _nights(world: SimulatedWorld) -> Broken:
    """No planned text reaches a contact at night, unless a person said to send it now."""
    ends = world.schedule.shop.day_begins_at
    for act in acts_of(world, "later"):
        planned = _planned(world, act)
        if planned is None or ends is None or planned.changed_by is not None:
            continue
        if early := [each for each in sent_as(world, planned.sms) if make.NOW <= each.sent.at < ends - AHEAD]:
            yield "planned text sent at night", f"{planned.body} at {early[0].sent.at}"


PROMISES: Final = (_fate, _answers, _nights)
