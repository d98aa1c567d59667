"""Twenty thousand dead letters against a tenth of them: the commands, a replay that is stopped, the console's pages."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import httpx

from bench.table import TableRow
from tests.servers import ROOT, database, depths, empty, mongodb, rabbitmq, wait_until
from tests.wire.ops.helpers import TOKEN, console, declare, letter, put

MANY: Final = 20_000
FEW: Final = 2_000
PAGES: Final = ("/", "/queues", "/dead", "/dead?reason=archived&start=50")
LOADS: Final = 10


def rows() -> Iterator[TableRow]:
    """Look at dead letters, replay and drop them."""
    with rabbitmq() as broker, mongodb() as mongo:
        declare(broker.url)
        try:
            few, few_peak = _rehearsed(broker.url, FEW)
            few_pages = _pages(broker.url, database(mongo.url, "bench_dead_few"))
            many, many_peak = _rehearsed(broker.url, MANY)
            many_pages = _pages(broker.url, database(mongo.url, "bench_dead_many"))
            _replay(broker.url)
            _command(broker.url, "drop", "--all")
            left = depths(broker.url)["slack.XQ"] + depths(broker.url)["slack"]
        finally:
            empty(broker.url)
    kept = (many_peak - few_peak) / (MANY - FEW)
    scale = f"{MANY:,} / {FEW:,} dead letters"
    yield TableRow(f"time of a dry run for each letter, {scale}", many * FEW / (few * MANY), at_most=1.5)
    yield TableRow("memory that a dry run takes for each letter more", kept, at_most=1000, unit="bytes")
    yield TableRow(f"the console's slowest page, {scale}", many_pages / few_pages, at_most=2)
    yield TableRow("letters lost or doubled by a replay that was broken off", abs(left), at_most=0)


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


def _replay(url: str) -> None:
    """Stop a replay with Ctrl-C halfway, and finish it."""
    process = _start(url, "replay")
    wait_until(lambda: depths(url)["slack"] > MANY / 3, "a third is replayed", 600)
    process.send_signal(signal.SIGINT)
    result = json.loads(process.communicate()[0])
    assert result["stopped"], result
    _command(url, "replay")
    there = depths(url)
    assert (there["slack"], there["slack.XQ"]) == (MANY, 0), there
    _bury(url)


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
