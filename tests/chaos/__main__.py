"""`python -m tests.chaos [--seed N] [--runs N] ...`: the fault suite at length. The same seed repeats a run."""

import argparse
import random
import sys

from tests.chaos.run import run
from tests.chaos.script import Scale


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
    parser.add_argument("--kill-every", type=float, default=1.0, metavar="S")
    parser.add_argument("--fault-every", type=float, default=1.0, metavar="S")
    parser.add_argument("--disturb-every", type=float, default=20.0, metavar="S")
    parser.add_argument("--longest", type=float, default=60.0, metavar="S", help="of one disturbance")
    asked = parser.parse_args()
    scale = Scale(
        asked.texts,
        asked.contacts,
        asked.clicks,
        asked.replies,
        asked.kill_every,
        asked.fault_every,
        asked.disturb_every,
        asked.longest,
        asked.hot,
        timed=asked.timed,
    )
    for seed in range(asked.seed, asked.seed + asked.runs):
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
