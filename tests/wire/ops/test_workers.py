"""What a `clerk worker` knows of its processes, and what it leaves behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from ops.metrics.samples import Samples, collected, total
from ops.running import heartbeat, worker_command
from ops.running.heartbeat import HOPELESS, STUCK, Pulses, Watch
from ops.running.metrics_endpoint import Workers
from ops.running.shared_folder import LOCK, PREFIX, Scratch
from ops.running.supervisor import SOON, Child, supervise
from tests.servers import ROOT, wait_until

QUEUES = ("ingestion", "sms")


class Below:
    """The processes below a supervisor, as it sees them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._registry, self._beats = folder, CollectorRegistry(), 0
        self.watch = Watch(folder, QUEUES, Pulses(self._registry))

    def beat(self, pid: int) -> None:
        """A process shows a sign of life."""
        self._beats += 1
        file = self._folder / str(pid)
        file.touch()
        os.utime(file, ns=(0, self._beats))

    def samples(self) -> Samples:
        """What the supervisor counts."""
        return collected(self._registry.collect())


@pytest.fixture
def below(tmp_path: Path) -> Below:
    return Below(tmp_path)


def test_a_process_without_a_sign_of_life_is_stuck_and_later_hopeless(below: Below) -> None:
    below.beat(17)
    ended = []
    for _ in range(HOPELESS):
        below.beat(18)
        ended.append(below.watch.look())
        if len(ended) == STUCK:
            assert heartbeat.stuck(below.samples()) == []
    assert heartbeat.stuck(below.samples()) == [(17, "ingestion,sms", HOPELESS - 1)]
    assert ended == [[]] * HOPELESS
    assert below.watch.look() == [17]
    assert total(below.samples(), "clerk_worker_stuck_total", queues="ingestion,sms") == 1


def test_a_sign_of_life_takes_it_back(below: Below) -> None:
    below.beat(17)
    for _ in range(HOPELESS):
        below.watch.look()
    assert heartbeat.stuck(below.samples())
    below.beat(17)
    assert below.watch.look() == []
    assert heartbeat.stuck(below.samples()) == []


def test_processes_that_have_ended_are_forgotten(below: Below) -> None:
    below.beat(17)
    for _ in range(HOPELESS):
        below.watch.look()
    below.watch.end()
    assert heartbeat.stuck(below.samples()) == []
    assert below.watch.look() == []


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def scratch_elsewhere(then: str) -> tuple[subprocess.Popen[str], Path]:
    """A process that has made a folder, and has done something then; its folder."""
    code = (
        "import os, subprocess, sys\nfrom ops.running.shared_folder import Scratch\n"
        f"scratch = Scratch()\n{then}\nprint(scratch.path, flush=True)\nsys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)


def test_what_a_killed_worker_left_behind_goes_when_the_next_one_starts(tmp_path: Path) -> None:
    killed, left_behind = scratch_elsewhere("(scratch.path / 'metrics').mkdir()")
    running, in_use = scratch_elsewhere("")
    end(killed)
    assert left_behind in folders()
    mine = Scratch()
    assert left_behind not in folders()
    assert {in_use, mine.path} <= folders()
    mine.close()
    end(running)
    Scratch().close()
    assert not {left_behind, in_use, mine.path} & folders()


def test_a_folder_stays_while_a_process_that_holds_it_still_runs() -> None:
    code = "import os, sys\nfrom ops import scratch\nwith scratch.held(scratch.Path(sys.argv[1])): os.read(0, 1)"
    child = f"subprocess.Popen([sys.executable, '-c', {code!r}, str(scratch.path)], stdin=0, stdout=2)"
    killed, shared = scratch_elsewhere(child)
    wait_until(lambda: len(holders(shared)) == 2, "both hold it", 20)
    killed.send_signal(signal.SIGKILL)
    killed.wait(20)
    Scratch().close()
    assert shared in folders()
    killed.communicate(timeout=20)  # its child reads to the end, and ends

    def gone() -> bool:
        Scratch().close()
        return shared not in folders()

    wait_until(gone, "the folder is gone with the last process", 20)


def holders(folder: Path) -> list[str]:
    """The processes that have the lock of a folder (https://man7.org/linux/man-pages/man5/proc_locks.5.html)."""
    inode = f":{(folder / LOCK).stat().st_ino} "
    return [line for line in Path("/proc/locks").read_text().splitlines() if inode in line]


@dataclass(frozen=True)
class Killed(Child):
    """A command that is killed as soon as it has read a module."""

    module: str = ""

    def arguments(self) -> list[str]:
        """The command's arguments."""
        return [self.module, "--processes", "1"]


class Orphaning(list[str]):
    """Arguments of a command that has no parent any more once it has read them, and tells its process id."""

    def __reduce__(self) -> tuple[Callable[..., list[str]], tuple[str, ...]]:
        return _orphaned, tuple(self)


def _orphaned(told: str, *arguments: str) -> list[str]:
    parent = os.getppid()
    os.kill(parent, signal.SIGKILL)
    wait_until(lambda: os.getppid() != parent, "the parent is gone")
    Path(told).write_text(str(os.getpid()))
    return [*arguments]


def test_a_command_whose_parent_dies_while_it_begins_ends_though_the_supervisor_lives(tmp_path: Path) -> None:
    """Linux tells of a parent's death only from when it is asked to."""
    (tmp_path / "idle.py").write_text("import signal; signal.pause()")
    told = tmp_path / "pid"
    with closing(Scratch()) as scratch:
        command = worker_command.process(
            "idle", Orphaning([str(told), "--path", str(tmp_path), "--", "idle"]), {}, scratch.path
        )
        with suppress(EOFError):  # its parent may have died before it told the process id
            command.start()
        pid = int(wait_until(lambda: told.exists() and told.read_text(), "it has begun", 30))
        try:
            wait_until(lambda: not Path(f"/proc/{pid}/exe").exists(), "it ends", 20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def test_a_worker_process_whose_command_dies_while_it_begins_ends(tmp_path: Path) -> None:
    (tmp_path / "orphaned.py").write_text(
        "import os, signal, time\nfrom pathlib import Path\n"
        "import dramatiq\nfrom dramatiq.brokers.stub import StubBroker\n"
        "command = os.getppid()\n"
        "for _ in range(500):\n"  # until it waits to hear that this process has begun
        "    if 'futex' in Path(f'/proc/{command}/wchan').read_text():\n        break\n    time.sleep(0.01)\n"
        "os.kill(command, signal.SIGKILL)\n"
        "while os.getppid() == command:\n    time.sleep(0.01)\n"
        "Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"
        "dramatiq.set_broker(StubBroker())"
    )
    told = tmp_path / "pid"
    with closing(Scratch()) as scratch:
        arguments = ["--path", str(tmp_path), "--processes", "1", "--", "orphaned", "ops.running.worker_process"]
        command = worker_command.process("orphaned", arguments, {}, scratch.path)
        command.start()
        assert command.pid is not None
        try:
            pid = int(wait_until(lambda: told.exists() and told.read_text(), "it has begun", 30))
            wait_until(lambda: not Path(f"/proc/{pid}/exe").exists(), "it ends", 20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(command.pid, signal.SIGKILL)


def test_nothing_is_left_of_a_supervisor_that_dies_once_it_has_asked_for_its_first_command(tmp_path: Path) -> None:
    """What the others are forked from is asked for one while it still begins, and not told of a death before that."""
    (tmp_path / "idle.py").write_text(
        "import os, signal\nfrom pathlib import Path\n"
        "Path(__file__).with_name('group').write_text(str(os.getpgrp()))\nsignal.pause()"
    )
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "while 'forkserver' in sys.orig_argv[-1] and str(os.getppid()) == os.environ['SUPERVISOR']:\n"
        "    time.sleep(0.01)"
    )
    supervisor = (
        "import os, signal, sys\nfrom multiprocessing import forkserver\nfrom pathlib import Path\n"
        "from ops import consumer\n"
        "forkserver.read_signed = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"  # as it waits to hear
        "os.environ['SUPERVISOR'] = str(os.getpid())\n"
        "consumer.process('idle', ['--path', sys.argv[1], '--', 'idle'], {}, Path(sys.argv[1])).start()"
    )
    (tmp_path / LOCK).touch()
    running = subprocess.Popen(
        [sys.executable, "-c", supervisor, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        said, _ = running.communicate(timeout=30)  # as soon as nobody has its output open any more
        assert b"the supervisor is gone" in said
        assert running.returncode == -signal.SIGKILL
    finally:
        if (group := tmp_path / "group").exists():
            os.killpg(int(group.read_text()), signal.SIGKILL)


@pytest.mark.parametrize(("works", "pauses"), [(True, [SOON, SOON, SOON]), (False, [2 * SOON, 4 * SOON, 8 * SOON])])
async def test_what_worked_is_started_again_soon_and_what_never_does_later_and_later(
    works: bool, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = "pathlib.Path(os.environ['CLERK_PULSE_DIR'], '1').touch(); " if works else ""
    (tmp_path / "killed.py").write_text(f"import os, pathlib; {sign}os.killpg(0, 9)")
    monkeypatch.syspath_prepend(tmp_path)
    with capture_logs() as logged, closing(Workers()) as workers:
        running = asyncio.create_task(supervise([Killed(QUEUES, 1, 1, module="killed")], workers))
        while (died := [each["pause"] for each in logged if each["event"].startswith("worker died")]) != pauses:
            assert died == pauses[: len(died)]
            assert not running.done()
            await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 0
