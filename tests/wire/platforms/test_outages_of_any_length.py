"""An outage delays messages and loses none: waiting for MongoDB, Slack, Twilio or the broker uses up no tries."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import dramatiq
import pytest
from dramatiq.message import Message
from pymongo.errors import AutoReconnect

from messages.base import QueueMessage
from messages.inbound import SlackReplyPosted
from messages.notification import RenderConversation, Whisper
from messages.process.publishing import envelope
from tests.make import NOW
from tests.servers import depths, wait_until
from workers.broker import QuorumBroker, rabbitmq
from workers.failures import Backoff, Permanent
from workers.last_words import REPLY
from workers.observe import Observed
from workers.wiring import load_actors

BRIEF = Backoff(first=timedelta(milliseconds=5), longest=timedelta(milliseconds=40))
TRIES = 2
MANY = 40
"""More failures than any actor has tries."""


class Actors:
    """Actors on a real broker that do what a test says, the messages that they got, and those they are done with."""

    def __init__(self, url: str) -> None:
        load_actors()
        self.broker: QuorumBroker = rabbitmq(url, Observed(), outage=BRIEF)
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.done: list[dict[str, Any]] = []
        self.does: dict[str, Callable[[], None]] = {}
        for name in ("slack.render", "sms.record_reply", "slack.whisper"):
            self._declare(name)
        self.worker = dramatiq.Worker(self.broker, worker_threads=4, worker_timeout=20)

    def _declare(self, name: str) -> None:
        def run(message: dict[str, Any]) -> None:
            self.runs.setdefault(name, []).append(message)
            self.does.get(name, lambda: None)()
            self.done.append(message)

        options: Any = {"max_retries": TRIES, "min_backoff": 1, "max_backoff": 2}
        declare = dramatiq.actor(actor_name=name, queue_name=name.partition(".")[0], broker=self.broker, **options)
        declare(run)

    def publish(self, message: QueueMessage) -> None:
        """Put a message on its queue."""
        self.broker.enqueue(Message.decode(envelope(message)[1]))

    def ran(self, name: str) -> int:
        """How many times an actor ran."""
        return len(self.runs.get(name, []))


@pytest.fixture
def actors(amqp_url: str) -> Iterator[Actors]:
    actors = Actors(amqp_url)
    actors.worker.start()
    yield actors
    actors.worker.stop()
    actors.broker.close()


def dead(amqp_url: str) -> int:
    """How many dead letters there are."""
    return sum(count for name, count in depths(amqp_url).items() if name.endswith(".XQ"))


def fail(error: Exception) -> Callable[[], None]:
    """An actor that fails like this."""

    def run() -> None:
        raise error

    return run


def test_messages_survive_an_outage_of_many_backoffs_and_are_all_handled_after_it(
    actors: Actors, amqp_url: str
) -> None:
    actors.does["slack.render"] = fail(AutoReconnect("connection refused"))
    for number in range(3):
        actors.publish(RenderConversation(conversation=f"c{number}"))
    wait_until(lambda: actors.ran("slack.render") > 3 * MANY, "every message failed often")
    actors.does.clear()
    wait_until(lambda: len(actors.done) >= 3, "all are done")
    assert {each["conversation"] for each in actors.done} == {"c0", "c1", "c2"}
    wait_until(lambda: not any(depths(amqp_url).values()), "the queues are empty")
    assert dead(amqp_url) == 0


def test_any_other_failure_ends_after_the_actors_number_of_tries(actors: Actors, amqp_url: str) -> None:
    outage, failure = fail(AutoReconnect("away")), fail(ValueError("a fault of ours"))
    actors.does["slack.render"] = lambda: outage() if actors.ran("slack.render") <= MANY else failure()
    actors.publish(RenderConversation(conversation="c"))
    wait_until(lambda: dead(amqp_url), "a dead letter")
    assert actors.ran("slack.render") == MANY + TRIES + 1


def reply(channel: str = "C0TEXTS") -> SlackReplyPosted:
    return SlackReplyPosted(
        event_id="Ev1", channel=channel, ts="2.0", thread_ts="1.0", user="U0ADA", text="hello", received_at=NOW
    )


def test_the_author_of_a_reply_that_fails_for_good_is_informed(actors: Actors, amqp_url: str) -> None:
    actors.does["sms.record_reply"] = fail(Permanent("whatever"))
    actors.publish(reply())
    wait_until(lambda: dead(amqp_url), "a dead letter")
    wait_until(lambda: actors.ran("slack.whisper"), "a whisper")
    [told] = actors.runs["slack.whisper"]
    assert Whisper.model_validate(told) == Whisper(text=REPLY, user="U0ADA", channel="C0TEXTS", thread_ts="1.0")


def test_no_one_is_informed_of_a_whisper_that_fails_for_good(actors: Actors, amqp_url: str) -> None:
    actors.does["slack.whisper"] = fail(Permanent("channel_not_found"))
    actors.publish(Whisper(text="hello", user="U0ADA", channel="C0TEXTS"))
    wait_until(lambda: dead(amqp_url), "a dead letter")
    assert actors.ran("slack.whisper") == TRIES + 1
