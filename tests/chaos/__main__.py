"""`python -m tests.chaos [--seed N] [--runs N] ...`: the fault suite at length. The same seed repeats a run."""

import argparse
import random
import sys
from typing import Final

from tests.chaos.run import run
from tests.chaos.script import FAULTS, Scale

TROUBLE: Final = {"kills": (12, 10), "faults": (len(FAULTS), 5), "disturbances": (3, 50)}
"""How often something goes wrong, if nobody says it: so many times at least, and once for so many texts."""


def main() -> None:
    """Run storms; exit status 1 as soon as one has lost or repeated something."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--runs", type=int, default=1, help="storms, each with the next seed")
    for name, count in (
        ("texts", 1000),
        ("contacts", 50),
        ("clicks", 200),
        ("replies", 200),
        ("hot", 50),
        ("timed", 4),
    ):
        parser.add_argument(f"--{name}", type=int, default=count)
    for name, (least, texts) in TROUBLE.items():
        parser.add_argument(f"--{name}", type=int, help=f"in all; one for {texts} texts, but {least} at least")
    for name, seconds in (("kill", 1.0), ("fault", 1.0), ("disturb", 10.0)):
        parser.add_argument(f"--{name}-every", type=float, default=seconds, metavar="S")
    parser.add_argument("--longest", type=float, default=60.0, metavar="S", help="of one disturbance")
    asked = vars(parser.parse_args())
    for name, (least, texts) in TROUBLE.items():
        if asked[name] is None:
            asked[name] = max(least, asked["texts"] // texts)
    first, runs = asked.pop("seed"), asked.pop("runs")
    scale = Scale(**asked)
    for seed in range(first, first + runs):
        print(f"seed {seed}: {scale}", flush=True)
        outcome = run(seed, scale)
        for name, count in sorted(outcome.figures.items()):
            print(f"  {count:8,} {name}")
        for fault in outcome.faults or ["nothing lost, nothing twice"]:
            print(f"  {fault}")
        if outcome.faults:
            sys.exit(f"seed {seed} failed; repeat it with --seed {seed}")


if __name__ == "__main__":
    main()
