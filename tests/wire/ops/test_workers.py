"""What a `clerk worker` knows about its processes, and what it leaves behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from ops.health.probe import folder, health
from ops.health.sign import STARTING
from ops.metrics import silence
from ops.metrics.samples import Samples, collect_samples, total
from ops.metrics.silence import ENDED_AFTER, STUCK_AFTER
from ops.running.heartbeat import Monitor, SilenceMetrics
from ops.running.shared_folder import LOCK, PREFIX, SharedFolder
from ops.running.supervisor import FIRST_PAUSE, Child, plan, supervise
from ops.running.worker_metrics import WorkerMetrics
from tests.servers import ROOT, descendants, wait_until

QUEUES = ("ingestion", "sms")


class Below:
    """The processes below a supervisor, as it sees them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._registry, self._beats = folder, CollectorRegistry(), 0
        self.monitor = Monitor(folder, QUEUES, SilenceMetrics(self._registry))

    def beat(self, pid: int) -> None:
        """A process writes a heartbeat."""
        self._beats += 1
        file = self._folder / str(pid)
        file.touch()
        os.utime(file, ns=(0, self._beats))

    def samples(self) -> Samples:
        """The supervisor's samples."""
        return collect_samples(self._registry.collect())


@pytest.fixture
def below(tmp_path: Path) -> Below:
    return Below(tmp_path)


def test_a_process_without_a_heartbeat_is_stuck_and_later_ended(below: Below) -> None:
    below.beat(17)
    ended = []
    for _ in range(ENDED_AFTER):
        below.beat(18)
        ended.append(below.monitor.look())
        if len(ended) == STUCK_AFTER:
            assert silence.stuck(below.samples()) == []
    assert silence.stuck(below.samples()) == [(17, "ingestion,sms", ENDED_AFTER - 1)]
    assert ended == [[]] * ENDED_AFTER
    assert below.monitor.look() == [17]
    assert total(below.samples(), "clerk_worker_stuck_total", queues="ingestion,sms") == 1


def test_a_process_with_a_new_heartbeat_is_not_stuck(below: Below) -> None:
    below.beat(17)
    for _ in range(ENDED_AFTER):
        below.monitor.look()
    assert silence.stuck(below.samples())
    below.beat(17)
    assert below.monitor.look() == []
    assert silence.stuck(below.samples()) == []


def test_a_command_is_well_once_all_its_processes_beat_and_until_one_stops(below: Below) -> None:
    below.monitor.look()
    assert below.monitor.trouble(2) == STARTING
    below.beat(17)
    below.monitor.look()
    assert below.monitor.trouble(2) == STARTING
    below.beat(18)
    below.monitor.look()
    assert below.monitor.trouble(2) == ""
    for _ in range(STUCK_AFTER):
        below.beat(18)
        below.monitor.look()
    assert below.monitor.trouble(2) == "has a worker process without a heartbeat: 17 for 11 s"
    below.beat(17)
    below.monitor.look()
    assert below.monitor.trouble(2) == ""
    below.monitor.forget()
    assert below.monitor.trouble(2) == STARTING


@pytest.mark.parametrize(("queues", "kind"), [(("interactive",), "interactive"), (QUEUES, "worker")])
def test_a_command_is_what_its_queues_say(queues: tuple[str, ...], kind: str) -> None:
    assert [child.kind for child in plan(queues, 1, 1)] == [kind]


def test_processes_that_have_ended_are_forgotten(below: Below) -> None:
    below.beat(17)
    for _ in range(ENDED_AFTER):
        below.monitor.look()
    below.monitor.forget()
    assert silence.stuck(below.samples()) == []
    assert below.monitor.look() == []


def folders(within: Path) -> set[Path]:
    return set(within.glob(f"{PREFIX}*"))


def folder_elsewhere(within: Path, then: str) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that makes a folder and then runs this code; its folder."""
    code = (
        "import os, subprocess, sys\nfrom ops.running.shared_folder import SharedFolder\n"
        f"shared = SharedFolder()\n{then}\nprint(shared.path, flush=True)\nsys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(within)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)


def test_the_next_worker_to_start_removes_what_a_killed_one_left_behind(tmp_path: Path) -> None:
    killed, left_behind = folder_elsewhere(tmp_path, "(shared.path / 'metrics').mkdir()")
    running, in_use = folder_elsewhere(tmp_path, "")
    end(killed)
    assert left_behind in folders(tmp_path)
    mine = SharedFolder(tmp_path)
    assert left_behind not in folders(tmp_path)
    assert {in_use, mine.path} <= folders(tmp_path)
    mine.close()
    end(running)
    SharedFolder(tmp_path).close()
    assert not {left_behind, in_use, mine.path} & folders(tmp_path)


def test_a_folder_stays_while_a_process_that_inherited_its_lock_still_runs(tmp_path: Path) -> None:
    child = "subprocess.Popen([sys.executable, '-c', 'import os; os.read(0, 1)'], stdin=0, pass_fds=(shared.lock,))"
    killed, shared = folder_elsewhere(tmp_path, child)
    killed.send_signal(signal.SIGKILL)
    killed.wait(20)
    SharedFolder(tmp_path).close()
    assert shared in folders(tmp_path)
    killed.communicate(timeout=120)  # its child reads until the input ends, then ends

    def gone() -> bool:
        SharedFolder(tmp_path).close()
        return shared not in folders(tmp_path)

    wait_until(gone, "the folder is gone with the last process", 20)


@dataclass(frozen=True)
class Loading(Child):
    """A command with one process, which loads only this module."""

    module: str = ""

    def arguments(self) -> list[str]:
        """The command's arguments."""
        return [self.module, "--processes", "1"]


def test_a_command_ends_if_its_supervisor_dies_while_it_starts(tmp_path: Path) -> None:
    """Linux signals a parent's death only after a request: until then the command checks for itself."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "while 'ops.running.worker_command' in sys.orig_argv and os.getppid() == int(os.environ['SUPERVISOR']):\n"
        "    time.sleep(0.01)"
    )
    (tmp_path / "ran.py").write_text("from pathlib import Path\nPath(__file__).with_suffix('').touch()")
    supervisor = (
        "import os, subprocess, sys\n"
        "os.environ['SUPERVISOR'] = str(os.getpid())\n"
        "command = [sys.executable, '-m', 'ops.running.worker_command', str(os.getpid())]\n"
        "subprocess.Popen([*command, '--path', sys.argv[1], '--', 'ran'])\n"
        "os.kill(os.getpid(), 9)"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", supervisor, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    running.communicate(timeout=120)  # returns as soon as no process has the output open
    assert running.returncode == -signal.SIGKILL
    assert not (tmp_path / "ran").exists()


def test_a_worker_process_ends_if_its_command_dies_while_it_starts(tmp_path: Path) -> None:
    (tmp_path / "orphaned.py").write_text(
        "import os, signal, time\nfrom pathlib import Path\n"
        "import dramatiq\nfrom dramatiq.brokers.stub import StubBroker\n"
        "command = os.getppid()\n"
        "for _ in range(500):\n"  # until the command waits for this process to begin
        "    if 'futex' in Path(f'/proc/{command}/wchan').read_text():\n        break\n    time.sleep(0.01)\n"
        "os.kill(command, signal.SIGKILL)\n"
        "while os.getppid() == command:\n    time.sleep(0.01)\n"
        "Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"
        "dramatiq.set_broker(StubBroker())"
    )
    told = tmp_path / "pid"
    arguments = ["--path", str(tmp_path), "--processes", "1", "--", "orphaned", "ops.running.worker_process"]
    command = subprocess.Popen(
        [sys.executable, "-m", "ops.running.worker_command", str(os.getpid()), *arguments],
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        pid = int(wait_until(lambda: told.exists() and told.read_text(), "it has begun", 60))
        wait_until(lambda: not Path(f"/proc/{pid}/exe").exists(), "it ends", 20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGKILL)
        command.wait(20)


async def test_every_process_below_a_supervisor_keeps_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = set(descendants(os.getpid()))  # workers that other tests of this process share
    ready = tmp_path / "ready"
    (tmp_path / "idle.py").write_text(
        "import time\nfrom pathlib import Path\nPath(__file__).with_name('ready').touch()\n"
        "while not Path(__file__).with_name('stop').exists():\n    time.sleep(0.01)\nraise SystemExit"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with closing(WorkerMetrics()) as workers:
        running = asyncio.create_task(supervise([Loading(QUEUES, 1, 1, module="idle")], workers))
        await asyncio.to_thread(wait_until, ready.exists, "the process has loaded its module")
        open_files = [files for pid in set(descendants(os.getpid())) - others if (files := _open_files_of_worker(pid))]
        shown = health("worker", folder(), time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)
        (tmp_path / "stop").touch()
        assert await running == 0
        assert len(open_files) == 2, "the command and its process"
        assert shown == (False, f"process {os.getpid()} is starting"), "its process shows no heartbeat"
        assert all(workers.shared_folder.path / LOCK in files for files in open_files)


def _open_files_of_worker(pid: int) -> list[Path]:
    """The open files of a process; none unless it is a `dramatiq` command or one of its processes."""
    proc = Path(f"/proc/{pid}")
    if b"ops.running.worker_command" not in (proc / "cmdline").read_bytes():
        return []
    return [file.resolve() for file in (proc / "fd").iterdir()]


@pytest.mark.parametrize(
    ("works", "pauses"),
    [(True, [FIRST_PAUSE, FIRST_PAUSE, FIRST_PAUSE]), (False, [2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE])],
)
async def test_a_process_that_worked_restarts_soon_and_one_that_never_works_restarts_ever_later(
    works: bool, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat = "pathlib.Path(os.environ['CLERK_HEARTBEAT_DIR'], '1').touch(); " if works else ""
    (tmp_path / "killed.py").write_text(f"import os, pathlib; {heartbeat}os.killpg(0, 9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with capture_logs() as logged, closing(WorkerMetrics()) as workers:
        running = asyncio.create_task(supervise([Loading(QUEUES, 1, 1, module="killed")], workers))
        while (died := [each["pause"] for each in logged if each["event"].startswith("worker died")]) != pauses:
            assert died == pauses[: len(died)]
            assert not running.done()
            await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 0
