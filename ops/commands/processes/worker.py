"""`clerk worker`: handles the messages of queues."""

import asyncio
import os
import sys
from typing import Annotated

from cyclopts import Parameter

from messages.queues import QUEUES
from ops.documents import seed
from ops.environment import distributed_settings
from ops.running.instrumentation import instrument
from ops.running.supervisor import plan, supervise
from ops.running.worker_metrics import WorkerMetrics


def worker(
    *,
    names: Annotated[str, Parameter(name="--queues")] = ",".join(QUEUES),
    processes: int | None = None,
    threads: int = 16,
) -> None:
    """Handle the messages of queues: all, or those of --queues, comma-separated.

    The queue `interactive` always has a process of its own.

    Parameters
    ----------
    names
        Names of queues, separated by commas.
    processes
        How many worker processes; by default one for each processor.
    threads
        How many threads in each of them.
    """
    settings = distributed_settings()
    children = plan([queue.strip() for queue in names.split(",")], processes or os.cpu_count() or 1, threads)
    asyncio.run(seed.prepare(settings))
    counted = WorkerMetrics()
    instrument(settings, "worker", counted.registry, tuple(queue for child in children for queue in child.queues))
    status = asyncio.run(supervise(children, counted))
    counted.close()
    sys.exit(status)
