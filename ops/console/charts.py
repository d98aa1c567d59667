"""Small charts as SVG that need no script and no style, so that a strict Content-Security-Policy allows them. Pure."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

WIDTH: Final = 180
HEIGHT: Final = 40
_TOP: Final = 3


def spark(name: str, values: Sequence[float | None], bad: Sequence[float | None] = (), unit: str = "") -> Markup:
    """A line over an area, newest at the right, a second line for what went wrong, and gaps where nothing is known."""
    known = [value for value in (*values, *bad) if value is not None]
    most = max(known, default=0.0)
    top = most or 1.0
    label = f"{name}: at most {most:.3g}{unit} in the last 15 minutes" if known else f"{name}: nothing yet"
    drawn = Markup("").join(
        [
            *(Markup('<path class="area" d="{}"/>').format(_area(run)) for run in _runs(values, top)),
            *(Markup('<path class="line" d="{}"/>').format(_line(run)) for run in _runs(values, top)),
            *(Markup('<path class="bad" d="{}"/>').format(_line(run)) for run in _runs(bad, top) if any(bad)),
        ]
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, label, drawn)


def _runs(values: Sequence[float | None], top: float) -> list[list[tuple[float, float]]]:
    """The points of each stretch without a gap."""
    step = WIDTH / max(1, len(values) - 1)
    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place * step, HEIGHT - 1 - (HEIGHT - 1 - _TOP) * value / top))
    return [run for run in runs if run]


def _line(run: Sequence[tuple[float, float]]) -> str:
    first, *rest = run
    end = rest or [(first[0] + 1, first[1])]
    return f"M{first[0]:.1f} {first[1]:.1f}" + "".join(f"L{x:.1f} {y:.1f}" for x, y in end)


def _area(run: Sequence[tuple[float, float]]) -> str:
    return f"{_line(run)}L{run[-1][0]:.1f} {HEIGHT}L{run[0][0]:.1f} {HEIGHT}Z"
