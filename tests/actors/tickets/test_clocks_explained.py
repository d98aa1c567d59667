"""`/clerk sla #12`: by when a ticket is due, and why, for those who may see it."""

from typing import Any

import pytest

from messages.base import QueueMessage
from messages.deadlines.clocks import ClockKind
from messages.orders import commands
from messages.orders.commands import SLA_USAGE, SlashCommand
from messages.ticket import Change, Status
from tests import make
from tests.fakes import FakeWorkers
from workers.interactive.clocks_answer import LONGEST, NEWEST, NO_CLOCKS
from workers.markup import local_time

PRIVATE, STRANGER = "G0PRIVATE", "U0STRANGER"


def typed(workers: FakeWorkers, words: str, user: str = make.AGENT, channel: str = "C0ELSEWHERE") -> QueueMessage | str:
    """What `/clerk` and these words order, or are answered at once."""
    return commands.read(SlashCommand(text=words, user=user, channel=channel, trigger_id="1.2", at=workers.clock.now()))


async def answered(workers: FakeWorkers, words: str, user: str = make.AGENT, channel: str = "C0ELSEWHERE") -> str:
    """What a person is told; the message comes twice, and so does the answer."""
    message = typed(workers, words, user, channel)
    assert isinstance(message, QueueMessage)
    before = len(workers.slack.whispers)
    for _ in range(2):
        await workers.handle(message)
        await workers.drain()
    first, second = (said for _, said in workers.slack.whispers[before:])
    assert first == second
    return first


async def ticket(workers: FakeWorkers, **fields: Any) -> None:
    await workers.ports.stores.lines.save(make.line(channel=PRIVATE))
    workers.slack.private[PRIVATE] = {make.AGENT}
    await workers.ports.stores.tickets.add(make.ticket(id=12, **fields))


@pytest.mark.parametrize("words", ["sla", "sla Ann", "sla #0", "sla 12 13"])
def test_without_a_ticket_the_usage_is_said(workers: FakeWorkers, words: str) -> None:
    assert typed(workers, words) == SLA_USAGE


async def test_who_sees_a_ticket_is_told_by_when_it_is_due_and_why(workers: FakeWorkers) -> None:
    clocks = (
        make.ticket_clock(stopped_at=make.at(600), by="o1", ran=600, running_since=None, due_at=None),
        make.ticket_clock(kind=ClockKind.RESOLUTION, breached_at=make.at(3600)),
    )
    history = [
        make.entry(version=2, order="o1", at=make.at(600)),
        make.entry(Change(what="status", before="open", after="pending"), version=3, at=make.at(700)),
    ]
    await ticket(workers, status=Status.OPEN, clocks=clocks, history=tuple(history))
    workers.clock.time = make.at(7200)
    agent = f"<@{make.AGENT}>"
    assert (await answered(workers, "sla #12")).splitlines() == [
        "*#12* · Open",
        "• *first answer* within 1 h: answered; it has used 10 min",
        f"• :rotating_light: *resolution* within 1 h: 1 h late, due {local_time(make.at(3600))}; it has used 2 h",
        f"{local_time(make.NOW)} · first answer: begins: 1 h, open hours",
        f"{local_time(make.NOW)} · resolution: begins: 1 h, open hours",
        f"{local_time(make.at(600))} · first answer: stops after 10 min: answered by {agent}",
        f"{local_time(make.at(700))} · resolution: Open to Pending by {agent}: pauses",
        f"{local_time(make.at(3600))} · resolution: was due",
        f"{local_time(make.at(3600))} · resolution: Clerk finds it late",
    ]


async def test_who_may_not_see_a_ticket_is_told_as_if_there_were_none(workers: FakeWorkers) -> None:
    await ticket(workers, clocks=(make.ticket_clock(),))
    for user, number in ((STRANGER, 12), (make.AGENT, 99)):
        assert await answered(workers, f"sla {number}", user) == f"There is no ticket #{number} that you can see."
    assert "first answer" in await answered(workers, "sla 12", STRANGER, PRIVATE)


async def test_a_ticket_without_clocks_says_so_and_one_with_many_fits_in_an_answer(workers: FakeWorkers) -> None:
    await ticket(workers)
    assert NO_CLOCKS in await answered(workers, "sla 12")
    read = await workers.ports.stores.tickets.get(12)
    assert read is not None
    many = tuple(make.ticket_clock(began_at=make.at(each), stopped_at=make.at(each + 1)) for each in range(3 * NEWEST))
    assert await workers.ports.stores.tickets.save(read.model_copy(update={"version": 2, "clocks": many}), 1)
    assert len(await answered(workers, "sla 12")) <= LONGEST
