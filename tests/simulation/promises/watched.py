"""What must hold on a line with targets: clocks follow what was really sent, and alerts are where they should be."""

from datetime import timedelta
from typing import Final

from messages.deadlines.alert import Alert, AlertBoard, AlertState, StormState
from messages.deadlines.clocks import MarkKind
from messages.ticket import Ticket
from tests import make
from tests.simulation.people.acts import AGENTS
from tests.simulation.people.doing import agent_of
from tests.simulation.promises.seen import Broken, acts_of, sms_of, tickets_of
from tests.simulation.world import SimulatedWorld

NOTICED_WITHIN: Final = timedelta(seconds=90)
"""So long after its time a clock is noted as late, where nothing is at fault."""

TOLD: Final = frozenset({AlertState.STANDS, AlertState.LISTED})
"""How people are told: by an alert of its own, or by the opening digest of what fell due while the line was closed."""


def _alerts(world: SimulatedWorld) -> list[Alert]:
    found = world.server.collection("alerts").documents
    return [Alert.model_validate({**each, "id": id}) for id, each in found.items()]


def _raging(world: SimulatedWorld) -> set[str]:
    """The targets at which one list stands for all alerts."""
    boards = world.server.collection("alert_boards").documents
    found = [AlertBoard.model_validate({**each, "id": id}) for id, each in boards.items()]
    return {storm.target for each in found for storm in each.storms if storm.state is StormState.RAGES}


def _where(target: str) -> str:
    """The channel of a target; that of a person is a direct message."""
    return f"D{target[1:]}" if target.startswith("U") else target


def _shown(world: SimulatedWorld) -> Broken:
    """What stands is at each of its targets once, and what is over is nowhere."""
    living, raging = world.slack.living(), _raging(world)
    for alert in _alerts(world):
        posts = [each.channel for each in living if each.post_id.startswith(f"{alert.id}/")]
        if len(posts) > len(set(posts)):
            yield "alert twice", f"{alert.id} is in {sorted(posts)}"
        if alert.state is AlertState.STANDS:
            wanted = {_where(each) for each in alert.targets if each not in raging}
            if wanted != set(posts):
                yield "alert elsewhere", f"{alert.id} is in {sorted(posts)}, not in {sorted(wanted)}"
        elif posts and alert.state is not AlertState.ENDED:
            yield "alert left behind", f"{alert.id} is {alert.state}, and in {sorted(posts)}"


def _answers(world: SimulatedWorld) -> Broken:
    """A text of a person that the network took stops the clocks that ran when it was written."""
    texts = world.texts()
    taken = [texts[id] for each in world.network.outbound if (id := sms_of(each)) in texts]
    for ticket in tickets_of(world):
        written = [each.written_at for each in taken if each.is_of_team and each.conversation == ticket.conversation]
        for clock in (each for each in ticket.clocks if each.kind.is_response and each.is_running):
            known = [each for each in ticket.marks if each.kind is MarkKind.TEXT and each.at == clock.began_at]
            since = max((each.known_at or each.at for each in known), default=clock.began_at)
            if any(each > since for each in written):
                yield "clock runs although answered", f"ticket #{ticket.id}: {clock.kind} since {since}"


def _noticed(world: SimulatedWorld) -> Broken:
    """A clock that has fallen due is noted as late, and somebody is told of it."""
    now, alerts = world.now(), _alerts(world)
    for ticket in tickets_of(world):
        for clock in (each for each in ticket.clocks if each.is_running and each.due_at is not None):
            if clock.due_at is None or clock.due_at > now - NOTICED_WITHIN:
                continue
            if clock.breached_at is None:
                yield "late, and nobody noticed", f"ticket #{ticket.id}: {clock.kind} was due {clock.due_at}"
            told = [each for each in alerts if (each.ticket, each.cause.value) == (ticket.id, clock.kind.value)]
            if not any(each.state in TOLD for each in told):
                yield "late, and nobody was told", f"ticket #{ticket.id}: {clock.kind} was due {clock.due_at}"


def _ever_on(ticket: Ticket) -> set[str]:
    """Those who are on a ticket, or were."""
    changes = (each for entry in ticket.history for each in entry.changes if each.what == "assignees")
    return {*ticket.assignees, *(who for each in changes for who in (*each.before, *each.after))}


def _only_there(world: SimulatedWorld) -> Broken:
    """Nobody but the channel, those on a ticket, whoever planned a text, and those whom the line names is told."""
    own = {each for ticket in tickets_of(world) for each in _ever_on(ticket)}
    own |= {each["by"] for each in world.server.collection("planned").documents.values()}
    own |= {ticket.snooze.by for ticket in tickets_of(world) if ticket.snooze is not None}
    own |= {agent_of(each) for each in acts_of(world, "snooze")}
    own |= {f"U1{each.number:03d}" for each in acts_of(world, "menu", "put_off")}
    if acts_of(world, "pick"):
        own |= set(AGENTS)  # somebody else may be on the ticket by now
    may = {make.CHANNEL, *world.schedule.shop.line.on_call, *world.schedule.shop.line.alerts.escalation, *own}
    for each in world.slack.messages:
        if each.post_id.startswith("alert/") and each.channel not in {_where(one) for one in may}:
            yield "alert to somebody else", f"{each.post_id} in {each.channel}"


PROMISES: Final = (_shown, _answers, _noticed, _only_there)
