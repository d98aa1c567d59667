"""An actor is a plain async function of its typed message and the ports.

`@actor` only registers the function; `declare` makes the Dramatiq actors, once there are a broker and ports.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import dramatiq
import structlog
from pydantic import ValidationError

from messages.base import Order, QueueMessage
from workers.last_words import last_words
from workers.mongo.unreadable import Unreadable
from workers.people.organisations import is_refused
from workers.ports import Ports

log = structlog.get_logger("clerk.worker")


class Unparsable(Exception):
    """A message has not the fields that its actor needs; no retry can help."""


class LostVersionRace(Exception):
    """Other workers changed the document before each save; a retry decides again."""


@dataclass(frozen=True)
class Handler:
    """An actor that is not declared on a broker."""

    handles: type[QueueMessage]
    run: Callable[[Any, Ports], Awaitable[None]]
    options: dict[str, Any]


HANDLERS: Final[dict[str, Handler]] = {}

LONGEST_BACKOFF: Final = timedelta(minutes=9)


def actor[M: QueueMessage](
    *,
    handles: type[M],
    max_retries: int = 12,
    min_backoff: timedelta = timedelta(milliseconds=250),
    max_backoff: timedelta = LONGEST_BACKOFF,
    time_limit: timedelta = timedelta(minutes=1),
    throws: tuple[type[Exception], ...] = (),
) -> Callable[[Callable[[M, Ports], Awaitable[None]]], Callable[[M, Ports], Awaitable[None]]]:
    """Register a function as a message's actor; an exception in `throws` dead-letters the message without a retry."""

    def note(function: Callable[[M, Ports], Awaitable[None]]) -> Callable[[M, Ports], Awaitable[None]]:
        HANDLERS[handles.actor] = Handler(
            handles,
            function,
            {
                "max_retries": max_retries,
                "min_backoff": _milliseconds(min_backoff),
                "max_backoff": _milliseconds(max_backoff),
                "time_limit": _milliseconds(time_limit),
                "throws": (Unparsable, *throws),
                "priority": 0 if handles.queue() == "interactive" else 10,
            },
        )
        return function

    return note


async def dispatch(
    actor_name: str, message: dict[str, Any], ports: Ports, handlers: Mapping[str, Handler] = HANDLERS
) -> None:
    """Pass a message from a queue to its handler; Unparsable if the handler can't parse it."""
    handler = handlers[actor_name]
    try:
        parsed = handler.handles.model_validate(message)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Unparsable(f"not a {handler.handles.__name__}: {faults}") from None
    try:
        if isinstance(parsed, Order) and await is_refused(parsed, ports):
            log.info("an order of another organisation's person was refused", actor=actor_name)
            return
        await handler.run(parsed, ports)
    except Unreadable as error:
        if not is_wake_up(handler.handles):
            raise
        # Its due time is in the documents: the clock wakes the conversation again, until a version can read them.
        log.warning("a conversation waits: one of its documents can't be read", actor=actor_name, document=str(error))


def is_wake_up(kind: type[QueueMessage]) -> bool:
    """Whether messages of a kind only say that there is something to do in a conversation, which its documents tell.

    What else they hold only spares the reader a look at those.
    """
    return {name for name, field in kind.model_fields.items() if field.is_required()} == {"conversation"}


def author_told(
    actor_name: str, kwargs: dict[str, Any], words: Callable[[QueueMessage], QueueMessage | None] = last_words
) -> QueueMessage | None:
    """What to tell the author of a message that failed for good, or waits; None if there is nobody to tell.

    A message that this version can't parse is read without the fields that it does not know.
    """
    handler = HANDLERS.get(actor_name)
    if handler is None:
        return None
    try:
        message = handler.handles.model_validate(kwargs.get("message"), extra="ignore")
    except ValidationError:
        log.warning("the author of a message can't be told: it can't be read", actor=actor_name)
        return None
    return words(message)


def declare(
    broker: dramatiq.Broker, ports: Ports, queues: Collection[str], handlers: Mapping[str, Handler] = HANDLERS
) -> None:
    """Make the Dramatiq actors of these queues on a broker."""
    for name, handler in handlers.items():
        if handler.handles.queue() in queues:
            _declare(broker, name, handlers, ports)


def _declare(broker: dramatiq.Broker, name: str, handlers: Mapping[str, Handler], ports: Ports) -> None:
    async def run(*args: Any, **kwargs: Any) -> None:
        if args or set(kwargs) != {"message"}:
            raise Unparsable("a message has exactly one argument, `message`")
        await dispatch(name, kwargs["message"], ports, handlers)

    handler = handlers[name]
    make = dramatiq.actor(actor_name=name, queue_name=handler.handles.queue(), broker=broker, **handler.options)
    make(run)


def _milliseconds(duration: timedelta) -> int:
    return int(duration / timedelta(milliseconds=1))
