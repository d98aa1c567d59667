"""What contacts and agents do in a storm, all of it decided by a seed. Pure."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

AGENTS: Final = ("U0ADA", "U0BEN", "U0CLEO")

FAULTS: Final[Sequence[Mapping[str, Any]]] = (
    *({"api": "slack", "method": "chat.postMessage", "kind": kind} for kind in ("429", "500", "drop", "refuse")),
    *({"api": "slack", "method": "chat.update", "kind": kind} for kind in ("429", "500", "drop")),
    *({"api": "slack", "method": "conversations.replies", "kind": kind} for kind in ("429", "500", "drop")),
    {"api": "slack", "method": "", "kind": "hang", "seconds": 0.5},
    *({"api": "twilio", "method": "messages.create", "kind": kind} for kind in ("429", "500", "drop", "refuse")),
    {"api": "twilio", "method": "messages.list", "kind": "500"},
)


@dataclass(frozen=True)
class Scale:
    """How much of everything, and whether the gateway is killed, too; times are seconds.

    `kills` is how many processes are killed in all, `faults` how many requests to Slack and Twilio fail, `disturbances`
    how many times a wire or a process is disturbed, for `longest` seconds at most. Each has its number, or a storm
    might never end: processes would die as fast as they start, and requests fail as fast as they are made. `hot` texts
    more than the others are the first contact's. `timed` contacts are written to at a planned time, as many are
    interrupted by the contact, as many write to a closed line, and as many are answered late.
    """

    texts: int
    contacts: int
    clicks: int
    replies: int
    kills: int
    kill_every: float
    faults: int
    fault_every: float
    disturbances: int
    disturb_every: float
    longest: float
    hot: int = 0
    kill_gateway: bool = True
    timed: int = 0


@dataclass(frozen=True)
class Deed:
    """A contact's text (sent `times` times), or an agent's reply or click; `number` counts those of a kind."""

    kind: str
    number: int
    by: str = ""
    times: int = 1

    def words(self, contact: str) -> str:
        """The words of a message, which no other has."""
        return f"{self.kind} {self.number} of {contact[-5:]}"


def scripts(seed: int, scale: Scale) -> Iterator[list[Deed]]:
    """What happens in each contact's conversation, in order: a text first, then all the rest shuffled."""
    dice = random.Random(seed)
    for contact in range(scale.contacts):
        kinds = [kind for kind, count in _shares(scale, contact).items() for _ in range(count)]
        dice.shuffle(kinds)
        kinds.remove("text")
        numbers = {"text": 0, "reply": 0, "click": 0}
        deeds = []
        for kind in ("text", *kinds):
            times = dice.choice((1, 1, 1, 2)) if kind == "text" else 1
            deeds.append(Deed(kind, numbers[kind], dice.choice(AGENTS), times))
            numbers[kind] += 1
        yield deeds


def in_rounds[T](things: Sequence[T], dice: random.Random) -> Iterator[T]:
    """All of these things in random order, then all of them in another one, for ever: none is left to chance."""
    while True:
        yield from dice.sample(things, len(things))


def _shares(scale: Scale, contact: int) -> dict[str, int]:
    """How much of everything is this contact's."""
    wholes = {"text": scale.texts, "reply": scale.replies, "click": scale.clicks}
    shares = {kind: whole // scale.contacts + (contact < whole % scale.contacts) for kind, whole in wholes.items()}
    return {**shares, "text": shares["text"] + (scale.hot if contact == 0 else 0)}


def how_long(longest: float, dice: random.Random) -> float:
    """For how many seconds something is disturbed: mostly a few, seldom as many as `longest`."""
    return float(longest ** dice.random())
