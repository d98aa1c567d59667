"""Publishes messages for the work that is due in the documents; finds texts that no webhook brought, and absences.

Any number of clocks may run: they only publish messages that are harmless to repeat. Whatever goes wrong in one look
or with one document costs that one time, and nothing else. What is due on a line that was removed wakes nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from messages.base import QueueMessage
from messages.conversation import SequenceTexts
from messages.deadlines.alert import ConsiderAlerts, ShowAlerts
from messages.deadlines.clocks import TickClocks
from messages.deadlines.interruption import TellInterruption
from messages.deadlines.nudge import ConsiderNudge
from messages.deadlines.snooze import EndSnooze
from messages.notification import ConsiderNotifying
from messages.planned import LookAtPlanned
from messages.process.telemetry import start_at_zero
from messages.sms import Direction, SendTexts, Sms
from messages.team.agent import HandOn
from messages.team.opening import PostDigest
from messages.ticket import ActOnTicket, ConsiderAnswering, Expire
from workers.hours.renewal import Renewal
from workers.ingestion import missed
from workers.observe import DUE_LAG, reason
from workers.ports import Ports
from workers.redraw import redraw, request_render
from workers.retries import is_outage
from workers.slack.digest.look import opened
from workers.slack.membership import Membership
from workers.sms.planned.zone_rules import ZoneRules
from workers.tickets.clocks.outdated import under_other_rules
from workers.tickets.snoozes_over import SnoozeRules, over

log = structlog.get_logger("clerk.clock")

WOKEN: Final = Counter("clerk_clock_wakes_total", "Due work that the clock found", ["what"])
start_at_zero(
    WOKEN,
    (
        "texts",
        "outbox",
        "planned",
        "tickets",
        "closing",
        "snoozes",
        "nudges",
        "announcements",
        "answers",
        "redraws",
        "cards",
        "openings",
        "hand-ons",
        "alerts",
        "watches",
        "alert boards",
        "clocks",
        "rules",
        "interruptions",
    ),
)

WAKE_AGAIN_AFTER: Final = timedelta(seconds=30)
"""How long after its message due work gets another one."""

SHOWN_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock finds an alert that Slack does not show, although its message was published."""

type Wake = Callable[[], Awaitable[None]]
type Due = tuple[str, datetime | None, Wake]
"""Something due: what kind, since when, and what publishes its message."""

type Look = Callable[[Ports, Collection[str], datetime], Awaitable[Iterable[Due]]]


async def sweep(ports: Ports) -> int:
    """Publish a message for everything that is due; returns how much was due."""
    now, lines = ports.now(), [line.id for line in await ports.stores.lines.known()]
    woken = 0
    for look in LOOKS:
        try:
            for what, due_at, wake in await look(ports, lines, now):
                woken += await _woken(what, now - (due_at or now), wake)
        except Exception as error:  # noqa: BLE001 - one look must not keep the clock from the others
            _log_failure(f"could not look for {look.__name__.strip('_').replace('_', ' ')}", error)
    return woken


async def _woken(what: str, lag: timedelta, wake: Wake) -> bool:
    """Whether something due got its message; an outage is raised, since it concerns all that is due."""
    try:
        await wake()
    except Exception as error:
        if is_outage(error):
            raise
        _log_failure(f"could not wake one of the {what}", error)
        return False
    WOKEN.labels(what).inc()
    DUE_LAG.labels(what).observe(lag.total_seconds())
    return True


def _publish(ports: Ports, message: QueueMessage) -> Wake:
    return lambda: ports.publisher.publish(message)


async def _due_texts(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    texts = await ports.stores.texts.due(now, now + WAKE_AGAIN_AFTER, lines=lines)

    def of(direction: Direction) -> Iterable[Sms]:
        return {text.conversation: text for text in texts if text.direction is direction}.values()

    return [
        *(
            ("texts", each.due_at, _publish(ports, SequenceTexts(conversation=each.conversation)))
            for each in of(Direction.INBOUND)
        ),
        *(
            ("outbox", each.due_at, _publish(ports, SendTexts(conversation=each.conversation)))
            for each in of(Direction.OUTBOUND)
        ),
    ]


async def _due_tickets(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    due = await ports.stores.tickets.due(now, now + WAKE_AGAIN_AFTER, lines=lines)
    return [
        ("tickets", each.due_at, _publish(ports, ConsiderNotifying(conversation=each.conversation)))
        for each in {ticket.conversation: ticket for ticket in due}.values()
    ]


async def _closing_tickets(ports: Ports, _: Collection[str], now: datetime) -> Iterable[Due]:
    return [
        ("closing", each.close_at, _publish(ports, ActOnTicket(ticket=each.id, command=Expire(), by=None, at=now)))
        for each in await ports.stores.tickets.closing(now)
    ]


async def _snoozes_that_are_over(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    """Those of open lines: what is over while a line is closed waits until it opens."""
    return [
        ("snoozes", until, _publish(ports, ActOnTicket(ticket=id, command=EndSnooze(until=until), by=None, at=now)))
        for id, until in await over(ports, lines, now)
    ]


async def _due_nudges(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    return [
        ("nudges", each.nudge.due_at if each.nudge else None, _publish(ports, ConsiderNudge(ticket=each.id)))
        for each in await ports.stores.tickets.nudges_due(now, now + WAKE_AGAIN_AFTER, lines=lines)
    ]


async def _due_announcements(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    return [
        ("announcements", each.debounce.due_at, _publish(ports, ConsiderNotifying(conversation=each.id)))
        for each in await ports.stores.conversations.announcements_due(now, now + WAKE_AGAIN_AFTER, lines=lines)
    ]


async def _due_redraws(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    def render(conversation: str) -> Wake:
        return lambda: request_render(conversation, ports)

    return [
        ("redraws", each.redraw.due_at, render(each.id))
        for each in await ports.stores.conversations.redraws_due(now, now + WAKE_AGAIN_AFTER, lines=lines)
    ]


async def _outdated_cards(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    """Cards that say of somebody that they are away who is back by now."""

    def draw(conversation: str) -> Wake:
        return lambda: redraw(conversation, ports)

    return [
        ("cards", each.cards_until, draw(each.id))
        for each in await ports.stores.conversations.cards_over(now, now + WAKE_AGAIN_AFTER, lines=lines)
    ]


async def _due_openings(ports: Ports, _: Collection[str], now: datetime) -> Iterable[Due]:
    return [
        ("openings", each.due_at, _publish(ports, PostDigest(line=each.id, opens_at=each.due_at or now)))
        for each in await opened(ports)
    ]


async def _due_hand_ons(ports: Ports, _: Collection[str], now: datetime) -> Iterable[Due]:
    return [
        ("hand-ons", each.hand_on_at, _publish(ports, HandOn(user=each.id)))
        for each in await ports.stores.agents.to_hand_on(now, now + WAKE_AGAIN_AFTER)
    ]


async def _due_interruptions(ports: Ports, _: Collection[str], now: datetime) -> Iterable[Due]:
    return [
        ("interruptions", each.tell_at, _publish(ports, TellInterruption(line=inbox.id, number=each.number)))
        for inbox in await ports.stores.inboxes.interrupted(now)
        if (each := inbox.interruption) is not None
    ]


async def _due_answers(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    return [
        ("answers", each.answering.due_at, _publish(ports, ConsiderAnswering(conversation=each.id)))
        for each in await ports.stores.conversations.answering_due(now, now + WAKE_AGAIN_AFTER, lines=lines)
    ]


async def _due_alerts(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    due = await ports.stores.alerts.due(now, now + WAKE_AGAIN_AFTER, lines=lines)
    return [
        ("alerts", each.look_at, _publish(ports, ConsiderAlerts(ticket=each.ticket)))
        for each in {alert.ticket: alert for alert in reversed(due)}.values()
    ]


async def _watched_tickets(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    """Tickets of which something may have to be told by now, although nothing has happened since."""
    return [
        ("watches", each.watch_at, _publish(ports, ConsiderAlerts(ticket=each.debounce.ticket)))
        for each in await ports.stores.conversations.watched(now, now + WAKE_AGAIN_AFTER, lines=lines)
    ]


async def _unshown_alerts(ports: Ports, lines: Collection[str], now: datetime) -> Iterable[Due]:
    again_at = now + WAKE_AGAIN_AFTER
    unshown = await ports.stores.alerts.to_show_since(now - SHOWN_WITHIN, again_at, lines=lines)
    since = {each.id: each.look_at for each in await ports.stores.alert_boards.due(now, again_at, lines)}
    since |= {each.line: each.show_at for each in reversed(unshown)}
    return [("alert boards", at, _publish(ports, ShowAlerts(line=line))) for line, at in since.items()]


async def _due_planned_texts(ports: Ports, _: Collection[str], now: datetime) -> Iterable[Due]:
    """Those of removed lines, too: they are refused, and their authors learn it."""
    due = await ports.stores.planned.due(now, now + WAKE_AGAIN_AFTER)
    return [
        ("planned", each.look_at, _publish(ports, LookAtPlanned(conversation=each.conversation)))
        for each in {planned.conversation: planned for planned in reversed(due)}.values()
    ]


async def _due_clocks(ports: Ports, _: Collection[str], now: datetime) -> Iterable[Due]:
    """Clocks that have warned or fallen due; on a removed line they end."""
    return [
        ("clocks", each.clocks_at, _publish(ports, TickClocks(ticket=each.id)))
        for each in await ports.stores.tickets.clocks_due(now)
    ]


async def _clocks_under_other_rules(ports: Ports, _: Collection[str], now: datetime) -> Iterable[Due]:
    """Clocks whose policy, line or calendar was changed."""
    return [("rules", None, _publish(ports, TickClocks(ticket=each.id))) for each in await under_other_rules(ports)]


LOOKS: Final[tuple[Look, ...]] = (
    _due_texts,
    _due_planned_texts,
    _due_tickets,
    _closing_tickets,
    _snoozes_that_are_over,
    _due_nudges,
    _due_announcements,
    _due_answers,
    _due_redraws,
    _outdated_cards,
    _due_openings,
    _due_clocks,
    _clocks_under_other_rules,
    _due_alerts,
    _watched_tickets,
    _unshown_alerts,
    _due_hand_ons,
    _due_interruptions,
)


async def run(
    ports: Ports,
    every: timedelta,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    looked: Callable[[], None] = lambda: None,
) -> None:
    """Look for due work and missed texts at an interval, for ever; whatever fails is logged and looked for again.

    `looked` is called after each look for due work, whether or not it failed.
    """

    async def look(ports: Ports) -> int:
        try:
            return await sweep(ports)
        finally:
            looked()

    async def repeat(task: Callable[[Ports], Awaitable[int]], what: str) -> None:
        while True:
            try:
                found = await task(ports)
            except Exception as error:  # noqa: BLE001 - a clock that ends for one error finds nothing any more
                _log_failure(f"could not look for {what}", error)
            else:
                if found:
                    log.info(f"the clock found {what}", count=found)
            await wait(every.total_seconds())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(repeat(look, "due work"))
        tasks.create_task(repeat(missed.take_in_missed, "texts that no webhook brought"))
        tasks.create_task(repeat(Membership().look, "channels that Clerk is not in"))
        tasks.create_task(repeat(Renewal().look, "calendars without next year's public holidays"))
        tasks.create_task(repeat(ZoneRules().look, "planned texts whose zone has other rules now"))
        tasks.create_task(repeat(SnoozeRules().look, "snoozes whose zone has other rules now"))


def _log_failure(what: str, error: Exception) -> None:
    """Log an outage as a warning, and what should not happen as an error with its place in the code."""
    if is_outage(error):
        log.warning(f"the clock {what}", error=type(error).__name__)
    else:
        log.error(f"the clock {what}", error=reason(error))
