"""What Clerk does to a ticket by itself is said with its name: in the thread, in the history, and in `clerk trace`."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from messages.answering import AutoReplies
from messages.deadlines.snooze import SetSnooze
from messages.inbound import DeliveryReported
from messages.planned import When
from messages.ticket import ActOnTicket, Entry, SetStatus, Status, Ticket
from ops.traces.timeline import of_ticket
from tests import make
from tests.actors.helpers import receive, settle, stored, thread, written
from tests.fakes import FakeWorkers
from workers.clock import sweep

DAY: Final = 86_400
type Act = Callable[[FakeWorkers], Awaitable[None]]


async def order(workers: FakeWorkers, command: Any) -> None:
    """An agent's order about the ticket, delivered twice."""
    acted = ActOnTicket(ticket=1, command=command, by=make.AGENT, at=workers.clock.now(), order=command.kind)
    for _ in range(2):
        await workers.handle(acted)
    await settle(workers)


async def pass_days(workers: FakeWorkers, days: float) -> None:
    """Let some time pass at once, after which the clock finds all that is due."""
    workers.clock.forward(days * DAY)
    for _ in range(3):
        await sweep(workers.ports)
        await settle(workers, 21)


async def closes(workers: FakeWorkers) -> None:
    await order(workers, SetStatus(status=Status.SOLVED))
    await pass_days(workers, 5)


async def wakes(workers: FakeWorkers) -> None:
    await order(workers, SetSnooze(when=When(after=timedelta(hours=2))))
    await pass_days(workers, 0.1)


async def asks_again(workers: FakeWorkers) -> None:
    settings = AutoReplies(nudge="Still there?", nudge_after=3, solve_after=4)
    await workers.ports.stores.calendars.add(make.calendar())
    await workers.ports.stores.lines.save(make.line(calendar="shop", zone="America/New_York", auto_replies=settings))
    await order(workers, SetStatus(status=Status.PENDING))
    await pass_days(workers, 3.3)


async def solves(workers: FakeWorkers) -> None:
    await asks_again(workers)
    await pass_days(workers, 5)


async def reopens(workers: FakeWorkers) -> None:
    await order(workers, SetStatus(status=Status.SOLVED))
    await receive(workers, 2)


async def undoes(workers: FakeWorkers) -> None:
    message = written(workers, await thread(workers), 1)
    await workers.handle(message)
    await settle(workers)
    await order(workers, SetStatus(status=Status.SOLVED))
    text = await stored(workers, message)
    now = workers.clock.now()
    failed = DeliveryReported(sms=text.id, sid=text.sid or "", status="failed", error_code=30005, received_at=now)
    for _ in range(2):
        await workers.handle(failed)
    await settle(workers)


async def history(workers: FakeWorkers, ticket: Ticket) -> list[Entry]:
    """A ticket's whole history."""
    return [*await workers.ports.stores.past.entries_since(ticket, 0), *ticket.history]


@pytest.mark.parametrize(
    ("act", "what", "why", "words"),
    [
        (closes, "status", "solved_for", "Clerk closed ticket #1: it was solved a while ago and stayed quiet."),
        (wakes, "woken", "snooze_over", ":alarm_clock: Ticket #1 is awake. It was snoozed until"),
        (asks_again, "asked_again", "nudged", "Clerk asked the contact again: ticket #1 has been Pending since"),
        (solves, "status", "unanswered", "Clerk solved ticket #1: the contact was asked again"),
        (reopens, "status", "text", "Ticket #1 is Open again: the contact wrote."),
        (undoes, "status", "answer_failed", "Clerk set ticket #1 back to Open: a reply did not reach the contact."),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
async def test_it_is_in_the_thread_and_in_the_history_with_its_reason(
    workers: FakeWorkers, act: Act, what: str, why: str, words: str
) -> None:
    await thread(workers)
    await act(workers)
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    kept = await history(workers, ticket)
    (entry,) = [each for each in kept if each.by is None and what in {change.what for change in each.changes}][-1:]
    assert entry.why == why
    said = [each.what.text for each in workers.slack.kind("line") if each.thread_ts is not None]
    assert len([each for each in said if each.startswith(words)]) == 1, said
    traced = [each.detail for each in of_ticket(ticket, kept, workers.clock.now())]
    assert f"version {entry.version}, by Clerk, {why}" in traced
