"""Whatever is down, whoever clicked or typed is told at once, and their message is over."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, NotPrimaryError, ServerSelectionTimeoutError

from messages.base import QueueMessage
from messages.notification import OpenModal, Whisper
from messages.process.publishing import Unpublished
from messages.views import FindTickets, OpenDashboard, OpenLater, OpenReply, PushSend
from tests import make
from tests.fakes import FakeSlack, FakeWorkers
from workers.failures import Ambiguous, CallError, Permanent, Temporary, Throttled
from workers.ports import Ports, Renderable
from workers.retries import is_outage

URL = "https://hooks.slack.com/actions/1"


class Away:
    """Documents that can't be read: each call raises an error, or never ends."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def __getattr__(self, name: str) -> "Away":
        return self

    async def __call__(self, *_: Any, **__: Any) -> Any:
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()


class Deaf(FakeSlack):
    """A Slack that takes no private words."""

    async def respond(self, response_url: str, what: Renderable, *, replace: bool = False) -> None:
        """Refuse."""
        raise Ambiguous("TimeoutError")

    async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
        """Refuse."""
        raise Ambiguous("TimeoutError")


def orders(workers: FakeWorkers, age: float = 0, response_url: str | None = URL) -> list[QueueMessage]:
    """Every message of the queue `interactive`, as old as that."""
    came: dict[str, Any] = {"user": make.AGENT, "received_at": workers.clock.now() - timedelta(seconds=age)}
    opening = {**came, "trigger_id": "1.2", "response_url": response_url}
    return [
        OpenModal(ticket=1, **opening),
        OpenReply(ticket=1, **opening),
        OpenDashboard(channel=make.CHANNEL, **opening),
        PushSend(channel=make.CHANNEL, **opening),
        OpenLater(typed="some day: Hi", words="Type it so.", channel=make.CHANNEL, **opening),
        FindTickets(query="#1", channel=make.CHANNEL, response_url=response_url, **came),
    ]


def without_documents(workers: FakeWorkers, error: Exception | None) -> Ports:
    """The ports, with documents that can't be read."""
    away: Any = Away(error)
    return replace(workers.ports, stores=away)


@pytest.mark.parametrize("place", range(6), ids=["assign", "reply", "dashboard", "send", "later", "find"])
@pytest.mark.parametrize("response_url", [URL, None], ids=["url", "channel"])
@pytest.mark.parametrize(
    "error", [ServerSelectionTimeoutError("away"), NotPrimaryError("stepped down"), AutoReconnect("cut")], ids=str
)
async def test_who_clicks_or_types_while_mongodb_is_away_is_told_and_nothing_is_left(
    workers: FakeWorkers, place: int, response_url: str | None, error: Exception
) -> None:
    message = orders(workers, response_url=response_url)[place]
    await workers.handle(message, without_documents(workers, error))
    if response_url is None and place < 2:  # there is nowhere to tell it: Slack gives every click a response_url
        return
    ((where, said),) = workers.slack.whispers
    assert where == (response_url or make.AGENT)
    assert "MongoDB does not answer" in said
    assert "again in a minute" in said
    assert workers.queue.waiting == []


async def test_who_clicks_while_mongodb_hangs_is_told_while_the_trigger_lives(workers: FakeWorkers) -> None:
    for message in orders(workers, age=2.45)[:5]:
        await workers.handle(message, without_documents(workers, None))
    assert ["MongoDB does not answer" in said for _, said in workers.slack.whispers] == [True] * 5


async def test_a_search_in_a_modal_is_answered_in_it_while_mongodb_is_away(workers: FakeWorkers) -> None:
    view: Mapping[str, Any] = {"external_id": "found-1"}
    workers.slack.views.append(view)
    message = FindTickets(query="x", user=make.AGENT, view="found-1", received_at=workers.clock.now())
    await workers.handle(message, without_documents(workers, AutoReconnect("cut")))
    assert "MongoDB does not answer" in str(workers.slack.views[0]["blocks"])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Permanent("expired_trigger_id"), "Please click again."),
        (Temporary("token_revoked", timedelta(minutes=5)), "does not help. Please tell an admin"),
        (Permanent("invalid_arguments"), "does not help. Please tell an admin"),
        (Permanent("view_too_large"), "does not help. Please tell an admin"),
        (Throttled(timedelta(seconds=9)), "click again in 9 seconds"),
        (Ambiguous("internal_error"), "click again in a moment"),
        (Ambiguous("TimeoutError"), "click again in a moment"),
    ],
    ids=str,
)
async def test_who_clicks_is_told_why_slack_does_not_open_the_form(
    workers: FakeWorkers, error: CallError, words: str
) -> None:
    await workers.handle(make.sms_received())
    await workers.drain()

    def before(method: str, channel: str) -> None:
        if method == "open_view":
            raise error

    workers.slack.before = before
    await workers.handle(orders(workers)[0])
    ((where, said),) = workers.slack.whispers
    assert (where, words in said) == (URL, True), said
    assert workers.queue.waiting == []


async def test_what_can_not_be_told_now_is_told_later(workers: FakeWorkers) -> None:
    deaf = replace(without_documents(workers, AutoReconnect("cut")), slack=Deaf(workers.clock))
    for message in orders(workers)[:4]:
        await workers.handle(message, deaf)
    assert [type(message) for _, message in workers.queue.waiting] == [Whisper] * 4


async def test_a_click_waits_while_nobody_can_be_told_and_then_its_person_is_told(workers: FakeWorkers) -> None:
    deaf = replace(without_documents(workers, AutoReconnect("cut")), slack=Deaf(workers.clock))
    workers.queue.broken = True
    for message in orders(workers)[:4]:
        with pytest.raises(Unpublished) as raised:
            await workers.handle(message, deaf)
        assert is_outage(raised.value)  # which uses up no try: it comes again, and is no dead letter
        workers.clock.forward(60)
        await workers.handle(message)
    assert ["too slow" in said for _, said in workers.slack.whispers] == [True] * 4


async def test_words_that_slack_refuses_to_show_one_person_are_no_dead_letter(workers: FakeWorkers) -> None:
    class Absent(FakeSlack):
        """A channel in which this person is not."""

        async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
            """Refuse."""
            raise Permanent("user_not_in_channel")

    message = Whisper(text="Not sent.", user=make.AGENT, channel=make.CHANNEL)
    await workers.handle(message, replace(workers.ports, slack=Absent(workers.clock)))


@pytest.mark.parametrize("code", ["missing_scope", "invalid_arguments"])
@pytest.mark.parametrize("place", [1, 3], ids=["reply", "send"])
async def test_a_form_opens_without_the_field_that_slack_refuses_and_says_why(
    workers: FakeWorkers, place: int, code: str
) -> None:
    await workers.handle(make.sms_received())
    await workers.drain()
    refused: list[str] = []

    def before(method: str, channel: str) -> None:
        if method in {"open_view", "push_view"} and not refused:
            refused.append(method)
            raise Temporary(code) if code == "missing_scope" else Permanent(code)

    workers.slack.before = before
    await workers.handle(orders(workers)[place])
    (view,) = workers.slack.views
    assert refused
    assert "file_input" not in str(view)
    assert "files:read" in str(view)
    assert not workers.slack.whispers
