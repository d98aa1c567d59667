"""Automatic texts: written once whatever dies, counted as nothing, stopped before machines, and off by default."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from messages.answering import Answering, AutoReplies, Stop
from messages.calendar import Closure
from messages.conversation import Conversation, conversation_id
from messages.notification import ConsiderNotifying
from messages.orders.clicks import Click, orders
from messages.sms import Origin, Sms, WriteAuto
from messages.team.auto_replies import OFFERED
from messages.ticket import ActOnTicket, ConsiderAnswering, FileTexts, SetStatus, Status, Take, Ticket
from tests import make
from tests.actors.helpers import settle, written
from tests.fakes import DiesAt, FakeWorkers
from workers import clock

NIGHT: Final = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
"""Tuesday 22:00 in New York."""

ALL: Final = AutoReplies(**{kind.value: words for kind, words in OFFERED.items()})
CLOSED: Final = "Thanks for your text. We are back tomorrow at 9:00 and will answer then."


async def night(workers: FakeWorkers, settings: AutoReplies = ALL, **fields: Any) -> None:
    """A line with automatic texts, and a calendar by which it is closed."""
    workers.clock.time = NIGHT
    await workers.ports.stores.calendars.add(make.calendar(**fields))
    await workers.ports.stores.lines.save(make.line(calendar="shop", auto_replies=settings))


async def write(workers: FakeWorkers, number: int, body: str = "", **fields: Any) -> None:
    """The contact's `number`-th text, handled twice with all that follows at once."""
    text = make.sms_received(
        sid=f"SM{number}",
        body=body or f"text {number}",
        received_at=workers.clock.now(),
        after=f"SM{number - 1}" if number > 1 else None,
        **fields,
    )
    for _ in range(2):
        await workers.handle(text)
    await workers.drain(times=2)


BESIDE: Final = frozenset({"slack", "notifications"})
"""The queues that no automatic text needs."""


async def drain_beside_slack(workers: FakeWorkers) -> None:
    """Handle what is due, but for what only Slack shows."""
    while due := workers.queue.due():
        if (message := workers.queue.take(due[0])).queue() not in BESIDE:
            await workers.handle(message)


async def automatic(workers: FakeWorkers) -> Sequence[Sms]:
    """The automatic texts that are stored, newest first."""
    found = await workers.ports.stores.texts.newest_outbound(make.CONVERSATION, 50)
    return [text for text in found if text.origin is Origin.AUTO]


async def conversation(workers: FakeWorkers) -> Conversation:
    found = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert found is not None
    return found


async def ticket(workers: FakeWorkers) -> Ticket:
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


async def later(workers: FakeWorkers, *seconds: float) -> None:
    """Let time pass, at once; after each of these whiles the clock looks."""
    for each in seconds:
        workers.clock.forward(each)
        await workers.drain()
        await clock.sweep(workers.ports)
        await settle(workers, 2)


def in_thread(workers: FakeWorkers) -> list[str]:
    return [each.what.text for each in workers.slack.kind("line")]


async def test_who_writes_at_night_is_told_once_when_the_line_opens(workers: FakeWorkers) -> None:
    await night(workers)
    for number in (1, 2, 3):
        await write(workers, number)
        await later(workers, 600)
    assert workers.texting.bodies(make.CONTACT) == [CLOSED]
    (text,) = await automatic(workers)
    assert text.id == "auto-closed-1-20260303T220000Z"
    assert (text.author, text.exempt, text.outbox) == (None, True, None)
    (post,) = workers.slack.kind("written")
    assert "Clerk" in str(post.what.blocks)
    remembered = (await conversation(workers)).answering
    assert remembered.order is None
    assert remembered.answers[0].sent_at is not None


async def test_an_automatic_text_counts_as_nothing(workers: FakeWorkers) -> None:
    await night(workers)
    await write(workers, 1)
    await later(workers, 5)
    await workers.drain()
    before = await ticket(workers)
    assert (before.status, before.assignees, before.written_at) == (Status.NEW, (), None)
    assert before.waiting_since is not None
    debounce = (await conversation(workers)).debounce
    assert (debounce.seen_at, debounce.last_text_at) == (None, NIGHT)
    assert workers.texting.bodies(make.CONTACT) == [CLOSED]


async def test_without_words_or_a_line_that_has_any_nobody_gets_one_and_nothing_is_remembered(
    workers: FakeWorkers,
) -> None:
    await night(workers, AutoReplies())
    await write(workers, 1)
    await later(workers, 60)
    assert workers.texting.taken == []
    assert (await conversation(workers)).answering == Answering()


async def test_a_first_text_in_hours_is_received_and_the_second_is_not(workers: FakeWorkers) -> None:
    await night(workers, AutoReplies(received="Hello from {line}."))
    workers.clock.time = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
    await write(workers, 1)
    await write(workers, 2)
    await later(workers, 60)
    assert workers.texting.bodies(make.CONTACT) == [f"Hello from {make.LINE}."]


async def test_who_waits_is_told_after_open_minutes_unless_somebody_answers(workers: FakeWorkers) -> None:
    await night(workers, AutoReplies(waiting="Still with you.", waiting_after=60))
    await write(workers, 1)
    await later(workers, 3600, 10 * 3600 + 59 * 60)
    assert workers.texting.bodies(make.CONTACT) == []
    await later(workers, 60)
    assert workers.texting.bodies(make.CONTACT) == ["Still with you."]
    (text,) = await automatic(workers)
    assert not text.exempt
    await later(workers, 3600, 3600)
    assert len(workers.texting.taken) == 1


async def test_nobody_is_told_at_night_that_they_wait(workers: FakeWorkers) -> None:
    await night(workers)
    settings = AutoReplies(waiting="Still with you.", waiting_after=60)
    await workers.ports.stores.lines.save(make.line(zone="America/New_York", auto_replies=settings))
    await write(workers, 1)
    await later(workers, 3600, 9 * 3600 - 5)
    assert workers.texting.taken == []
    await later(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["Still with you."]


async def test_who_is_answered_in_time_is_not_told_to_wait(workers: FakeWorkers) -> None:
    await night(workers, AutoReplies(waiting="Still with you.", waiting_after=60))
    await write(workers, 1)
    thread = (await conversation(workers)).thread
    assert thread is not None
    await later(workers, 11 * 3600)
    await workers.handle(written(workers, thread, 1))
    await settle(workers)
    await later(workers, 3600 + 5, 3600)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert (await ticket(workers)).written_at is not None
    assert (await conversation(workers)).answering.due_at is None


@pytest.mark.parametrize("word", ["STOP", "HELP", "START"])
async def test_a_keyword_is_answered_by_the_provider_alone(workers: FakeWorkers, word: str) -> None:
    await night(workers)
    await write(workers, 1, word)
    await later(workers, 60)
    assert workers.texting.taken == []


async def test_whoever_is_on_a_ticket_answers_it_unless_they_are_away(workers: FakeWorkers) -> None:
    await night(workers, AutoReplies(closed="Closed."))
    workers.clock.time = NIGHT - timedelta(hours=12)
    await write(workers, 1)
    take = ActOnTicket(ticket=1, command=Take(), by=make.AGENT, at=workers.clock.now(), order="t")
    await workers.handle(take)
    workers.clock.time = NIGHT
    await write(workers, 2)
    await later(workers, 5)
    assert workers.texting.taken == []
    await workers.ports.stores.agents.say_away(make.AGENT, NIGHT + timedelta(days=3), "", zone="", at=NIGHT, order="a")
    await write(workers, 3)
    await later(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == ["Closed."]


async def test_whoever_opted_out_or_is_a_line_of_ours_gets_none(workers: FakeWorkers) -> None:
    await night(workers)
    await workers.ports.stores.lines.add(make.line(id=make.CONTACT))
    await write(workers, 1)
    await workers.ports.stores.lines.remove(make.CONTACT)
    await write(workers, 2, "STOP")
    await write(workers, 3)
    await later(workers, 60)
    assert workers.texting.taken == []
    assert (await conversation(workers)).answering.considered == 3


async def test_a_text_of_before_an_outage_is_not_answered(workers: FakeWorkers) -> None:
    await night(workers)
    late = make.sms_received(received_at=NIGHT - timedelta(minutes=16))
    await workers.handle(late)
    await workers.drain()
    await later(workers, 60)
    assert workers.texting.taken == []


async def test_a_message_that_says_nothing_of_the_texts_is_as_good(workers: FakeWorkers) -> None:
    """It comes from the clock, or from a process of an earlier version."""
    await night(workers)
    await workers.handle(make.sms_received(received_at=NIGHT))
    while due := workers.queue.due():
        message = workers.queue.take(due[0])
        if isinstance(message, FileTexts):
            message = FileTexts(conversation=message.conversation)
        await workers.handle(message)
    await later(workers, 5)
    assert workers.texting.bodies(make.CONTACT) == [CLOSED]


async def till_it_survives(workers: FakeWorkers, kind: type) -> int:
    """Let one contact after the other write, while the worker that handles a kind of message dies at its next step.

    What died does not come again. Returns how many contacts there were until a worker survived.
    """
    for step in range(0, 60, 2):  # before each call, which is also after the one before it
        fate, alive = DiesAt(step), True
        text = make.sms_received(sid=f"SM{step}", contact=f"+1202555{step // 2:04}", received_at=workers.clock.now())
        await workers.queue.publish(text)
        while due := workers.queue.due():
            message = workers.queue.take(due[0])
            if isinstance(message, kind):
                alive = await workers.handle_or_die(message, fate)
            elif message.queue() not in BESIDE:
                await workers.handle(message)
        if alive:
            return step // 2 + 1
    raise AssertionError("it dies for ever")


@pytest.mark.parametrize("kind", [FileTexts, WriteAuto])
async def test_a_worker_that_dies_anywhere_loses_no_automatic_text_and_repeats_none(
    workers: FakeWorkers, kind: type
) -> None:
    await night(workers)
    count = await till_it_survives(workers, kind)
    assert count > 4
    for _ in range(6):
        workers.clock.forward(15)
        await clock.sweep(workers.ports)
        await drain_beside_slack(workers)
    for number in range(count):
        assert workers.texting.bodies(f"+1202555{number:04}") == [CLOSED]
    texts = await workers.ports.stores.conversations.by_ids(
        {conversation_id(make.LINE, f"+1202555{number:04}") for number in range(count)}
    )
    assert {(each.answering.order, len(each.answering.answers)) for each in texts} == {(None, 1)}


async def test_an_automatic_text_is_found_by_the_clock_whatever_dies(workers: FakeWorkers) -> None:
    await night(workers)
    await workers.handle(make.sms_received(received_at=NIGHT))
    for step in range(20):
        while due := workers.queue.due():
            message = workers.queue.take(due[0])
            if isinstance(message, ConsiderAnswering):
                await workers.handle_or_die(message, DiesAt(step - 1))
            elif not (isinstance(message, WriteAuto) and step < 10):
                await workers.handle(message)
        workers.clock.forward(31)
        await clock.sweep(workers.ports)
    await later(workers, 30)
    assert workers.texting.bodies(make.CONTACT) == [CLOSED]


async def test_two_workers_at_once_decide_once(workers: FakeWorkers) -> None:
    await night(workers)
    await workers.handle(make.sms_received(received_at=NIGHT))
    filings = []
    while due := workers.queue.due():
        message = workers.queue.take(due[0])
        if isinstance(message, FileTexts):
            filings.append(message)
        else:
            await workers.handle(message)
    stores = workers.ports.stores.conversations
    read = await conversation(workers)
    await workers.handle(filings[0])
    assert not await stores.save_answering(read.id, read.answering, read.answering.changed(NIGHT, considered=1))
    await workers.handle(filings[0])
    await workers.drain(times=2)
    await later(workers, 30)
    assert workers.texting.bodies(make.CONTACT) == [CLOSED]


# -- machines ---------------------------------------------------------------------------------------------------------


async def machine(workers: FakeWorkers) -> Stop:
    """A machine that writes five different texts within two minutes."""
    await night(workers)
    for number in range(1, 6):
        after = f"SM{number - 1}" if number > 1 else None
        await workers.handle(
            make.sms_received(sid=f"SM{number}", body=f"{number}", received_at=workers.clock.now(), after=after)
        )
        await drain_beside_slack(workers)
        workers.clock.forward(15)
    await later(workers, 30)
    stop = (await conversation(workers)).answering.stop
    assert stop is not None
    return stop


def click(workers: FakeWorkers, stop: Stop, trigger: str = "1.1") -> ActOnTicket:
    """A click on the button below the line about a machine."""
    value = json.dumps({"ticket": 1, "since": stop.at.isoformat()})
    given = {"user": make.AGENT, "channel": make.CHANNEL, "ts": "1.0", "trigger_id": trigger, "order": trigger}
    (order,) = orders(Click(action_id="ticket.answer_again", value=value, at=workers.clock.now(), **given))
    assert isinstance(order, ActOnTicket)
    return order


async def test_a_machine_is_left_alone_and_the_thread_says_so_once_with_a_button(workers: FakeWorkers) -> None:
    stop = await machine(workers)
    said = [each for each in workers.slack.kind("line") if "looks like a machine" in each.what.text]
    assert len(said) == 1
    assert said[0].what.text.startswith(
        "This looks like a machine, so Clerk stopped answering it by itself until <!date^"
    )
    assert "ticket.answer_again" in str(said[0].what.blocks)
    entries = [each for each in (await ticket(workers)).history if each.why == "stop_answering"]
    assert [(each.by, each.at) for each in entries] == [(None, stop.at)]
    await write(workers, 6)
    await later(workers, 3600)
    assert workers.texting.bodies(make.CONTACT) == [CLOSED]
    assert len([each for each in in_thread(workers) if "machine" in each]) == 1


async def test_an_agent_says_once_that_it_is_no_machine(workers: FakeWorkers) -> None:
    stop = await machine(workers)
    order = click(workers, stop)
    for _ in range(2):
        await workers.handle(order)
    await workers.drain()
    assert (await conversation(workers)).answering.stop is None
    assert in_thread(workers)[-1] == f"<@{make.AGENT}> lets Clerk answer this contact by itself again: it is no machine"
    again = [each for each in (await ticket(workers)).history if each.why == "answer_again"]
    assert [(each.by, each.order) for each in again] == [(make.AGENT, "1.1")]
    assert workers.slack.whispers == []
    await workers.handle(click(workers, stop, "2.2"))
    await workers.drain()
    assert [words for _, words in workers.slack.whispers] == [
        "Nothing was changed: Clerk answers this contact by itself already."
    ]


async def test_a_worker_that_dies_while_it_tells_of_a_machine_tells_it_once(workers: FakeWorkers) -> None:
    await machine(workers)
    stores = workers.ports.stores.conversations
    for number, step in enumerate(range(0, 60, 2)):
        workers.clock.forward(25 * 3600)
        read = await conversation(workers)
        stop = Stop(at=workers.clock.now(), until=workers.clock.now() + timedelta(hours=24), told=True, ticket=1)
        await stores.save_answering(read.id, read.answering, read.answering.changed(stop.at, stop=stop, tell=True))
        await clock.sweep(workers.ports)
        fate, alive = DiesAt(step), True
        while due := workers.queue.due():
            message = workers.queue.take(due[0])
            if isinstance(message, ActOnTicket) and alive:
                alive = await workers.handle_or_die(message, fate)
            else:
                await workers.handle(message)
        await later(workers, 31)
        assert len([each for each in in_thread(workers) if "machine" in each]) == number + 2
        assert not (await conversation(workers)).answering.tell
        if alive:
            break
    assert step > 4


async def test_a_closure_that_is_over_when_it_is_due_puts_a_wait_off(workers: FakeWorkers) -> None:
    await night(workers, AutoReplies(waiting="Still with you.", waiting_after=60))
    await write(workers, 1)
    calendars = workers.ports.stores.calendars
    shop = await calendars.fresh("shop")
    assert shop is not None
    nine = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
    await calendars.save(shop.model_copy(update={"closures": (Closure(since=nine, until=nine + timedelta(hours=2)),)}))
    await later(workers, 12 * 3600, 3600 + 55 * 60)
    assert workers.texting.taken == []
    await later(workers, 300)
    assert len(workers.texting.taken) == 1


async def test_a_ticket_that_is_solved_waits_for_nothing(workers: FakeWorkers) -> None:
    await night(workers, AutoReplies(waiting="Still with you.", waiting_after=60))
    await write(workers, 1)
    solved = ActOnTicket(
        ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=workers.clock.now(), order="s"
    )
    await workers.handle(solved)
    await workers.drain()
    await later(workers, 13 * 3600, 60)
    assert workers.texting.taken == []
    assert not any(isinstance(message, ConsiderNotifying) for _, message in workers.queue.waiting)
