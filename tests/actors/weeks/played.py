"""A shop whose time is played from one instant to the next: whoever does something, and the clock that looks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from messages.answering import AutoReplies
from messages.calendar import WEEKDAYS, Calendar, Period, SpecialDays, Weekday
from messages.conversation import conversation_id
from messages.deadlines.alert import AcknowledgeAlert
from messages.line import Quiet
from messages.orders.commands import SlashCommand, read
from messages.planned import Planned
from messages.team.auto_replies import OFFERED
from messages.ticket import ActOnTicket, Command, Ticket
from tests import make
from tests.fakes import FakeMessage, FakeWorkers
from tests.simulation.documents.client import MemoryDatabase
from tests.simulation.documents.server import MemoryServer
from workers import clock
from workers.mongo import Stores

HOURS: Final = (Period(opens="09:00", closes="12:30"), Period(opens="13:30", closes="17:00"))
LOOKS_EVERY: Final = timedelta(hours=1)
SETTLES_IN: Final = 3.0
"""Within so many seconds all that an event calls for has happened."""


class PlayedShop:
    """A shop with a lunch break and a holiday, in a zone; `at` are instants, as UTC in ISO 8601."""

    def __init__(self, zone: str, holiday: SpecialDays) -> None:
        server = MemoryServer()
        self.stores = Stores("", connect=lambda url: MemoryDatabase(server))  # type: ignore[arg-type, return-value]
        self.workers = FakeWorkers(self.stores)
        self._zone, self._holiday = zone, holiday
        self._numbers = 0

    async def open(self, at: str, week: Mapping[Weekday, Sequence[Period]] | None = None, **settings: Any) -> None:
        """Begin then, with a line that holds texts at night and answers by itself, but not that a text has come."""
        self.workers.clock.time = datetime.fromisoformat(at)
        week = week or dict.fromkeys(WEEKDAYS[:5], HOURS)
        await self.stores.prepare()
        await self.stores.calendars.add(Calendar(id="shop", zone=self._zone, week=week, days=(self._holiday,)))
        words = {kind.value: words for kind, words in OFFERED.items() if kind != "received"}
        given = {"calendar": "shop", "quiet": Quiet.HOLD, "auto_replies": AutoReplies(**words, waiting_after=45)}
        await self.stores.lines.add(make.line(**{**given, **settings}))
        await self.look()

    async def look(self) -> None:
        """Have the clock look for due work now, and all that follows happen."""
        await clock.sweep(self.workers.ports)
        await self.settle()

    async def settle(self) -> None:
        """Have all that is due within a few seconds happen."""
        until = self.workers.clock.now() + timedelta(seconds=SETTLES_IN)
        while (due := min((at for at, _ in self.workers.queue.waiting), default=until)) < until:
            self.workers.clock.time = max(self.workers.clock.now(), due)
            await self.workers.drain()
        self.workers.clock.time = until

    async def at(self, at: str, seconds: float = 0) -> None:
        """Have it be this instant, or some seconds after it; the clock looks every hour, a minute before, and then."""
        await self._until(at, seconds)
        await self.look()

    async def _until(self, at: str, seconds: float = 0) -> None:
        then = datetime.fromisoformat(at) + timedelta(seconds=seconds)
        while (before := then - timedelta(minutes=1)) > self.workers.clock.now():
            self.workers.clock.time = min(before, self.workers.clock.now() + LOOKS_EVERY)
            await self.look()
        assert self.workers.clock.now() <= then
        self.workers.clock.time = then

    async def text(self, at: str, contact: str, body: str) -> None:
        """A contact writes then."""
        await self._until(at)
        self._numbers += 1
        now = self.workers.clock.now()
        message = make.sms_received(sid=f"SM{self._numbers}", contact=contact, body=body, received_at=now)
        await self.workers.handle(message)
        await self.settle()

    async def act(self, at: str, contact: str, command: Command, by: str = make.AGENT) -> None:
        """An agent orders something about a contact's ticket then, as a click or a form does."""
        await self._until(at)
        self._numbers += 1
        now, number = self.workers.clock.now(), (await self.ticket(contact)).id
        await self.workers.handle(ActOnTicket(ticket=number, command=command, by=by, at=now, order=f"{self._numbers}"))
        await self.settle()

    async def acknowledge(self, at: str, contact: str, by: str) -> None:
        """An agent clicks *I have it* on the alert about a contact's ticket then."""
        await self._until(at)
        self._numbers += 1
        (alert,) = {each.post_id.rsplit("/", 2)[0] for each in self.alerts(contact)}
        now, url = self.workers.clock.now(), "https://hooks.slack.com/actions/1"
        order = AcknowledgeAlert(alert=alert, by=by, at=now, order=f"{self._numbers}", response_url=url)
        await self.workers.handle(order)
        await self.settle()

    async def type(self, at: str, words: str, seconds: float = 0, by: str = make.AGENT) -> str:
        """An agent types something after `/clerk` then, or some seconds later, and is told this."""
        await self._until(at, seconds)
        self._numbers += 1
        typed = SlashCommand(
            text=words,
            user=by,
            channel=make.CHANNEL,
            trigger_id=str(self._numbers),
            at=self.workers.clock.now(),
        )
        message = read(typed)
        assert not isinstance(message, str), message
        await self.workers.handle(message)
        await self.settle()
        return self.workers.slack.whispers[-1][1]

    def sent(self, contact: str) -> list[str]:
        """What a contact has got."""
        return self.workers.texting.bodies(contact)

    def digests(self) -> list[str]:
        """What the channel was told when the shop opened, each time."""
        return [each.what.text for each in self.workers.slack.messages if each.post_id.startswith("digest/")]

    def alerts(self, contact: str = "") -> list[FakeMessage]:
        """What people are told of now: all, or what is about a contact."""
        shown = [each for each in self.workers.slack.messages if each.post_id.startswith("alert/")]
        return [each for each in shown if contact in each.what.text]

    def places(self, contact: str, kind: str) -> list[str]:
        """The channels in which a contact's cards (`card`), or other posts of a kind, were posted, in order."""
        return [each.channel for each in self.workers.slack.kind(kind) if contact in each.post_id]

    async def ticket(self, contact: str) -> Ticket:
        """A contact's ticket."""
        found = await self.stores.tickets.newest(conversation_id(make.LINE, contact))
        assert found is not None
        return found

    async def planned(self, contact: str) -> Planned:
        """The text that is planned for a contact."""
        (found,) = await self.stores.planned.live(conversation_id(make.LINE, contact))
        return found
