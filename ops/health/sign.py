"""The sign of life of one process: what it says of itself, and what that means a while later. Pure.

It imports nothing of Clerk: `clerk health` must not cost more than a probe may.
"""

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

KINDS: Final = ("gateway", "worker", "interactive", "clock")
"""What `clerk health` is asked about. A `clerk worker` may be two of them, and `clerk run` is all."""

STUCK_AFTER: Final = 10
"""Seconds without a sign after which a process is called stuck."""

STARTING: Final = "is starting"
ENDING: Final = "is ending"


class Sign(NamedTuple):
    """What a process said of itself at a time of the machine's monotonic clock, in seconds.

    `troubles` has each of its kinds with what is wrong with it, "" if nothing is; `unready` says why its gateway can't
    take webhooks at present, though nothing is wrong with it: the broker is away.
    """

    pid: int
    at: float
    troubles: Mapping[str, str]
    unready: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong with any of its kinds."""
        return not any(self.troubles.values())

    def written(self) -> str:
        """The sign as text."""
        return json.dumps(self._asdict())


def read(text: str) -> Sign:
    """The sign that a text holds; ValueError if it holds none."""
    try:
        fields = json.loads(text)
        return Sign(int(fields["pid"]), float(fields["at"]), dict(fields["troubles"]), str(fields.get("unready", "")))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a sign of life: {error!r}") from None


def is_of_before(sign: Sign, now: float) -> bool:
    """Whether the machine was started anew after a sign: its clock begins at 0, and another process has the number."""
    return sign.at - now >= STUCK_AFTER


def trouble(sign: Sign, kind: str, now: float, *, runs: bool) -> str:
    """What is wrong with a process of this kind, "" if nothing is; `runs` says whether it still exists."""
    if not runs or is_of_before(sign, now):
        return f"process {sign.pid} is gone"
    if (silent := now - sign.at) >= STUCK_AFTER:
        return f"process {sign.pid} has shown no sign of life for {silent:.0f} seconds"
    told = sign.troubles[kind] or (sign.unready if kind == "gateway" else "")
    return f"process {sign.pid} {told}" if told else ""
