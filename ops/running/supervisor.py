"""`clerk worker`: keeps the worker processes running; the `interactive` queue has a process of its own."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from messages.process.settings import Misconfigured
from messages.queues import QUEUES
from ops.health.showing import Signs, shown
from ops.health.sign import ENDING, STARTING
from ops.metrics.silence import ENDED_AFTER
from ops.running.heartbeat import FOLDER, INTERVAL, Monitor
from ops.running.shared_folder import SharedFolder
from ops.running.worker_metrics import WorkerMetrics

log = structlog.get_logger("clerk.supervisor")

GRACE: Final = 25.0
"""Seconds from SIGTERM in which messages in hand may finish; those that do not go back to their queue."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
"""Seconds until a dead command is started again: the first if it had worked, else twice the last one."""

INTERACTIVE_THREADS: Final = 4


@dataclass(frozen=True)
class Child:
    """One `dramatiq` command: its queues, how many processes, and how many threads in each."""

    queues: tuple[str, ...]
    processes: int
    threads: int
    prefetch: int | None = None

    @property
    def kind(self) -> str:
        """What it is to `clerk health`."""
        return "interactive" if self.queues == ("interactive",) else "worker"

    def arguments(self) -> list[str]:
        """The command's arguments."""
        return [
            *("workers.boot", "ops.running.worker_process", "--queues", *self.queues),
            *("--processes", str(self.processes), "--threads", str(self.threads)),
            *("--worker-shutdown-timeout", str(int(GRACE * 1000)), "--skip-logging"),
        ]

    def environment(self) -> dict[str, str]:
        """What is added to the command's environment: its threads wait for half a second, then look whether it ends."""
        prefetch = {} if self.prefetch is None else {"dramatiq_queue_prefetch": str(self.prefetch)}
        return {"dramatiq_worker_timeout": "500", **prefetch}


def plan(queues: Sequence[str], processes: int, threads: int) -> list[Child]:
    """The commands that serve these queues: `interactive` never shares a process with another queue."""
    unknown = [queue for queue in queues if queue not in QUEUES]
    if unknown:
        raise Misconfigured(f"--queues: no queue {', '.join(unknown)}; there are {', '.join(QUEUES)}")
    others = tuple(queue for queue in queues if queue != "interactive")
    children = [Child(others, processes, threads)] if others else []
    if "interactive" in queues:
        # It takes no more clicks than it can run at once, so that none waits behind another.
        children.append(Child(("interactive",), 1, INTERACTIVE_THREADS, prefetch=INTERACTIVE_THREADS))
    return children


async def supervise(children: Sequence[Child], workers: WorkerMetrics) -> int:
    """Run the commands until SIGTERM or SIGINT; start each again that dies; show whether all of them are well."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    troubles = {child.kind: STARTING for child in children}

    def look() -> dict[str, str]:
        return dict.fromkeys(troubles, ENDING) if stopping.is_set() else dict(troubles)

    with shown(Signs(), look):
        await asyncio.gather(*(_keep(child, stopping, workers, troubles) for child in children))
    return 0


async def _keep(
    child: Child, stopping: asyncio.Event, workers: WorkerMetrics, troubles: MutableMapping[str, str]
) -> None:
    pause = FIRST_PAUSE
    while not stopping.is_set():
        folder = workers.heartbeat_folder(child.queues)
        environment = {**child.environment(), **workers.environment, FOLDER: str(folder)}
        try:
            process = await _start(child.arguments(), environment, workers.shared_folder)
        except OSError as error:  # the machine is short of memory or of processes
            log.error("worker not started", queues=child.queues, error=repr(error), pause=LONGEST_PAUSE)
            await _pause(stopping, LONGEST_PAUSE)
            continue
        log.info("worker started", queues=child.queues, pid=process.pid)
        ended = asyncio.create_task(process.wait())
        stop = asyncio.create_task(stopping.wait())
        monitor = Monitor(folder, child.queues, workers.silence)
        while not (ended.done() or stop.done()):
            await asyncio.wait((ended, stop), timeout=INTERVAL, return_when=asyncio.FIRST_COMPLETED)
            if stuck := monitor.look():
                log.error("worker is stuck, ending it", queues=child.queues, pids=stuck, silent_seconds=ENDED_AFTER)
                _kill_group(process.pid)
                await ended
            troubles[child.kind] = monitor.trouble(child.processes)
        troubles[child.kind] = STARTING
        pause = FIRST_PAUSE if monitor.has_seen_heartbeat else min(pause * 2, LONGEST_PAUSE)
        monitor.forget()
        stop.cancel()
        if not ended.done():
            await _stop(process, ended)
            return
        log.error("worker died, starting it again", queues=child.queues, status=process.returncode, pause=pause)
        workers.restarts.inc()
        _kill_group(process.pid)
        await _pause(stopping, pause)


async def _start(arguments: Sequence[str], environment: Mapping[str, str], folder: SharedFolder) -> Process:
    """Start a `dramatiq` command in a process group of its own, with this added to its environment."""
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


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


def _kill_group(pid: int) -> None:
    """End the processes that a dead `dramatiq` command may have left; often there are none."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
