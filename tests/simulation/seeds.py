"""From a seed to a verdict, and from a schedule that fails to the smallest one that still does."""

import gc
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from tests.simulation.faults import DRAWS, EXCUSED, HELD, RARE, DrawnFault, drawn
from tests.simulation.machines import Judgement, Schedule, Wrong
from tests.simulation.people import acts as people
from tests.simulation.people import team
from tests.simulation.people.shops import PLAIN, shop, watched
from tests.simulation.promises import kept
from tests.simulation.world import SimulatedWorld

CHANGES_EVERY = 4
"""In every so manieth seed agents delete and edit replies, on a line that gives them time for it."""

PLANS_EVERY = 3
"""In every so manieth seed agents plan texts, and faults come later, too."""

HOURS_EVERY = 5
"""In every so manieth seed the line has hours, and answers by itself."""

WATCHED_EVERY = 7
"""In every so manieth seed the line has targets, and people are told of what is late."""

ORDERS_EVERY = 11
"""In every so manieth seed agents snooze tickets, block contacts, and take back texts that they typed."""

ABSENT_EVERY = 13
"""In every so manieth seed agents are away or gone, and the line is closed for a while."""

LONG_NIGHTS = 0.5
"""In so many of these seeds a line with hours stays closed until everybody who is on call was called."""

STALLS_EVERY = 17
"""In every so manieth seed a worker stands still right after it has claimed a post or a text."""

RESENDS_EVERY = 7
"""In every so manieth seed agents click Resend, and the provider works at calls for up to a minute."""

LATER = 150.0
"""How far behind the first faults further ones begin, where texts are planned."""


def schedule(seed: int, kinds: Collection[str] = HELD) -> Schedule:
    """What a seed has people do, and which faults of these kinds it draws."""
    dice = random.Random(f"schedule {seed}")
    acts = people.acts(dice, keywords="late repeats" in kinds, equal="equal words" in kinds)
    faults, at = drawn(dice, kinds), PLAIN
    if seed % HOURS_EVERY == 0:
        at = shop(random.Random(f"hours {seed}"))
    if seed % WATCHED_EVERY == 0:
        at = watched(random.Random(f"watched {seed}"), at)
    if seed % CHANGES_EVERY == 0:
        acts = people.with_changes(random.Random(f"changes {seed}"), acts)
        at = replace(at, line=at.line.model_copy(update={"hold": timedelta(seconds=3)}))
    if seed % ORDERS_EVERY == 0:
        orders = random.Random(f"orders {seed}")
        acts, at = team.with_orders(orders, acts), team.with_hold(orders, at)
        acts = team.with_snoozes(random.Random(f"snoozes {seed}"), acts)
    if seed % ABSENT_EVERY == 0:
        absences = random.Random(f"absences {seed}")
        at = team.on_call(shop(absences) if at.calendar is None and absences.random() < 0.5 else at)
        acts = team.with_absences(absences, acts, at)
        if random.Random(f"night {seed}").random() < LONG_NIGHTS:
            at = team.with_long_night(at)
    if seed % PLANS_EVERY == 0:
        plans = random.Random(f"plans {seed}")
        acts = people.with_plans(plans, acts)
        later = [replace(each, at=round(each.at + plans.uniform(0, LATER), 2)) for each in drawn(plans, kinds)]
        faults = tuple(sorted([*faults, *later]))
    if seed % STALLS_EVERY == 0 and set(HELD) <= set(kinds):
        faults = tuple(sorted([*faults, *drawn(random.Random(f"stalls {seed}"), RARE, 3)]))
    if seed % RESENDS_EVERY == 0 and set(HELD) <= set(kinds):
        clicks = random.Random(f"resends {seed}")
        slow = [DRAWS["very slow twilio"](clicks) for _ in range(2)]
        faults = tuple(sorted([*faults, *slow, DRAWS["resends"](clicks)]))
    return Schedule(seed, acts, faults, at)


def verdict(
    asked: Schedule,
    *,
    trace: bool = False,
    excused: Collection[str] = tuple(EXCUSED),
    kind: type[SimulatedWorld] = SimulatedWorld,
) -> Judgement:
    """What is wrong after a schedule has happened in a world, but for what is excused."""
    world = kind(asked, trace=trace)
    found = world.run()
    kept.check(world)
    found.wrong = [each for each in found.wrong if each.kind not in excused]
    return found


def shrunk(asked: Schedule, wrong: str, tries: int = 400, kind: type[SimulatedWorld] = SimulatedWorld) -> Schedule:
    """The smallest schedule found that breaks the same promise: without any one of its parts it does not.

    This is delta debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input, 2002) over the
    faults, then over what people do.
    """
    left = tries

    def fails(candidate: Schedule) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and any(each.kind == wrong for each in verdict(candidate, excused=(), kind=kind).wrong)

    faults: Sequence[DrawnFault] = _minimal(asked.faults, lambda some: fails(replace(asked, faults=tuple(some))))
    smaller = replace(asked, faults=tuple(faults))
    acts = _minimal(smaller.acts, lambda some: fails(replace(smaller, acts=tuple(some))))
    return replace(smaller, acts=tuple(acts))


def _minimal[T](parts: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """The fewest parts found with which it fails."""
    pieces = 2
    while len(parts) >= 1:
        size = -(-len(parts) // pieces)
        for start in range(0, len(parts), size):
            rest = [*parts[:start], *parts[start + size :]]
            if fails(rest):
                parts, pieces = rest, max(2, pieces - 1)
                break
        else:
            if size <= 1:
                return parts
            pieces = min(len(parts), pieces * 2)
    return parts


def judged(seed: int, kinds: tuple[str, ...], excused: tuple[str, ...]) -> tuple[int, list[Wrong]]:
    """What is wrong with a seed."""
    return seed, verdict(schedule(seed, kinds), excused=excused).wrong


def prepare() -> None:
    """Have the garbage of a simulation collected seldom, which takes a tenth of its time."""
    gc.set_threshold(100_000, 20, 20)
