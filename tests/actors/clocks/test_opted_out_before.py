"""Who had opted out before an opt-out ended a wait waits for nothing any more, once the documents are migrated."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import pytest

from messages.conversation import conversation_id
from messages.deadlines.alert import AlertSettings
from messages.deadlines.clocks import ClockKind
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.opt_outs import Standing
from messages.planned import PlannedState, PlanText, When
from messages.ticket import Ticket
from tests import make
from tests.fakes import FakeWorkers
from workers.mongo import Stores
from workers.mongo.deadlines.opted_out_before import let_opted_out_wait_for_nothing

POLICY: Final = Policy(
    targets={Priority.NORMAL: {kind: Target(within=timedelta(minutes=30)) for kind in ClockKind if kind.is_response}},
    version=1,
)
OTHERS: Final = ("+15550002223", "+15550002224")
SERVICE: Final = "MG" + "1" * 32


async def waiting(workers: FakeWorkers, *contacts: str) -> None:
    """Contacts who wait for an answer on a line with targets that warns, for each of whom a text is planned."""
    line = make.line(policy=POLICY, pool=SERVICE, alerts=AlertSettings(unanswered_after=timedelta(minutes=5)))
    await workers.ports.stores.lines.save(line)
    for number, contact in enumerate(contacts):
        text = make.sms_received(sid=f"SM{number}", contact=contact, received_at=workers.clock.now(), pool=SERVICE)
        await workers.handle(text)
        await workers.drain()
        given = {"line": make.LINE, "contact": contact, "text": "See you", "by": make.AGENT}
        plan = PlanText(planned=f"P{number}", **given, when=When(after=timedelta(days=1)), at=workers.clock.now())
        await workers.handle(plan)
        await workers.drain()
    await workers.pass_time(600, step=60)


async def ticket_of(stores: Stores, contact: str = make.CONTACT) -> Ticket:
    """A contact's newest ticket."""
    found = await stores.tickets.newest(conversation_id(make.LINE, contact))
    assert found is not None
    return found


async def by_their_conversation(stores: Stores, at: datetime) -> None:
    await stores.opt_outs.record(make.LINE, make.CONTACT, Standing(out=True, since=at), pool="")


async def by_their_pool(stores: Stores, at: datetime) -> None:
    await stores.opt_outs.record(make.LINE, make.CONTACT, Standing(out=True, since=at), pool=SERVICE)


async def as_the_first_versions_did(stores: Stores, at: datetime) -> None:
    fields = {"opted_out": True, "opted_at": at}
    await stores._database["contacts"].update_one({"_id": make.CONTACT}, {"$set": fields})
    await stores._database["conversations"].update_one({"_id": make.CONVERSATION}, {"$unset": {"own_opt_out": ""}})


def is_waited_on(ticket: Ticket) -> tuple[bool, bool]:
    """Whether its contact waits, and whether a clock runs that an answer would stop."""
    runs = any(each.kind.is_response and each.is_running for each in ticket.clocks)
    return ticket.waits_since is not None, runs


WAYS: Final = (by_their_conversation, by_their_pool, as_the_first_versions_did)


@pytest.mark.parametrize("opt_out", WAYS)
async def test_who_had_opted_out_before_waits_for_nothing_and_others_wait_on(
    workers: FakeWorkers, opt_out: Callable[[Stores, datetime], Awaitable[None]]
) -> None:
    stores = workers.ports.stores
    await waiting(workers, make.CONTACT, *OTHERS)
    await opt_out(stores, workers.clock.now())
    assert is_waited_on(await ticket_of(stores)) == (True, True)
    for _ in range(2):
        await let_opted_out_wait_for_nothing(stores._database, workers.clock.now)
    assert (await ticket_of(stores)).waits_since is None
    await workers.pass_time(120, step=30)
    out, *others = [await ticket_of(stores, each) for each in (make.CONTACT, *OTHERS)]
    assert (is_waited_on(out), out.due_at) == ((False, False), None)
    assert [is_waited_on(each) for each in others] == [(True, True)] * 2
    plans = [await stores.planned.get(f"P{number}") for number in range(3)]
    states = [each.state for each in plans if each is not None]
    assert states == [PlannedState.CANCELLED, *[PlannedState.PLANNED] * 2]
    alerts = [[each.state.is_live for each in await stores.alerts.of_ticket(each.id)] for each in (out, *others)]
    await workers.pass_time(900, step=60)
    assert alerts[1:] == [[True]] * 2
    assert not any(each.state.is_live for each in await stores.alerts.of_ticket(out.id))


async def test_wherever_it_is_killed_it_goes_on_and_ends_each_wait_once(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await waiting(workers, make.CONTACT, *OTHERS)
    for contact in (make.CONTACT, *OTHERS):
        wish = Standing(out=True, since=workers.clock.now())
        await stores.opt_outs.record(make.LINE, contact, wish, pool=SERVICE)
    versions = [(await ticket_of(stores, each)).version for each in (make.CONTACT, *OTHERS)]
    step = 0

    def dies_at(number: int) -> Callable[[], datetime]:
        left = iter(range(number))

        def now() -> datetime:
            if next(left, None) is None:
                raise ConnectionAbortedError("killed")
            return workers.clock.now()

        return now

    while True:
        try:
            await let_opted_out_wait_for_nothing(stores._database, dies_at(step))
        except ConnectionAbortedError:
            step += 1
        else:
            break
    assert step > 3
    tickets = [await ticket_of(stores, each) for each in (make.CONTACT, *OTHERS)]
    assert [each.waits_since for each in tickets] == [None] * 3
    assert [each.version for each in tickets] == [version + 1 for version in versions]


async def test_their_next_text_after_they_opted_in_again_lets_them_wait_again(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await waiting(workers, make.CONTACT)
    await by_their_pool(stores, workers.clock.now())
    await let_opted_out_wait_for_nothing(stores._database, workers.clock.now)
    for sid, body in (("SM8", "START"), ("SM9", "Hello again")):
        workers.clock.forward(5)
        at = workers.clock.now()
        await workers.handle(make.sms_received(sid=sid, body=body, received_at=at, pool=SERVICE))
        await workers.drain()
    assert is_waited_on(await ticket_of(stores)) == (True, True)
