"""The table that `make bench` prints: 80 columns, one row a figure, with its goal and what a rival reaches."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

WIDE: Final = 36
HEADS: Final = ("goal", "today", "rival", "")


@dataclass(frozen=True)
class TableRow:
    """A figure of Clerk's, what it must reach (`at_least` or `at_most`), and a rival's figure, where there is one."""

    what: str
    today: float
    at_least: float | None = None
    at_most: float | None = None
    rival: float | None = None
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Whether the figure reaches what it must; empty where there is no goal."""
        if self.at_least is None and self.at_most is None:
            return ""
        above = self.at_least is None or self.today >= self.at_least
        return "met" if above and (self.at_most is None or self.today <= self.at_most) else "MISSED"

    def lines(self) -> Sequence[str]:
        """The row as the table shows it: what does not fit into its first column goes on below."""
        bound = f"≤ {_figure(self.at_most)}" if self.at_least is None else f"≥ {_figure(self.at_least)}"
        goal = bound if self.verdict else ""
        first, *rest = textwrap.wrap(self.what, WIDE)
        today = f"{_figure(self.today)} {self.unit}".strip()
        return [_line(first, goal, today, _figure(self.rival), self.verdict), *(f"  {each}" for each in rest)]


def head() -> Sequence[str]:
    """The table's first lines."""
    return [_line("", *HEADS), "-" * 80]


def missed(rows: Sequence[TableRow]) -> Sequence[str]:
    """The table's last lines: how many goals are met, and which are missed."""
    goals = [row for row in rows if row.verdict]
    late = [row for row in goals if row.verdict == "MISSED"]
    lines = [f"{len(goals) - len(late)} of {len(goals)} goals are met." + (" Missed:" if late else "")]
    for row in late:
        goal = f"at least {_figure(row.at_least)}" if row.at_most is None else f"at most {_figure(row.at_most)}"
        lines += textwrap.wrap(f"- {row.what}: {_figure(row.today)} {row.unit}".rstrip() + f", {goal} is the goal", 80)
    return lines


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the ratios within each round."""
    return median(a / b for a, b in zip(of, to, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _line(what: str, goal: str, today: str, rival: str, verdict: str) -> str:
    return f"{what:<{WIDE}} {goal:>10} {today:>13} {rival:>9} {verdict:>8}".rstrip()


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    if value == float("inf"):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
