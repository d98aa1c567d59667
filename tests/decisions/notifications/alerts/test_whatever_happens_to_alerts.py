"""Whatever happens to a ticket, in whatever order and however late it is considered: what its alerts promise holds."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.calendar import is_open
from messages.conversation import SendingOutcome
from messages.deadlines.alert import LINE_FOR, NAGS, Alert, AlertSettings, AlertState
from messages.deadlines.snooze import Snooze, SnoozeEnd
from messages.planned import PlannedState
from messages.ticket import Change, Entry, Status
from tests import make
from tests.decisions.notifications.alerts.helpers import breached
from workers.notifications.alerts.causes import AlertFacts, causes
from workers.notifications.alerts.life import acknowledged, decide

MINUTE: Final = timedelta(minutes=1)
SHOP: Final = make.calendar()
HELD: Final = make.planned(state=PlannedState.HELD)
WATCHES: Final = AlertSettings(
    escalation=("U0BOSS",), unanswered_after=30 * MINUTE, unassigned_after=45 * MINUTE, nag=20 * MINUTE
)


@dataclass
class AlertedTicket:
    """A ticket, and the alerts about it as they are stored."""

    facts: AlertFacts
    stored: dict[str, Alert] = field(default_factory=dict)

    def change(self, what: str, **fields: Any) -> None:
        """Let somebody change the ticket, which its history says."""
        ticket, now = self.facts.ticket, self.facts.now
        waited = ticket.waiting_since if what == "answer" else None
        entry = Entry(version=2, changes=(Change(what=what),), by=make.AGENT, at=now, why="edit", waited_since=waited)
        history = (*ticket.history, entry)[-5:]
        self.facts = replace(self.facts, ticket=ticket.model_copy(update={**fields, "history": history}))

    def set(self, **fields: Any) -> None:
        """Let something happen to the ticket without anybody."""
        self.facts = replace(self.facts, ticket=self.facts.ticket.model_copy(update=fields))

    def consider(self) -> None:
        """Decide, and store that; whoever decides again at the same time has nothing to add."""
        before = dict(self.stored)
        self._apply()
        self._check(before)
        again = dict(self.stored)
        self._apply()
        shown = {id: each.model_copy(update={"look_at": None}) for id, each in self.stored.items()}
        assert shown == {id: each.model_copy(update={"look_at": None}) for id, each in again.items()}

    def _apply(self) -> None:
        facts = replace(self.facts, known=tuple(self.stored.values()))
        for was, after in decide(facts):
            if after is None:
                assert was is not None
                assert was.round == 0, "people have seen it"
                del self.stored[was.id]
            else:
                self.stored[after.id] = after

    def _check(self, before: dict[str, Alert]) -> None:
        now, opened = self.facts.now, self.facts.calendar is None or is_open(self.facts.calendar, self.facts.now)
        there = {each.cause for each in causes(replace(self.facts, known=tuple(before.values())))}
        for id, alert in self.stored.items():
            was = before.get(id)
            rounds = alert.round - (was.round if was is not None else 0)
            assert rounds in {0, 1}
            assert opened or not rounds, "nothing is posted while the line is closed"
            assert alert.nags <= len(NAGS)
            assert (alert.look_at is not None) == alert.state.is_live
            assert alert.look_at is None or alert.look_at > now
            assert bool(alert.targets) == (alert.state in {AlertState.STANDS, AlertState.ENDED})
            assert alert.state is not AlertState.STANDS or alert.cause in there
            assert (alert.end is not None) == (alert.state in {AlertState.ENDED, AlertState.OVER})
        live = [each.cause for each in self.stored.values() if each.state not in {AlertState.ENDED, AlertState.OVER}]
        assert len(live) == len(set(live)), "there is one of each cause"


def _breach(world: AlertedTicket) -> None:
    world.set(clocks=(breached(world.facts.now),))


def _answer(world: AlertedTicket) -> None:
    clocks = [each.model_copy(update={"stopped_at": world.facts.now}) for each in world.facts.ticket.clocks]
    world.change("answer", waiting_since=None, clocks=tuple(clocks), status=Status.OPEN)


def _write(world: AlertedTicket) -> None:
    world.set(waiting_since=world.facts.ticket.waiting_since or world.facts.now, status=Status.OPEN)


def _snooze(world: AlertedTicket) -> None:
    now = world.facts.now
    world.change("snooze", snooze=Snooze(by=make.AGENT, at=now, until=now, wall="2026-03-02 09:30", zone="UTC"))


def _wake(world: AlertedTicket) -> None:
    if (snooze := world.facts.ticket.snooze) is not None and snooze.is_on:
        world.set(snooze=snooze.model_copy(update={"ended": SnoozeEnd.TIME, "ended_at": world.facts.now}))


def _fail(world: AlertedTicket) -> None:
    world.facts = replace(world.facts, outcome=SendingOutcome(at=world.facts.now, failed="landline"))


def _have(world: AlertedTicket) -> None:
    for id, each in world.stored.items():
        if each.state in {AlertState.STANDS, AlertState.LISTED}:
            world.stored[id] = acknowledged(each, make.AGENT, world.facts.now, None)


HAPPENINGS: Final[dict[str, Callable[[AlertedTicket], None]]] = {
    "the contact writes": _write,
    "a clock falls due": _breach,
    "an answer": _answer,
    "somebody takes it": lambda world: world.change("assignees", assignees=(make.AGENT,)),
    "nobody is on it": lambda world: world.change("assignees", assignees=()),
    "solved": lambda world: world.change("status", status=Status.SOLVED),
    "reopened": lambda world: world.set(status=Status.OPEN),
    "put off": _snooze,
    "awake": _wake,
    "a text is held": lambda world: setattr(world, "facts", replace(world.facts, held=(HELD,))),
    "no text is held": lambda world: setattr(world, "facts", replace(world.facts, held=())),
    "a text fails": _fail,
    "a text arrives": lambda world: setattr(world, "facts", replace(world.facts, outcome=None)),
    "somebody has it": _have,
    "everybody is away": lambda world: setattr(world, "facts", replace(world.facts, away=(make.AGENT,))),
    "everybody is there": lambda world: setattr(world, "facts", replace(world.facts, away=())),
}

MINUTES: Final = (0, 1, 7, 25, 90, 600)
STEP: Final = st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.sampled_from(MINUTES), st.booleans())
STEPS: Final = st.lists(STEP, min_size=5, max_size=40)


def begun(*, hours: bool) -> AlertedTicket:
    """A new ticket on a line that watches everything."""
    line = make.line(alerts=WATCHES)
    return AlertedTicket(AlertFacts(make.at(5 * 3600), make.ticket(), line, SHOP if hours else None))


def pass_to(world: AlertedTicket, at: datetime) -> None:
    """Let time pass; the clock has the ticket considered whenever an alert is due."""
    for _ in range(200):
        due = [each.look_at for each in world.stored.values() if each.look_at is not None]
        following = min(due, default=at)
        if following >= at:
            break
        world.facts = replace(world.facts, now=max(world.facts.now, following))
        world.consider()
    world.facts = replace(world.facts, now=at)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, hours=st.booleans())
def test_alerts_keep_their_promises_and_all_are_over_when_the_ticket_is(
    steps: list[tuple[str, int, bool]], *, hours: bool
) -> None:
    world = begun(hours=hours)
    _breach(world)
    world.consider()
    for name, minutes, is_lost in steps:
        HAPPENINGS[name](world)
        later = world.facts.now + minutes * MINUTE
        if is_lost:  # Clerk is away meanwhile: no message comes, and no clock looks
            world.facts = replace(world.facts, now=later)
        else:
            world.consider()
            pass_to(world, later)
    world.change("status", status=Status.CLOSED)
    world.consider()
    pass_to(world, world.facts.now + LINE_FOR + MINUTE)
    assert {each.state for each in world.stored.values()} <= {AlertState.OVER}
