"""Slack counts each method by itself: what it throttles delays no post, and a throttled channel gets no change."""

from datetime import timedelta
from typing import Any

import pytest

from messages.sms import State, WriteTyped
from messages.ticket import ActOnTicket, SetStatus, Status
from tests import make
from tests.actors.helpers import receive, settle, texts_in_thread, thread, written
from tests.fakes import FakeWorkers
from workers.failures import Temporary, Throttled

OTHER = "+15550003333"


def refuse(workers: FakeWorkers, error: Exception, *methods: str) -> list[str]:
    """Refuse these methods of Slack from now on; the list of refused calls."""
    refused: list[str] = []

    def before(method: str, channel: str) -> None:
        if method in methods:
            refused.append(method)
            raise error

    workers.slack.before = before
    return refused


def allow(workers: FakeWorkers) -> None:
    """Refuse nothing."""
    workers.slack.before = lambda method, channel: None


async def change_status(workers: FakeWorkers, status: Status) -> None:
    """An agent changes the status of ticket #1, so that its cards are drawn again."""
    order = ActOnTicket(
        ticket=1, command=SetStatus(status=status), by=make.AGENT, at=workers.clock.now(), order=status.value
    )
    await workers.handle(order)
    await workers.drain()


async def test_a_throttled_update_delays_no_post_in_its_channel_and_is_made_later(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    refused = refuse(workers, Throttled(timedelta(seconds=60)), "update")
    await change_status(workers, Status.PENDING)
    assert refused == ["update"]
    await receive(workers, 2)
    await receive(workers, 1, contact=OTHER)
    assert texts_in_thread(workers) == ["text 1", "text 2", "text 1"]
    assert refused == ["update"], "Retry-After is kept for that channel, by every conversation"
    allow(workers)
    await workers.pass_time(90)
    root = workers.slack.kind("root")[0]
    assert root.what.text.endswith("Ticket #1 Open")


@pytest.mark.parametrize("error", [Throttled(timedelta(seconds=60)), Temporary("missing_scope", timedelta(minutes=5))])
async def test_a_mark_that_must_wait_delays_neither_texts_nor_notices_nor_cards(
    workers: FakeWorkers, error: Exception
) -> None:
    place = await thread(workers)
    refuse(workers, error, "react")
    await workers.handle(written(workers, place, 1))
    await workers.handle(written(workers, place, 2, text=" "))
    await settle(workers)
    await receive(workers, 2)
    assert ["Not sent" in line.what.text for line in workers.slack.kind("outcome")] == [True]
    assert texts_in_thread(workers)[-1] == "text 2"
    root = workers.slack.kind("root")[0]
    assert "Open" in root.what.text
    allow(workers)
    await workers.pass_time(400)
    assert [sorted(each) for each in workers.slack.reactions.values()] == [["outbox_tray"], ["x"]]


async def test_a_written_text_is_posted_while_the_state_of_an_earlier_one_must_wait(workers: FakeWorkers) -> None:
    await receive(workers, 1)

    def typed(number: int) -> WriteTyped:
        return WriteTyped(
            sms=f"T{number}",
            typed=f"{make.CONTACT} words {number}",
            by=make.AGENT,
            at=workers.clock.now() + timedelta(seconds=number),
            channel=make.CHANNEL,
        )

    await workers.handle(typed(1))
    await settle(workers)
    refuse(workers, Throttled(timedelta(seconds=60)), "update")
    text = await workers.ports.stores.texts.get("T1")
    assert text is not None
    await workers.ports.stores.texts.set_sid(text, "SM1")
    await workers.ports.stores.texts.move(text, State.DELIVERED)
    await workers.handle(typed(2))
    await settle(workers)
    assert [each.what.text for each in workers.slack.kind("written")] == ["words 1", "words 2"]


async def test_what_else_slack_throttles_delays_no_post(workers: FakeWorkers) -> None:
    refused = refuse(workers, Throttled(timedelta(seconds=60)), "permalink")
    await receive(workers, 1)
    await receive(workers, 2)
    assert texts_in_thread(workers) == ["text 1", "text 2"]
    assert refused == ["permalink"]


async def test_a_throttled_post_stops_changes_in_its_channel_too(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    calls: list[Any] = []
    workers.slack.refused[make.CHANNEL] = Throttled(timedelta(seconds=60))
    await receive(workers, 2)
    workers.slack.before = lambda method, channel: calls.append(method)
    await change_status(workers, Status.PENDING)
    assert calls == []
