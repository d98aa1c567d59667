"""A hundred thousand dead letters against a few: the commands, a replay that is stopped, the console's pages."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import httpx

from bench.results import Target, heading, met, row
from tests.servers import ROOT, database, depths, empty, mongodb, rabbitmq, wait_until
from tests.wire.ops.helpers import TOKEN, console, declare, letter, put

MANY: Final = 100_000
FEW: Final = 10_000
PAGES: Final = ("/", "/queues", "/dead", "/dead?reason=archived&start=50")
LOADS: Final = 20
MEGABYTE: Final = 1_000_000


def run() -> bool:
    """Measure and print; whether the targets are met."""
    with rabbitmq() as broker, mongodb() as mongo:
        heading(f"dead: {MANY:,} dead letters beside {FEW:,}, on {broker.what}")
        declare(broker.url)
        try:
            few, few_peak = _rehearsed(broker.url, FEW)
            few_pages = _pages(broker.url, database(mongo.url, "bench_dead_few"))
            many, many_peak = _rehearsed(broker.url, MANY)
            many_pages = _pages(broker.url, database(mongo.url, "bench_dead_many"))
            broken_off, rest = _replayed(broker.url)
            dropped = _timed(lambda: _command(broker.url, "drop", "--all"))
            left = depths(broker.url)["slack.XQ"] + depths(broker.url)["slack"]
        finally:
            empty(broker.url)
    kept = (many_peak - few_peak) / (MANY - FEW)
    row("", f"{FEW:,}", f"{MANY:,}")
    row("clerk dead replay --dry-run", f"{few:.1f} s", f"{many:.1f} s")
    row("  its memory at most", f"{few_peak / MEGABYTE:,.0f} MB", f"{many_peak / MEGABYTE:,.0f} MB")
    row("the console's slowest page (median)", f"{few_pages * 1000:.0f} ms", f"{many_pages * 1000:.0f} ms")
    row("clerk dead replay, broken off by Ctrl-C", "", f"{broken_off:.1f} s")
    row("the same again, to its end", "", f"{rest:.1f} s")
    row(f"clerk dead drop --all of {MANY:,}", "", f"{dropped:.1f} s")
    return met(
        [
            Target("time of a dry run for each letter, many / few", many * FEW / (few * MANY), at_most=1.5),
            Target("memory that a dry run takes for each letter more", kept, at_most=1000, unit=" bytes"),
            Target("the console's slowest page, many / few", many_pages / few_pages, at_most=2),
            Target("dead letters lost or doubled by a replay that was broken off", abs(left), at_most=0),
        ]
    )


def _rehearsed(url: str, count: int) -> tuple[float, float]:
    """How long a dry run over so many dead letters takes, and the most memory that it uses."""
    put(url, "slack.XQ", [letter(number) for number in range(depths(url)["slack.XQ"], count)])
    started = time.perf_counter()
    process = _start(url, "replay", "--dry-run")
    assert process.stdout is not None
    result = json.loads(process.stdout.read())
    _, _, usage = os.wait4(process.pid, 0)
    assert result["done"] == count, result
    return time.perf_counter() - started, usage.ru_maxrss * 1024


def _pages(url: str, mongo_url: str) -> float:
    """How long the slowest page takes, once the console has looked at the queues."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    with console(url, mongo_url) as address, httpx.Client(headers=headers, timeout=120, trust_env=False) as client:

        def load(page: str) -> None:
            assert client.get(f"{address}/ops{page}").status_code == 200

        for page in PAGES:
            load(page)
        return max(statistics.median(_timed(partial(load, page)) for _ in range(LOADS)) for page in PAGES)


def _replayed(url: str) -> tuple[float, float]:
    """How long a replay takes that Ctrl-C stops halfway, and how long the one that finishes it."""
    started = time.perf_counter()
    process = _start(url, "replay")
    wait_until(lambda: depths(url)["slack"] > MANY / 3, "a third is replayed", 600)
    process.send_signal(signal.SIGINT)
    result = json.loads(process.communicate()[0])
    assert result["stopped"], result
    broken_off = time.perf_counter() - started
    rest = _timed(lambda: _command(url, "replay"))
    there = depths(url)
    assert (there["slack"], there["slack.XQ"]) == (MANY, 0), there
    _bury(url)
    return broken_off, rest


def _bury(url: str) -> None:
    """As many dead letters as before, in place of what was replayed."""
    empty(url)
    declare(url)
    put(url, "slack.XQ", [letter(number) for number in range(MANY)])


def _start(url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ops", "dead", *arguments, "--json"]
    environment = {**os.environ, "CLERK_AMQP_URL": url}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _command(url: str, *arguments: str) -> None:
    process = _start(url, *arguments)
    result = process.communicate()[0]
    assert process.returncode == 0, result


def _timed(do: Callable[[], None]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started
