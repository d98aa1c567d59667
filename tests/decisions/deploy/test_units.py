"""The systemd unit takes from Clerk what it does not need."""

from configparser import ConfigParser
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[3] / "deploy" / "clerk@.service"


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
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read(UNIT)
    assert unit["Service"][directive] == value


def test_the_unit_allows_a_services_system_calls_alone() -> None:
    filters = [line for line in UNIT.read_text().splitlines() if line.startswith("SystemCallFilter=")]
    assert filters == ["SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources"]
