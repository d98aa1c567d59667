"""A worker's connections: closed when it stops, and replaced when one is lost."""

import gc
from typing import Any, override

import dramatiq
import pytest
from dramatiq.asyncio import async_to_sync
from dramatiq.message import Message
from pymongo.errors import OperationFailure

from messages.process.settings import Settings
from tests.servers import free_port
from workers.admission import Admission
from workers.broker import InMemoryPublisher, in_memory, rabbitmq
from workers.failures import SlackError, TextingError
from workers.ports import Posted
from workers.wiring import ClosesPorts, make_ports


def test_a_stopped_worker_leaves_no_connection_open() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings = Settings(mongo_url="mongodb://127.0.0.1:1", slack_api_url=f"{nowhere}/api/", twilio_api_url=nowhere)
    broker = in_memory()
    ports = make_ports(settings, InMemoryPublisher(broker))
    broker.add_middleware(ClosesPorts(ports))
    worker = dramatiq.Worker(broker, worker_threads=1)
    worker.start()
    with pytest.raises(SlackError):
        async_to_sync(ports.slack.permalink)(Posted("C0TEXTS", "1.000001"))
    with pytest.raises(TextingError):
        async_to_sync(ports.texting.send)(line="+15550001111", contact="+15557654321", body="x", media=[], callback="")
    worker.stop()
    del ports, broker.middleware[:]
    gc.collect()


class _Heard(Admission):
    """Keeps how long MongoDB took."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[float] = []

    @override
    def note_answer(self, took: float) -> None:
        self.answers.append(took)


async def test_a_worker_hears_how_long_mongodb_takes_also_for_what_it_refuses(mongo_url: str) -> None:
    heard = _Heard()
    ports = make_ports(Settings(mongo_url=mongo_url), InMemoryPublisher(in_memory()), [heard.listener])
    assert await ports.stores.lines.get("+15550001111") is None
    with pytest.raises(OperationFailure):
        await ports.stores.lines._collection.database.command("frobnicate")
    assert len(heard.answers) >= 2
    assert all(took > 0 for took in heard.answers)
    await ports.close()


def test_a_message_acknowledged_over_a_lost_connection_is_delivered_again(amqp_url: str) -> None:
    broker = rabbitmq(amqp_url)
    broker.declare_queue("sms")
    broker.flush("sms")
    message: Message[None] = Message("sms", "sms.send", (), {}, {})
    broker.enqueue(message)
    consumer: Any = broker.consume("sms", prefetch=1, timeout=120_000)
    in_hand = next(consumer)
    assert in_hand is not None
    in_hand.options["hand_back"] = True
    consumer.connection.close()
    consumer.ack(in_hand)
    other = broker.consume("sms", prefetch=1, timeout=120_000)
    again = next(other)
    assert again is not None
    assert again.message_id == message.message_id
    other.ack(again)
    other.close()
    broker.close()
