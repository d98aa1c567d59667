"""A contact who texts a keyword, or has opted out, waits for no answer: no clock runs, and no list shows a wait."""

from datetime import timedelta

import pytest

from messages.conversation import conversation_id
from messages.deadlines.clocks import ClockKind, EndWait
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.ticket import Status, Ticket
from tests import make
from tests.fakes import DiesAt, FakeWorkers

POLICY = Policy(
    targets={Priority.NORMAL: {kind: Target(within=timedelta(hours=1)) for kind in ClockKind}},
    version=1,
)
OTHER_LINE = "+15550003333"


async def say(workers: FakeWorkers, *bodies: str, line: str = make.LINE, pool: str = "") -> None:
    """The contact's texts, a second apart; every message comes twice."""
    for body in bodies:
        workers.clock.forward(1)
        message = make.sms_received(
            sid=f"SM{line}{workers.clock.now().timestamp()}",
            line=line,
            body=body,
            received_at=workers.clock.now(),
            pool=pool,
        )
        for _ in range(2):
            await workers.handle(message)
        await workers.drain(times=2)


async def ticket_of(workers: FakeWorkers, line: str = make.LINE) -> Ticket:
    """The newest ticket of the contact on a line."""
    found = await workers.ports.stores.tickets.newest(conversation_id(line, make.CONTACT))
    assert found is not None
    return found


def running(ticket: Ticket) -> list[ClockKind]:
    """The clocks that run and that an answer would stop."""
    return [each.kind for each in ticket.clocks if each.kind.is_response and each.is_running]


FIRST, NEXT = ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE


@pytest.mark.parametrize(
    ("bodies", "runs"),
    [
        (("STOP",), []),
        (("START",), []),
        (("HELP",), []),
        (("Hello?",), [FIRST]),
        (("Hello?", "HELP"), [FIRST]),
        (("Hello?", "STOP"), []),
        (("Hello?", "STOP", "Still there?"), []),
        (("Hello?", "STOP", "START"), []),
        (("Hello?", "STOP", "START", "Sorry"), [NEXT]),
        (("STOP", "START", "Sorry"), [FIRST]),
        (("Stop!",), [FIRST]),
    ],
)
async def test_only_what_somebody_may_and_should_answer_lets_the_contact_wait(
    workers: FakeWorkers, bodies: tuple[str, ...], runs: list[ClockKind]
) -> None:
    await workers.ports.stores.lines.save(make.line(policy=POLICY))
    await say(workers, *bodies)
    ticket = await ticket_of(workers)
    assert (running(ticket), ticket.waits_since is not None) == (runs, bool(runs))
    assert (ticket.status, len(bodies)) == (Status.NEW, ticket.last_text)


async def test_who_opts_out_on_another_line_of_the_pool_waits_on_neither(workers: FakeWorkers) -> None:
    service = "MG" + "1" * 32
    await workers.ports.stores.lines.save(make.line(policy=POLICY, pool=service))
    await workers.ports.stores.lines.add(make.line(id=OTHER_LINE, channel="C0OTHER", policy=POLICY, pool=service))
    await say(workers, "Hello?", pool=service)
    await say(workers, "STOP", line=OTHER_LINE, pool=service)
    for line in (make.LINE, OTHER_LINE):
        ticket = await ticket_of(workers, line)
        assert (running(ticket), ticket.waits_since) == ([], None)
    await say(workers, "Still there?", pool=service)
    assert (await ticket_of(workers)).waits_since is None
    await say(workers, "START", line=OTHER_LINE, pool=service)
    await say(workers, "Sorry", pool=service)
    ticket = await ticket_of(workers)
    assert (running(ticket), ticket.waits_since) == ([NEXT], workers.clock.now())


@pytest.mark.parametrize("step", range(6))
async def test_the_wait_ends_once_though_the_worker_dies(workers: FakeWorkers, step: int) -> None:
    await workers.ports.stores.lines.save(make.line(policy=POLICY))
    await say(workers, "Hello?")
    workers.clock.forward(60)
    ended = EndWait(conversation=make.CONVERSATION, at=workers.clock.now())
    await workers.handle_or_die(ended, DiesAt(step))
    await workers.handle(ended)
    await workers.drain()
    ticket = await ticket_of(workers)
    clock = next(each for each in ticket.clocks if each.kind is FIRST)
    assert (clock.stopped_at, clock.by, clock.opted_out, ticket.waits_since) == (ended.at, None, True, None)
    version = ticket.version
    await workers.handle(ended)
    assert (await ticket_of(workers)).version == version
