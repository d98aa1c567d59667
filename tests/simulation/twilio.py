"""The phone network, and the workers' client of it over a wire that fails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.simulation.virtual_time import SimulatedProcess
from tests.simulation.wires import FaultyWire
from workers.failures import Unreachable
from workers.platforms.twilio.api import LISTED_EARLIER, UNEQUAL_CLOCKS
from workers.ports import Attachment, ListedText, SentText


@dataclass(frozen=True)
class SentToContact:
    """A text that the network took from a line to a contact."""

    line: str
    contact: str
    callback: str
    sent: SentText


class PhoneNetwork:
    """Twilio's side: the texts either way. `found_wrong` hears of broken promises at once."""

    def __init__(self, now: Callable[[], datetime], found_wrong: Callable[[str, str], None]) -> None:
        self.now, self._found_wrong = now, found_wrong
        self.outbound: list[SentToContact] = []
        self.inbound: list[tuple[str, ListedText]] = []
        self.taken: Callable[[SentToContact], None] = lambda text: None
        """What happens when a text was taken: its delivery is reported."""

    def send(self, line: str, contact: str, body: str, callback: str) -> SentText:
        """Take a text; each has an address of its own for its reports, unless one was sent twice."""
        if any(each.callback == callback for each in self.outbound):
            self._found_wrong("sent twice", body)
        if body.startswith("note"):
            self._found_wrong("a note was sent", body)
        sent = SentText(f"SMout{len(self.outbound):04d}", body, "queued", None, self.now())
        text = SentToContact(line, contact, callback, sent)
        self.outbound.append(text)
        self.taken(text)
        return sent

    def listed(self, line: str, contact: str, since: datetime) -> Sequence[SentText]:
        """Our texts to a contact since a time, newest first."""
        mine = [each.sent for each in self.outbound if (each.line, each.contact) == (line, contact)]
        return [each for each in reversed(mine) if each.at >= since - UNEQUAL_CLOCKS]

    def received(self, line: str, since: datetime, contact: str | None) -> Sequence[ListedText]:
        """The contacts' texts since a time, in order."""
        return [
            text
            for to, text in self.inbound
            if to == line and contact in {None, text.contact} and text.at >= since - LISTED_EARLIER
        ]


class WiredTexting:
    """One process's client of Twilio."""

    def __init__(self, process: SimulatedProcess, network: PhoneNetwork, wire: FaultyWire) -> None:
        self._process, self._network, self._wire = process, network, wire

    async def send(self, *, line: str, contact: str, body: str, media: Sequence[str], callback: str) -> SentText:
        """Send a text."""
        sent: SentText = await self._wire.call(
            self._process, f"send {body}", lambda: self._network.send(line, contact, body, callback)
        )
        return sent

    async def find(self, *, line: str, contact: str, since: datetime) -> Sequence[SentText]:
        """Our texts to a contact."""
        found: Sequence[SentText] = await self._wire.call(
            self._process, "find", lambda: self._network.listed(line, contact, since), reads=True
        )
        return found

    async def received(self, *, line: str, since: datetime, contact: str | None = None) -> Sequence[ListedText]:
        """The contacts' texts."""
        found: Sequence[ListedText] = await self._wire.call(
            self._process, "received", lambda: self._network.received(line, since, contact), reads=True
        )
        return found

    async def media(self, url: str, most: int) -> Attachment:
        """Nobody sends pictures here."""
        raise Unreachable(20404, "http_404")

    async def close(self) -> None:
        """There are no connections."""
