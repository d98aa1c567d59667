"""What /readyz tells strangers, and what the log and the console tell the operator."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from gateway.app import MOST_AT_ONCE, Gateway
from gateway.readiness import Readiness
from messages.base import QueueMessage
from ops.console.problems import of_publishing
from tests.wire.gateway.helpers import PUBLIC_URL, RecordingPublisher, Served, settings, sms_form, twilio_signature

REASONS = (
    "403 ACCESS_REFUSED - access to queue 'ingestion' in vhost '/' refused for user 'lean'",
    "can't reach RabbitMQ: 10.3.0.7:5672 refused the connection",
    "the connection was closed: (530, \"NOT_ALLOWED - vhost 'clerk' not found\")",
    "RabbitMQ does not confirm",
)


@pytest.mark.parametrize("reason", REASONS)
def test_strangers_learn_one_word_and_the_log_the_reason(gateway: Served, reason: str) -> None:
    gateway.publisher.trouble = reason
    with capture_logs() as logged:
        answers = [gateway.http.get("/readyz") for _ in range(5)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(503, "broker")}
    assert [line["reason"] for line in logged if "reason" in line] == [reason]
    gateway.publisher.trouble = None
    assert gateway.http.get("/readyz").text == "ready"


def test_a_webhook_that_is_not_published_does_not_tell_why_either(gateway: Served) -> None:
    gateway.publisher.trouble = REASONS[0]
    answer = gateway.twilio(sms_form())
    assert answer.status_code == 503
    assert "lean" not in answer.text


async def test_the_console_says_why_until_a_publish_succeeds() -> None:
    publisher = RecordingPublisher()
    readiness = Readiness(publisher)
    publisher.trouble = REASONS[0]
    assert not await readiness.ask()
    assert [REASONS[0] in problem.found for problem in of_publishing(readiness.trouble)] == [True]
    publisher.trouble = None
    assert await readiness.ask()
    assert of_publishing(readiness.trouble) == []


async def test_a_gateway_asks_the_broker_every_few_seconds_though_nobody_asks_it() -> None:
    publisher = RecordingPublisher()
    readiness = Readiness(publisher)
    found = [readiness.unready()]

    async def look(_: float) -> None:
        found.append(readiness.unready())
        publisher.trouble = None if publisher.trouble else REASONS[0]
        if len(found) == 4:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await readiness.watch(look)
    assert found == ["has not reached the broker yet", "", f"can't publish: {REASONS[0]}", ""]


class BrokenPublisher(RecordingPublisher):
    """A publisher with a defect."""

    async def probe(self) -> str | None:
        raise RuntimeError("a defect")


async def test_a_gateway_whose_publisher_has_a_defect_says_so_and_asks_on() -> None:
    readiness, found = Readiness(BrokenPublisher()), list[str]()

    async def look(_: float) -> None:
        found.append(readiness.unready())
        if len(found) == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await readiness.watch(look)
    assert found == ["can't publish: asking the broker failed: RuntimeError"] * 2


class SlowPublisher(RecordingPublisher):
    """A publisher that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.asked = 0
        self.has_all = asyncio.Event()

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        self.asked += 1
        if self.asked == MOST_AT_ONCE:
            self.has_all.set()
        await self.may_answer.wait()
        await super().publish(message)

    async def probe(self) -> str | None:
        self.asked += 1
        await self.may_answer.wait()
        return await super().probe()


async def test_however_many_ask_at_once_the_broker_is_asked_once() -> None:
    publisher = SlowPublisher()
    readiness = Readiness(publisher)
    asking = [asyncio.create_task(readiness.ask()) for _ in range(100)]
    await asyncio.sleep(0)
    asking[0].cancel()
    publisher.may_answer.set()
    assert await asyncio.gather(*asking[1:]) == [True] * 99
    assert publisher.asked == 1
    assert await readiness.ask()
    assert publisher.asked == 2


async def test_of_too_many_webhooks_that_wait_for_the_broker_the_last_are_told_to_come_again() -> None:
    publisher = SlowPublisher()
    gateway = Gateway(settings(), publisher)
    waiting = [asyncio.create_task(_post_text(gateway)) for _ in range(MOST_AT_ONCE)]
    await publisher.has_all.wait()
    assert await _post_text(gateway) == 503
    publisher.may_answer.set()
    assert await asyncio.gather(*waiting) == [200] * MOST_AT_ONCE
    assert await _post_text(gateway) == 200


async def _post_text(gateway: Gateway) -> int:
    """The application's answer to a genuine text."""
    statuses = []
    form = sms_form()
    signature = twilio_signature(f"{PUBLIC_URL}/twilio/sms", form).encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/twilio/sms",
        "raw_path": b"/twilio/sms",
        "query_string": b"",
        "headers": [(b"x-twilio-signature", signature)],
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": urlencode(form).encode()}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await gateway(scope, receive, send)
    (status,) = statuses
    return int(status)
