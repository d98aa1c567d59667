"""Limits the refusals that each address gets, so that a flood of forgeries is slowed and does not fill the log. Pure.

A verified request is never limited, whatever else comes from its address: behind a proxy all senders share one.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 10_000
"""The most addresses remembered."""


class Refusals:
    """A token bucket for each of the latest refused addresses (https://en.wikipedia.org/wiki/Token_bucket).

    A new address may have `at_once` refusals, and one more each time that `regained` has passed. The time at which an
    address's bucket will be full again says how much is in it now.
    """

    def __init__(self, at_once: int, regained: timedelta) -> None:
        self._capacity, self._regained = at_once * regained, regained
        self._full: OrderedDict[str, datetime] = OrderedDict()

    def wait(self, address: str, now: datetime) -> timedelta | None:
        """How long until the address may have another refusal; None if it may now."""
        wait = self._after(address, now) - now - self._capacity
        return wait if wait > timedelta() else None

    def count_refusal(self, address: str, now: datetime) -> timedelta | None:
        """Count a refusal; None if the address may get the reason, else how long it must wait."""
        wait = self.wait(address, now)
        if wait is not None:
            return wait
        self._full[address] = self._after(address, now)
        self._full.move_to_end(address)
        if len(self._full) > MOST:
            self._full.popitem(last=False)
        return None

    def _after(self, address: str, now: datetime) -> datetime:
        """When the bucket will be full again after one more refusal."""
        return max(now, self._full.get(address, now)) + self._regained
