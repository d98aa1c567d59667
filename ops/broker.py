"""Clerk's queues, in RabbitMQ or in a running `clerk run`, as the environment says."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from messages.process.settings import Misconfigured, Settings
from messages.queues import QUEUES, declarations
from ops.documents import data_folder
from ops.queues.broker import Broker
from ops.queues.layout import Layout
from ops.settings import OpsSettings

if TYPE_CHECKING:  # a command asks one of them, and each has libraries of its own
    from ops.console.client import Remote
    from ops.queues.rabbitmq import Rabbit

LAYOUT: Final = Layout("clerk", QUEUES, declarations)


def rabbit(amqp_url: str, settings: OpsSettings, patience: timedelta = timedelta(seconds=30)) -> "Rabbit":
    """Clerk's queues in RabbitMQ; a replay or drop waits `patience` for another one to end."""
    from ops.queues.rabbitmq import Rabbit

    management_url = settings.management_url.get_secret_value() if settings.management_url else None
    return Rabbit(amqp_url, LAYOUT, management_url, patience)


def open_broker(settings: Settings) -> Broker:
    """The queues that the environment points to: RabbitMQ's, else those of a running `clerk run`."""
    if settings.amqp_url is not None:
        return rabbit(settings.amqp_url.get_secret_value(), OpsSettings.load())
    return console(settings)


def console(settings: Settings) -> "Remote":
    """The console of the `clerk run` that uses CLERK_DATA_DIR, or of the one that the variables point to."""
    from ops.console.client import Remote

    given = settings.model_fields_set
    kept = None if "ops_token" in given else data_folder.kept_token(settings.data_dir)
    if "ops_token" not in given and kept is None:
        raise Misconfigured(
            "CLERK_OPS_TOKEN: not set, and `clerk run` keeps none in the folder "
            f"{settings.data_dir}. Without CLERK_AMQP_URL the queues are in the memory of `clerk run`, which "
            "shows them to those who have its token. Run this where it runs, or set CLERK_OPS_TOKEN."
        )
    told = data_folder.url_of_run(settings.data_dir)
    url = settings.own_url if told is None or {"host", "port"} & given else told
    token = kept or settings.ops_token.get_secret_value()
    return Remote(url, token, lambda: url == told and data_folder.is_used(settings.data_dir))
