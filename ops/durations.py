"""Durations and ages as people write and read them. Pure."""

import re
from datetime import datetime, timedelta
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WRITTEN: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd])")


def parse(text: str) -> timedelta:
    """The duration written as `90s`, `10m`, `2h` or `7d`; ValueError for anything else."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is not a duration such as 90s, 10m, 2h or 7d")
    try:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    except OverflowError:
        raise ValueError(f"{text[:20]!r} is longer than any time that Clerk knows") from None


def short(seconds: float | None) -> str:
    """A duration in at most two units: `8 ms`, `0.3 s`, `42 s`, `3 m 20 s`, `2 h 5 m`, `9 d 3 h`; a dash for None."""
    if seconds is None:
        return "–"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if 0 < seconds < 0.1:
        return f"{sign}{max(1, round(seconds * 1000))} ms"
    if seconds < 10:
        return f"{sign}{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    for (big, per), small in zip((("d", 86400), ("h", 3600), ("m", 60)), ("h", "m", "s"), strict=True):
        if whole >= per:
            rest = whole % per // _UNITS[small]
            return f"{sign}{whole // per} {big} {rest} {small}" if rest else f"{sign}{whole // per} {big}"
    return f"{sign}{whole} s"


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago a moment was; a dash for None."""
    return short(None if moment is None else (now - moment).total_seconds())
