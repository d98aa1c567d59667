"""`python -m tests.simulation [--seeds N] [--first N] [--kinds ...]`: simulations at length, each seed a run."""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from functools import partial

from tests.simulation.faults import DRAWS, EXCUSED, HELD, OPEN
from tests.simulation.rules import missed_rules
from tests.simulation.seeds import judged, prepare, schedule, shrunk, verdict


def main() -> None:
    """Run seeds; exit status 1 if one has broken a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, metavar="N")
    parser.add_argument("--first", type=int, default=1, metavar="SEED")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every so manieth seed")
    parser.add_argument("--kinds", nargs="*", metavar="KIND", help=f"which faults: {', '.join(DRAWS)}")
    parser.add_argument("--with-open", action="store_true", help="also what breaks a promise at present")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count(), metavar="N")
    parser.add_argument("--trace", action="store_true", help="say all that happens in the first seed")
    parser.add_argument(
        "--rules",
        nargs="?",
        const="",
        metavar="WORDS",
        help="take each rule (with these words) out: a seed must show it",
    )
    asked = parser.parse_args()
    if asked.rules is not None:
        prepare()
        sys.exit(bool(list(missed_rules(asked.rules))))
    kinds = tuple(asked.kinds) if asked.kinds is not None else (*HELD, *(OPEN if asked.with_open else ()))
    excused = () if asked.with_open else tuple(EXCUSED)
    if asked.trace:
        found = verdict(schedule(asked.first, kinds), trace=True, excused=excused)
        print(schedule(asked.first, kinds), *found.trace, *found.wrong, sep="\n")
        sys.exit(bool(found.wrong))
    started, failed, counts = time.monotonic(), [], Counter[str]()
    seeds = range(asked.first, asked.first + asked.seeds * asked.every, asked.every)
    with multiprocessing.get_context("spawn").Pool(asked.processes, prepare) as pool:
        for seed, wrong in pool.imap_unordered(partial(judged, kinds=kinds, excused=excused), seeds, chunksize=10):
            if wrong:
                failed.append((seed, wrong))
                counts.update({each.kind for each in wrong})
    print(f"{len(seeds):,} seeds in {time.monotonic() - started:.0f} s; {len(failed):,} broke a promise")
    for kind, count in counts.most_common():
        first = min(seed for seed, wrong in failed if any(each.kind == kind for each in wrong))
        print(f"  {kind}: {count}, such as seed {first}")
    if failed:
        seed, wrong = min(failed, key=lambda each: each[0])
        print(f"seed {seed}: {wrong[0]}; the smallest schedule that breaks it:")
        print(shrunk(schedule(seed, kinds), wrong[0].kind))
        sys.exit(1)


if __name__ == "__main__":
    main()
