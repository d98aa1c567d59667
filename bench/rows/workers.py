"""What `clerk worker` takes of the machine, and how soon it works, at first and after a worker process was killed."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bench.processes import cpu_seconds, proportional
from bench.table import TableRow
from tests.servers import (
    ROOT,
    BackingServer,
    Program,
    answers,
    database,
    descendants,
    empty,
    free_port,
    mongodb,
    rabbitmq,
    wait_until,
)
from tests.system.earlier import RELEASED, missing, unpacked

PROCESSES: Final = (1, 2)
WITHIN: Final = 120.0
MEGABYTE: Final = 1_000_000


def rows() -> Iterator[TableRow]:
    """Start a gateway, then workers, and kill one; what both take is compared with the first release."""
    with rabbitmq() as broker, mongodb() as mongo, tempfile.TemporaryDirectory() as folder:
        release, commit = next(iter(RELEASED.items()))
        before = None if missing(commit) else unpacked(commit, Path(folder))
        gateway = _gateway_memory(broker, mongo, ROOT)
        yield TableRow("clerk gateway: memory, idle", gateway / MEGABYTE, unit="MB")
        if before is not None:
            ratio = gateway / _gateway_memory(broker, mongo, before)
            yield TableRow(f"clerk gateway: memory, idle / that of {release}", ratio, at_most=0.75)
        for processes in PROCESSES:
            worker = _worker(broker, mongo, processes, ROOT)
            try:
                yield from _measured(worker, processes)
            finally:
                worker.stop()
                empty(broker.url)
        if before is not None:
            memory = [_worker_memory(broker, mongo, each) for each in (ROOT, before)]
            what = f"clerk worker --processes 1: memory, idle / that of {release}"
            yield TableRow(what, memory[0] / memory[1], at_most=0.75)


def _environment(broker: BackingServer, mongo: BackingServer, folder: Path) -> dict[str, str]:
    """What a process of this or an earlier version is started with; each version has a database of its own."""
    return {
        "CLERK_SANDBOX": "1",
        "CLERK_AMQP_URL": broker.url,
        "CLERK_MONGO_URL": database(mongo.url, "bench_workers" if folder == ROOT else "bench_workers_before"),
        "CLERK_LOG_FORMAT": "json",
    }


def _gateway_memory(broker: BackingServer, mongo: BackingServer, folder: Path) -> int:
    """Bytes of a gateway that has begun to serve."""
    port = free_port()
    environment = _environment(broker, mongo, folder) | {"CLERK_PORT": str(port)}
    gateway = Program("bench-idle-gateway", ["-m", "ops", "gateway"], environment, folder).start()
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "the gateway is ready", 60)
        return proportional(gateway.pid)
    finally:
        gateway.stop()


def _worker(broker: BackingServer, mongo: BackingServer, processes: int, folder: Path) -> Program:
    """A worker that is yet to start."""
    arguments = ["-m", "ops", "worker", "--processes", str(processes)]
    worker = Program("bench-workers", arguments, _environment(broker, mongo, folder), folder)
    worker.log.unlink(missing_ok=True)
    return worker


def _worker_memory(broker: BackingServer, mongo: BackingServer, folder: Path) -> int:
    """Bytes of a worker that has begun to consume."""
    worker = _worker(broker, mongo, 1, folder).start()
    try:
        wait_until(lambda: worker.output().count('"consuming"') >= 2, "every process consumes", WITHIN)
        return proportional(worker.pid)
    finally:
        worker.stop()
        empty(broker.url)


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
