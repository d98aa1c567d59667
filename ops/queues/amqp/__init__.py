"""The queues over AMQP. Besides the publisher and the workers, only this package imports pika."""

from ops.queues.amqp.connection import Amqp

__all__ = ["Amqp"]
