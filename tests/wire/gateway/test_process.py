"""`python -m gateway` as a separate process with the real broker, without MongoDB and workers."""

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.servers import PLAIN, PrivateRabbit, Program, answers, depths, free_port, wait_until
from tests.wire.gateway.helpers import (
    ACCOUNT,
    FORM,
    PUBLIC_URL,
    SECRET,
    TOKEN,
    click,
    reply_event,
    slack_headers,
    sms_form,
    submission,
    twilio_signature,
)

BUSY = 20
"""Seconds that a machine which is busy with tests may take longer."""


class Running:
    """The gateway's process, and requests to it."""

    def __init__(self, name: str, amqp_url: str, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Program(name, ["-m", "gateway"], {**self._environment(amqp_url), **environment})
        self.process.log.unlink(missing_ok=True)
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False, verify=PLAIN)

    def _environment(self, amqp_url: str) -> dict[str, str]:
        return {
            "CLERK_AMQP_URL": amqp_url,
            "CLERK_PORT": str(self.port),
            "CLERK_PUBLIC_URL": PUBLIC_URL,
            "CLERK_TWILIO_ACCOUNT_SID": ACCOUNT,
            "CLERK_TWILIO_AUTH_TOKEN": TOKEN,
            "CLERK_SLACK_BOT_TOKEN": "xoxb-a-bot-token-of-nobodys",
            "CLERK_SLACK_SIGNING_SECRET": SECRET,
            "CLERK_LOG_FORMAT": "json",
        }

    def text(self, **changes: str) -> httpx.Response:
        """A genuine text."""
        form = sms_form(**changes)
        headers = {**FORM, "x-twilio-signature": twilio_signature(f"{PUBLIC_URL}/twilio/sms", form)}
        return self.http.post("/twilio/sms", content=urlencode(form).encode(), headers=headers)

    def slack(self, path: str, body: bytes) -> httpx.Response:
        """A genuine request of Slack's."""
        return self.http.post(path, content=body, headers={**FORM, **slack_headers(body)})

    def interaction(self, payload: Mapping[str, Any]) -> httpx.Response:
        """A genuine click or submission."""
        return self.slack("/slack/interactions", urlencode({"payload": json.dumps(payload)}).encode())


def taken(send: Callable[[], httpx.Response]) -> int:
    """Send a webhook until the gateway takes it, as its sender does on a busy machine; how often it was sent."""
    sent = itertools.count()

    def is_taken() -> int:
        number = next(sent) + 1
        return number if send().status_code == 200 else 0

    return wait_until(is_taken, "a webhook is taken")


@contextmanager
def running(name: str, amqp_url: str, **environment: str) -> Iterator[Running]:
    """A running gateway."""
    gateway = Running(name, amqp_url, **environment)
    gateway.process.start()
    try:
        wait_until(lambda: answers(f"{gateway.url}/healthz"), "the gateway serves", 30)
        yield gateway
    finally:
        gateway.process.stop()
        gateway.http.close()


@pytest.fixture
def gateway(amqp_url: str) -> Iterator[Running]:
    with running("gateway-process", amqp_url) as gateway:
        wait_until(lambda: answers(f"{gateway.url}/readyz"), "the gateway is ready", 30)
        yield gateway


def test_every_accepted_webhook_is_in_its_queue_before_it_is_answered(gateway: Running, amqp_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda number: taken(lambda: gateway.text(MessageSid=f"SM{number}")), range(200)))
    clicks = taken(lambda: gateway.interaction(click("ticket.assign")))
    replies = taken(lambda: gateway.slack("/slack/events", json.dumps(reply_event()).encode()))
    found = depths(amqp_url)
    # What is repeated because its confirm came late may be there twice.
    assert 200 <= found["ingestion"] <= sum(sent)
    assert min(found["interactive"], found["notifications"]) >= 1
    assert max(found["interactive"], found["notifications"]) <= clicks
    assert 1 <= found["sms"] <= replies


def test_a_bad_form_is_answered_in_time_without_a_database_and_workers(gateway: Running, amqp_url: str) -> None:
    started = time.monotonic()
    answer = gateway.interaction(submission({"subject": {"value": "x" * 151}}))
    assert time.monotonic() - started < 3 + BUSY
    assert answer.json() == {
        "response_action": "errors",
        "errors": {"subject": "At most 150 characters, please: this has 151."},
    }
    assert sum(depths(amqp_url).values()) == 0


def test_no_secret_number_or_text_is_ever_logged(gateway: Running, amqp_url: str) -> None:
    private = "a most private sentence"
    assert taken(lambda: gateway.text(Body=private, From="+15557654321"))
    assert taken(lambda: gateway.slack("/slack/events", json.dumps(reply_event(text=private)).encode()))
    assert gateway.slack("/slack/events", f'{{"type": "{private}"}}'.encode()).status_code == 200
    assert gateway.slack("/slack/events", private.encode()).status_code == 400
    assert taken(lambda: gateway.interaction(submission({"note": {"value": private}})))
    assert gateway.http.post("/twilio/sms", data=sms_form(Body=private)).status_code == 403
    assert gateway.http.post(f"/twilio/status/{private}", data=sms_form(Body=private)).status_code == 403
    assert gateway.http.post("/slack/events", content=private, headers={"x-slack-signature": private}).is_client_error
    gateway.process.terminate()
    printed = gateway.process.output()
    assert '"outcome":"accepted"' in printed
    for secret in (private, "15557654321", "15550001111", TOKEN, SECRET, "xoxb-", "guest:guest"):
        assert secret not in printed
    assert all(isinstance(json.loads(line), dict) for line in printed.splitlines())


def _half(body: bytes, path: str, headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    first = f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10]
    return first, body[10:]


def test_a_request_that_is_in_progress_at_sigterm_is_answered_and_published(gateway: Running, amqp_url: str) -> None:
    form = sms_form()
    signature = twilio_signature(f"{PUBLIC_URL}/twilio/sms", form)
    first, second = _half(urlencode(form).encode(), "/twilio/sms", {"X-Twilio-Signature": signature})
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(first)
        wait_until(lambda: gateway.http.get("/healthz").is_success, "the gateway has read the first half")
        gateway.http.close()
        ending = threading.Thread(target=gateway.process.terminate)
        ending.start()
        wait_until(lambda: not answers(f"{gateway.url}/healthz"), "the gateway takes no more")
        connection.sendall(second)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    ending.join(30)
    assert gateway.process.status == 0
    assert depths(amqp_url)["ingestion"] == 1


def test_a_webhook_gets_503_in_time_without_the_broker_and_is_taken_once_it_is_back(
    own_rabbit: PrivateRabbit,
) -> None:
    node = own_rabbit
    with running("gateway-broker", node.url) as gateway:
        wait_until(lambda: answers(f"{gateway.url}/readyz"), "the gateway is ready", 30)
        before = taken(gateway.text)
        node.stop()
        wait_until(lambda: not answers(f"{gateway.url}/readyz"), "the gateway knows", 30)
        started = time.monotonic()
        answer = gateway.text(MessageSid="SMaway")
        assert answer.status_code == 503
        assert time.monotonic() - started < 2 + BUSY
        assert "x-slack-no-retry" not in answer.headers
        assert gateway.http.get("/readyz").text == "broker"
        assert "can't reach RabbitMQ" in gateway.process.output()
        assert gateway.http.get("/healthz").status_code == 200
        assert gateway.interaction(submission({"subject": {"value": "x" * 151}})).json()["response_action"] == "errors"
        node.start()
        wait_until(lambda: answers(f"{gateway.url}/readyz"), "the gateway is ready again", 40)
        after = taken(lambda: gateway.text(MessageSid="SMaway"))
        assert 2 <= depths(node.url)["ingestion"] <= before + after


def test_the_gateway_starts_before_its_broker_and_says_that_it_is_not_ready() -> None:
    with running("gateway-alone", f"amqp://guest:guest@127.0.0.1:{free_port()}/") as gateway:
        assert gateway.http.get("/readyz").status_code == 503
        assert gateway.text().status_code == 503
        assert gateway.process.terminate() == 0


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"CLERK_AMQP_URL": ""}, "CLERK_AMQP_URL"),
        ({"CLERK_AMQP_URL": "amqp://rabbit:port/"}, "CLERK_AMQP_URL"),
        ({"CLERK_PUBLIC_URL": "clerk.example.org"}, "CLERK_PUBLIC_URL"),
        ({"CLERK_TWILIO_AUTH_TOKEN": ""}, "CLERK_TWILIO_AUTH_TOKEN"),
        ({"CLERK_SLACK_SIGNING_SECRET": ""}, "CLERK_SLACK_SIGNING_SECRET"),
    ],
)
def test_an_invalid_variable_ends_the_gateway_at_once_and_is_named(environment: dict[str, str], named: str) -> None:
    gateway = Running("gateway-wrong", "amqp://guest:guest@127.0.0.1:5672/", **environment)
    gateway.process.start()
    assert wait_until(lambda: gateway.process.status is not None, "the gateway has ended", 30)
    gateway.http.close()
    assert gateway.process.status == 2
    assert named in gateway.process.output()
    assert "Traceback" not in gateway.process.output()
