"""The systemd unit lets each part of Clerk work, watches it, and takes from it what it does not need."""

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Final

import pytest

from ops.cli import app
from ops.metrics.silence import ENDED_AFTER
from ops.running.supervisor import GRACE
from tests.servers import ROOT

UNIT: Final = ROOT / "deploy" / "clerk@.service"
KILLED_AFTER: Final = GRACE + 5
"""Seconds after SIGTERM in which a worker ends by itself."""


def service() -> dict[str, str]:
    """The unit's directives; of those that are there more than once, the last."""
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read(UNIT)
    return dict(unit["Service"])


def files_of_environment() -> list[str]:
    return re.findall(r"^EnvironmentFile=(.+)$", UNIT.read_text(), re.MULTILINE)


def started_by_the_readme() -> list[str]:
    """The instances of the unit that README.md starts."""
    enabled = re.findall(r"^systemctl enable --now (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    return [part.removeprefix("clerk@") for line in enabled for part in line.split("#")[0].split()]


def test_a_worker_may_finish_and_what_is_set_wrong_is_not_started_again() -> None:
    unit = service()
    assert int(unit["TimeoutStopSec"]) >= KILLED_AFTER + 5
    assert unit["Restart"] == "always"
    assert unit["RestartPreventExitStatus"] == "2"
    assert unit["DynamicUser"] == "yes"
    assert unit["ExecStart"].endswith("/clerk %i")


def test_what_the_readme_starts_are_commands() -> None:
    parts = started_by_the_readme()
    assert set(parts) == {"gateway", "worker", "clock", "run"}
    assert [app.parse_args([part], exit_on_error=False, print_error=False)[0].__name__ for part in parts] == parts


def test_systemd_ends_only_what_its_supervisor_did_not_mend() -> None:
    unit = service()
    assert (unit["Type"], unit["NotifyAccess"]) == ("notify", "main")
    assert int(unit["WatchdogSec"]) > ENDED_AFTER


def test_each_part_may_have_settings_of_its_own_which_win() -> None:
    """Two processes of one machine can't serve their metrics at one port."""
    assert files_of_environment() == ["/etc/clerk.env", "-/etc/clerk-%i.env"]


def test_clerk_run_has_a_folder_of_its_own_to_write_to() -> None:
    unit = service()
    assert unit["StateDirectory"] == "clerk-%i"
    assert unit["Environment"] == "CLERK_DATA_DIR=%S/clerk-%i"


@pytest.mark.parametrize("part", ["gateway", "run"])
def test_systemd_finds_no_fault_in_it(part: str, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: systemd itself has not checked the unit")
    unit = tmp_path / f"clerk@{part}.service"
    unit.write_text(UNIT.read_text().replace("/opt/clerk/bin/clerk", sys.executable))
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "clerk" in line]) == (0, [])


@pytest.mark.parametrize(
    ("directive", "value"),
    [
        ("MemoryDenyWriteExecute", "yes"),
        ("NoNewPrivileges", "yes"),
        ("ProtectClock", "yes"),
        ("ProtectHostname", "yes"),
        ("ProtectKernelLogs", "yes"),
        ("ProtectProc", "invisible"),
        ("ProtectSystem", "strict"),
        ("RestrictRealtime", "yes"),
        ("RestrictSUIDSGID", "yes"),
        ("SystemCallArchitectures", "native"),
        ("UMask", "0077"),
    ],
)
def test_the_unit_is_hardened(directive: str, value: str) -> None:
    assert service()[directive] == value


def test_the_unit_allows_a_services_system_calls_alone() -> None:
    filters = [line for line in UNIT.read_text().splitlines() if line.startswith("SystemCallFilter=")]
    assert filters == ["SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources"]
