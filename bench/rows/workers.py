"""What `clerk worker` takes of the machine, and how soon it works, at first and after a worker process was killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bench.processes import cpu_seconds, proportional
from bench.table import TableRow
from tests.servers import Program, answers, database, descendants, empty, free_port, mongodb, rabbitmq, wait_until

PROCESSES: Final = (1, 2)
WITHIN: Final = 120.0
MEGABYTE: Final = 1_000_000


def rows() -> Iterator[TableRow]:
    """Start a gateway, then workers, and kill one."""
    with rabbitmq() as broker, mongodb() as mongo:
        yield TableRow("clerk gateway: memory, idle", _gateway_memory(broker.url, mongo.url) / MEGABYTE, unit="MB")
        for processes in PROCESSES:
            environment = {
                "CLERK_SANDBOX": "1",
                "CLERK_AMQP_URL": broker.url,
                "CLERK_MONGO_URL": database(mongo.url, "bench_workers"),
                "CLERK_LOG_FORMAT": "json",
            }
            worker = Program("bench-workers", ["-m", "ops", "worker", "--processes", str(processes)], environment)
            worker.log.unlink(missing_ok=True)
            try:
                yield from _measured(worker, processes)
            finally:
                worker.stop()
                empty(broker.url)


def _gateway_memory(amqp_url: str, mongo_url: str) -> int:
    """Bytes of a gateway that has begun to serve."""
    port = free_port()
    environment = {
        "CLERK_SANDBOX": "1",
        "CLERK_AMQP_URL": amqp_url,
        "CLERK_MONGO_URL": database(mongo_url, "bench_workers"),
        "CLERK_PORT": str(port),
    }
    gateway = Program("bench-idle-gateway", ["-m", "ops", "gateway"], environment).start()
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the gateway is ready", 60)
        return proportional(gateway.pid)
    finally:
        gateway.stop()


def _measured(worker: Program, processes: int) -> Iterator[TableRow]:
    def consuming(times: int) -> Callable[[], bool]:
        return lambda: worker.output().count('"consuming"') >= times

    everything = processes + 1  # `interactive` has a process of its own
    began = time.monotonic()
    worker.start()
    wait_until(consuming(everything), "every process consumes", WITHIN)
    yield TableRow(f"clerk worker --processes {processes}: until it consumes", time.monotonic() - began, unit="s")
    yield TableRow("  its processor time until then", cpu_seconds(worker.pid), unit="s")
    yield TableRow("  its memory, shared pages counted once", proportional(worker.pid) / MEGABYTE, unit="MB")
    began = time.monotonic()
    os.kill(_interactive(worker), signal.SIGKILL)
    wait_until(consuming(everything + 1), "the killed process consumes again", WITHIN)
    yield TableRow("  a kill until interactive consumes again", time.monotonic() - began, unit="s")


def _interactive(worker: Program) -> int:
    """The worker process of `interactive`: it has the command line of its `dramatiq` command, and no children."""
    return next(
        pid
        for pid in descendants(worker.pid)
        if b"--queues\0interactive\0" in Path(f"/proc/{pid}/cmdline").read_bytes() and not any(descendants(pid))
    )
