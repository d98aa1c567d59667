"""A contact, a few lines, and a provider that blocks as Twilio does: by pair, or by pool."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from messages.conversation import conversation_id
from messages.inbound import DeliveryReported
from messages.opt_outs import OptOut, keyword, scope_id, words_of
from messages.sms import SlackFile, Sms, WriteText
from messages.ticket import ActOnTicket, OptIn, Ticket
from tests import make
from tests.fakes import FakeTexting, FakeWorkers
from workers.failures import Refused
from workers.ports import SentText

A: Final = make.LINE
B: Final = "+15550003333"
FREE: Final = "+18005550199"
CHANNELS: Final = {A: make.CHANNEL, B: "C0SUPPORT", FREE: "C0FREE"}
SERVICE: Final = "MG" + "1" * 32


@dataclass
class BlockingProvider(FakeTexting):
    """Refuses what the contact does not want, by the lists that Twilio keeps."""

    pools: Mapping[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    async def send(self, *, line: str, contact: str, body: str, media: Sequence[str], callback: str) -> SentText:
        """Take a text, unless its pair is blocked."""
        if scope_id(line, contact, self.pools.get(line)) in self.blocked:
            self.before("refuse")
            raise Refused(21610, "http_400")
        return await super().send(line=line, contact=contact, body=body, media=media, callback=callback)

    def hear(self, line: str, contact: str, asked: OptOut | None) -> None:
        """Obey a contact's keyword."""
        scope = scope_id(line, contact, self.pools.get(line))
        if asked is OptOut.STOP:
            self.blocked.add(scope)
        elif asked is OptOut.START:
            self.blocked.discard(scope)


@dataclass
class SeveralLines:
    """What happens between one contact and several lines; each delivery comes twice."""

    workers: FakeWorkers
    provider: BlockingProvider
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def text(
        self, line: str, body: str, *, pool: str = "", opt_out: str | None = None, contact: str = make.CONTACT
    ) -> None:
        """The contact texts a line; `opt_out` is Twilio's OptOutType."""
        self.workers.clock.forward(10)
        self.provider.hear(line, contact, keyword(body, opt_out, words_of(line, None, in_service=bool(pool))).asked)
        message = make.sms_received(
            sid=f"SM{next(self.numbers)}",
            line=line,
            contact=contact,
            body=body,
            pool=pool,
            opt_out=opt_out,
            received_at=self.workers.clock.now(),
        )
        for _ in range(2):
            await self.workers.handle(message)
        await self.workers.pass_time(3, step=1)

    async def reply(self, line: str, text: str, files: tuple[SlackFile, ...] = (), after: float = 10) -> Sms:
        """An agent replies in the thread of a line, so many seconds from now; the text as it became."""
        self.workers.clock.forward(after)
        now = self.workers.clock.now()
        conversation = await self.workers.ports.stores.conversations.get(conversation_id(line, make.CONTACT))
        assert conversation is not None
        assert conversation.thread is not None
        place, ts = conversation.thread, f"{now.timestamp() + next(self.numbers) / 1000:.6f}"
        given = {"channel": place.channel, "thread_ts": place.ts, "ts": ts, "event_id": f"Ev{ts}", "files": files}
        message = make.reply_posted(text=text, received_at=now, **given)
        for _ in range(2):
            await self.workers.handle(message)
        await self.workers.pass_time(5, step=1)
        found = await self.workers.ports.stores.texts.get(f"{place.channel}-{ts}")
        assert found is not None
        return found

    async def send(self, line: str, text: str, contact: str = make.CONTACT) -> None:
        """An agent sends a text from a line by a command."""
        self.workers.clock.forward(10)
        id, now = f"typed-{next(self.numbers)}", self.workers.clock.now()
        order = WriteText(sms=id, line=line, contact=contact, text=text, by=make.AGENT, at=now, channel="C0OTHER")
        for _ in range(2):
            await self.workers.handle(order)
        await self.workers.pass_time(5, step=1)

    async def report(self, text: Sms, status: str, code: int | None = None) -> None:
        """The provider reports what became of a text."""
        now = self.workers.clock.now()
        delivery = DeliveryReported(sms=text.id, sid=text.sid or "SM", status=status, error_code=code, received_at=now)
        for _ in range(2):
            await self.workers.handle(delivery)
        await self.workers.pass_time(3, step=1)

    def click(self, ticket: Ticket, since: datetime) -> ActOnTicket:
        """An agent's click on the card: the contact told them so."""
        now = self.workers.clock.now()
        return ActOnTicket(
            ticket=ticket.id, command=OptIn(since=since), by=make.AGENT, at=now, order=f"click/{next(self.numbers)}"
        )

    async def told(self, line: str) -> ActOnTicket:
        """An agent clicks on the card of a line's ticket that the contact told them so."""
        self.workers.clock.forward(10)
        standing = await self.workers.ports.stores.opt_outs.of(line, make.CONTACT)
        order = self.click(await self.ticket(line), standing.since or self.workers.clock.now())
        for _ in range(2):
            await self.workers.handle(order)
        await self.workers.pass_time(3, step=1)
        return order

    async def ticket(self, line: str) -> Ticket:
        """The newest ticket of a line."""
        found = await self.workers.ports.stores.tickets.newest(conversation_id(line, make.CONTACT))
        assert found is not None
        return found

    async def out_of(self) -> set[str]:
        """The lines of which Clerk holds that the contact has opted out."""
        opt_outs = self.workers.ports.stores.opt_outs
        return {line for line in CHANNELS if (await opt_outs.of(line, make.CONTACT)).out}

    def sent(self, line: str) -> list[str]:
        """What the provider took from a line."""
        return [each.sent.body for each in self.provider.taken if each.line == line]

    def told_in(self, line: str) -> list[str]:
        """Clerk's lines in the thread of a line, without those about the ticket."""
        return [each.what.text for each in self.workers.slack.kind("outcome") if each.channel == CHANNELS[line]]

    def lines_in(self, line: str) -> list[str]:
        """Clerk's lines about the ticket in the thread of a line."""
        return [each.what.text for each in self.workers.slack.kind("line") if each.channel == CHANNELS[line]]

    def shows_opt_out(self, line: str) -> bool:
        """Whether the cards of a line say that the contact has opted out, with the button."""
        cards = [*self.workers.slack.kind("root"), *self.workers.slack.kind("card")]
        shown = str([each.what.blocks for each in cards if each.channel == CHANNELS[line]])
        assert ("Opted out" in shown) is ("ticket.opt_in" in shown)
        return "Opted out" in shown


async def several_lines(workers: FakeWorkers, pools: Mapping[str, str] | None = None) -> SeveralLines:
    """Three lines, two lone ones and a toll-free one, unless they are in pools."""
    for line in (B, FREE):
        await workers.ports.stores.lines.add(make.line(id=line, channel=CHANNELS[line]))
    provider = BlockingProvider(workers.clock, pools=pools or {})
    workers.texting = provider
    workers.ports = replace(workers.ports, texting=provider)
    return SeveralLines(workers, provider)


def seconds(number: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=number)
