"""`clerk health`: whether the processes of this machine do their work."""

import sys
from typing import Literal

from ops.health.probe import say


def health(kind: Literal["gateway", "worker", "interactive", "clock"]) -> None:
    """Say in one line whether every process of a kind on this machine is well; exit status 0 or 1.

    Parameters
    ----------
    kind
        `gateway`, `worker` (serves queues other than `interactive`), `interactive`, or `clock`.
    """
    sys.exit(say(kind))
