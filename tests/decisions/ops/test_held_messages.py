"""A look at a queue says how many messages it can't show, so that it never contradicts the counts."""

from datetime import UTC, datetime, timedelta

import pytest

from ops.queues.broker import QueueState, Snapshot, held_words

DUE = "until they are due, the next in 12 s. These can't be shown."
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("queue", "shown", "words"),
    [
        ("slack.DQ", 0, f"Workers hold 1,385 of its messages {DUE}"),
        ("slack.DQ", 1384, f"Workers hold 1 of its messages {DUE}"),
        ("slack.DQ", 1385, ""),
        ("slack", 0, "Workers hold 3 of its messages, which can't be shown."),
        ("slack.XQ", 0, ""),
        ("tickets", 0, ""),
        ("tickets.DQ", 0, ""),
        ("sms.DQ", 0, "Workers hold 2 of its messages until they are due. These can't be shown."),
        ("unknown", 0, ""),
    ],
)
def test_what_workers_hold_is_said(queue: str, shown: int, words: str) -> None:
    slack = QueueState(name="slack", held=3, delayed=1385, next_due_at=NOW + timedelta(seconds=12))
    queues = (slack, QueueState(name="tickets"), QueueState(name="sms", delayed=2))
    assert held_words(queue, Snapshot(at=NOW, source="a test", queues=queues), shown, NOW) == words
