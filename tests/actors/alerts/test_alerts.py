"""Alerts about tickets: whom they reach, how often, and that they are gone once their cause is."""

from datetime import datetime, timedelta

import pytest

from messages.deadlines.alert import AcknowledgeAlert, AlertSettings, ConsiderAlerts, ShowAlerts
from messages.deadlines.clocks import ClockKind, HoursCounted, TicketClock
from messages.ticket import ActOnTicket, Reply, SetStatus, Status, Take, Ticket
from tests import make
from tests.fakes import DiesAt, FakeMessage, FakeWorkers
from workers.clock import sweep
from workers.failures import Ambiguous, Permanent
from workers.redraw import redraw

MINUTES = 60


def alerts(workers: FakeWorkers) -> list[FakeMessage]:
    """The alerts in Slack, the lists of many, too."""
    return [each for each in workers.slack.messages if each.post_id.startswith("alert/") or "/alerts/" in each.post_id]


def places(workers: FakeWorkers) -> list[str]:
    """Where alerts are."""
    return sorted(each.channel for each in alerts(workers))


def in_threads(workers: FakeWorkers) -> list[str]:
    """What was posted in threads."""
    return [each.post_id for each in workers.slack.messages if each.thread_ts is not None]


async def card(workers: FakeWorkers) -> str:
    """The thread's first card, drawn as the ticket is now."""
    await redraw(make.CONVERSATION, workers.ports)
    await workers.drain()
    return str(workers.slack.kind("root")[0].what.blocks)


async def set_line(workers: FakeWorkers, **fields: object) -> None:
    """Give the line other settings about alerts."""
    found = await workers.ports.stores.lines.get(make.LINE)
    assert found is not None
    calendar = fields.pop("calendar", found.calendar)
    settings = AlertSettings.model_validate(fields)
    await workers.ports.stores.lines.save(found.model_copy(update={"alerts": settings, "calendar": calendar}))


async def receive(workers: FakeWorkers, number: int = 1, contact: str = make.CONTACT) -> None:
    """A contact's text, with all that follows."""
    after = f"SM{contact[-4:]}{number - 1}" if number > 1 else None
    text = make.sms_received(sid=f"SM{contact[-4:]}{number}", contact=contact, received_at=workers.clock.now())
    await workers.handle(text.model_copy(update={"after": after}))
    await workers.drain()


async def act(workers: FakeWorkers, command: Reply | SetStatus | Take, ticket: int = 1, by: str = make.AGENT) -> None:
    """Somebody does something about a ticket."""
    at = workers.clock.now()
    await workers.handle(
        ActOnTicket(ticket=ticket, command=command, by=by, at=at, order=f"{ticket}/{at}/{command.kind}")
    )
    await workers.drain()


async def set_clock(workers: FakeWorkers, ticket: int = 1, **fields: object) -> Ticket:
    """Give a ticket a clock in some state, as the ticket slice does, and have its alerts considered."""
    stores, now = workers.ports.stores, workers.clock.now()
    read = await stores.tickets.get(ticket)
    assert read is not None
    defaults = {"kind": ClockKind.NEXT_RESPONSE, "began_at": read.created_at, "target": timedelta(hours=1)}
    calendar = {"counts": HoursCounted.CALENDAR, "running_since": read.created_at}
    clock = TicketClock.model_validate({**defaults, **calendar, **fields})
    saved = read.model_copy(update={"clocks": (clock,), "version": read.version + 1})
    assert await stores.tickets.save(saved, read.version)
    await workers.handle(ConsiderAlerts(ticket=ticket))
    await workers.handle(ConsiderAlerts(ticket=ticket))
    await workers.drain()
    assert now == workers.clock.now()
    return saved


async def warn(workers: FakeWorkers, ticket: int = 1) -> None:
    """Let a ticket's clock warn."""
    now = workers.clock.now()
    due_at = now + timedelta(minutes=15)
    await set_clock(workers, ticket, warn_at=now, warned_at=now, due_at=due_at)


async def breach(workers: FakeWorkers, ticket: int = 1, due_at: datetime | None = None) -> None:
    """Let a ticket's clock fall due."""
    now = workers.clock.now()
    due_at = due_at or now
    await set_clock(workers, ticket, warn_at=due_at, warned_at=due_at, due_at=due_at, breached_at=now)


def words(workers: FakeWorkers) -> list[str]:
    """What the alerts say."""
    return [str(each.what.blocks) for each in alerts(workers)]


async def answer(workers: FakeWorkers, ticket: int = 1) -> None:
    """Somebody answers, and the ticket's clock stops."""
    await act(workers, Reply(), ticket)
    await stop(workers, ticket)


async def stop(workers: FakeWorkers, ticket: int = 1) -> None:
    """The clock of a ticket stops, which had used up its time when the ticket began."""
    now, read = workers.clock.now(), await workers.ports.stores.tickets.get(ticket)
    assert read is not None
    ran = timedelta(hours=1) + (now - read.created_at)
    await set_clock(workers, ticket, running_since=None, ran=ran, stopped_at=now, breached_at=now, by="text")


async def test_a_breach_is_one_post_that_says_who_answered_and_leaves_after_ten_minutes(workers: FakeWorkers) -> None:
    await receive(workers)
    await breach(workers)
    (alert,) = alerts(workers)
    assert (alert.channel, alert.thread_ts) == (make.CHANNEL, None)
    assert "The next answer was due" in alert.what.text
    workers.clock.forward(12 * MINUTES)
    await answer(workers)
    (after,) = alerts(workers)
    assert (after.ts, after.channel) == (alert.ts, make.CHANNEL)
    assert "Answered by <@U0ADA>" in str(after.what.blocks)
    assert "12 min late" in str(after.what.blocks)
    await workers.pass_time(9 * MINUTES, step=60)
    assert len(alerts(workers)) == 1
    await workers.pass_time(2 * MINUTES, step=60)
    assert alerts(workers) == []
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.alerts == ()


async def test_a_warning_goes_to_who_is_on_it_and_its_breach_to_the_channel_as_well(workers: FakeWorkers) -> None:
    await receive(workers)
    await act(workers, Take())
    await warn(workers)
    (direct,) = alerts(workers)
    assert direct.channel == "D0ADA"
    workers.clock.forward(15 * MINUTES)
    await breach(workers)
    assert places(workers) == [make.CHANNEL, "D0ADA"]
    assert direct in alerts(workers), "the same message"
    assert "was due" in direct.what.text
    await answer(workers)
    assert places(workers) == [make.CHANNEL], "a direct message leaves at once"


async def test_an_alert_is_on_the_card_and_never_in_the_thread(workers: FakeWorkers) -> None:
    await receive(workers)
    await act(workers, Take())
    before = in_threads(workers)
    await warn(workers)
    assert "Reply due" in await card(workers)
    workers.clock.forward(15 * MINUTES)
    await breach(workers)
    assert "Reply was due" in await card(workers)
    assert places(workers) == [make.CHANNEL, "D0ADA"]
    for _ in range(10):  # through its repeats, and until it is over
        await workers.pass_time(31 * MINUTES, step=31 * MINUTES)
        assert in_threads(workers) == before
    await stop(workers)
    await workers.pass_time(11 * MINUTES, step=60)
    assert alerts(workers) == []
    assert in_threads(workers) == before


async def test_what_is_repeated_is_in_slack_once(workers: FakeWorkers) -> None:
    await receive(workers)
    await breach(workers)
    (first,) = alerts(workers)
    await workers.pass_time(31 * MINUTES, step=31 * MINUTES)
    (second,) = alerts(workers)
    assert second.ts != first.ts
    await workers.pass_time(600 * MINUTES, step=60 * MINUTES)
    assert len(alerts(workers)) == 1
    (alert,) = await workers.ports.stores.alerts.of_ticket(1)
    assert (alert.nags, alert.round) == (3, 4)


async def test_who_has_it_is_told_so_and_shown_and_whoever_clicks_later_hears_that_it_is_over(
    workers: FakeWorkers,
) -> None:
    await receive(workers)
    await breach(workers)
    (alert,) = await workers.ports.stores.alerts.of_ticket(1)
    at = workers.clock.now()
    has = AcknowledgeAlert(alert=alert.id, by="U0ANN", at=at, channel=make.CHANNEL, order="o1")
    for _ in range(2):
        await workers.handle(has)
    await workers.drain(times=2)
    assert set(workers.slack.whispers) == {
        ("U0ANN", "You have it: ticket #1. Clerk reminds you again in 30 min of open time if it still waits.")
    }
    assert "<@U0ANN> has it" in words(workers)[0]
    await answer(workers)
    workers.slack.whispers.clear()
    for id in (alert.id, "alert/9/unanswered/gone"):
        await workers.handle(has.model_copy(update={"alert": id, "order": "o2"}))
    await workers.drain()
    assert workers.slack.whispers == [("U0ANN", "Nothing is late there any more: that alert is over.")] * 2


async def test_nobody_did_anything_and_the_line_s_list_is_told(workers: FakeWorkers) -> None:
    await set_line(workers, escalation=("U0BOSS",), escalate_after=timedelta(minutes=20), nag=timedelta())
    await receive(workers)
    await breach(workers)
    await workers.pass_time(19 * MINUTES, step=570)
    assert places(workers) == [make.CHANNEL]
    await workers.pass_time(2 * MINUTES, step=60)
    assert places(workers) == [make.CHANNEL, "D0BOSS"]
    await answer(workers)
    assert places(workers) == [make.CHANNEL]


async def test_whom_slack_can_not_reach_the_channel_is_told_in_their_place(workers: FakeWorkers) -> None:
    await receive(workers)
    await act(workers, Take())
    workers.slack.refused[make.AGENT] = Permanent("user_disabled")
    await warn(workers)
    assert places(workers) == [make.CHANNEL]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"unanswered_after": timedelta(hours=1)}, "has waited for an answer"),
        ({"unassigned_after": timedelta(hours=1)}, "Nobody has been on it"),
    ],
)
async def test_a_line_watches_who_waits_and_what_nobody_is_on(
    workers: FakeWorkers, settings: dict[str, timedelta], said: str
) -> None:
    await set_line(workers, nag=timedelta(), **settings)
    await receive(workers)
    await workers.pass_time(59 * MINUTES, step=1770)
    assert alerts(workers) == []
    await workers.pass_time(2 * MINUTES, step=60)
    assert [said in each for each in words(workers)] == [True]
    await act(workers, Take())
    await act(workers, Reply())
    await workers.pass_time(11 * MINUTES, step=330)
    assert alerts(workers) == []


async def storm_of(workers: FakeWorkers, *numbers: int) -> None:
    """Tickets of different contacts that fall due at once."""
    for number in numbers:
        await receive(workers, contact=f"+155500030{number:02}")
        await breach(workers, number)


async def test_more_than_five_at_once_are_one_list_that_shrinks_and_leaves(workers: FakeWorkers) -> None:
    await storm_of(workers, 1, 2, 3, 4, 5)
    assert len(alerts(workers)) == 5
    await storm_of(workers, 6)
    (only,) = alerts(workers)
    assert only.what.text == "6 tickets are overdue"
    await stop(workers, 3)
    assert only.what.text == "5 tickets are overdue"
    for number in (1, 2, 4, 5, 6):
        await stop(workers, number)
    assert [each.what.text for each in alerts(workers)] == ["None of the 6 tickets is overdue any more."]
    assert alerts(workers) == [only]
    await workers.pass_time(11 * MINUTES, step=330)
    assert alerts(workers) == []
    await breach(workers, 3)
    assert [each.what.text[:3] for each in alerts(workers)] == ["#3 "]


async def test_a_list_that_has_doubled_is_posted_anew_and_the_one_before_is_gone(workers: FakeWorkers) -> None:
    await storm_of(workers, *range(1, 7))
    (first,) = alerts(workers)
    await storm_of(workers, *range(7, 12))
    assert [(each.ts, each.what.text) for each in alerts(workers)] == [(first.ts, "11 tickets are overdue")]
    await storm_of(workers, 12)
    (again,) = alerts(workers)
    assert (again.ts != first.ts, again.what.text) == (True, "12 tickets are overdue")
    for number in range(1, 13):
        await stop(workers, number)
    await workers.pass_time(11 * MINUTES, step=330)
    assert alerts(workers) == []


@pytest.mark.parametrize("after", [False, True], ids=["before it is decided", "after it is decided"])
async def test_a_worker_may_die_at_any_step_and_an_alert_is_posted_once(workers: FakeWorkers, after: bool) -> None:
    await set_line(workers, nag=timedelta())
    await receive(workers)
    workers.clock.forward(3600)
    await set_line(workers, nag=timedelta(), unassigned_after=timedelta(minutes=30))
    message = ShowAlerts(line=make.LINE) if after else ConsiderAlerts(ticket=1)
    if after:
        await workers.handle(ConsiderAlerts(ticket=1))
        workers.queue.waiting.clear()
    step = 0
    while not await workers.handle_or_die(message, DiesAt(step)):
        step += 1
        workers.clock.forward(30)
        assert step < 100
    await workers.pass_time(300, step=60)
    assert step > 5
    assert len(alerts(workers)) == 1


async def test_an_alert_without_an_answer_is_looked_up_and_not_posted_again(workers: FakeWorkers) -> None:
    await receive(workers)

    def after(method: str, channel: str) -> None:
        workers.slack.after = lambda method, channel: None
        raise Ambiguous("TimeoutError")

    workers.slack.after = after
    await breach(workers)
    await workers.pass_time(300, step=30)
    assert len(alerts(workers)) == 1
    await answer(workers)
    await workers.pass_time(11 * MINUTES, step=330)
    assert alerts(workers) == []


async def test_the_clock_finds_what_no_message_tells_of(workers: FakeWorkers) -> None:
    await receive(workers)
    await breach(workers)
    stop_at = workers.clock.now()
    read = await workers.ports.stores.tickets.get(1)
    assert read is not None
    stopped = read.clocks[0].model_copy(update={"running_since": None, "stopped_at": stop_at})
    saved = read.model_copy(update={"clocks": (stopped,), "version": read.version + 1})
    assert await workers.ports.stores.tickets.save(saved, read.version)
    await workers.pass_time(75 * MINUTES, step=300)
    assert alerts(workers) == []


async def test_nobody_is_told_of_a_line_that_was_removed_or_a_ticket_that_is_not_there(workers: FakeWorkers) -> None:
    await receive(workers)
    await workers.handle(ConsiderAlerts(ticket=99))
    await breach(workers)
    await workers.ports.stores.lines.remove(make.LINE)
    shown = alerts(workers)
    await workers.handle(ConsiderAlerts(ticket=1))
    await workers.handle(ShowAlerts(line=make.LINE))
    await workers.pass_time(120 * MINUTES, step=1800)
    assert alerts(workers) == shown


async def test_a_solved_ticket_has_no_alert(workers: FakeWorkers) -> None:
    await receive(workers)
    await breach(workers)
    await act(workers, SetStatus(status=Status.SOLVED))
    assert "Solved by <@U0ADA>" in words(workers)[0]


async def test_what_falls_due_in_the_night_is_in_the_opening_digest_and_a_post_only_if_nobody_does_anything(
    workers: FakeWorkers,
) -> None:
    await workers.ports.stores.calendars.add(make.calendar())
    await set_line(workers, calendar="shop")
    await sweep(workers.ports)
    for number in (1, 2):
        await receive(workers, contact=f"+155500030{number:02}")
    for number in (1, 2):
        await breach(workers, number)
    await act(workers, SetStatus(status=Status.PENDING), 2)
    await set_clock(workers, 2, kind=ClockKind.RESOLUTION, due_at=make.NOW, breached_at=make.NOW)
    assert alerts(workers) == []
    workers.clock.time = make.at(4.5 * 3600)
    await workers.pass_time(60, step=30)
    assert alerts(workers) == []
    (digest,) = [each for each in workers.slack.messages if each.post_id.startswith("digest/")]
    said = str(digest.what.blocks)
    assert "1 ticket is overdue" in said
    assert "The solution was due" in said
    assert "The next answer was due" not in said, "the digest says already who waits"
    await stop(workers, 2)
    await workers.pass_time(31 * MINUTES, step=930)
    assert [each.what.text[:3] for each in alerts(workers)] == ["#1 "]
