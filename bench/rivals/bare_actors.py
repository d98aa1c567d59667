"""The floor: a text's hops as bare Dramatiq actors, twelve round trips to MongoDB and one post; no decision at all."""

import os
from typing import Any, Final

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from pymongo import MongoClient
from slack_sdk import WebClient

ROUND_TRIPS: Final = {"receive": 3, "sequence": 2, "file_texts": 3, "consider": 2, "render": 1}
"""The twelfth is that which says that the text is posted."""

dramatiq.set_broker(RabbitmqBroker(url=os.environ["CLERK_AMQP_URL"], confirm_delivery=True))
_database = MongoClient[dict[str, Any]](os.environ["CLERK_MONGO_URL"], connect=False).get_default_database()
_slack = WebClient(os.environ["CLERK_SLACK_BOT_TOKEN"], base_url=os.environ["CLERK_SLACK_API_URL"])


def _round_trips(hop: str, sid: str) -> None:
    """Write a document once, then read it."""
    _database.hops.update_one({"_id": f"{hop}/{sid}"}, {"$set": {"sid": sid}}, upsert=True)
    for _ in range(ROUND_TRIPS[hop] - 1):
        _database.hops.find_one({"_id": f"{hop}/{sid}"})


@dramatiq.actor(queue_name="floor")
def receive(sid: str, body: str) -> None:
    """The first hop."""
    _round_trips("receive", sid)
    sequence.send(sid, body)


@dramatiq.actor(queue_name="floor")
def sequence(sid: str, body: str) -> None:
    """The second."""
    _round_trips("sequence", sid)
    file_texts.send(sid, body)


@dramatiq.actor(queue_name="floor")
def file_texts(sid: str, body: str) -> None:
    """The third."""
    _round_trips("file_texts", sid)
    consider.send(sid, body)


@dramatiq.actor(queue_name="floor")
def consider(sid: str, body: str) -> None:
    """The fourth."""
    _round_trips("consider", sid)
    render.send(sid, body)


@dramatiq.actor(queue_name="floor")
def render(sid: str, body: str) -> None:
    """The last: the text is posted."""
    _round_trips("render", sid)
    _slack.chat_postMessage(channel=os.environ["BENCH_CHANNEL"], text=body)
    _database.texts.insert_one({"_id": sid, "posted": True})
