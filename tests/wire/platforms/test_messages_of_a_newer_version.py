"""An old worker hands a message that it can't read back until a newer one takes it, and buries none."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, override

import dramatiq
import pytest
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.message import Message
from dramatiq.middleware import AsyncIO, Middleware

from messages.base import QueueMessage
from messages.notification import RenderConversation
from messages.process.publishing import envelope
from messages.release import MESSAGES
from messages.sms import WriteText
from tests.fakes import FakeWorkers
from tests.make import NOW
from tests.servers import depths, wait_until
from workers.broker import rabbitmq
from workers.failures import Backoff
from workers.last_words import UPDATING
from workers.observe import Observed
from workers.ports import Ports
from workers.retries import TOLD_AT
from workers.runtime import HANDLERS, Handler, declare

BRIEF = Backoff(first=timedelta(milliseconds=5), longest=timedelta(milliseconds=40))


class NewerRender(RenderConversation):
    """The message that a version to come has: with one more field."""

    urgent: bool = False


class Paint(QueueMessage):
    """A kind of message that a version to come has."""

    actor = "slack.paint"
    colour: str


class Watches(Middleware):
    """Notes the options with which each message came."""

    def __init__(self) -> None:
        self.came: list[tuple[str, dict[str, Any]]] = []

    @override
    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        self.came.append((message.message_id, dict(message.options)))

    def of(self, id: str) -> list[dict[str, Any]]:
        """The options of a message, each time it came."""
        return [options for each, options in self.came if each == id]


class Version:
    """The worker of one version, which knows some kinds of messages, and what it has handled."""

    def __init__(self, url: str, ports: Ports, *kinds: type[QueueMessage]) -> None:
        self.done: list[QueueMessage] = []
        self.watches = Watches()
        self.broker = rabbitmq(url, Observed(), self.watches, update=BRIEF)
        declare(self.broker, ports, ("slack", "sms"), {kind.actor: self._handler(kind) for kind in kinds})
        self.worker = dramatiq.Worker(self.broker, worker_threads=2, worker_timeout=20)

    def _handler(self, kind: type[QueueMessage]) -> Handler:
        async def run(message: QueueMessage, _: Ports) -> None:
            self.done.append(message)

        return Handler(kind, run, HANDLERS.get(kind.actor, HANDLERS["slack.render"]).options)

    @contextmanager
    def running(self) -> Iterator["Version"]:
        """The worker, for the length of a block."""
        self.worker.start()
        try:
            yield self
        finally:
            self.worker.stop()
            self.broker.close()

    def publish(self, message: QueueMessage, id: str, *, version: int, **more: object) -> None:
        """Put a message on its queue as another version of Clerk would."""
        body = json.loads(envelope(message)[1])
        body |= {"message_id": id, "options": {"version": version}}
        body["kwargs"]["message"] |= more
        self.broker.enqueue(Message.decode(json.dumps(body).encode()))


def dead(amqp_url: str) -> int:
    """How many dead letters there are."""
    return sum(count for name, count in depths(amqp_url).items() if name.endswith(".XQ"))


def times(logs: list[Any], id: str) -> int:
    """How often a message was handed back, as the log says."""
    return sum(each.get("message_id") == id and each["event"].startswith("a message of a newer") for each in logs)


@pytest.fixture
def ports(stores: Any) -> Ports:
    return FakeWorkers(stores).ports


def test_an_old_worker_hands_back_what_it_can_not_read_until_a_newer_one_takes_it(amqp_url: str, ports: Ports) -> None:
    old = Version(amqp_url, ports, RenderConversation, WriteText, HANDLERS["slack.whisper"].handles)
    new = Version(amqp_url, ports, NewerRender, Paint, WriteText)
    write = WriteText(sms="s", line="+15550001111", contact="+15557654321", text="t", by="U0ADA", at=NOW, channel="C1")
    new.broker.middleware = [
        each for each in new.broker.middleware if not isinstance(each, AsyncIO)
    ]  # old's loop serves
    with ExitStack() as stack, structlog.testing.capture_logs() as logs:
        stack.enter_context(old.running())
        publish = partial(old.publish, version=MESSAGES + 1)
        publish(RenderConversation(conversation="plain"), "plain")
        publish(NewerRender(conversation="urgent", urgent=True), "field")
        publish(Paint(colour="blue"), "kind")
        publish(write, "written", in_colour=True)
        old.publish(RenderConversation(conversation="broken"), "broken", version=MESSAGES, urgent=True)
        waiting = ("field", "kind", "written")
        wait_until(lambda: all(times(logs, id) > TOLD_AT + 2 for id in waiting), "all were handed back often")
        wait_until(lambda: dead(amqp_url) == 1, "the broken one of this version is a dead letter")
        wait_until(lambda: any(each.actor == "slack.whisper" for each in old.done), "the author is told")
        assert [each.conversation for each in old.done if isinstance(each, RenderConversation)] == ["plain"]
        told = [each.text for each in old.done if each.actor == "slack.whisper"]  # type: ignore[attr-defined]
        assert told == [UPDATING]
        said = [each for each in logs if each["event"].startswith("a message of a newer version")]
        assert {(each["message_version"], each["known_version"]) for each in said} == {(MESSAGES + 1, MESSAGES)}
        stack.enter_context(new.running())
        wait_until(lambda: len(new.done) >= 2, "the newer worker takes them, although the old one still runs")
    assert {type(each) for each in new.done} == {NewerRender, Paint}
    assert NewerRender(conversation="urgent", urgent=True) in new.done
    for id in ("field", "kind"):
        [options] = new.watches.of(id)
        assert options["handed_back"] > TOLD_AT
        assert not options.get("retries") and not options.get("outages")
    assert dead(amqp_url) == 1
