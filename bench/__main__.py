"""`python -m bench [NAME...]`: the benchmarks, all by default."""

import argparse
import importlib
import logging
import sys
from typing import Final

import structlog

BENCHMARKS: Final = ("gateway", "click", "memory", "workers", "texts", "dead", "journal", "commands")


def main() -> None:
    """Run benchmarks by name; exit status 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    names = parser.parse_args().names or BENCHMARKS
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    results = [importlib.import_module(f"bench.{name}").run() for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
