"""Alerts about tickets: whom they reach, how often, and that they are gone once their cause is."""

from datetime import datetime, timedelta

from messages.deadlines.alert import AlertSettings, ConsiderAlerts
from messages.deadlines.clocks import ClockKind, HoursCounted, TicketClock
from messages.ticket import ActOnTicket, Reply, SetStatus, Take, Ticket
from tests import make
from tests.fakes import FakeMessage, FakeWorkers

MINUTES = 60


def alerts(workers: FakeWorkers) -> list[FakeMessage]:
    """The alerts in Slack, the lists of many, too."""
    return [each for each in workers.slack.messages if each.post_id.startswith("alert/") or "/alerts/" in each.post_id]


def places(workers: FakeWorkers) -> list[str]:
    """Where alerts are."""
    return sorted(each.channel for each in alerts(workers))


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
    await workers.handle(ActOnTicket(ticket=ticket, command=command, by=by, at=at, order=f"{ticket}/{at}/{by}"))
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


async def test_a_breach_is_one_post_that_says_who_answered_and_leaves_after_ten_minutes(workers: FakeWorkers) -> None:
    await receive(workers)
    await breach(workers)
    (alert,) = alerts(workers)
    assert (alert.channel, alert.thread_ts) == (make.CHANNEL, None)
    assert "The next answer was due" in alert.what.text
    workers.clock.forward(12 * MINUTES)
    await set_clock(workers, running_since=None, stopped_at=workers.clock.now(), breached_at=make.NOW)
    await act(workers, Reply())
    await workers.drain()
    (alert,) = alerts(workers)
    assert "min late" in str(alert.what.blocks) or "No longer due" in str(alert.what.blocks)
    await workers.pass_time(11 * MINUTES, step=60)
    assert alerts(workers) == []
