"""`clerk worker`: keeps the worker processes running, the interactive queue in a process of its own."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from messages.process.settings import Misconfigured
from messages.queues import QUEUES
from ops.running.heartbeat import EVERY, FOLDER, HOPELESS, Watch
from ops.running.metrics_endpoint import Workers
from ops.running.shared_folder import Scratch

log = structlog.get_logger("clerk.supervisor")

GRACE: Final = 25.0
"""Seconds that messages in hand are given at SIGTERM; what is not finished then goes back to its queue."""

SOON: Final = 0.5
LATEST: Final = 5.0
"""Seconds until what died is started again: soon if it had worked, else twice as long as the last time."""

INTERACTIVE_THREADS: Final = 4


@dataclass(frozen=True)
class Child:
    """One `dramatiq` command: some queues, so many processes of so many threads."""

    queues: tuple[str, ...]
    processes: int
    threads: int
    prefetch: int | None = None

    def arguments(self) -> list[str]:
        """The command's arguments."""
        return [
            *("workers.boot", "ops.running.worker_process", "--queues", *self.queues),
            *("--processes", str(self.processes), "--threads", str(self.threads)),
            *("--worker-shutdown-timeout", str(int(GRACE * 1000)), "--skip-logging"),
        ]

    def environment(self) -> dict[str, str]:
        """What the command's environment has more: look for due delayed messages every 100 ms, not every second."""
        prefetch = {} if self.prefetch is None else {"dramatiq_queue_prefetch": str(self.prefetch)}
        return {"dramatiq_worker_timeout": "100", **prefetch}


def plan(queues: Sequence[str], processes: int, threads: int) -> list[Child]:
    """The children that serve these queues: `interactive` never shares a process with another queue."""
    unknown = [queue for queue in queues if queue not in QUEUES]
    if unknown:
        raise Misconfigured(f"--queues: no queue {', '.join(unknown)}; there are {', '.join(QUEUES)}")
    others = tuple(queue for queue in queues if queue != "interactive")
    children = [Child(others, processes, threads)] if others else []
    if "interactive" in queues:
        # No more in hand than can run at once, so that no click waits behind another.
        children.append(Child(("interactive",), 1, INTERACTIVE_THREADS, prefetch=INTERACTIVE_THREADS))
    return children


async def supervise(children: Sequence[Child], workers: Workers) -> int:
    """Run the children until SIGTERM or SIGINT; one that dies is started again."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    await asyncio.gather(*(_keep(child, stopping, workers) for child in children))
    return 0


async def _keep(child: Child, stopping: asyncio.Event, workers: Workers) -> None:
    pause = SOON
    while not stopping.is_set():
        folder = workers.pulse_folder(child.queues)
        environment = {**child.environment(), **workers.environment, FOLDER: str(folder)}
        try:
            process = await _start(child.arguments(), environment, workers.scratch)
        except OSError as error:  # the machine is short of memory or of processes
            log.error("worker not started", queues=child.queues, error=repr(error), pause=LATEST)
            await _wait(stopping, LATEST)
            continue
        log.info("worker started", queues=child.queues, pid=process.pid)
        ended = asyncio.create_task(process.wait())
        stop = asyncio.create_task(stopping.wait())
        watch = Watch(folder, child.queues, workers.pulses)
        while not (ended.done() or stop.done()):
            await asyncio.wait((ended, stop), timeout=EVERY, return_when=asyncio.FIRST_COMPLETED)
            if hopeless := watch.look():
                log.error("worker is stuck, ending it", queues=child.queues, pids=hopeless, silent_seconds=HOPELESS)
                _kill_group(process.pid)
                await ended
        pause = SOON if watch.has_seen_life else min(pause * 2, LATEST)
        watch.end()
        stop.cancel()
        if not ended.done():
            await _stop(process, ended)
            return
        log.error("worker died, starting it again", queues=child.queues, status=process.returncode, pause=pause)
        workers.restarts.inc()
        _kill_group(process.pid)
        await _wait(stopping, pause)


async def _start(arguments: Sequence[str], environment: Mapping[str, str], folder: Scratch) -> Process:
    """Start a `dramatiq` command with so much more environment, in a process group of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops.running.worker_command", str(os.getpid()), *arguments),
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=(folder.lock,),
        start_new_session=True,
    )


async def _stop(process: Process, ended: asyncio.Task[int]) -> None:
    process.terminate()
    done, _ = await asyncio.wait((ended,), timeout=GRACE + 5)
    if not done:
        log.error("worker did not end in time", pid=process.pid)
    _kill_group(process.pid)
    await ended


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


def _kill_group(pid: int) -> None:
    """End what a dead `dramatiq` command may have left behind; often there is nothing."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
