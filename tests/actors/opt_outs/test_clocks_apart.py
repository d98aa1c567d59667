"""A contact's own word and the provider's judgement at about the same time, by clocks that differ: the word counts."""

from datetime import timedelta

import pytest

from messages.opt_outs import Standing
from messages.sms import Direction, State
from tests import make
from tests.fakes import FakeWorkers
from workers.sms.outcomes import fail, succeed

OPTED_OUT = 21610


async def judged(workers: FakeWorkers, *, stop: bool, called_after: float) -> bool:
    """Whether a contact is out: they said STOP, or START, and a call so many seconds later showed the opposite."""
    stores, said_at = workers.ports.stores, workers.clock.now()
    await stores.contacts.ensure(make.CONTACT, said_at)
    await stores.conversations.ensure(make.LINE, make.CONTACT, said_at)
    await stores.opt_outs.record(make.LINE, make.CONTACT, Standing(out=stop, since=said_at))
    called_at = said_at + timedelta(seconds=called_after)
    fields = {"state": State.QUEUED, "rank": State.QUEUED.rank, "ts": "1.1", "channel": make.CHANNEL}
    text = make.sms(id="out", direction=Direction.OUTBOUND, claimed_at=called_at, **fields)
    assert await stores.texts.add(text)
    if stop:
        await succeed(text, State.DELIVERED, workers.ports)
    else:
        await fail(text, State.UNDELIVERED, OPTED_OUT, workers.ports)
    return (await stores.opt_outs.of(make.LINE, make.CONTACT)).out


@pytest.mark.parametrize("stop", [True, False], ids=["STOP", "START"])
@pytest.mark.parametrize("called_after", [-1, 0, 0.6, 1.9])
async def test_a_call_at_about_the_time_of_a_word_does_not_undo_it(
    workers: FakeWorkers, stop: bool, called_after: float
) -> None:
    assert await judged(workers, stop=stop, called_after=called_after) is stop


@pytest.mark.parametrize("stop", [True, False], ids=["STOP", "START"])
async def test_a_call_some_seconds_after_a_word_shows_what_counts_by_now(workers: FakeWorkers, stop: bool) -> None:
    assert await judged(workers, stop=stop, called_after=2.1) is not stop
