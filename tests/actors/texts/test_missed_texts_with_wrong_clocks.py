"""A clock process whose time is wrong skips none of the texts that no webhook brought."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests import make
from tests.fakes import FakeWorkers
from workers.ingestion import missed
from workers.ports import ListedText


@pytest.mark.parametrize("ahead", [-200, -60, 60, 90, 200, 4000])
async def test_no_text_is_skipped_whatever_time_the_clock_process_has(workers: FakeWorkers, ahead: float) -> None:
    wrong = replace(workers.ports, now=lambda: workers.clock.now() + timedelta(seconds=ahead))
    await missed.take_in_missed(workers.ports)
    workers.clock.forward(600)
    await missed.take_in_missed(workers.ports)
    for number in range(1, 8):
        workers.clock.forward(61)
        await missed.take_in_missed(wrong)
        workers.clock.forward(7)
        came = ListedText(f"SM{number}", make.CONTACT, f"text {number}", (), workers.clock.now())
        workers.texting.inbound.append((make.LINE, came))
    for _ in range(12):
        workers.clock.forward(61)
        await missed.take_in_missed(wrong)
        await workers.drain()
    texts = await workers.ports.stores.texts.between(make.CONVERSATION, 1, 99)
    assert [text.body for text in texts] == [f"text {number}" for number in range(1, 8)]
