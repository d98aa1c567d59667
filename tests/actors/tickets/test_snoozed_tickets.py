"""A snoozed ticket leaves the lists and notifies nobody; it wakes in time, once, whatever dies, and says why."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from messages.calendar import Closure
from messages.conversation import Conversation
from messages.deadlines.snooze import EndSnooze, SetSnooze, Snooze, SnoozeAgain, SnoozeEnd, WakeUp
from messages.planned import When
from messages.sms import Media
from messages.ticket import ActOnTicket, SetStatus, Status, Ticket
from messages.views import FindTickets, OpenDashboard, OpenSnooze, SnoozeTyped
from tests import make
from tests.actors.helpers import thread, written
from tests.fakes import DiesAt, FakeWorkers
from tests.make import AGENT, NOW
from workers import clock
from workers.tickets.snoozes_over import LOOK_EVERY, SnoozeRules

HOUR: Final = 3600
URL: Final = "https://hooks.slack.com/x"


async def ticket(workers: FakeWorkers) -> Ticket:
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


async def conversation(workers: FakeWorkers) -> Conversation:
    found = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert found is not None
    return found


async def order(workers: FakeWorkers, command: Any, by: str = AGENT, identity: str = "click/1") -> None:
    """An order about the ticket, handled twice with all that follows."""
    id, at = (await ticket(workers)).id, workers.clock.now()
    acted = ActOnTicket(ticket=id, command=command, by=by, at=at, order=identity, response_url=URL)
    for _ in range(2):
        await workers.handle(acted)
    await workers.drain(times=2)


async def snoozed(workers: FakeWorkers, **fields: Any) -> Ticket:
    """A ticket of one text that an agent has put off for two hours."""
    await thread(workers)
    await order(workers, SetSnooze(**{"when": When(after=timedelta(hours=2)), **fields}))
    return await ticket(workers)


async def write(workers: FakeWorkers, number: int, body: str, **fields: Any) -> None:
    """The contact's `number`-th text after the first, handled twice with all that follows."""
    text = make.sms_received(sid=f"SM{number}", body=body, received_at=workers.clock.now(), **fields)
    for _ in range(2):
        await workers.handle(text)
    await workers.drain(times=2)


def said(workers: FakeWorkers, words: str) -> int:
    """In how many lines of the thread these words are."""
    return sum(words in each.what.text for each in workers.slack.kind("line"))


def root(workers: FakeWorkers) -> str:
    return str(workers.slack.kind("root")[0].what.blocks)


async def notified(workers: FakeWorkers) -> int:
    """How many notifications were decided."""
    latest = (await conversation(workers)).debounce.latest
    return latest.number if latest else 0


async def test_an_agent_puts_a_ticket_off_and_is_told_until_when(workers: FakeWorkers) -> None:
    workers.slack.zones[AGENT] = "Europe/Paris"
    found = await snoozed(workers, note="the part")
    assert found.snooze == Snooze(
        by=AGENT, at=NOW, until=make.at(2 * HOUR), zone="Europe/Paris", note="the part", last_text=1
    )
    assert "*Snoozed* until" in root(workers)
    assert said(workers, "snoozed it until") == 1
    assert {words for _, words in workers.slack.whispers} == {
        "Ticket #1 is snoozed: it wakes today at 12:30 (Paris). It wakes sooner if the contact writes."
    }


async def test_a_text_wakes_it_notifies_and_offers_the_same_time_again(workers: FakeWorkers) -> None:
    await snoozed(workers)
    workers.clock.forward(HOUR)
    await write(workers, 2, "It broke again")
    found = await ticket(workers)
    assert found.snooze is not None
    assert (found.snooze.ended, await notified(workers)) == (SnoozeEnd.TEXT, 2)
    assert said(workers, f"Awake: {make.CONTACT} wrote.") == 1
    assert "*Snoozed*" not in root(workers)
    await order(workers, SnoozeAgain(until=make.at(2 * HOUR)), "U0BOB", "click/2")
    assert (await ticket(workers)).asleep is not None
    await order(workers, SnoozeAgain(until=make.at(2 * HOUR)), "U0ADA", "click/3")
    assert any("is snoozed already" in words for _, words in workers.slack.whispers)


@pytest.mark.parametrize("body", ["Thanks!", "Vielen Dank 🙏"])
async def test_thanks_alone_wake_nothing_and_are_in_the_thread(workers: FakeWorkers, body: str) -> None:
    await snoozed(workers)
    workers.clock.forward(HOUR)
    await write(workers, 2, body)
    assert (await ticket(workers)).asleep is not None
    assert await notified(workers) == 1
    assert any(body in each.what.text for each in workers.slack.kind("texts"))
    assert "1 text since" in root(workers)


async def test_thanks_with_a_picture_or_before_a_question_wake_it(workers: FakeWorkers) -> None:
    await snoozed(workers)
    workers.clock.forward(HOUR)
    picture = Media(url="https://api.twilio.com/m", content_type="image/png")
    await write(workers, 2, "Thanks!", media=(picture,))
    assert (await ticket(workers)).asleep is None
    await order(workers, SetSnooze(when=When(after=timedelta(hours=2))), identity="click/2")
    workers.clock.forward(HOUR)
    await write(workers, 3, "Thanks!")
    await write(workers, 4, "But where is it?")
    assert (await ticket(workers)).asleep is None
    latest = (await conversation(workers)).debounce.latest
    assert latest is not None
    assert (latest.first, latest.last) == (3, 4)


async def test_a_reaction_wakes_nothing(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await workers.handle(written(workers, place, 1, text="On our way"))
    workers.clock.forward(2)
    await workers.drain()
    await order(workers, SetSnooze(when=When(after=timedelta(hours=2))))
    workers.clock.forward(HOUR)
    await write(workers, 2, "Liked “On our way”")
    found = await ticket(workers)
    assert found.last_text == 2
    assert (found.asleep is not None, await notified(workers)) == (True, 1)


async def test_with_the_check_mark_off_texts_notify_nobody_until_its_time_comes(workers: FakeWorkers) -> None:
    await snoozed(workers, wake_on_text=False)
    workers.clock.forward(HOUR)
    for number in (2, 3):
        await write(workers, number, f"Where is it? {number}")
        workers.clock.forward(300)
    await workers.pass_time(60, 60)
    assert ((await ticket(workers)).asleep is not None, await notified(workers)) == (True, 1)
    assert "2 texts since" in root(workers)
    await workers.pass_time(HOUR, 600)
    latest = (await conversation(workers)).debounce.latest
    assert latest is not None
    assert (latest.number, latest.first, latest.last) == (2, 2, 3)


async def test_when_its_time_comes_it_wakes_once_and_whoever_snoozed_it_is_told(workers: FakeWorkers) -> None:
    await snoozed(workers, note="the part")
    workers.clock.forward(2 * HOUR - 1)
    await clock.sweep(workers.ports)
    assert (await ticket(workers)).asleep is not None
    workers.clock.forward(1)
    for _ in range(3):
        await clock.sweep(workers.ports)
    await workers.drain(times=2)
    found = await ticket(workers)
    assert found.snooze is not None
    assert found.snooze.ended is SnoozeEnd.TIME
    assert said(workers, "Ticket #1 is awake: the part.") == 1
    assert [
        each.channel for each in workers.slack.messages if "The time to which it was put off" in str(each.what)
    ] == [f"D{AGENT[1:]}"]
    assert await workers.ports.stores.tickets.waking(workers.clock.now(), [make.LINE]) == []


SATURDAY: Final = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)
MONDAY: Final = datetime(2026, 3, 9, 13, 0, tzinfo=UTC)
"""When the shop in New York opens."""


async def test_what_is_over_while_the_line_is_closed_waits_until_it_opens_and_says_so(workers: FakeWorkers) -> None:
    await workers.ports.stores.calendars.add(make.calendar())
    await workers.ports.stores.lines.save(make.line(calendar="shop"))
    workers.slack.zones[AGENT] = "America/New_York"
    await snoozed(workers, when=When(day="sat", clock="10:00"))
    assert "waits until the line opens on Mon 9 Mar at 9:00 (New York)" in workers.slack.whispers[0][1]
    for moment, asleep in ((SATURDAY, True), (MONDAY - timedelta(seconds=1), True), (MONDAY, False)):
        workers.clock.time = moment
        await clock.sweep(workers.ports)
        late = EndSnooze(until=SATURDAY)
        await workers.handle(ActOnTicket(ticket=1, command=late, by=None, at=moment))
        await workers.drain()
        assert ((await ticket(workers)).asleep is not None) is asleep
    assert said(workers, "when the line was closed") == 1


async def test_a_line_that_opens_sooner_than_was_known_wakes_it_sooner(workers: FakeWorkers) -> None:
    shut = Closure(since=NOW, until=make.at(100 * HOUR))
    await workers.ports.stores.calendars.add(make.calendar(closures=(shut,)))
    await workers.ports.stores.lines.save(make.line(calendar="shop"))
    await snoozed(workers, when=When(after=timedelta(hours=6)))
    workers.clock.forward(6 * HOUR)
    await clock.sweep(workers.ports)
    await workers.drain()
    assert (await ticket(workers)).asleep is not None
    calendar = await workers.ports.stores.calendars.fresh("shop")
    assert calendar is not None
    await workers.ports.stores.calendars.save(calendar.model_copy(update={"closures": ()}))
    await clock.sweep(workers.ports)
    await workers.drain()
    assert (await ticket(workers)).asleep is None


async def test_whatever_dies_on_the_way_it_wakes_once_and_is_told_once(workers: FakeWorkers) -> None:
    await snoozed(workers)
    workers.clock.forward(2 * HOUR)
    for step in range(30):
        await clock.sweep(workers.ports)
        fate, alive = DiesAt(step), True
        while due := workers.queue.due():
            message = workers.queue.take(due[0])
            if isinstance(message, ActOnTicket) and alive:
                alive = await workers.handle_or_die(message, fate)
            else:
                await workers.handle(message)
        if alive and step:
            break
        workers.clock.forward(31)
    found = await ticket(workers)
    assert [each.why for each in found.history].count("snooze_over") == 1
    assert said(workers, "is awake") == 1
    await workers.pass_time(120, 30)
    alerts = [each.channel for each in workers.slack.messages if each.post_id.startswith("alert/")]
    assert alerts == [f"D{AGENT[1:]}"]


async def test_a_text_and_its_time_at_once_end_it_once(workers: FakeWorkers) -> None:
    found = await snoozed(workers)
    workers.clock.forward(2 * HOUR)
    await clock.sweep(workers.ports)
    await workers.handle(make.sms_received(sid="SM2", body="Hello?", received_at=workers.clock.now()))
    await workers.drain(times=2)
    after = await ticket(workers)
    ends = [each for entry in after.history for each in entry.changes if each.what == "woken"]
    assert (len(ends), after.version > found.version) == (1, True)


async def test_an_agents_reply_keeps_it_snoozed_and_a_status_ends_that(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await order(workers, SetSnooze(when=When(after=timedelta(hours=2))))
    await workers.handle(written(workers, place, 1, text="It comes on Tuesday"))
    workers.clock.forward(2)
    await workers.drain()
    found = await ticket(workers)
    assert (found.status, found.asleep is not None) == (Status.OPEN, True)
    await order(workers, SetStatus(status=Status.SOLVED), identity="click/2")
    assert (await ticket(workers)).asleep is None
    assert said(workers, "ended its snooze") == 0


async def test_what_is_snoozed_is_in_a_list_of_its_own(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    for number, until in ((2, 200), (3, 100), (4, None)):
        contact = f"+1202555{number:04d}"
        await stores.contacts.ensure(contact, NOW)
        snooze = None if until is None else Snooze(by=AGENT, at=NOW, until=make.at(until))
        fields = {"conversation": f"{make.LINE}:{contact}", "contact": contact, "waiting_since": NOW}
        await stores.tickets.add(make.ticket(id=number, status=Status.OPEN, snooze=snooze, **fields))
    await workers.handle(OpenDashboard(user=AGENT, trigger_id="1.2", received_at=NOW, channel=make.CHANNEL))
    shown = str(workers.slack.views[-1])
    assert re.findall(r"'text': '([^']*\(\d+\))'", shown) == ["Open (1)", "Snoozed (2)"]
    assert re.findall(r"\*(?:<[^|]*\|)?#(\d+)", shown) == ["4", "3", "2"]
    for query, numbers in (("snoozed", ["3", "2"]), ("open", ["4", "2", "3"])):
        workers.slack.views[:] = [{"external_id": "found-1"}]
        await workers.handle(
            FindTickets(query=query, user=AGENT, channel=make.CHANNEL, view="found-1", received_at=NOW)
        )
        assert re.findall(r"\*(?:<[^|]*\|)?#(\d+)", str(workers.slack.views[0])) == numbers


PRIVATE: Final = "G0PRIVATE"


@pytest.mark.parametrize(
    ("user", "channel", "tells_nothing", "words"),
    [
        ("U0STRANGER", "C0ELSEWHERE", False, "there is no ticket #1 that you can see"),
        ("U0MEMBER", "C0ELSEWHERE", True, "Slack does not say at the moment"),
        ("U0MEMBER", "C0ELSEWHERE", False, "is snoozed: it wakes"),
        ("U0STRANGER", PRIVATE, False, "is snoozed: it wakes"),
    ],
)
async def test_who_can_not_see_a_ticket_can_not_snooze_it_by_its_number(
    workers: FakeWorkers, user: str, channel: str, tells_nothing: bool, words: str
) -> None:
    await workers.ports.stores.lines.save(make.line(channel=PRIVATE))
    await thread(workers)
    workers.slack.private[PRIVATE] = {"U0MEMBER"}
    workers.slack.tells_nothing = tells_nothing
    for when in (When(day="tomorrow"), None):
        typed = SnoozeTyped(ticket=1, when=when, by=user, at=NOW, channel=channel, response_url=URL, order=f"c/{when}")
        for _ in range(2):
            await workers.handle(typed)
        await workers.drain(times=2)
        if when is not None:
            assert words in workers.slack.whispers[0][1]
            assert ((await ticket(workers)).asleep is not None) is ("wakes" in words)
    assert (await ticket(workers)).asleep is None


async def test_a_number_of_no_ticket_is_answered_alike(workers: FakeWorkers) -> None:
    await workers.handle(SnoozeTyped(ticket=99, by=AGENT, at=NOW, channel="C1", response_url=URL))
    await workers.drain()
    assert workers.slack.whispers == [(URL, "Nothing was changed: there is no ticket #99 that you can see.")]


async def test_the_form_opens_in_the_agents_zone_and_not_for_what_is_over(workers: FakeWorkers) -> None:
    await thread(workers)
    workers.slack.zones[AGENT] = "Europe/Paris"
    click = OpenSnooze(ticket=1, user=AGENT, trigger_id="1.2", response_url=URL, channel=make.CHANNEL, received_at=NOW)
    await workers.handle(click)
    assert "'timezone': 'Europe/Paris'" in str(workers.slack.views[0])
    await order(workers, SetStatus(status=Status.SOLVED))
    await workers.handle(click.model_copy(update={"received_at": workers.clock.now()}))
    assert len(workers.slack.views) == 1
    assert "there is nothing to put off" in workers.slack.whispers[-1][1]


async def test_an_agent_wakes_it_and_the_second_who_does_is_told_so(workers: FakeWorkers) -> None:
    await snoozed(workers)
    await order(workers, WakeUp(), identity="click/2")
    await order(workers, WakeUp(), "U0BOB", "click/3")
    assert "ticket #1 is not snoozed" in workers.slack.whispers[-1][1]
    assert said(workers, "woke it") == 1


async def test_other_rules_of_a_zone_move_what_is_over_soon_and_the_thread_says_so(workers: FakeWorkers) -> None:
    await thread(workers)
    found = await ticket(workers)
    wrong = Snooze(by=AGENT, at=NOW, until=make.at(26 * HOUR), wall="2026-03-03 10:30", last_text=1)
    stored = found.model_copy(update={"version": found.version + 1, "snooze": wrong})
    assert await workers.ports.stores.tickets.save(stored, found.version)
    rules = SnoozeRules()
    assert [await rules.look(workers.ports) for _ in range(2)] == [1, 0]
    await workers.drain(times=2)
    asleep = (await ticket(workers)).asleep
    assert asleep is not None
    assert asleep.until == make.at(25 * HOUR)
    assert said(workers, "the rules for clocks in that zone have changed") == 1
    workers.clock.forward((LOOK_EVERY + timedelta(seconds=1)).total_seconds())
    assert await rules.look(workers.ports) == 0
