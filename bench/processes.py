"""The memory and processor time of a process and all that it started, from Linux's /proc."""

import os
from pathlib import Path
from typing import Final

from tests.servers import descendants

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory in use."""
    return sum(_bytes(each, "status", "VmRSS:") for each in (pid, *descendants(pid)))


def proportional(pid: int) -> int:
    """Bytes of memory in use, where what several processes share counts once (smaps_rollup's Pss)."""
    return sum(_bytes(each, "smaps_rollup", "Pss:") for each in (pid, *descendants(pid)))


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time so far."""
    return sum(_cpu_seconds(each) for each in (pid, *descendants(pid)))


def _bytes(pid: int, file: str, field: str) -> int:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def _cpu_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS
