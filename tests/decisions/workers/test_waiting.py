"""How long the threads of a worker wait for messages: each time that one looks in vain costs processor time."""

import pytest

from messages.queues import QUEUES, delayed
from ops.running.supervisor import plan
from workers.broker import DUE_EVERY, wait_for_message


@pytest.mark.parametrize("queue", QUEUES)
def test_only_delayed_messages_are_looked_for_often(queue: str) -> None:
    longest = 10 * DUE_EVERY
    assert wait_for_message(queue, longest) == longest
    assert wait_for_message(delayed(queue), longest) == DUE_EVERY


def test_no_consumer_waits_longer_than_the_worker_says() -> None:
    assert wait_for_message(delayed(QUEUES[0]), DUE_EVERY // 2) == DUE_EVERY // 2


def test_a_worker_without_work_looks_for_little_else_than_delayed_messages() -> None:
    for child in plan(QUEUES, processes=1, threads=16):
        assert int(child.environment()["dramatiq_worker_timeout"]) >= 5 * DUE_EVERY
