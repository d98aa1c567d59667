"""`clerk health`: it fails for a process that is gone, stuck or in trouble, says why, and costs next to nothing."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ops.cli import app
from ops.commands.processes.gateway import trouble as trouble_of_server
from ops.health.looks import LATE, Looks
from ops.health.probe import folder, health
from ops.health.showing import Echo, Signs, shown
from ops.health.sign import ENDING, KINDS, STARTING, STUCK_AFTER, Sign, read, trouble
from ops.health.systemd import notify
from ops.metrics import silence
from tests.servers import ROOT

NOW = 1000.0
HERE = os.getpid()


@pytest.fixture(scope="module")
def gone() -> int:
    """The id of a process that has ended."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid


class ShownSigns:
    """A process that shows signs in a folder, by a clock of its own, and tells a service manager that takes notes."""

    def __init__(self, place: Path, unready: str = "") -> None:
        self.heard: list[str] = []
        self.now, self.unready = NOW, unready
        self.signs = Signs(unready=lambda: self.unready, place=place, tell=self.heard.append, clock=lambda: self.now)


def write(place: Path, name: str, sign: Sign) -> None:
    (place / name).write_text(sign.written())


@given(
    st.integers(1),
    st.floats(0, 1e9),
    st.dictionaries(st.sampled_from(KINDS), st.text(max_size=9)),
    st.text(max_size=9),
)
def test_a_sign_is_read_as_it_was_written(pid: int, at: float, troubles: Mapping[str, str], unready: str) -> None:
    sign = Sign(pid, at, troubles, unready)
    assert read(sign.written()) == sign


def test_the_sign_of_a_process_of_an_earlier_version_is_read() -> None:
    written = '{"pid": 7, "at": 2.5, "troubles": {"gateway": ""}, "address": ["0.0.0.0", 8080]}'
    assert read(written) == Sign(7, 2.5, {"gateway": ""})


@pytest.mark.parametrize("text", ["", "[]", "{}", "7", '{"pid": 1, "at": 2, "troubles": 3}', '{"pid": 1, "at": 2}'])
def test_what_is_no_sign_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


@pytest.mark.parametrize(
    ("at", "told", "runs", "expected"),
    [
        (NOW, "", True, ""),
        (NOW - STUCK_AFTER + 1, "", True, ""),
        (NOW - STUCK_AFTER, "", True, "process 7 has shown no sign of life for 10 seconds"),
        (NOW, STARTING, True, "process 7 is starting"),
        (NOW, "has a worker process without a heartbeat", True, "process 7 has a worker process without a heartbeat"),
        (NOW, "", False, "process 7 is gone"),
        (NOW + 1, "", True, ""),
        (NOW + STUCK_AFTER, "", True, "process 7 is gone"),
    ],
)
def test_what_a_sign_means_a_while_later(at: float, told: str, runs: bool, expected: str) -> None:
    assert trouble(Sign(7, at, {"clock": told}), "clock", NOW, runs=runs) == expected


def test_a_process_is_called_stuck_at_the_same_time_everywhere() -> None:
    assert silence.STUCK_AFTER == STUCK_AFTER


def test_without_a_process_of_the_kind_it_fails(tmp_path: Path) -> None:
    assert health("worker", tmp_path / "none", NOW) == (False, "no worker of this user runs on this machine")
    ShownSigns(tmp_path).signs.show({"clock": ""})
    assert health("clock", tmp_path, NOW) == (True, f"process {HERE} is well")
    assert not health("worker", tmp_path, NOW)[0]


def test_one_of_several_that_is_not_well_fails_its_kind_and_no_other(tmp_path: Path, gone: int) -> None:
    ShownSigns(tmp_path).signs.show({"worker": "", "interactive": ""})
    write(tmp_path, str(os.getppid()), Sign(os.getppid(), NOW - 60, {"worker": ""}))
    write(tmp_path, str(gone), Sign(gone, NOW, {"interactive": ""}))
    assert health("worker", tmp_path, NOW) == (
        False,
        f"process {os.getppid()} has shown no sign of life for 60 seconds",
    )
    assert health("interactive", tmp_path, NOW) == (False, f"process {gone} is gone")
    assert health("clock", tmp_path, NOW)[0] is False


def test_the_next_process_to_start_forgets_those_that_were_killed(tmp_path: Path, gone: int) -> None:
    write(tmp_path, str(gone), Sign(gone, NOW, {"clock": ""}))
    (tmp_path / f"{gone}.new").touch()
    write(tmp_path, str(os.getppid()), Sign(os.getppid(), NOW + 3600, {"clock": ""}))  # before the machine's last start
    told = ShownSigns(tmp_path)
    told.signs.show({"clock": ""})
    assert [each.name for each in tmp_path.iterdir()] == [str(HERE)]
    assert health("clock", tmp_path, NOW)[0]
    told.signs.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_somebody_else_tells_nothing(tmp_path: Path) -> None:
    ShownSigns(tmp_path).signs.show({"clock": ""})
    link = tmp_path.with_name("link")
    link.symlink_to(tmp_path)
    assert not health("clock", link, NOW)[0]


def test_a_process_that_can_not_write_goes_on_and_says_so_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = ShownSigns(tmp_path / "file")
    with capture_logs() as logs:
        told.signs.show({"clock": ""})
        told.signs.show({"clock": ""})
        told.signs.close()
    assert [each["event"] for each in logs] == ["this process can't show that it is well"]
    assert told.heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_systemd_hears_of_readiness_once_and_of_life_only_while_all_is_well(tmp_path: Path) -> None:
    told = ShownSigns(tmp_path)
    for troubles in (
        {"gateway": STARTING, "clock": ""},
        {"gateway": "", "clock": ""},
        {"gateway": "", "clock": "has ended no look"},
        {"gateway": "", "clock": ""},
        {"gateway": ENDING, "clock": ""},
        {"gateway": ENDING, "clock": ""},
    ):
        told.heard.append("-")
        told.signs.show(troubles)
    told.signs.close()
    well, end = ("READY=1", "WATCHDOG=1"), ("-", "STOPPING=1", "-")
    assert [each for each in told.heard if not each.startswith("STATUS=")] == [*"--", *well, *"--", well[1], *end]
    assert [each.removeprefix("STATUS=") for each in told.heard if each.startswith("STATUS=")] == [
        f"gateway {STARTING}",
        "",
        "clock has ended no look",
        "",
        f"gateway {ENDING}",
    ]


@pytest.mark.parametrize("abstract", [False, True])
def test_a_notification_reaches_the_socket_of_the_environment(
    abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"clerk-test-notify-{HERE}" if abstract else str(tmp_path / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(f"\0{name}" if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
        notify("READY=1")
        assert manager.recv(100) == b"READY=1"
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("READY=1")


def test_a_gateway_that_can_not_publish_is_not_well_and_says_why(tmp_path: Path) -> None:
    told = ShownSigns(tmp_path, "can't publish: RabbitMQ does not confirm")
    told.signs.show({"gateway": "", "clock": ""})
    expected = f"process {HERE} can't publish: RabbitMQ does not confirm"
    assert health("gateway", tmp_path, NOW) == (False, expected)
    assert health("clock", tmp_path, NOW) == (True, f"process {HERE} is well")
    told.unready = ""
    told.signs.show({"gateway": "", "clock": ""})
    assert health("gateway", tmp_path, NOW) == (True, f"process {HERE} is well")


def test_a_broker_that_is_away_is_no_reason_to_start_a_gateway_again(tmp_path: Path) -> None:
    told = ShownSigns(tmp_path, "can't publish: RabbitMQ does not confirm")
    told.signs.show({"gateway": ""})
    assert told.heard == ["STATUS=gateway can't publish: RabbitMQ does not confirm", "READY=1", "WATCHDOG=1"]


def test_a_gateway_that_does_not_listen_yet_is_starting_whatever_else(tmp_path: Path) -> None:
    ShownSigns(tmp_path, "has not reached the broker yet").signs.show({"gateway": STARTING})
    assert health("gateway", tmp_path, NOW) == (False, f"process {HERE} is starting")


@pytest.mark.parametrize(
    ("started", "ending", "expected"), [(False, False, STARTING), (True, False, ""), (True, True, ENDING)]
)
def test_a_server_is_well_while_it_takes_requests(started: bool, ending: bool, expected: str) -> None:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config("none:app"))
    server.started, server.should_exit = started, ending
    assert trouble_of_server(server) == expected


def test_a_clock_that_ends_no_look_is_not_well() -> None:
    now = NOW
    looks = Looks(lambda: now)
    now += LATE - 1
    assert looks.trouble() == ""
    now += 1
    assert looks.trouble() == "has ended no look for due work for 600 seconds"
    looks.note()
    assert looks.trouble() == ""


async def test_an_event_loop_that_does_not_answer_is_not_well() -> None:
    now = NOW
    echo = Echo(asyncio.get_running_loop(), lambda: now)
    assert echo.trouble() == ""
    now += STUCK_AFTER
    assert echo.trouble() == "has handled no message for 10 seconds"
    await asyncio.sleep(0)
    assert echo.trouble() == ""


async def test_a_process_shows_itself_from_its_event_loop_until_it_ends(tmp_path: Path) -> None:
    told = ShownSigns(tmp_path)
    looked = asyncio.Event()
    looks = 0

    def look() -> dict[str, str]:
        nonlocal looks
        looks += 1
        if looks == 2:
            looked.set()
        return {"clock": ""}

    with shown(told.signs, look):
        assert health("clock", tmp_path, NOW)[0]
        await looked.wait()
    assert told.heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    assert not health("clock", tmp_path, NOW)[0]


def test_every_user_has_a_folder_that_processes_and_probes_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/run/clerk")
    assert folder() == Path(f"/run/clerk/clerk-health-{os.geteuid()}")
    monkeypatch.delenv("TMPDIR")
    assert folder().parent == Path("/tmp")


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_knows_every_kind(kind: str) -> None:
    command, bound, _ = app.parse_args(["health", kind], exit_on_error=False, print_error=False)
    assert (command.__name__, bound.args) == ("health", (kind,))


@pytest.mark.parametrize("kind", KINDS)
def test_it_loads_nothing_that_costs_time_and_asks_no_process_anything(kind: str, tmp_path: Path) -> None:
    """What a probe costs is what it imports, and whom it waits for: it runs in every container, every few seconds."""
    dear = {"cyclopts", "pydantic", "structlog", "prometheus_client", "asyncio", "pymongo", "http.client", "tempfile"}
    place = tmp_path / f"clerk-health-{os.geteuid()}"
    place.mkdir(mode=0o700)
    # An earlier version's gateways said where they listen, and were asked there.
    troubles = {each: "has ended no look" if each == "clock" else "" for each in KINDS}
    fields = {"pid": HERE, "at": time.monotonic() + STUCK_AFTER / 2, "troubles": troubles, "address": ["192.0.2.1", 1]}
    (place / str(HERE)).write_text(json.dumps(fields))
    code = f"import sys\nsys.argv = ['clerk', 'health', {kind!r}]\nimport atexit\n" + (
        f"atexit.register(lambda: print(sorted({dear | {'socket'}} & set(sys.modules)), len(sys.modules) < 120))\n"
        "from ops.__main__ import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=ROOT,
        env={"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    well, found = (1, "has ended no look") if kind == "clock" else (0, "is well")
    assert (done.returncode, done.stderr) == (well, "")
    assert done.stdout.splitlines() == [f"{kind}: process {HERE} {found}", "[] True"]
