"""What the commands share: settings from the environment, and the documents they point to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pydantic import SecretStr

from messages.settings import Misconfigured, Settings
from ops.embedded import EmbeddedMongo
from workers.mongo import Stores

FILE: Final = "clerk.sqlite"


@contextmanager
def with_mongo(settings: Settings) -> Iterator[Settings]:
    """The settings with a MongoDB in them: theirs, or the embedded one for the length of the block."""
    if settings.mongo_url is not None:
        yield settings
        return
    with EmbeddedMongo(settings.data_dir / FILE) as mongo:
        yield settings.model_copy(update={"mongo_url": SecretStr(mongo.url)})


def on_stores[T](work: Callable[[Stores, Settings], Awaitable[T]]) -> T:
    """Run some work on the documents that the environment points to."""

    async def run(settings: Settings) -> T:
        assert settings.mongo_url is not None
        async with Stores.opened(settings.mongo_url.get_secret_value()) as stores:
            return await work(stores, settings)

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
