"""How many refusals an address is told the reason of, so that a flood of forgeries fills no log and is slowed down.

Pure. What is verified and understood is taken whoever else sends from its address: behind a proxy, all have the same.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

AT_ONCE: Final = 1000
"""Refusals of one address that are answered with their reason, if it sent none before."""
REGAINED: Final = timedelta(milliseconds=100)
"""Time after which there is one more."""
MOST: Final = 10_000


class Refusals:
    """A token bucket for each of the addresses that were refused last (https://en.wikipedia.org/wiki/Token_bucket).

    For each address it keeps when its bucket will be full again, which says how much is in it.
    """

    def __init__(self) -> None:
        self._full: OrderedDict[str, datetime] = OrderedDict()

    def another(self, address: str, now: datetime) -> timedelta | None:
        """Count a refusal; the time to wait if the address had too many, None if it may know the reason."""
        full = max(now, self._full.get(address, now)) + REGAINED
        wait = full - now - AT_ONCE * REGAINED
        if wait > timedelta():
            return wait
        self._full[address] = full
        self._full.move_to_end(address)
        if len(self._full) > MOST:
            self._full.popitem(last=False)
        return None
