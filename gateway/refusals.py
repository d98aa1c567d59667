"""How many refusals an address is told the reason of, so that a flood of forgeries fills no log and is slowed down.

Pure. What is verified and understood is taken whoever else sends from its address: behind a proxy, all have the same.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 10_000
"""Addresses remembered."""


class Refusals:
    """A token bucket for each of the addresses that were refused last (https://en.wikipedia.org/wiki/Token_bucket).

    An address that sent none before may have `at_once` refusals, and one more each time that `regained` has passed.
    For each address it is kept when its bucket will be full again, which says how much is in it.
    """

    def __init__(self, at_once: int, regained: timedelta) -> None:
        self._capacity, self._regained = at_once * regained, regained
        self._full: OrderedDict[str, datetime] = OrderedDict()

    def wait(self, address: str, now: datetime) -> timedelta | None:
        """How long until the address may have another refusal; None if it may now."""
        wait = self._after(address, now) - now - self._capacity
        return wait if wait > timedelta() else None

    def count_refusal(self, address: str, now: datetime) -> timedelta | None:
        """Count a refusal; the time to wait if the address had too many, None if it may know the reason."""
        wait = self.wait(address, now)
        if wait is not None:
            return wait
        self._full[address] = self._after(address, now)
        self._full.move_to_end(address)
        if len(self._full) > MOST:
            self._full.popitem(last=False)
        return None

    def _after(self, address: str, now: datetime) -> datetime:
        """When its bucket will be full again, if one more is taken from it."""
        return max(now, self._full.get(address, now)) + self._regained
