"""From a contact's text to its card in Slack, on a system that does nothing else."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final

from bench.table import TableRow, percentile
from tests.deployment import Deployment, is_card, new_contact
from tests.servers import database, mongodb, rabbitmq, wait_until

TEXTS: Final = 60
WARM_UP: Final = 5
UNWATCHED: Final = 0.4
"""Seconds for which nobody asks the stand-in of Slack what it got, which would take processor time from the text."""


def rows() -> Iterator[TableRow]:
    """Send texts of new contacts, each when the card of the one before is there."""
    with rabbitmq() as broker, mongodb() as mongo:
        url = database(mongo.url, "bench_latency")
        with Deployment("bench-latency", broker.url, url, 1, settings={"CLERK_CLOCK_SECONDS": "15"}) as clerk:
            took = [_text_to_card(clerk) for _ in range(WARM_UP + TEXTS)][WARM_UP:]
    yield TableRow("text to card, idle, p50", percentile(took, 0.5) * 1000, at_most=60, unit="ms")
    yield TableRow(f"text to card, idle, p99 of {TEXTS}", percentile(took, 0.99) * 1000, at_most=150, unit="ms")


def _text_to_card(clerk: Deployment) -> float:
    """Seconds from the text to the end of the call that posts the card."""
    contact, sent_at = new_contact(), time.time()
    clerk.world.text(contact, "Hello, is anybody there?")
    time.sleep(UNWATCHED)

    def posted() -> list[dict[str, Any]]:
        new = [each for each in clerk.world.record()[-40:] if each.get("method") == "chat.postMessage"]
        cards = [each for each in new if is_card(each["arguments"]) and contact in json.dumps(each["arguments"])]
        return [each for each in cards if each["outcome"] == "ok"]

    card = wait_until(posted, "a card", 60)[0]
    return float(card["at"] + card["latency"] / 1000 - sent_at)
