"""Clerk's queues, in RabbitMQ or in a running `clerk run`, as the environment says."""

from datetime import timedelta
from typing import Final

from messages.process.settings import Misconfigured, Settings
from messages.queues import QUEUES, declarations
from ops.console.client import Remote
from ops.queues.broker import Broker
from ops.queues.layout import Layout
from ops.queues.rabbitmq import Rabbit
from ops.settings import OpsSettings

LAYOUT: Final = Layout("clerk", QUEUES, declarations)


def rabbit(amqp_url: str, settings: OpsSettings, patience: timedelta = timedelta(seconds=30)) -> Rabbit:
    """Clerk's queues in RabbitMQ; a replay or drop waits `patience` for another one to end."""
    management_url = settings.management_url.get_secret_value() if settings.management_url else None
    return Rabbit(amqp_url, LAYOUT, management_url, patience)


def open_broker(settings: Settings) -> Broker:
    """The queues that the environment points to: RabbitMQ's, else those of a running `clerk run`."""
    if settings.amqp_url is not None:
        return rabbit(settings.amqp_url.get_secret_value(), OpsSettings.load())
    return console(settings)


def console(settings: Settings) -> Remote:
    """The console of the `clerk run` that CLERK_PORT and CLERK_OPS_TOKEN point to."""
    if "ops_token" not in settings.model_fields_set:
        raise Misconfigured(
            "CLERK_OPS_TOKEN: not set. Without CLERK_AMQP_URL the queues are in the memory of `clerk run`, which shows "
            "them to those who have its token. Set CLERK_OPS_TOKEN, or CLERK_AMQP_URL."
        )
    return Remote(settings.own_url, settings.ops_token.get_secret_value())
