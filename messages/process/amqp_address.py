"""Where RabbitMQ is: what pika needs to connect to its nodes, from CLERK_AMQP_URL."""

from typing import TYPE_CHECKING

from messages.process.server_urls import amqp_fault, nodes
from messages.process.variables import Misconfigured

if TYPE_CHECKING:  # most commands only ask whether the address can be one, or have none
    import pika


def parameters(url: str) -> "list[pika.URLParameters]":
    """What pika needs for each node, in order; Misconfigured, in words that show no part of the URL, if it is wrong."""
    fault = amqp_fault(url)
    if fault is not None:
        raise Misconfigured(f"CLERK_AMQP_URL: {fault}")
    import pika

    try:
        return [pika.URLParameters(each) for each in nodes(url)]
    except (ValueError, TypeError, AttributeError, SyntaxError, OSError):
        raise Misconfigured(
            "CLERK_AMQP_URL: has an option behind its ? that pika does not take "
            "(https://pika.readthedocs.io/en/stable/modules/parameters.html#urlparameters): correct it, or leave it out"
        ) from None
