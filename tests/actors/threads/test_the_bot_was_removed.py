"""A bot that was removed from a line's channel is noticed, and said where people are."""

from datetime import timedelta

import pytest

from tests import make
from tests.actors.helpers import receive
from tests.fakes import FakeWorkers
from workers.failures import CallError, Permanent, Temporary
from workers.slack.membership import EVERY, Membership


def said(workers: FakeWorkers) -> int:
    """How often threads say that Clerk does not see replies."""
    return sum("not a member" in each.what.text for each in workers.slack.kind("absent"))


async def test_a_thread_says_below_new_texts_that_clerk_does_not_see_replies_once_an_absence(
    workers: FakeWorkers,
) -> None:
    clock = Membership()
    await receive(workers, 1)
    assert await clock.look(workers.ports) == 0
    workers.slack.absent_from.add(make.CHANNEL)
    assert await clock.look(workers.ports) == 0  # not asked again yet
    workers.clock.forward(EVERY.total_seconds())
    for _ in range(2):
        assert await clock.look(workers.ports) in {0, 1}
    for number in (2, 3):
        await receive(workers, number, after=number - 1)
    assert said(workers) == 1
    workers.slack.absent_from.clear()
    workers.clock.forward(EVERY.total_seconds())
    await clock.look(workers.ports)
    await receive(workers, 4, after=3)
    assert said(workers) == 1
    assert await workers.ports.stores.absences.get(make.CHANNEL) is None
    workers.slack.absent_from.add(make.CHANNEL)
    workers.clock.forward(EVERY.total_seconds())
    await clock.look(workers.ports)
    await receive(workers, 5, after=4)
    assert said(workers) == 2


@pytest.mark.parametrize(
    ("error", "absent"),
    [
        (Permanent("channel_not_found"), True),
        (Permanent("not_in_channel"), True),
        (Temporary("missing_scope", timedelta(minutes=5)), False),
        (Temporary("service_unavailable"), False),
        (Permanent("method_deprecated"), False),
    ],
    ids=str,
)
async def test_a_slack_that_does_not_say_removes_nobody(workers: FakeWorkers, error: CallError, absent: bool) -> None:
    def before(method: str, channel: str) -> None:
        if method == "info":
            raise error

    workers.slack.before = before
    await Membership().look(workers.ports)
    assert (await workers.ports.stores.absences.get(make.CHANNEL) is not None) is absent


async def test_an_absence_from_a_channel_that_a_line_has_left_ends_when_the_bot_is_back(workers: FakeWorkers) -> None:
    """Its threads are still there: the warning would go on below texts, and be untrue."""
    clock = Membership()
    await receive(workers, 1)
    workers.slack.absent_from.add(make.CHANNEL)
    assert await clock.look(workers.ports) == 1
    await workers.ports.stores.lines.save(make.line(channel="C0ELSEWHERE"))
    workers.clock.forward(EVERY.total_seconds())
    assert await clock.look(workers.ports) == 0  # the line is where it should be
    assert await workers.ports.stores.absences.get(make.CHANNEL) is not None
    workers.slack.absent_from.clear()
    workers.clock.forward(EVERY.total_seconds())
    await clock.look(workers.ports)
    assert await workers.ports.stores.absences.get(make.CHANNEL) is None
    await receive(workers, 2, after=1)
    assert said(workers) == 0


async def test_two_clocks_record_one_absence(workers: FakeWorkers) -> None:
    workers.slack.absent_from.add(make.CHANNEL)
    await Membership().look(workers.ports)
    first = await workers.ports.stores.absences.get(make.CHANNEL)
    workers.clock.forward(60)
    await Membership().look(workers.ports)
    assert await workers.ports.stores.absences.get(make.CHANNEL) == first
