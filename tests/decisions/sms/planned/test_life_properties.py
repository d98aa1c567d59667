"""A planned text under every kind of bad luck: workers that race and die anywhere, orders that come twice and late."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.planned import IfReply, Planned, PlannedState
from tests import make
from tests.make import AGENT, NOW
from workers.sms.may_send import ContactFacts
from workers.sms.planned.filling import asked_for, with_filling
from workers.sms.planned.life import (
    Happening,
    PlanChange,
    PlanEvent,
    Surroundings,
    decide,
    happens,
    may_leave_now,
)
from workers.sms.planned.release import sms_of

STARTS = ["look", "look", "edit", "cancel", "send now", "keep", "repeat"]
MEANWHILE = ["text", "opt out", "wait", "wait"]
STEP = st.tuples(st.sampled_from([*STARTS, *MEANWHILE, *["go on"] * 12, "die"]), st.integers(0, 5))
STEPS = st.lists(STEP, min_size=15, max_size=80)
EVENTS = {
    "edit": PlanEvent.EDIT,
    "cancel": PlanEvent.CANCEL,
    "send now": PlanEvent.SEND_NOW,
    "keep": PlanEvent.KEEP,
}

LATE_AFTER = timedelta(hours=4)


@dataclass
class PlanWorld:
    """One planned text as stored, what was put into the outbox, and the workers that are at it."""

    stored: Planned
    now: datetime = NOW
    outbox: dict[str, str] = field(default_factory=dict)
    sent_at: datetime | None = None
    wrote_at: datetime | None = None
    opted_out: bool = False
    name: str = ""
    working: list[Iterator[None]] = field(default_factory=list)
    orders: list[Happening] = field(default_factory=list)
    states: list[Planned] = field(default_factory=list)

    def around(self) -> Surroundings:
        """What the documents say now."""
        return Surroundings(ContactFacts(opted_out=self.opted_out), wrote_at=self.wrote_at)

    def save(self, planned: Planned, read: Planned) -> bool:
        """Compare and set, as the store does."""
        if (self.stored.version, self.stored.state) != (read.version, read.state):
            return False
        self.stored = planned
        self.states.append(planned)
        return True

    def look(self) -> Iterator[None]:
        """A worker that lets happen what is due; it may die at each yield, and others go on there."""
        while True:
            read = self.stored
            yield
            around = self.around()
            yield
            happening = self.filled(read, happens(read, around, self.now))
            after = read if happening is None else decide(read, happening, self.now).planned
            if after is read or self.save(after, read):
                break
        yield
        yield from self.settle(after)

    def obey(self, order: Happening) -> Iterator[None]:
        """A worker that carries out an agent's order."""
        while True:
            read = self.stored
            yield
            happening = order
            if order.event is not PlanEvent.CANCEL and not read.state.is_final:
                happening = may_leave_now(read, self.around(), self.now) or order
            yield
            found = self.filled(read, happening)
            if found is None or found.event is PlanEvent.DUE_AND_UNFILLED:
                return
            decision = decide(read, found, self.now)
            if decision.refusal:
                assert decision.planned is read
                return
            if decision.planned is read or self.save(decision.planned, read):
                break
        yield
        yield from self.settle(decision.planned)

    def filled(self, read: Planned, happening: Happening | None) -> Happening | None:
        """What happens, with what there is to fill in now."""
        if happening is None or not asked_for(read, happening, self.now):
            return happening
        return with_filling(read, happening, {"name": self.name})

    def settle(self, planned: Planned) -> Iterator[None]:
        """Put a released text into the outbox, and record that."""
        if planned.state is not PlannedState.RELEASED or planned.look_at is None:
            return
        text = sms_of(planned)
        yield
        if text.id not in self.outbox:
            self.outbox[text.id], self.sent_at = text.body, self.now
        yield
        if self.stored.version == planned.version:
            self.stored = self.stored.model_copy(update={"look_at": None})

    def do(self, step: str, number: int) -> None:
        """One thing happens."""
        if step == "look":
            self.working.append(self.look())
        elif step in EVENTS:
            words, due_at = f"words {len(self.orders)} for {{name}}", self.now + timedelta(hours=number + 1)
            change = PlanChange(self.stored.version, words, "", "UTC", due_at, IfReply.HOLD)
            event, order = EVENTS[step], f"order {len(self.orders)}"
            self.orders.append(Happening(event, AGENT, order, change=change if event is PlanEvent.EDIT else None))
            self.working.append(self.obey(self.orders[-1]))
        elif step == "repeat" and self.orders:
            self.working.append(self.obey(self.orders[number % len(self.orders)]))
        elif step == "text":
            self.wrote_at = self.now
        elif step == "name":
            self.name = f"name {number}" if number else ""
        elif step == "opt out":
            self.opted_out = number == 0
        elif step == "wait":
            self.now += timedelta(minutes=30 * number + 30)
        elif self.working:
            worker = self.working.pop(number % len(self.working))
            if step == "go on" and next(worker, "done") is None:
                self.working.append(worker)

    def end(self) -> None:
        """The clock looks once more, and nobody dies."""
        self.working.clear()
        for _ in self.look():
            pass


@given(STEPS, st.sampled_from(IfReply))
@settings(max_examples=10 * settings().max_examples)
def test_whatever_happens_one_text_leaves_at_most_and_none_after_a_cancel(
    steps: list[tuple[str, int]], if_reply: IfReply
) -> None:
    world = PlanWorld(make.planned(if_reply=if_reply))
    for step in steps:
        world.do(*step)
        if world.stored.state is not PlannedState.RELEASED:
            assert not world.outbox
    world.end()
    assert len(world.outbox) == (world.stored.state is PlannedState.RELEASED)
    ended = [each for each in world.states if each.state.is_final]
    assert len(ended) <= 1
    assert not ended or world.stored.state is ended[0].state


@given(STEPS)
@settings(max_examples=10 * settings().max_examples)
def test_an_edit_is_whole_or_refused_whole_and_what_leaves_is_the_last_one(
    steps: list[tuple[str, int]],
) -> None:
    world = PlanWorld(make.planned())
    for step in steps:
        world.do(*step)
    world.end()
    edits = {order.order: order.change for order in world.orders if order.change is not None}
    before = make.planned()
    for after in world.states:
        new = [edits[each] for each in after.orders if each not in before.orders and each in edits]
        assert len(new) <= 1
        for change in new:
            assert (after.body, after.due_at, after.if_reply) == (change.body, change.due_at, change.if_reply)
        if not new:
            assert (after.body, after.wall, after.if_reply) == (before.body, before.wall, before.if_reply)
        before = after
    assert list(world.outbox.values()) in ([], [before.body])


@given(STEPS)
@settings(max_examples=10 * settings().max_examples)
def test_no_text_leaves_by_itself_before_its_time_or_hours_late(
    steps: list[tuple[str, int]],
) -> None:
    world = PlanWorld(make.planned())
    before = world.stored
    for step in steps:
        world.do(*step)
        for after in world.states[-1:]:
            if after is not before and after.state is PlannedState.RELEASED and after.changed_by is None:
                assert after.ended_at is not None
                assert timedelta() <= after.ended_at - after.due_at <= LATE_AFTER
            before = after
    world.end()
    assert all(
        make.planned().since <= each.since <= world.now and each.version == number
        for number, each in enumerate(world.states, 2)
    )


@given(st.lists(st.one_of(STEP, st.tuples(st.just("name"), st.integers(0, 5))), min_size=15, max_size=80))
@settings(max_examples=10 * settings().max_examples)
def test_what_leaves_is_filled_in_with_what_was_true_when_it_was_released(steps: list[tuple[str, int]]) -> None:
    world = PlanWorld(make.planned(body="Hi {name}", fills=True))
    for step in [*steps, None]:
        before, name = world.stored, world.name
        if step is None:
            world.end()
        else:
            world.do(*step)
        if world.stored.state is PlannedState.RELEASED and before.state is not PlannedState.RELEASED:
            assert name
            assert world.stored.body == before.body.replace("{name}", name)
    is_released = world.stored.state is PlannedState.RELEASED
    assert list(world.outbox.values()) == ([world.stored.body] if is_released else [])
    assert is_released or "{name}" in world.stored.body


def test_the_clock_finds_a_released_text_whose_worker_died() -> None:
    world = PlanWorld(make.planned())
    world.now = world.stored.due_at
    worker = world.look()
    while world.stored.state is PlannedState.PLANNED:
        next(worker)
    assert not world.outbox
    world.end()
    assert list(world.outbox.values()) == [world.stored.body]
    assert world.stored.look_at is None
