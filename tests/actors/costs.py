"""What the work of a team costs in commands to MongoDB: counted, not timed."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from messages.answering import AutoReplies
from messages.deadlines import policy_words
from messages.deadlines.alert import Alert, AlertCause, AlertSettings, AlertState, alert_id
from messages.deadlines.clocks import ClockKind, TicketClock
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.deadlines.snooze import Snooze
from messages.inbound import SmsReceived
from messages.line import Line, Quiet
from messages.team.auto_replies import OFFERED
from messages.ticket import ActOnTicket, SetStatus, Status
from messages.views import OpenDashboard
from tests import make
from tests.actors.helpers import settle, thread, written
from tests.fakes import FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by
from workers import clock
from workers.mongo.collection import stored
from workers.tickets.clocks.of_ticket import rules_key

QUIET: Final = 400
"""Seconds after which a text is announced anew."""

BURST: Final = 100
CONTACTS: Final = tuple(f"+1555000{number}" for number in range(2001, 2006))


def text(workers: FakeWorkers, contact: str, number: int) -> SmsReceived:
    """A contact's `number`-th text, which comes now through the one gateway."""
    after = f"SM{contact}-{number - 1}" if number else None
    now = workers.clock.now()
    return make.sms_received(
        sid=f"SM{contact}-{number}", contact=contact, body=f"text {number}", received_at=now, after=after
    )


async def receive(workers: FakeWorkers, contact: str, number: int) -> None:
    """A text, with all that follows at once."""
    await workers.handle(text(workers, contact, number))
    await workers.drain()


async def new_contact(workers: FakeWorkers, count: CommandCount) -> float:
    """A text of a contact who never wrote before."""
    await receive(workers, CONTACTS[0], 0)
    count.take()
    await receive(workers, CONTACTS[1], 0)
    return count.take()[0]


async def known_contact(workers: FakeWorkers, count: CommandCount) -> float:
    """A text in a conversation, which is announced by a card of its own."""
    for number in range(3):
        await receive(workers, CONTACTS[0], number)
        workers.clock.forward(QUIET)
    count.take()
    await receive(workers, CONTACTS[0], 3)
    return count.take()[0]


async def known_contact_quiet(workers: FakeWorkers, count: CommandCount) -> float:
    """A text soon after another, which is not announced yet."""
    for number in range(3):
        await receive(workers, CONTACTS[0], number)
        workers.clock.forward(1)
    count.take()
    await receive(workers, CONTACTS[0], 3)
    return count.take()[0]


async def answered_quietly(workers: FakeWorkers, count: CommandCount) -> float:
    """The same on a line that answers by itself: the first text of the night was answered, this one is not."""
    await answering(workers)
    return await known_contact_quiet(workers, count)


async def answering(workers: FakeWorkers) -> None:
    """Let the line answer whatever it can by itself, and be closed."""
    words = {kind.value: words for kind, words in OFFERED.items()}
    await workers.ports.stores.calendars.add(make.calendar(zone="Asia/Tokyo"))
    await workers.ports.stores.lines.save(make.line(calendar="shop", auto_replies=AutoReplies(**words)))


def line_with_everything() -> Line:
    """A line that has hours and targets, holds texts at night, answers by itself, and lets replies be taken back."""
    words = {kind.value: words for kind, words in OFFERED.items()}
    hour = timedelta(hours=1)
    return make.line(
        calendar="shop",
        auto_replies=AutoReplies(**words),
        quiet=Quiet.HOLD,
        hold=timedelta(seconds=5),
        policy=policy_words.changed(Policy(), ["preset"], make.NOW),
        alerts=AlertSettings(unanswered_after=hour, unassigned_after=hour, escalation=(make.AGENT,)),
        on_call=(make.AGENT,),
    )


async def turn_everything_on(workers: FakeWorkers) -> None:
    """Let the line have everything on, and be closed."""
    await workers.ports.stores.calendars.add(make.calendar(zone="Asia/Tokyo"))
    await workers.ports.stores.lines.save(line_with_everything())


async def known_contact_with_everything(workers: FakeWorkers, count: CommandCount) -> float:
    """A text soon after another, on a line with everything on."""
    await turn_everything_on(workers)
    return await known_contact_quiet(workers, count)


async def known_contact_announced_with_everything(workers: FakeWorkers, count: CommandCount) -> float:
    """A text that is announced, on a line with everything on."""
    await turn_everything_on(workers)
    return await known_contact(workers, count)


async def second_text(workers: FakeWorkers, count: CommandCount) -> float:
    """A contact's second text."""
    await receive(workers, CONTACTS[0], 0)
    await settle(workers, 8)
    count.take()
    await receive(workers, CONTACTS[0], 1)
    return count.take()[0]


async def second_text_with_everything(workers: FakeWorkers, count: CommandCount) -> float:
    """The same on a line with everything on: nobody is on the ticket, and nobody has answered."""
    await turn_everything_on(workers)
    return await second_text(workers, count)


async def new_contact_with_everything(workers: FakeWorkers, count: CommandCount) -> float:
    """A text of a contact who never wrote before, whom the line answers by itself: two texts."""
    await turn_everything_on(workers)
    taken = await new_contact(workers, count)
    assert len(await workers.ports.stores.texts.outbox(f"{make.LINE}:{CONTACTS[1]}")) == 1
    return taken


async def answered_before(workers: FakeWorkers, count: CommandCount) -> float:
    """The first text after an agent's answer."""
    return await _after_answer(workers, count)


async def answered_before_with_everything(workers: FakeWorkers, count: CommandCount) -> float:
    """The same on a line with everything on: the contact waits anew, and a clock begins."""
    await turn_everything_on(workers)
    return await _after_answer(workers, count)


async def reopened(workers: FakeWorkers, count: CommandCount) -> float:
    """A text that opens a Solved ticket again."""
    return await _after_answer(workers, count, solved=True)


async def reopened_with_everything(workers: FakeWorkers, count: CommandCount) -> float:
    """The same on a line with everything on."""
    await turn_everything_on(workers)
    return await _after_answer(workers, count, solved=True)


async def _after_answer(workers: FakeWorkers, count: CommandCount, *, solved: bool = False) -> float:
    await receive(workers, make.CONTACT, 0)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    workers.clock.forward(QUIET)
    await workers.handle(written(workers, conversation.thread, 1))
    await settle(workers, 8)
    if solved:
        now = workers.clock.now()
        order = ActOnTicket(ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=now, order="once")
        await workers.handle(order)
        await workers.drain()
    workers.clock.forward(QUIET)
    count.take()
    await receive(workers, make.CONTACT, 1)
    return count.take()[0]


async def burst(workers: FakeWorkers, count: CommandCount) -> float:
    """One of many texts of some contacts that have waited for a second when a worker begins."""
    for contact in CONTACTS:
        await receive(workers, contact, 0)
    workers.clock.forward(QUIET)
    for number in range(1, BURST // len(CONTACTS) + 1):
        for contact in CONTACTS:
            await workers.queue.publish(text(workers, contact, number))
    workers.clock.forward(1)
    count.take()
    await workers.drain()
    return count.take()[0] / BURST


async def change_of_status(workers: FakeWorkers, count: CommandCount) -> float:
    """A change of a ticket with three cards."""
    for number in range(3):
        await receive(workers, make.CONTACT, number)
        workers.clock.forward(QUIET)
    count.take()
    order = ActOnTicket(
        ticket=1, command=SetStatus(status=Status.PENDING), by=make.AGENT, at=workers.clock.now(), order="once"
    )
    await workers.handle(order)
    await workers.drain()
    return count.take()[0]


async def reply(workers: FakeWorkers, count: CommandCount) -> float:
    """A reply that an agent writes in the thread, until it is sent and marked."""
    place = await thread(workers)
    workers.clock.forward(QUIET)
    await workers.handle(written(workers, place, 1))
    await settle(workers)
    count.take()
    await workers.handle(written(workers, place, 2))
    await settle(workers)
    return count.take()[0]


async def answer(workers: FakeWorkers, count: CommandCount) -> float:
    """A reply to a contact who waits, until it is sent and marked, and all that follows."""
    await receive(workers, make.CONTACT, 0)
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.thread is not None
    workers.clock.forward(QUIET)
    await workers.handle(written(workers, conversation.thread, 1))
    await settle(workers, 8)
    await receive(workers, make.CONTACT, 1)
    await settle(workers, 8)
    count.take()
    await workers.handle(written(workers, conversation.thread, 2))
    await settle(workers, 8)
    return count.take()[0]


async def answer_with_everything(workers: FakeWorkers, count: CommandCount) -> float:
    """The same on a line with everything on: the reply stops a clock."""
    await turn_everything_on(workers)
    taken = await answer(workers, count)
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert [each.by is not None for each in ticket.clocks if each.kind.is_response] == [True, True]
    return taken


async def held_reply(workers: FakeWorkers, count: CommandCount) -> float:
    """A reply on a line whose replies can be taken back for five seconds."""
    place = await thread(workers)
    await workers.ports.stores.lines.save(make.line(hold=5))
    workers.clock.forward(QUIET)
    await workers.handle(written(workers, place, 1))
    await settle(workers, 8)
    count.take()
    await workers.handle(written(workers, place, 2))
    await settle(workers, 8)
    return count.take()[0]


async def dashboard(workers: FakeWorkers, count: CommandCount) -> float:
    """The dashboard of an agent, with the last texts of forty tickets."""
    for number in range(40):
        await receive(workers, f"+1202555{number:04d}", 0)
    count.take()
    now = workers.clock.now()
    await workers.handle(OpenDashboard(user=make.AGENT, trigger_id="1.2", received_at=now, channel=make.CHANNEL))
    return count.take()[0]


WORK: Final[Mapping[str, Callable[[FakeWorkers, CommandCount], Awaitable[float]]]] = {
    "a text of a new contact": new_contact,
    "a text in a conversation, announced": known_contact,
    "a text in a conversation, not announced": known_contact_quiet,
    "a text in a conversation, not announced, of a line that answers by itself": answered_quietly,
    "a text in a conversation, not announced, of a line with everything on": known_contact_with_everything,
    "a text of a new contact, of a line with everything on": new_contact_with_everything,
    "a text in a conversation, announced, of a line with everything on": known_contact_announced_with_everything,
    "the second text": second_text,
    "the second text, of a line with everything on": second_text_with_everything,
    "the first text after an answer": answered_before,
    "the first text after an answer, of a line with everything on": answered_before_with_everything,
    "a text that opens a ticket again": reopened,
    "a text that opens a ticket again, of a line with everything on": reopened_with_everything,
    f"one of {BURST} texts of {len(CONTACTS)} contacts": burst,
    "a change of status with 3 cards": change_of_status,
    "a reply": reply,
    "a reply that can be taken back": held_reply,
    "a reply to a contact who waits": answer,
    "a reply to a contact who waits, of a line with everything on": answer_with_everything,
    "the dashboard with 40 tickets": dashboard,
}


async def cost(work: Callable[[FakeWorkers, CommandCount], Awaitable[float]], mongo_url: str) -> float:
    """How many commands MongoDB gets for some work, on an empty database."""
    count = CommandCount()
    async with stores_heard_by(count, mongo_url) as stores:
        await stores.lines.add(make.line())
        return await work(FakeWorkers(stores), count)


NEXT_DAY: Final = timedelta(days=1)
TIMED_LINE: Final = make.line(
    policy=Policy(targets={Priority.NORMAL: {ClockKind.FIRST_RESPONSE: Target(within=NEXT_DAY)}}, version=1)
)
"""A line with targets."""

BATCH: Final = 1000


async def add_what_is_not_due(workers: FakeWorkers, documents: Any, since: int, count: int) -> None:
    """Store so many planned texts, snoozed tickets with a running clock, and alerts of these, due a day later or more.

    They are those of the line with targets. `documents` is the database; they are numbered from `since` on, and each
    names its number wherever it must differ from the others.
    """
    now = workers.clock.now()
    rules = rules_key(make.LINE, TIMED_LINE.policy, None)
    for start in range(since, since + count, BATCH):
        planned, tickets, alerts = [], [], []
        for number in range(start, min(start + BATCH, since + count)):
            at = now + NEXT_DAY + timedelta(seconds=number)
            of = {"conversation": f"{make.LINE}:+1777{number:07d}", "contact": f"+1777{number:07d}"}
            runs = TicketClock(
                kind=ClockKind.FIRST_RESPONSE, began_at=now, target=NEXT_DAY, running_since=now, warn_at=at, due_at=at
            )
            snooze = Snooze(by=make.AGENT, at=now, until=at)
            ticket = make.ticket(id=number, clocks=(runs,), clocks_at=at, waiting_since=now, snooze=snooze, **of)
            alert = Alert(
                id=alert_id(number, AlertCause.FIRST_RESPONSE, now),
                ticket=number,
                conversation=of["conversation"],
                line=make.LINE,
                cause=AlertCause.FIRST_RESPONSE,
                began_at=now,
                since=at,
                state=AlertState.COMING,
                version=1,
                look_at=at,
            )
            planned.append(stored(make.planned(id=f"P{number}", due_at=at, look_at=at, **of)))
            tickets.append({**stored(ticket), "slot": of["conversation"], "waits": now, "snoozed": at, "rules": rules})
            alerts.append(stored(alert))
        for name, many in (("planned", planned), ("tickets", tickets), ("alerts", alerts)):
            await documents[name].insert_many(many)


async def cost_of_sweep(workers: FakeWorkers, count: CommandCount) -> tuple[int, int]:
    """How many commands a sweep of the clock takes in which nothing is due, and how many documents it is answered."""
    await clock.sweep(workers.ports)
    count.take()
    await clock.sweep(workers.ports)
    return count.take()
