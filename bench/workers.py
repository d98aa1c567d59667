"""What `clerk worker` takes of the machine, and how soon it works, at first and after a worker process was killed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.processes import cpu_seconds, proportional
from bench.results import heading, row
from tests.servers import Program, database, descendants, empty, mongodb, rabbitmq, wait_until

PROCESSES: Final = (1, 2)
WITHIN: Final = 120.0
MEGABYTE: Final = 1_000_000


def run() -> bool:
    """Measure and print; there is no target."""
    with rabbitmq() as broker, mongodb() as mongo:
        for processes in PROCESSES:
            heading(f"workers: clerk worker --processes {processes}, on {broker.what}")
            environment = {
                "CLERK_SANDBOX": "1",
                "CLERK_AMQP_URL": broker.url,
                "CLERK_MONGO_URL": database(mongo.url, "bench_workers"),
                "CLERK_LOG_FORMAT": "json",
            }
            worker = Program("bench-workers", ["-m", "ops", "worker", "--processes", str(processes)], environment)
            worker.log.unlink(missing_ok=True)
            try:
                _measure(worker, processes)
            finally:
                worker.stop()
                empty(broker.url)
    return True


def _measure(worker: Program, processes: int) -> None:
    def consuming(times: int) -> Callable[[], bool]:
        return lambda: worker.output().count('"consuming"') >= times

    everything = processes + 1  # `interactive` has a process of its own
    began = time.monotonic()
    worker.start()
    wait_until(consuming(everything), "every process consumes", WITHIN)
    row("from start until every process consumes", f"{time.monotonic() - began:.1f} s")
    row("processor time until then", f"{cpu_seconds(worker.pid):.1f} s")
    row("memory, shared pages counted once", f"{proportional(worker.pid) / MEGABYTE:,.0f} MB")
    began = time.monotonic()
    os.kill(_interactive(worker), signal.SIGKILL)
    wait_until(consuming(everything + 1), "the killed process consumes again", WITHIN)
    row("from a kill until `interactive` consumes again", f"{time.monotonic() - began:.1f} s")


def _interactive(worker: Program) -> int:
    """The worker process of `interactive`: it has the command line of its `dramatiq` command, and no children."""
    return next(
        pid
        for pid in descendants(worker.pid)
        if b"--queues\0interactive\0" in Path(f"/proc/{pid}/cmdline").read_bytes() and not any(descendants(pid))
    )
