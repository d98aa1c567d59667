"""The order in which texts, or replies in a thread, arrived at this gateway, so that many workers can keep it."""

from collections import OrderedDict
from typing import Final

MOST: Final = 20_000


class Arrivals:
    """Remembers, for the latest, which one of the same contact (or thread) came before.

    What is said of a line, a contact and a text's sid holds as well for a channel, a thread and a reply.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._before: OrderedDict[str, str | None] = OrderedDict()

    def arrived(self, line: str, contact: str, sid: str) -> str | None:
        """The sid that came before this one; the same answer each time the same text comes."""
        if sid in self._before:
            return self._before[sid]
        pair = (line, contact)
        before = self._last.get(pair)
        self._last[pair], self._before[sid] = sid, before
        self._last.move_to_end(pair)
        for kept in (self._last, self._before):
            if len(kept) > MOST:
                kept.popitem(last=False)
        return before

    def failed(self, line: str, contact: str, sid: str) -> None:
        """Forget a text that could not be published, unless others already stand behind it."""
        if self._last.get((line, contact)) == sid:
            before = self._before.pop(sid, None)
            if before is None:
                del self._last[line, contact]
            else:
                self._last[line, contact] = before
