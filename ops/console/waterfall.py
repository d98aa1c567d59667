"""A trace as groups of steps, one group a text or ticket, each step with a bar that shows when it was. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from messages.base import Document
from ops.traces.steps import Step

WIDTH: Final = 200
THIN: Final = 2.0


class Group(Document):
    """The steps of one text, ticket or cause, in time order; `name` is what they are about."""

    name: str
    steps: tuple[Step, ...]

    @property
    def began_at(self) -> datetime:
        """When its first step began."""
        return min(step.began_at for step in self.steps)

    @property
    def took(self) -> float:
        """Seconds from its first step to its last."""
        return (max(step.at for step in self.steps) - self.began_at) / timedelta(seconds=1)

    @property
    def troubles(self) -> int:
        """How many of its steps went wrong."""
        return sum(step.trouble for step in self.steps)


@dataclass(frozen=True)
class Shown:
    """Which steps are shown: of these kinds, all if there are none, and only those that went wrong if `trouble`."""

    kinds: Collection[str] = ()
    trouble: bool = False

    def has(self, step: Step) -> bool:
        """Whether a step is shown."""
        return (not self.kinds or kind(step) in self.kinds) and (step.trouble or not self.trouble)


def kind(step: Step) -> str:
    """What a step is of, as a filter names it."""
    return step.where.lower()


def kinds(steps: Sequence[Step]) -> dict[str, int]:
    """How many steps there are of each kind, the most frequent first."""
    counts: dict[str, int] = {}
    for step in steps:
        counts[kind(step)] = counts.get(kind(step), 0) + 1
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def groups(steps: Sequence[Step], shown: Shown) -> list[Group]:
    """The steps that are shown, by what they are about; the group that began first is first."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        if shown.has(step):
            found.setdefault(step.about, []).append(step)
    made = [Group(name=name, steps=tuple(some)) for name, some in found.items()]
    return sorted(made, key=lambda group: group.began_at)


def bar(step: Step, group: Group) -> Markup:
    """When a step was within its group, as a picture that needs no style."""
    whole = group.took or 1.0
    left = (step.began_at - group.began_at) / timedelta(seconds=1) / whole * WIDTH
    width = max(THIN, step.took / whole * WIDTH)
    left = min(left, WIDTH - width)
    return Markup(
        '<svg class="bar" viewBox="0 0 {} 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect x="{:.1f}" y="1" width="{:.1f}" height="8"/></svg>'
    ).format(WIDTH, left, width)
