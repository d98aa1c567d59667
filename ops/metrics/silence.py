"""How long worker processes have shown no heartbeat, and when that means that they are stuck. Pure."""

from typing import Final

from ops.metrics.samples import Samples

SILENT: Final = "clerk_worker_silent_seconds"
"""The metric in which a supervisor counts the silence of each of its worker processes."""

STUCK_AFTER: Final = 10
"""Seconds without a heartbeat after which a process is called stuck."""

ENDED_AFTER: Final = 60
"""Seconds without a heartbeat after which the supervisor ends a process."""


def stuck(samples: Samples) -> list[tuple[int, str, float]]:
    """The stuck processes in a supervisor's samples: process id, queues, seconds of silence."""
    found = [
        (dict(labels), value) for (name, labels), value in samples.items() if name == SILENT and value >= STUCK_AFTER
    ]
    return [(int(labels["pid"]), labels["queues"], value) for labels, value in found]
