"""While MongoDB is away, whoever waits for a message is told once that Clerk keeps it."""

from datetime import timedelta
from typing import Any

import pytest
from dramatiq.broker import MessageProxy
from dramatiq.brokers.stub import StubBroker
from dramatiq.message import Message
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect, NetworkTimeout, NotPrimaryError, PyMongoError, ServerSelectionTimeoutError

from messages.base import QueueMessage
from messages.notification import HidePost, RenderConversation
from messages.process.publishing import Unpublished, envelope
from tests import make
from workers.broker import SafeRetries
from workers.failures import Temporary
from workers.retries import OUTAGE, is_felt
from workers.wiring import load_actors

HIDE = HidePost(channel=make.CHANNEL, ts="1.0", by=make.AGENT)


class Recording(StubBroker):
    """A broker that only records what is to be queued."""

    def __init__(self) -> None:
        super().__init__(middleware=[])
        self.seen: list[Message[Any]] = []

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Record a message."""
        self.seen.append(message)
        return message


def told_in(order: QueueMessage, error: Exception, times: int) -> int:
    """How often the author is told while an order meets an outage so many times."""
    load_actors()
    broker, retries = Recording(), SafeRetries(OUTAGE)
    message: Message[Any] = Message.decode(envelope(order)[1])
    for _ in range(times):
        retries.after_process_message(broker, MessageProxy(message), exception=error)
        message = next(each for each in reversed(broker.seen) if each.actor_name == order.actor)
    return sum(each.actor_name == "slack.whisper" for each in broker.seen)


@pytest.mark.parametrize(
    "error", [ServerSelectionTimeoutError("away"), NetworkTimeout("hangs"), NotPrimaryError("no"), AutoReconnect("cut")]
)
def test_the_author_of_an_order_that_waits_for_mongodb_is_told_once(error: Exception) -> None:
    assert told_in(HIDE, error, 20) == 1


def test_an_outage_that_takes_seconds_to_find_out_is_told_at_once_and_a_blip_is_not() -> None:
    assert told_in(HIDE, ServerSelectionTimeoutError("away"), 1) == 1
    assert told_in(HIDE, NotPrimaryError("stepped down"), 2) == 0


@pytest.mark.parametrize("error", [Unpublished("away"), Temporary("token_revoked", timedelta(minutes=5))], ids=repr)
def test_nobody_is_told_by_what_is_away_itself(error: Exception) -> None:
    assert told_in(HIDE, error, 20) == 0


def test_a_wake_up_has_no_author() -> None:
    assert told_in(RenderConversation(conversation="c"), ServerSelectionTimeoutError("away"), 20) == 0


@given(st.sampled_from([PyMongoError("x"), ServerSelectionTimeoutError("x"), AutoReconnect("x")]), st.integers(0, 99))
def test_an_outage_is_felt_once_and_within_seconds(error: PyMongoError, outages: int) -> None:
    assert sum(is_felt(error, each) for each in range(100)) == 1
    assert not (is_felt(error, outages) and outages > 3)
