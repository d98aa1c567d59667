"""The order in which texts, or replies in a thread, arrived at this gateway, so that many workers can keep it. Pure."""

from collections import OrderedDict
from typing import Final

MOST: Final = 20_000


class Arrivals:
    """Remembers, for the latest texts, which text of the same contact came before.

    For replies, `line`, `contact` and `sid` are a channel, a thread and a reply's id.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._before: OrderedDict[str, str | None] = OrderedDict()

    def arrived(self, line: str, contact: str, sid: str) -> str | None:
        """The sid that came before this one; the same for each delivery of a text."""
        if sid in self._before:
            return self._before[sid]
        before = self._last.get((line, contact))
        if before == sid:  # it was only heard of, as the one before another
            before = None
        self._remember(line, contact, sid, before)
        return before

    def failed(self, line: str, contact: str, sid: str) -> None:
        """Forget a text that could not be published, unless others follow it already."""
        if self._last.get((line, contact)) == sid:
            before = self._before.pop(sid, None)
            if before is None:
                del self._last[line, contact]
            else:
                self._last[line, contact] = before

    def _remember(self, line: str, contact: str, sid: str, before: str | None) -> None:
        pair = (line, contact)
        self._last[pair], self._before[sid] = sid, before
        self._last.move_to_end(pair)
        for kept in (self._last, self._before):
            if len(kept) > MOST:
                kept.popitem(last=False)
