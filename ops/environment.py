"""What the commands share: settings from the environment, and the documents they point to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pydantic import SecretStr
from pymongo.errors import PyMongoError

from messages.process.settings import Misconfigured, Settings
from ops.documents.reader import Documents, DocumentsAway
from ops.queues.broker import Broker, Snapshot
from ops.queues.console_client import Remote
from ops.queues.rabbitmq import Rabbit
from ops.settings import OpsSettings
from workers.mongo import Stores

FILE: Final = "clerk.sqlite"


@contextmanager
def with_mongo(settings: Settings) -> Iterator[Settings]:
    """The settings with a MongoDB in them: theirs, or the embedded one for the length of the block."""
    if settings.mongo_url is not None:
        yield settings
        return
    from ops.documents.embedded_mongo import EmbeddedMongo  # a second's work, and only where there is no MongoDB

    with EmbeddedMongo(settings.data_dir / FILE) as mongo:
        yield settings.model_copy(update={"mongo_url": SecretStr(mongo.url)})


def on_stores[T](work: Callable[[Stores, Settings], Awaitable[T]]) -> T:
    """Run some work on the documents that the environment points to."""

    async def run(settings: Settings) -> T:
        assert settings.mongo_url is not None
        try:
            async with Stores.opened(settings.mongo_url.get_secret_value()) as stores:
                return await work(stores, settings)
        except PyMongoError as error:
            raise DocumentsAway(f"MongoDB can't be asked: {str(error).split(', Timeout')[0]}") from None

    with with_mongo(Settings.load()) as settings:
        return asyncio.run(run(settings))


def need_distributed(settings: Settings) -> None:
    """Misconfigured unless the settings name a RabbitMQ and a MongoDB that several processes can share."""
    missing = [
        f"CLERK_{name.upper()}: not set; {hint}"
        for name, hint in (
            ("amqp_url", "e.g. amqp://clerk:secret@rabbitmq:5672/"),
            ("mongo_url", "e.g. mongodb://mongo:27017"),
        )
        if getattr(settings, name) is None
    ]
    if missing:
        raise Misconfigured("\n".join([*missing, "`clerk run` needs neither: it is everything in one process."]))


def open_broker(settings: Settings) -> Broker:
    """The queues that the environment points to: RabbitMQ's, else those of a running `clerk run`."""
    if settings.amqp_url is not None:
        return Rabbit(settings.amqp_url.get_secret_value(), OpsSettings.load())
    return console(settings)


def console(settings: Settings) -> Remote:
    """The console of the `clerk run` that CLERK_PORT and CLERK_OPS_TOKEN point to."""
    if "ops_token" not in settings.model_fields_set:
        raise Misconfigured(
            "CLERK_OPS_TOKEN: not set; without CLERK_AMQP_URL the queues are in the memory of `clerk run`, which "
            "shows them to whoever has its token. (Or set CLERK_AMQP_URL.)"
        )
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return Remote(f"http://{host}:{settings.port}", settings.ops_token.get_secret_value())


def due_times(snapshot: Snapshot, documents: Documents) -> Snapshot:
    """The snapshot with the times at which delayed work is due, as far as the documents know them."""
    try:
        due = documents.next_due()
    except DocumentsAway:
        return snapshot
    queues = [
        each.model_copy(update={"next_due_at": due[each.name]})
        if each.delayed and each.next_due_at is None and each.name in due
        else each
        for each in snapshot.queues
    ]
    return snapshot.model_copy(update={"queues": tuple(queues)})
