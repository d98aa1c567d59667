"""`python -m bench [NAME...]`: one table of what Clerk's work costs, with goals and rivals; all of it by default."""

import argparse
import importlib
import logging
import os
import time
from typing import Final

import structlog

from bench.table import TableRow, head, missed

ROWS: Final = (
    *("commands", "slack_calls", "growth", "sweep", "texts", "scaling", "latency"),
    *("click", "gateway", "delays", "workers", "dead", "journal"),
)


def main() -> None:
    """Measure by name, and print the table: a missed goal is a row of it, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ROWS)}; all by default")
    names = parser.parse_args().names or ROWS
    if unknown := [name for name in names if name not in ROWS]:
        parser.error(f"no rows of {', '.join(unknown)}; there are {', '.join(ROWS)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    began, rows = time.monotonic(), list[TableRow]()
    print(*head(), sep="\n", flush=True)
    for name in names:
        measured = importlib.import_module(f"bench.rows.{name}")
        print(f"{name}:", flush=True)
        for row in measured.rows():
            print(*row.lines(), sep="\n", flush=True)
            rows.append(row)
    print("-" * 80, *missed(rows), sep="\n")
    took, load = (time.monotonic() - began) / 60, os.getloadavg()[0]
    print(f"{took:.1f} minutes on {os.cpu_count()} processors, load average {load:.1f}")


if __name__ == "__main__":
    main()
