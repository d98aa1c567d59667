"""What a process and everything that it started take of the machine, as Linux's /proc has it."""

import os
from pathlib import Path
from typing import Final

from tests.servers import descendants

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory in use."""
    return sum(_resident(each) for each in (pid, *descendants(pid)))


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time so far."""
    return sum(_cpu_seconds(each) for each in (pid, *descendants(pid)))


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def _cpu_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS
