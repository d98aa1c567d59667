"""On a line that holds texts, what a person writes at night is planned for the contact's morning, once."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from messages.formats.thread_replies import ThreadReply
from messages.inbound import SlackReplyPosted
from messages.line import Quiet
from messages.planned import ActOnPlanned, CancelPlan, Planned, PlannedState, SendPlanNow
from messages.sms import SlackFile, State, WriteTyped, outbound_id
from messages.ticket import Status
from tests import make
from tests.actors.helpers import receive, settle, stored, thread, written
from tests.fakes import DiesAt, FakeWorkers
from workers import clock
from workers.ports import Posted
from workers.sms.changes.take_back import EDIT_OF_HELD

EVENING: Final = datetime(2026, 3, 3, 1, tzinfo=UTC)
"""20:00 in New York."""

NIGHT: Final = datetime(2026, 3, 3, 4, 10, tzinfo=UTC)
"""23:10 in New York."""

MORNING: Final = datetime(2026, 3, 3, 13, tzinfo=UTC)
"""8:00 in New York."""

TOLD: Final = "Held until 8:00 for +15550002222: it is night there. If +15550002222 writes first, it waits for you."


async def night(workers: FakeWorkers, where: str = "America/New_York", **settings: Any) -> Any:
    """The thread of a contact who wrote in the evening, on a line that holds texts; it is night for them now."""
    await workers.ports.stores.lines.save(make.line(quiet=Quiet.HOLD, **settings))
    workers.clock.time = EVENING
    place = await thread(workers)
    await workers.ports.stores.contacts.set_zone(make.CONTACT, where, EVENING)
    await settle(workers, 5)
    workers.clock.time = NIGHT
    return place


async def twice(workers: FakeWorkers, message: Any) -> None:
    """A message, handled twice with all that follows."""
    for _ in range(2):
        await workers.handle(message)
        await settle(workers, 5)


async def at(workers: FakeWorkers, when: datetime) -> None:
    """Let time pass until then; the clock looks for what is due."""
    workers.clock.time = when
    for _ in range(3):
        await clock.sweep(workers.ports)
        await settle(workers, 5)


async def planned_for(workers: FakeWorkers, id: str) -> Planned:
    """The planned text that a text became."""
    found = await workers.ports.stores.planned.get(id)
    assert found is not None
    return found


def id_of(reply: SlackReplyPosted) -> str:
    """The id of the planned text that a reply becomes."""
    return f"night-{outbound_id(reply.channel, reply.ts)}"


def marks(workers: FakeWorkers, reply: SlackReplyPosted) -> set[str]:
    """Our reactions on a reply."""
    return workers.slack.reactions.get(Posted(reply.channel, reply.ts), set())


def sent(workers: FakeWorkers) -> list[str]:
    """The words that the contact got, in order."""
    return workers.texting.bodies(make.CONTACT)


def told(workers: FakeWorkers) -> list[str]:
    """What agents were told of texts that are held."""
    return [words for _, words in workers.slack.whispers if words.startswith("Held until")]


def order(workers: FakeWorkers, command: Any, id: str) -> ActOnPlanned:
    """A click on a button of the whisper, now."""
    given = {"by": "U0BOB", "at": workers.clock.now(), "channel": make.CHANNEL, "order": f"click/{command.kind}"}
    return ActOnPlanned(planned=id, command=command, **given)


async def status(workers: FakeWorkers) -> Status:
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    return ticket.status


async def test_a_reply_at_night_is_held_until_morning_and_counts_when_it_leaves(workers: FakeWorkers) -> None:
    reply = written(workers, await night(workers), 1)
    await twice(workers, reply)
    assert (sent(workers), told(workers), marks(workers, reply)) == ([], [TOLD], {"clock9"})
    text, planned = await stored(workers, reply), await planned_for(workers, id_of(reply))
    assert (text.state, text.outbox, text.planned) == (State.UNSENT, None, planned.id)
    assert (planned.due_at, planned.wall, planned.zone) == (MORNING, "2026-03-03 08:00", "America/New_York")
    (post,) = workers.slack.kind("planned/")
    assert "wrote this at night for the contact" in str(post.what.blocks)
    assert "Don't send" in str(post.what.blocks)
    assert await status(workers) is Status.NEW
    await at(workers, MORNING - timedelta(minutes=1))
    assert (sent(workers), await status(workers)) == ([], Status.NEW)
    await at(workers, MORNING)
    assert (sent(workers), await status(workers)) == (["reply 1"], Status.OPEN)
    assert marks(workers, reply) == {"outbox_tray"}
    await twice(workers, reply)
    assert (sent(workers), told(workers), marks(workers, reply)) == (["reply 1"], [TOLD], {"outbox_tray"})


async def test_a_reply_that_the_queue_repeats_by_day_is_held_and_goes_once(workers: FakeWorkers) -> None:
    reply = written(workers, await night(workers), 1)
    await workers.handle(reply)
    await at(workers, MORNING)
    await twice(workers, reply)
    assert sent(workers) == ["reply 1"]
    assert not await workers.ports.stores.texts.outbox(make.CONVERSATION)


async def test_a_reply_whose_worker_died_before_it_was_planned_is_planned_by_the_repeat_even_by_day(
    workers: FakeWorkers,
) -> None:
    where = await night(workers)
    for step in range(100):
        reply = written(workers, where, step)
        await workers.handle_or_die(reply, DiesAt(step))
        is_stored = await workers.ports.stores.texts.get(outbound_id(reply.channel, reply.ts)) is not None
        if is_stored and await workers.ports.stores.planned.get(id_of(reply)) is None:
            break
    else:
        pytest.fail("no worker died between the two")
    await at(workers, MORNING)
    await twice(workers, reply)
    await at(workers, MORNING + timedelta(minutes=1))
    assert (sent(workers), marks(workers, reply)) == ([f"reply {step}"], {"outbox_tray"})


async def test_a_reply_that_went_stays_one_that_went_if_the_queue_repeats_it_at_night(workers: FakeWorkers) -> None:
    where = await night(workers)
    workers.clock.time = EVENING
    reply = written(workers, where, 1)
    await workers.handle(reply)
    workers.clock.time = datetime(2026, 3, 3, 2, 5, tzinfo=UTC)
    await twice(workers, reply)
    assert (sent(workers), told(workers)) == (["reply 1"], [])
    assert await workers.ports.stores.planned.get(id_of(reply)) is None


async def test_wherever_a_worker_dies_a_reply_at_night_is_planned_once(workers: FakeWorkers) -> None:
    where, replies = await night(workers), []
    for step in range(0, 200, 4):
        reply = written(workers, where, step, f"reply {step:03d}", event_id=None if step % 8 else f"Ev{step}")
        replies.append(reply)
        if await workers.handle_or_die(reply, DiesAt(step)):
            break
        await workers.handle(reply)
    else:
        pytest.fail("the worker dies however many steps it may take")
    await settle(workers, 30)
    assert sent(workers) == []
    assert all(marks(workers, each) == {"clock9"} for each in replies)
    assert len(workers.slack.kind("planned/")) == len(replies) >= len(told(workers))
    await at(workers, MORNING)
    await settle(workers, 60)
    assert sent(workers) == [f"reply {4 * number:03d}" for number in range(len(replies))]


async def test_a_reply_by_day_does_not_wait_for_one_that_is_held(workers: FakeWorkers) -> None:
    where = await night(workers)
    held = written(workers, where, 1)
    await twice(workers, held)
    await workers.ports.stores.contacts.set_zone(make.CONTACT, "Asia/Kolkata", NIGHT)
    workers.clock.forward(1)
    await workers.handle(written(workers, where, 2, after=outbound_id(held.channel, held.ts)))
    await settle(workers, 2)
    assert sent(workers) == ["reply 2"]
    await at(workers, MORNING)
    assert sent(workers) == ["reply 2", "reply 1"]


async def test_a_reply_that_no_event_brought_is_held_too_and_goes_before_the_later_one(workers: FakeWorkers) -> None:
    where = await night(workers)
    lost, later = written(workers, where, 1), written(workers, where, 2)
    listed = ThreadReply(ts=lost.ts, thread_ts=lost.thread_ts, user=lost.user, text=lost.text)
    workers.slack.replies.append((lost.channel, listed))
    await twice(workers, later)
    assert {text.state for text in [await stored(workers, each) for each in (lost, later)]} == {State.UNSENT}
    await at(workers, MORNING)
    assert sent(workers) == ["reply 1", "reply 2"]


@pytest.mark.parametrize(
    ("command", "state", "mark", "words"),
    [
        (SendPlanNow(), PlannedState.RELEASED, "outbox_tray", ["reply 1"]),
        (CancelPlan(), PlannedState.CANCELLED, "x", []),
    ],
)
async def test_a_held_reply_is_sent_or_not_as_an_agent_says(
    workers: FakeWorkers, command: Any, state: PlannedState, mark: str, words: list[str]
) -> None:
    reply = written(workers, await night(workers), 1)
    await twice(workers, reply)
    await twice(workers, order(workers, command, id_of(reply)))
    assert (await planned_for(workers, id_of(reply))).state is state
    assert (sent(workers), marks(workers, reply)) == (words, {mark})
    (post,) = workers.slack.kind("planned/")
    assert "by <@U0BOB>" in str(post.what.blocks)
    await twice(workers, reply)
    await at(workers, MORNING)
    assert (sent(workers), marks(workers, reply)) == (words, {mark})


async def test_who_wrote_lately_gets_the_answer_and_what_is_held_waits_for_its_author(workers: FakeWorkers) -> None:
    where = await night(workers)
    held = written(workers, where, 1)
    await twice(workers, held)
    workers.clock.forward(60)
    await receive(workers, 2)
    await settle(workers, 30)
    assert (await planned_for(workers, id_of(held))).state is PlannedState.HELD
    await twice(workers, written(workers, where, 2))
    assert (sent(workers), told(workers)) == (["reply 2"], [TOLD])


async def test_a_reply_with_files_is_held_with_them(workers: FakeWorkers) -> None:
    file = SlackFile(id="F1", name="map.png", mimetype="image/png", url_private="https://files.slack.com/F1", size=9)
    workers.slack.posted_files["F1"] = file
    reply = written(workers, await night(workers), 1, files=(file,)).model_copy(update={"text": ""})
    await twice(workers, reply)
    (post,) = workers.slack.kind("planned/")
    assert "[map.png]" in str(post.what.blocks)
    await at(workers, MORNING)
    text = await workers.ports.stores.texts.get(f"planned-{id_of(reply)}")
    assert text is not None
    assert ([each.id for each in text.files], sent(workers)) == (["F1"], [""])
    assert "[map.png]" in str(workers.slack.kind("written")[0].what.blocks)


async def test_a_note_at_night_is_a_note(workers: FakeWorkers) -> None:
    reply = written(workers, await night(workers), 1, "// call her")
    await twice(workers, reply)
    assert ((await stored(workers, reply)).state, told(workers)) == (State.NOTE, [])


async def test_a_text_that_an_agent_types_at_night_is_held_until_morning_once(workers: FakeWorkers) -> None:
    await night(workers)
    for step in range(0, 60, 6):
        typed = WriteTyped(
            sms=f"typed-{step:02d}", typed=f"{make.CONTACT} text {step:02d}", by=make.AGENT, at=NIGHT, channel="C0TEXTS"
        )
        if await workers.handle_or_die(typed, DiesAt(step)):
            break
        for _ in range(2):
            await workers.handle(typed)
    await settle(workers, 30)
    assert sent(workers) == []
    assert len(workers.slack.kind("planned/")) == step // 6 + 1
    assert workers.slack.kind("written") == []
    assert not [words for _, words in workers.slack.whispers if words.startswith("On its way")]
    await at(workers, MORNING)
    await settle(workers, 60)
    await twice(workers, typed)
    assert sent(workers) == [f"text {number:02d}" for number in range(0, step + 1, 6)]


async def test_where_nobody_knows_where_the_contact_is_the_lines_night_holds_texts_too(workers: FakeWorkers) -> None:
    reply = written(workers, await night(workers, "", zone="America/New_York"), 1)
    await twice(workers, reply)
    assert (sent(workers), told(workers)) == ([], [TOLD.replace("it is night", "it may be night")])
    await at(workers, MORNING)
    assert sent(workers) == ["reply 1"]


async def test_who_edits_a_held_reply_is_told_where_it_can_be_changed(workers: FakeWorkers) -> None:
    reply = written(workers, await night(workers), 1)
    await twice(workers, reply)
    await twice(workers, make.reply_changed(reply, "other words", received_at=workers.clock.now()))
    assert [words for _, words in workers.slack.whispers if "as you first wrote it" in words] == [EDIT_OF_HELD]


async def test_a_held_reply_that_is_deleted_is_not_sent_and_its_author_hears_so_once(workers: FakeWorkers) -> None:
    reply = written(workers, await night(workers), 1)
    await twice(workers, reply)
    await twice(workers, make.reply_changed(reply, received_at=workers.clock.now()))
    assert (await planned_for(workers, id_of(reply))).state is PlannedState.CANCELLED
    assert len([words for _, words in workers.slack.whispers if "Cancelled" in words]) == 1
    await at(workers, MORNING)
    assert sent(workers) == []


async def test_who_deletes_a_held_reply_that_has_left_hears_that_it_is_too_late(workers: FakeWorkers) -> None:
    reply = written(workers, await night(workers), 1)
    await twice(workers, reply)
    await at(workers, MORNING)
    await twice(workers, make.reply_changed(reply, received_at=workers.clock.now()))
    assert sent(workers) == ["reply 1"]
    assert [words for _, words in workers.slack.whispers if "left" in words]
