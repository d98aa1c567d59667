"""The faults that a seed draws: each kind has a name, a finding that it shows or none, and how it is drawn.

HELD are the kinds against which the promises hold, OPEN those that break one at present, each with what it shows. When
a mechanism has been mended, its kinds leave OPEN.
"""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WORKERS: Final = ("w1", "w2")
GATEWAYS: Final = ("g1", "g2")

DRAWN_WITHIN: Final = 50.0
"""Faults begin in the first so many seconds of a simulation."""


@dataclass(frozen=True, order=True)
class DrawnFault:
    """Something that goes wrong `at` some second, for `lasts` seconds, at a machine or (empty) at all of them."""

    at: float
    kind: str
    where: str = ""
    lasts: float = 0.0
    amount: float = 0.0

    def __str__(self) -> str:
        where = f" at {self.where}" if self.where else ""
        lasts = f" for {self.lasts:g} s" if self.lasts else ""
        amount = f" ({self.amount:g})" if self.amount else ""
        return f"{self.at:7.2f} s  {self.kind}{where}{lasts}{amount}"


type Draw = Callable[[random.Random], DrawnFault]


def _seconds(dice: random.Random, least: float, most: float) -> float:
    return round(dice.uniform(least, most), 2)


def _draw(
    kind: str,
    *,
    where: Sequence[str] = WORKERS,
    lasts: tuple[float, float] = (0, 0),
    amount: tuple[float, float] = (0, 0),
) -> Draw:
    """How a fault of a kind is drawn: its place and figures within these bounds."""

    def draw(dice: random.Random) -> DrawnFault:
        return DrawnFault(
            at=_seconds(dice, 0, DRAWN_WITHIN),
            kind=kind,
            where=dice.choice(where) if where else "",
            lasts=_seconds(dice, *lasts),
            amount=_seconds(dice, *amount),
        )

    return draw


def _draws(**draws: Mapping[str, object]) -> dict[str, Draw]:
    return {
        name.replace("_", " "): _draw(name.replace("_", " "), **given)  # type: ignore[arg-type]
        for name, given in draws.items()
    }


DRAWS: Final[Mapping[str, Draw]] = _draws(
    # Processes. `amount` of a death in a call: after so many calls.
    crash={"where": (*WORKERS, *GATEWAYS[:1]), "lasts": (0.5, 20)},
    dies_before_post={"lasts": (0.5, 20), "amount": (0, 4)},
    dies_after_post={"lasts": (0.5, 20), "amount": (0, 4)},
    dies_before_send={"lasts": (0.5, 20), "amount": (0, 2)},
    dies_after_send={"lasts": (0.5, 20), "amount": (0, 2)},
    dies_after_write={"lasts": (0.5, 20), "amount": (0, 60)},
    dies_after_publish={"lasts": (0.5, 20), "amount": (0, 12)},
    short_stall={"lasts": (0.1, 6)},
    long_stall={"lasts": (12, 40)},
    held_in_hand={"lasts": (2, 15)},
    stalls_at_claim={"lasts": (65, 150), "amount": (0, 4)},
    skew={"lasts": (60, 60), "amount": (-1.5, 1.5)},
    wide_skew={"lasts": (60, 60), "amount": (-15, 15)},
    very_wide_skew={"lasts": (60, 60), "amount": (70, 120)},
    # The broker.
    redelivery={},
    reordering={"where": (), "lasts": (1, 30)},
    repeated_messages={"where": (), "lasts": (1, 30)},
    lost_wake_ups={"where": (), "lasts": (1, 20)},
    slow_broker={"where": (), "lasts": (1, 20), "amount": (0.1, 3)},
    broker_away={"where": (*WORKERS, *GATEWAYS[:1]), "lasts": (0.5, 20)},
    broker_answers_lost={"where": (*WORKERS, *GATEWAYS[:1]), "lasts": (0.5, 10)},
    # MongoDB.
    mongo_away={"lasts": (0.5, 20)},
    mongo_answers_lost={"lasts": (0.2, 3)},
    slow_mongo={"lasts": (1, 20), "amount": (0.05, 0.5)},
    stalled_mongo={"lasts": (13, 19)},
    long_mongo_outage={"where": (), "lasts": (1100, 1500)},
    bad_document={"where": ()},
    # Slack.
    slack_away={"where": (), "lasts": (0.5, 60)},
    slack_cut={"where": (), "lasts": (1, 60)},
    slack_answers_lost={"where": (), "lasts": (1, 12)},
    slack_throttles={"where": (), "lasts": (1, 20), "amount": (1, 10)},
    slack_lookups_throttled={"where": (), "lasts": (5, 60)},
    slack_lookups_refused={"where": (), "lasts": (5, 60)},
    slow_slack={"where": (), "lasts": (1, 30), "amount": (0.5, 3)},
    nearly_timed_out_slack={"where": (), "lasts": (5, 40), "amount": (6, 9)},
    poison={"where": ()},
    very_slow_slack={"where": (), "lasts": (5, 40), "amount": (12, 60)},
    # Twilio.
    twilio_away={"where": (), "lasts": (0.5, 20)},
    twilio_answers_lost={"where": (), "lasts": (1, 12)},
    twilio_throttles={"where": (), "lasts": (1, 20), "amount": (1, 10)},
    twilio_lists_nothing={"where": (), "lasts": (1, 20)},
    twilio_lists_nothing_for_long={"where": (), "lasts": (30, 120)},
    slow_twilio={"where": (), "lasts": (1, 20), "amount": (0.2, 3)},
    very_slow_twilio={"where": (), "lasts": (5, 40), "amount": (12, 60)},
    # Webhooks.
    repeated_webhooks={"where": (), "lasts": (1, 40)},
    lost_webhooks={"where": (), "lasts": (1, 10)},
    second_gateway={"where": (), "lasts": (50, 50)},
    repeated_clicks={"where": (), "lasts": (60, 60), "amount": (1, 30)},
    late_repeats={"where": (), "lasts": (60, 60)},
    resends={"where": (), "lasts": (60, 60)},
    equal_words={"where": ()},
    closing_clicks={"where": (), "lasts": (60, 60)},
)

OPEN: Final[Mapping[str, str]] = {
    "equal words": "nothing yet: it was not tried at length",
    "very wide skew": "a worker whose clock is over a minute ahead takes leases and claims of others for lapsed",
}

RARE: Final = frozenset({"stalls at claim"})
"""Faults that hold, and come only in seeds of their own: a worker stands still right after it has claimed something."""

HELD: Final = tuple(kind for kind in DRAWS if kind not in OPEN and kind not in RARE)

EXCUSED: Final[Mapping[str, str]] = {}
"""Promises that the present code breaks under faults that other promises need, each with what it shows."""


def drawn(dice: random.Random, kinds: Collection[str], most: int = 6) -> tuple[DrawnFault, ...]:
    """A few faults of some kinds, by time."""
    names = sorted(kinds)
    count = dice.randint(1, most)
    return tuple(sorted(DRAWS[dice.choice(names)](dice) for _ in range(count))) if names else ()
