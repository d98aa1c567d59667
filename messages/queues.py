"""The queues and their declarations, which must be the same in gateway and workers. Pure."""

from typing import Final

QUEUES: Final = ("ingestion", "tickets", "notifications", "slack", "interactive", "sms")
"""One per slice; `interactive` carries only what must reach Slack within three seconds of a click."""

WORK_DELIVERY_LIMIT: Final = 50
"""After so many redeliveries (each worker was killed while it handled the message) RabbitMQ dead-letters a message."""

KEEP_DELIVERY_LIMIT: Final = 1_000_000
"""Practically no limit: delayed and dead messages stay unacknowledged while they wait, so each restart of a worker
redelivers them although nothing is wrong with them. (Without the argument RabbitMQ 4 takes 20,
https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling)"""

type QueueArguments = dict[str, str | int]


def delayed(queue: str) -> str:
    """The name of a queue's delayed messages, Dramatiq's convention."""
    return f"{queue}.DQ"


def dead(queue: str) -> str:
    """The name of a queue's dead letters, Dramatiq's convention."""
    return f"{queue}.XQ"


def declarations(queue: str) -> dict[str, QueueArguments]:
    """Name and arguments of the three durable queues behind one slice: work, delayed, dead.

    Dead letters never expire: they stay until a person replays or drops them.
    """
    to_dead: QueueArguments = {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead(queue),
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    return {
        queue: {**to_dead, "x-delivery-limit": WORK_DELIVERY_LIMIT},
        delayed(queue): {**to_dead, "x-delivery-limit": KEEP_DELIVERY_LIMIT},
        dead(queue): {"x-queue-type": "quorum", "x-delivery-limit": KEEP_DELIVERY_LIMIT},
    }
