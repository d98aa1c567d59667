"""What a benchmark found, printed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """A figure and what it must reach: `at_least` or `at_most`."""

    what: str
    figure: float
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the figure reaches what it must."""
        above = self.at_least is None or self.figure >= self.at_least
        return above and (self.at_most is None or self.figure <= self.at_most)

    def __str__(self) -> str:
        bound = f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"
        word = "met" if self.is_met else "MISSED"
        return f"  {self.what}: {self.figure:.2f}{self.unit} (target: {bound}{self.unit}: {word})"


def heading(text: str) -> None:
    """Print what is measured next, and the load average: a busy machine distorts the ratios."""
    print(f"\n{text} (load average {os.getloadavg()[0]:.1f})", flush=True)


def row(name: str, *columns: str) -> None:
    """One line of a table."""
    print(f"  {name:<44}" + "".join(f"{column:>15}" for column in columns), flush=True)


def met(targets: Sequence[Target]) -> bool:
    """Print the targets; whether all are met."""
    for target in targets:
        print(target, flush=True)
    return all(target.is_met for target in targets)


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of the ratios within each round."""
    return median(a / b for a, b in zip(of, to, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
