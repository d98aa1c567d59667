"""Who holds the gateway's connections, and which of them closes when there are too many. Pure.

Connections that wait cost a stranger nothing, so they are limited by closing the one that has waited longest, and not
by turning away whoever comes next: a genuine request arrives at once and is answered, however many others wait.
"""

from collections import OrderedDict
from collections.abc import Hashable
from enum import Enum


class ConnectionStage(Enum):
    """What a connection is doing."""

    WAITING = "it has sent nothing since it began or was answered, or does not read its answer"
    RECEIVING = "a part of a request has come"
    ANSWERING = "its request is complete and is being answered: it is never closed for others"


class _Connections[C: Hashable]:
    """Some connections; of those that may close for others, those that came into their stage first are in front."""

    def __init__(self) -> None:
        self.size = 0
        self.closable = OrderedDict[C, None]()
        self.receiving = OrderedDict[C, None]()

    def add(self, connection: C, stage: ConnectionStage) -> None:
        self.size += 1
        if stage is not ConnectionStage.ANSWERING:
            self.closable[connection] = None
        if stage is ConnectionStage.RECEIVING:
            self.receiving[connection] = None

    def remove(self, connection: C) -> None:
        self.size -= 1
        self.closable.pop(connection, None)
        self.receiving.pop(connection, None)


class Crowd[C: Hashable]:
    """The connections of one server: at most `most`, of which `receiving` are in the middle of a request.

    An address that has half of either closes its own before others close for it; behind a proxy all senders share one.
    """

    def __init__(self, most: int, receiving: int) -> None:
        self._most, self._receiving = most, receiving
        self._members: dict[C, tuple[str, ConnectionStage]] = {}
        self._all = _Connections[C]()
        self._by_address: dict[str, _Connections[C]] = {}

    def join(self, connection: C, address: str) -> C | None:
        """Take a new connection; which one must close for it, perhaps itself."""
        own, goes = self._by_address.get(address), None
        if own is not None and own.size >= self._most // 2:
            goes = next(iter(own.closable), None)
        if goes is None and self._all.size >= self._most:
            goes = next(iter(self._all.closable), None)
            if goes is None:
                return connection
        if goes is not None:
            self.leave(goes)
        self._add(connection, address, ConnectionStage.WAITING)
        return goes

    def move(self, connection: C, stage: ConnectionStage) -> C | None:
        """Note what a connection is doing now; which one must close for that. One that has left stays away."""
        address, before = self._members.get(connection, (None, None))
        if address is None or before is stage:
            return None
        goes = None
        if stage is ConnectionStage.RECEIVING:
            own = self._by_address[address].receiving
            if len(own) >= self._receiving // 2:
                goes = next(iter(own))
            elif len(self._all.receiving) >= self._receiving:
                goes = next(iter(self._all.receiving))
        if goes is not None:
            self.leave(goes)
        self.leave(connection)
        self._add(connection, address, stage)
        return goes

    def leave(self, connection: C) -> None:
        """Forget a connection, if it is known."""
        address, _ = self._members.pop(connection, (None, None))
        if address is None:
            return
        self._all.remove(connection)
        own = self._by_address[address]
        own.remove(connection)
        if own.size == 0:
            del self._by_address[address]

    def _add(self, connection: C, address: str, stage: ConnectionStage) -> None:
        self._members[connection] = address, stage
        self._all.add(connection, stage)
        self._by_address.setdefault(address, _Connections()).add(connection, stage)
