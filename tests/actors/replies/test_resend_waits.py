"""Resend while the provider may still be at the first call: refused in words, so that nobody gets a text twice."""

from datetime import timedelta
from typing import Any

import pytest

from messages.planned import PlanText, When
from messages.sms import ResendText, SlackFile, Sms, State, WriteText
from tests import make
from tests.actors.helpers import settle, thread, written
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, CONVERSATION, LINE
from workers.failures import Undecided
from workers.sms.attempt import RESEND_AFTER

PICTURE = SlackFile(
    id="F1",
    name="plan.png",
    mimetype="image/png",
    url_private="https://files.slack.com/files-pri/T1-F1/plan.png",
    size=9,
)
KINDS = ["reply", "form", "picture", "planned"]


class SlowProvider:
    """A provider that works at the next call after we have stopped waiting, and has the text when it is told to."""

    def __init__(self, workers: FakeWorkers) -> None:
        self._texting, self._held = workers.texting, list[Any]()
        self._texting.after = self._hold

    def _hold(self, method: str) -> None:
        if method == "send":
            self._texting.after = lambda method: None
            self._held.append(self._texting.taken.pop())
            raise Undecided(None, "TimeoutError")

    def finish(self) -> None:
        """Send and list the text at last."""
        self._texting.taken += self._held
        self._held.clear()


async def write(workers: FakeWorkers, kind: str) -> None:
    """An agent writes to the contact, in one of the ways in which texts are written."""
    place = await thread(workers)
    workers.clock.forward(1)
    now = workers.clock.now()
    said: dict[str, Any] = {
        "line": LINE,
        "contact": CONTACT,
        "text": "Once",
        "by": AGENT,
        "channel": CHANNEL,
        "at": now,
    }
    match kind:
        case "reply":
            await workers.handle(written(workers, place, 1, "Once"))
        case "form":
            await workers.handle(WriteText(sms="view-V1", **said))
        case "picture":
            workers.slack.posted_files["F1"] = PICTURE
            await workers.handle(WriteText(sms="view-V1", files=(PICTURE,), **said))
        case _:
            await workers.handle(PlanText(planned="P1", when=When(after=timedelta(minutes=10)), **said))
            await workers.drain()
            await workers.pass_time(601, step=10)


async def lost(workers: FakeWorkers) -> Sms:
    """The text, once people were asked to decide about it."""
    for _ in range(60):
        await workers.pass_time(1)
        for text in await workers.ports.stores.texts.newest_outbound(CONVERSATION, 1):
            if text.state is State.UNKNOWN:
                return text
    raise AssertionError("nobody was asked")


def click(text: Sms, number: int = 1) -> ResendText:
    return ResendText(sms=text.id, by=AGENT, attempt=text.attempts, channel=CHANNEL, order=f"click/{number}")


def called_at(text: Sms) -> Any:
    assert text.called_at is not None
    return text.called_at


@pytest.mark.parametrize("kind", KINDS)
async def test_a_text_that_the_provider_works_at_for_long_is_not_sent_again_by_a_click(
    workers: FakeWorkers, kind: str
) -> None:
    slow = SlowProvider(workers)
    await write(workers, kind)
    text = await lost(workers)
    await workers.handle(click(text))
    await workers.drain()
    who, words = workers.slack.whispers[-1]
    assert (who, "may still be under way" in words, "again in " in words) == (AGENT, True, True)
    assert "ticket.resend" in str(workers.slack.kind("outcome")[-1].what.blocks), "the button stays"
    slow.finish()
    await workers.handle(click(text, 2))
    await settle(workers, 5)
    assert workers.texting.bodies(CONTACT) == ["Once"]
    assert "not sent again" in workers.slack.whispers[-1][1]
    found = await workers.ports.stores.texts.get(text.id)
    assert found is not None
    assert found.state is State.QUEUED


@pytest.mark.parametrize("kind", KINDS)
async def test_a_text_that_never_arrived_is_sent_by_a_click_as_soon_as_its_call_is_surely_over(
    workers: FakeWorkers, kind: str
) -> None:
    SlowProvider(workers)
    await write(workers, kind)
    text = await lost(workers)
    workers.clock.time = called_at(text) + RESEND_AFTER - timedelta(seconds=1)
    for _ in range(2):
        await workers.handle(click(text))
    await workers.drain()
    assert workers.texting.taken == []
    assert "again in 1 second." in workers.slack.whispers[-1][1]
    workers.clock.forward(1)
    for number in (2, 2, 3):
        await workers.handle(click(text, number))
    await settle(workers, 5)
    assert workers.texting.bodies(CONTACT) == ["Once"]


@pytest.mark.parametrize("seconds", [1, 27, 45, 60, 79])
async def test_whoever_clicks_on_and_on_sends_a_text_once_whenever_the_provider_is_done(
    workers: FakeWorkers, seconds: int
) -> None:
    slow = SlowProvider(workers)
    await write(workers, "reply")
    text = await lost(workers)
    done_at = called_at(text) + timedelta(seconds=seconds)
    for number in range(60):
        if workers.clock.now() >= done_at:
            slow.finish()
        for _ in range(2):
            await workers.handle(click(text, number))
        await workers.pass_time(2, step=1)
    assert workers.texting.bodies(CONTACT) == ["Once"]
    assert len(workers.slack.whispers) >= 1


async def test_a_click_that_was_refused_sends_nothing_when_it_comes_again_later(workers: FakeWorkers) -> None:
    SlowProvider(workers)
    await write(workers, "reply")
    text = await lost(workers)
    await workers.handle(click(text))
    await workers.pass_time(120, step=10)
    for _ in range(2):
        await workers.handle(click(text))
    await settle(workers, 5)
    assert workers.texting.taken == []


async def test_a_second_attempt_is_waited_for_as_the_first_was(workers: FakeWorkers) -> None:
    SlowProvider(workers)
    await write(workers, "reply")
    text = await lost(workers)
    await workers.pass_time(RESEND_AFTER.total_seconds(), step=10)
    slow = SlowProvider(workers)
    await workers.handle(click(text))
    await workers.drain()
    again = await lost(workers)
    assert again.attempts == text.attempts + 1
    await workers.handle(click(again, 2))
    await settle(workers, 5)
    assert workers.texting.taken == []
    assert "may still be under way" in workers.slack.whispers[-1][1]
    slow.finish()
    await workers.pass_time(120, step=10)
    await workers.handle(click(again, 3))
    await settle(workers, 5)
    assert workers.texting.bodies(CONTACT) == ["Once"]


async def test_who_clicks_before_there_is_a_thread_is_told_where_they_clicked(workers: FakeWorkers) -> None:
    text = make.sms(id="s1", state=State.UNKNOWN, called_at=workers.clock.now(), attempts=1)
    assert await workers.ports.stores.texts.add(text)
    await workers.handle(click(text))
    await workers.drain()
    assert [(who, "may still be under way" in said) for who, said in workers.slack.whispers] == [(AGENT, True)]
