"""Planned texts from the order to the outbox: what leaves, what waits, what agents are told."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from messages.orders.commands import SlashCommand, read
from messages.planned import (
    ActOnPlanned,
    CancelPlan,
    ChangePlan,
    IfReply,
    KeepPlan,
    Planned,
    PlannedState,
    PlanText,
    SendPlanNow,
    When,
)
from messages.sms import Origin, State
from messages.ticket import Status
from tests import make
from tests.actors.helpers import receive, settle, thread, written
from tests.fakes import DiesAt, FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, CONVERSATION, LINE
from workers import clock

HOUR = 3600


def plan_text(workers: FakeWorkers, id: str = "P1", **fields: Any) -> PlanText:
    """An order to send a text in an hour."""
    given = {"planned": id, "line": LINE, "contact": CONTACT, "text": "See you", "by": AGENT, "channel": CHANNEL}
    when = When(after=timedelta(hours=1))
    return PlanText(**{**given, "when": when, "at": workers.clock.now(), **fields})


async def planned(workers: FakeWorkers, id: str = "P1", **fields: Any) -> Planned:
    """A text that is planned for an hour from now, in a conversation with a thread."""
    await thread(workers)
    workers.clock.forward(1)
    await workers.handle(plan_text(workers, id, **fields))
    await workers.drain()
    return await stored(workers, id)


async def stored(workers: FakeWorkers, id: str = "P1") -> Planned:
    """A planned text as it is now."""
    found = await workers.ports.stores.planned.get(id)
    assert found is not None
    return found


def order(workers: FakeWorkers, command: Any, id: str = "P1", **fields: Any) -> ActOnPlanned:
    """An agent's order, now."""
    given = {"by": AGENT, "at": workers.clock.now(), "channel": CHANNEL, "order": f"click/{command.kind}"}
    return ActOnPlanned(**{"planned": id, "command": command, **given, **fields})


async def obey(workers: FakeWorkers, command: Any, id: str = "P1", **fields: Any) -> None:
    """An agent's order, carried out twice with all that follows."""
    message = order(workers, command, id, **fields)
    for _ in range(2):
        await workers.handle(message)
    await workers.drain(times=2)
    await settle(workers)


async def later(workers: FakeWorkers, seconds: float, step: float = 0) -> None:
    """Let time pass, in a few steps, with the clock looking after each."""
    await workers.pass_time(seconds, step or max(seconds / 3, 15))
    await workers.pass_time(2, 1)


def told(workers: FakeWorkers) -> str:
    """What an agent was told last."""
    return workers.slack.whispers[-1][1]


def posts(workers: FakeWorkers) -> list[Mapping[str, Any]]:
    """The blocks of the thread's post of a planned text."""
    (post,) = workers.slack.kind("planned/")
    return list(post.what.blocks)


def buttons(blocks: list[Mapping[str, Any]]) -> list[str]:
    """What a post offers."""
    return [each["text"]["text"] for block in blocks if block["type"] == "actions" for each in block["elements"]]


async def test_a_planned_text_leaves_at_its_time_once_and_by_its_author(workers: FakeWorkers) -> None:
    await planned(workers)
    await later(workers, HOUR - 60)
    assert workers.texting.bodies(CONTACT) == []
    await later(workers, 120)
    assert workers.texting.bodies(CONTACT) == ["See you"]
    text = await workers.ports.stores.texts.get("planned-P1")
    assert text is not None
    assert (text.state, text.author, text.origin, text.exempt) == (State.QUEUED, AGENT, Origin.PLANNED, False)
    found = await stored(workers)
    assert (found.state, found.look_at) == (PlannedState.RELEASED, None)
    conversation = await workers.ports.stores.conversations.get(CONVERSATION)
    assert conversation is not None
    assert conversation.planned == ()
    ticket = await workers.ports.stores.tickets.newest(CONVERSATION)
    assert ticket is not None
    assert (ticket.status, ticket.assignees) == (Status.OPEN, (AGENT,))
    assert buttons(posts(workers)) == []


async def test_whenever_a_worker_dies_a_planned_text_leaves_once(workers: FakeWorkers) -> None:
    await planned(workers)
    for step in range(0, 24, 4):
        one = plan_text(workers, f"at step {step}", text=f"text {step}")
        if not await workers.handle_or_die(one, DiesAt(step)):
            await workers.handle(one)
    await workers.drain()
    workers.clock.forward(HOUR + 1)
    await clock.sweep(workers.ports)
    (look,) = [message for _, message in workers.queue.waiting if message.actor == "sms.look_at_planned"]
    workers.queue.waiting.clear()
    for step in range(0, 400, 3):
        if await workers.handle_or_die(look, DiesAt(step)):
            break
    await later(workers, 60)
    bodies = workers.texting.bodies(CONTACT)
    assert sorted(bodies) == sorted(["See you", *(f"text {step}" for step in range(0, 24, 4))])


async def test_the_thread_shows_what_is_planned_with_buttons_and_the_card_counts_it(workers: FakeWorkers) -> None:
    await planned(workers)
    assert buttons(posts(workers)) == ["Edit", "Send now", "Cancel"]
    (root,) = workers.slack.kind("root")
    assert "1 planned, " in str(root.what.blocks)
    await obey(workers, CancelPlan())
    assert buttons(posts(workers)) == []
    assert "Cancelled by" in str(posts(workers))
    (root,) = workers.slack.kind("root")
    assert "planned" not in str(root.what.blocks)


async def test_the_author_is_told_when_it_leaves_and_for_whom(workers: FakeWorkers) -> None:
    workers.slack.zones[AGENT] = "Europe/Berlin"
    await workers.ports.stores.contacts.ensure(CONTACT, workers.clock.now())
    await workers.ports.stores.contacts.set_name(CONTACT, "Ann", workers.clock.now())
    await planned(workers, when=When(day="tomorrow", clock="09:00"))
    assert told(workers) == "Planned for Tue 3 Mar 9:00 your time (Berlin). If Ann writes first, it waits for you."


async def test_the_contacts_zone_counts_before_the_agents_if_their_number_tells_it(workers: FakeWorkers) -> None:
    workers.slack.zones[AGENT] = "Europe/Berlin"
    await workers.handle(plan_text(workers, contact="+12125550123", when=When(day="2026-03-08", clock="02:30")))
    await workers.drain()
    found = await stored(workers)
    assert (found.zone, found.wall) == ("America/New_York", "2026-03-08 02:30")
    assert "where +12125550123 is (New York)" in told(workers)
    assert "2:30 does not exist that day, because clocks go forward: it leaves at 3:30." in told(workers)


@pytest.mark.parametrize(
    ("if_reply", "state"),
    [
        (IfReply.HOLD, PlannedState.HELD),
        (IfReply.CANCEL, PlannedState.CANCELLED),
        (IfReply.SEND, PlannedState.PLANNED),
    ],
)
async def test_when_the_contact_writes_first_it_is_as_the_author_said(
    workers: FakeWorkers, if_reply: IfReply, state: PlannedState
) -> None:
    await planned(workers, if_reply=if_reply)
    workers.clock.forward(60)
    await receive(workers, 2)
    assert (await stored(workers)).state is state
    await later(workers, HOUR + 60)
    assert workers.texting.bodies(CONTACT) == (["See you"] if if_reply is IfReply.SEND else [])


async def test_what_the_contact_wrote_counts_although_no_message_said_so(workers: FakeWorkers) -> None:
    await planned(workers)
    workers.clock.forward(60)
    await workers.handle(make.sms_received(sid="SM9", received_at=workers.clock.now()))
    workers.queue.waiting.clear()
    workers.clock.forward(HOUR)
    await clock.sweep(workers.ports)
    for _, message in [*workers.queue.waiting]:
        if message.actor == "sms.look_at_planned":
            await workers.handle(message)
    assert (await stored(workers)).state is PlannedState.HELD


async def test_a_held_text_is_offered_once_to_whoever_replies_then_and_leaves_as_planned(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await planned(workers)
    workers.clock.forward(60)
    await receive(workers, 2)
    for number in (1, 2):
        await workers.handle(written(workers, place, number, user="U0BOB"))
        await workers.drain()
    offers = [words for user, words in workers.slack.whispers if "still right" in words]
    assert len(offers) == 1
    await obey(workers, KeepPlan())
    assert (await stored(workers)).state is PlannedState.PLANNED
    await later(workers, HOUR)
    assert "See you" in workers.texting.bodies(CONTACT)


async def test_an_opt_out_cancels_it_and_a_start_does_not_revive_it(workers: FakeWorkers) -> None:
    await planned(workers)
    await planned(workers, "P2")
    workers.clock.forward(60)
    for sid, body in (("SM8", "STOP"), ("SM9", "START")):
        await workers.handle(make.sms_received(sid=sid, body=body, received_at=workers.clock.now()))
        await workers.drain()
        workers.clock.forward(60)
    assert {(await stored(workers, id)).state for id in ("P1", "P2")} == {PlannedState.CANCELLED}
    notes = workers.slack.kind("planned-note")
    assert len(notes) == 2
    assert all("is not sent, because the contact opted out" in each.what.text for each in notes)
    await later(workers, 2 * HOUR)
    assert workers.texting.bodies(CONTACT) == []


async def test_an_opt_out_and_an_opt_in_that_no_message_told_cancel_it_when_it_is_due(workers: FakeWorkers) -> None:
    await planned(workers)
    for second, body in ((60, "STOP"), (120, "START")):
        workers.clock.forward(second)
        await workers.handle(make.sms_received(sid=f"SM{second}", body=body, received_at=workers.clock.now()))
    workers.queue.waiting.clear()
    await later(workers, HOUR)
    assert (await stored(workers)).state is PlannedState.CANCELLED


async def test_what_was_due_hours_ago_is_held_and_its_author_is_named(workers: FakeWorkers) -> None:
    await planned(workers)
    workers.clock.forward(6 * HOUR)
    await later(workers, 60)
    assert workers.texting.bodies(CONTACT) == []
    (note,) = workers.slack.kind("planned-note")
    assert "is held, because Clerk could not send it when it was due" in note.what.text
    assert f"<@{AGENT}>" in note.what.text
    await obey(workers, KeepPlan())
    assert workers.texting.bodies(CONTACT) == ["See you"]


async def test_a_held_text_reminds_its_author_each_day_and_ends_after_a_week(workers: FakeWorkers) -> None:
    await planned(workers)
    workers.clock.forward(60)
    await receive(workers, 2)
    await later(workers, 10 * 24 * HOUR, step=24 * HOUR)
    notes = [each.what.text for each in workers.slack.kind("planned-note")]
    assert sum("still waits for you" in each for each in notes) == 7
    assert "nobody decided about it for a week" in notes[-1]
    assert (await stored(workers)).state is PlannedState.CANCELLED


async def test_a_removed_line_refuses_what_is_planned(workers: FakeWorkers) -> None:
    await planned(workers)
    await workers.ports.stores.lines.remove(LINE)
    await later(workers, HOUR + 60)
    found = await stored(workers)
    assert (found.state, found.why) == (PlannedState.REFUSED, "the line is no longer one of Clerk's lines")


async def test_a_change_is_whole_and_an_order_after_it_left_is_refused_in_words(workers: FakeWorkers) -> None:
    first = await planned(workers)
    change = ChangePlan(version=first.version, text="New words", when=When(after=timedelta(minutes=5)))
    await obey(workers, change)
    assert "Planned for" in told(workers)
    await obey(workers, change.model_copy(update={"text": "Other words"}), order="click/2")
    assert "somebody else changed this planned text" in told(workers)
    await later(workers, 6 * 60)
    assert workers.texting.bodies(CONTACT) == ["New words"]
    for command in (CancelPlan(), SendPlanNow(), KeepPlan(), change):
        await obey(workers, command, order=f"late/{command.kind}")
        assert "it left at" in told(workers)
    assert workers.texting.bodies(CONTACT) == ["New words"]


async def test_an_order_about_a_cancelled_one_says_who_cancelled_it(workers: FakeWorkers) -> None:
    await planned(workers)
    await obey(workers, CancelPlan(), by="U0BOB")
    await obey(workers, SendPlanNow())
    assert "it was cancelled by <@U0BOB>" in told(workers)
    await later(workers, 2 * HOUR)
    assert workers.texting.bodies(CONTACT) == []


async def test_send_now_after_an_opt_out_sends_nothing_and_says_why(workers: FakeWorkers) -> None:
    await planned(workers)
    await workers.handle(make.sms_received(sid="SM8", body="STOP", received_at=workers.clock.now()))
    await obey(workers, SendPlanNow())
    assert "the contact opted out" in told(workers)
    assert workers.texting.bodies(CONTACT) == []


async def test_a_planned_text_reopens_no_solved_ticket_and_begins_none_after_a_closed_one(workers: FakeWorkers) -> None:
    await planned(workers)
    ticket = await workers.ports.stores.tickets.newest(CONVERSATION)
    assert ticket is not None
    for status in (Status.SOLVED, Status.CLOSED):
        now = await workers.ports.stores.tickets.newest(CONVERSATION)
        assert now is not None
        solved = now.model_copy(update={"status": status, "version": now.version + 1})
        assert await workers.ports.stores.tickets.save(solved, now.version)
        await workers.handle(plan_text(workers, f"P-{status}", text=f"while {status}"))
        await obey(workers, SendPlanNow(), f"P-{status}", order=status)
        newest = await workers.ports.stores.tickets.newest(CONVERSATION)
        assert newest is not None
        assert (newest.id, newest.status) == (ticket.id, status)
    assert workers.texting.bodies(CONTACT) == ["while solved", "while closed"]
    shown = [each.what.text for each in workers.slack.kind("written")]
    assert shown == ["while solved", "while closed"]


async def test_one_that_leaves_all_the_same_does_not_count_as_seen_by_the_team(workers: FakeWorkers) -> None:
    await planned(workers, if_reply=IfReply.SEND)
    workers.clock.forward(HOUR - 20)
    await receive(workers, 2)
    workers.clock.forward(10)
    await receive(workers, 3)
    await later(workers, HOUR)
    conversation = await workers.ports.stores.conversations.get(CONVERSATION)
    assert conversation is not None
    assert conversation.debounce.latest is not None
    assert conversation.debounce.latest.last == 3


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"when": When(after=timedelta(seconds=30))}, "at least a minute ahead"),
        ({"when": When(day="2026-03-01", clock="09:00")}, "that time has passed"),
        ({"when": When(day="2027-06-01", clock="09:00")}, "at most 366 days ahead"),
        ({"text": "x" * 1601}, "1,601 characters"),
        ({"text": "// for us"}, "plans no notes"),
        ({"text": "  "}, "your text is empty"),
        ({"line": "+15559999999"}, "the line no longer exists"),
    ],
)
async def test_what_can_not_be_planned_is_refused_in_words(
    workers: FakeWorkers, fields: dict[str, Any], words: str
) -> None:
    for _ in range(2):
        await workers.handle(plan_text(workers, **fields))
    await workers.drain()
    assert words in told(workers)
    assert await workers.ports.stores.planned.get("P1") is None


async def test_a_conversation_has_twenty_at_most(workers: FakeWorkers) -> None:
    for number in range(20):
        await workers.ports.stores.planned.add(make.planned(id=f"{number}"))
    await workers.handle(plan_text(workers))
    await workers.drain()
    assert "20 texts are planned for this contact already" in told(workers)


async def test_clerk_later_plans_and_clerk_planned_lists(workers: FakeWorkers) -> None:
    def typed(text: str) -> SlashCommand:
        return SlashCommand(text=text, user=AGENT, channel=CHANNEL, trigger_id="T1", at=workers.clock.now())

    for text in (f"later {CONTACT} in 2h: See you", "planned"):
        message = read(typed(text))
        assert not isinstance(message, str)
        await workers.handle(message)
        await workers.drain()
    assert "You have planned 1 text." in told(workers)
    (only,) = await workers.ports.stores.planned.of_author(AGENT)
    assert (only.body, only.due_at, only.wall) == ("See you", make.at(2 * HOUR), "")
    await later(workers, 2 * HOUR + 60)
    assert workers.texting.bodies(CONTACT) == ["See you"]
    await workers.handle(read(typed("planned")))  # type: ignore[arg-type]
    await workers.drain()
    assert "You have planned no texts" in told(workers)


async def test_a_text_that_could_not_enter_the_outbox_in_time_waits_for_a_person(workers: FakeWorkers) -> None:
    first = await planned(workers)
    released = first.model_copy(
        update={"state": PlannedState.RELEASED, "version": 2, "ended_at": first.due_at, "look_at": first.due_at}
    )
    assert await workers.ports.stores.planned.save(released, first)
    workers.clock.forward(6 * HOUR)
    await later(workers, 60)
    text = await workers.ports.stores.texts.get("planned-P1")
    assert text is not None
    assert (text.state, text.late) == (State.REFUSED, True)
    assert workers.texting.bodies(CONTACT) == []


async def test_two_orders_about_an_unknown_one_are_answered(workers: FakeWorkers) -> None:
    await obey(workers, CancelPlan(), "nothing")
    assert "Clerk no longer has that planned text" in told(workers)
