"""The queues over AMQP; beside the publisher and the workers, the one importer of pika."""

from ops.queues.amqp.connection import Amqp

__all__ = ["Amqp"]
