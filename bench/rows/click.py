"""From the click on Assign to views.open, while ten thousand texts wait in `ingestion`, and while none does."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from bench.queues import publish, texts
from bench.table import TableRow, percentile
from tests.deployment import Deployment, World, new_contact
from tests.servers import database, depths, mongodb, rabbitmq

WAITING: Final = 10_000
SPARE: Final = 300
TICKETS: Final = 10
CLICKS: Final = 100
PACE: Final = 0.1
"""Seconds from one click to the next."""

NEVER: Final = float("inf")


def rows() -> Iterator[TableRow]:
    """Click, with queues that are full and empty."""
    with rabbitmq() as broker, mongodb() as mongo:
        waiting: list[int] = []

        def top_up() -> None:
            missing = WAITING + SPARE - depths(broker.url)["ingestion"]
            publish(broker.url, texts(max(missing, 0)))
            waiting.append(depths(broker.url)["ingestion"])

        url = database(mongo.url, "bench_click")
        window = {"CLERK_DEBOUNCE_SECONDS": "180", "CLERK_DEBOUNCE_CAP_SECONDS": "900"}
        with Deployment("bench-click", broker.url, url, 1, settings=window) as clerk:
            cards = [_card(clerk.world) for _ in range(TICKETS)]
            idle = _clicks(clerk.world, cards, lambda: None)
            busy = _clicks(clerk.world, cards, top_up)
    late, soon = (percentile(found, 0.99) * 1000 for found in (busy, idle))
    yield TableRow(f"click to views.open, p99, {min(waiting):,} texts queued", late, at_most=300, unit="ms")
    yield TableRow("click to views.open, p99, nothing queued", soon, unit="ms")
    yield TableRow("clicks that opened nothing", busy.count(NEVER) + idle.count(NEVER), at_most=0)


def _card(world: World) -> dict[str, Any]:
    contact = new_contact()
    world.text(contact, "Hello, is anybody there?")
    return world.card(contact)


def _clicks(world: World, cards: list[dict[str, Any]], between: Callable[[], None]) -> list[float]:
    """Seconds from each click's webhook to the views.open that it led to; NEVER if there was none."""
    found: list[float] = []
    for _ in range(0, CLICKS, len(cards) * 5):
        between()
        last = world.record()[-1]["number"]
        for card in cards * 5:
            started = time.monotonic()
            assert world.click(card, "ticket.assign")["status"] == 200
            time.sleep(max(0.0, PACE - (time.monotonic() - started)))
        time.sleep(3)  # a trigger is valid for this long: a modal that has not opened by then never will
        new = [each for each in world.record() if each["number"] > last]
        opened = {each["cause"]: each["at"] for each in new if each.get("method") == "views.open"}
        clicks = [each for each in new if each.get("route") == "/slack/interactions"]
        found += [opened.get(click["number"], NEVER) - click["at"] for click in clicks]
    assert len(found) == CLICKS
    between()
    return found
