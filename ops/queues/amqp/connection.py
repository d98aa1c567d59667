"""What an AMQP connection can read and do: everything but rates, ages and held messages."""

import heapq
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker

from ops.queues.amqp.causes import why
from ops.queues.amqp.peek import Look, declared
from ops.queues.amqp.replay_and_drop import Drop, Rehearsal, Replay
from ops.queues.broker import BrokerAway, Page, QueueState, Report, Tally
from ops.queues.layout import Layout, dead, delayed, urls_of
from ops.queues.letters import Letter, Selection
from ops.queues.management_api import in_url

ACCESS_REFUSED: Final = 403
RESOURCE_LOCKED: Final = 405
"""Why RabbitMQ closes a channel (https://www.rabbitmq.com/amqp-0-9-1-reference)."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Amqp:
    """Reads and repairs the queues over AMQP; each call opens a connection of its own.

    The URL may be those of several nodes with semicolons between them; the first that answers is used.
    """

    def __init__(self, url: str, layout: Layout, patience: timedelta = timedelta(seconds=30)) -> None:
        self._urls = urls_of(url)
        self._layout, self._patience = layout, patience

    def version(self) -> str:
        """The broker's name and version."""
        with self._connected() as connection:
            properties = connection._impl.server_properties
            return f"{properties.get('product', 'AMQP')} {properties.get('version', '')}".strip()

    def states(self) -> list[QueueState]:
        """The depth and consumers of each queue; of delayed messages, only those that no worker holds."""
        with self._connected() as connection:
            names = [name for queue in self._layout.queues for name in (queue, delayed(queue), dead(queue))]
            there = declared(connection, *names)
            return [_state(there, queue) for queue in self._layout.queues]

    def faults(self) -> list[str]:
        """The queues that are missing, or, as far as this user may compare, declared otherwise than the layout says."""
        with self._connected() as connection:
            return [
                f"{name} {fault}"
                for queue in self._layout.queues
                for name, arguments in self._layout.declarations(queue).items()
                if (fault := _fault(connection, name, arguments)) is not None
            ]

    def may_declare(self) -> bool:
        """Whether this user may declare the queues that exist."""
        with self._connected() as connection:
            return not any(
                _refusal(connection, name, arguments) == ACCESS_REFUSED
                for queue in self._layout.queues
                for name, arguments in self._layout.declarations(queue).items()
                if name in declared(connection, name)
            )

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        """The next messages of a queue, which stay there."""
        with self._connected() as connection:
            there = declared(connection, queue).get(queue)
            if there is None:
                raise BrokerAway(f"There is no queue {queue} yet: the first process that uses it declares it.")
            with Look(connection, queue) as look:
                return list(look.letters(min(limit, there[0])))

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        """Dead letters by time of death, oldest first.

        Only those that are returned are kept in memory, and the search ends when all requested ids are found.
        """
        now, looked, total = datetime.now(UTC), 0, 0
        found: list[Letter] = []
        missing = set(selection.ids)
        with self._connected() as connection, self._alone(connection):
            for queue in map(dead, selection.queues or self._layout.queues):
                there, _ = declared(connection, queue).get(queue, (0, 0))
                total += there
                with Look(connection, queue) as look:
                    taken = look.letters(min(there, scan - looked))
                    matching: Iterator[Letter] = (letter for letter in taken if selection.matches(letter, now))
                    if selection.ids:
                        matching = _until_met(matching, missing)
                    found = heapq.nsmallest(skip + limit, chain(found, matching), key=_died)
                    looked += look.count
        return Page(letters=tuple(found[skip:]), scanned=looked, total=total, more=looked < total)

    def rehearse(self, selection: Selection, report: Report) -> Tally:
        """Count what a replay would move, and move nothing."""
        with self._connected() as connection, self._alone(connection):
            return Rehearsal(connection, self._layout, selection, report).run()

    def replay(self, selection: Selection, report: Report) -> Tally:
        """Move dead letters back to their work queues, in the order of their queue."""
        with self._connected() as connection, self._alone(connection):
            return Replay(connection, self._layout, selection, report).run()

    def drop(self, selection: Selection, report: Report) -> Tally:
        """Drop dead letters by acknowledging them."""
        with self._connected() as connection, self._alone(connection):
            return Drop(connection, self._layout, selection, report).run()

    @contextmanager
    def _connected(self) -> Iterator[BlockingConnection]:
        nodes = [pika.URLParameters(each) for each in self._urls]
        for each in nodes:
            each.socket_timeout = each.stack_timeout = 5
            each.blocked_connection_timeout = 10
            each.connection_attempts = 1
        try:
            connection = BlockingConnection(nodes)
        except (AMQPError, OSError) as error:
            where = ", ".join(f"{in_url(each.host)}:{each.port}" for each in nodes)
            raise BrokerAway(f"RabbitMQ at {where} is away: {why(error)}") from None
        try:
            yield connection
        except AMQPError as error:
            raise BrokerAway(f"The connection to RabbitMQ broke: {why(error)}") from None
        finally:
            if connection.is_open:
                connection.close()

    @contextmanager
    def _alone(self, connection: BlockingConnection) -> Iterator[None]:
        """Holds a lock, so that nobody else goes through the dead letters; it ends with the connection."""
        until = time.monotonic() + self._patience.total_seconds()
        while True:
            channel = connection.channel()
            try:
                channel.queue_declare(self._layout.lock, exclusive=True)
                break
            except ChannelClosedByBroker as error:
                if error.reply_code == ACCESS_REFUSED:
                    raise BrokerAway(
                        f"The user of the broker may not declare the queues {self._layout.lock} and "
                        f"{self._layout.claims}, without which dead letters can't be looked through: give it the "
                        f"configure permission ^{self._layout.application}\\. (rabbitmqctl set_permissions)."
                    ) from None
                if error.reply_code != RESOURCE_LOCKED or time.monotonic() > until:
                    raise BrokerAway("Another command is going through the dead letters. Try again later.") from None
                connection.sleep(0.1)
        yield


def _fault(connection: BlockingConnection, name: str, arguments: Mapping[str, Any]) -> str | None:
    if name not in declared(connection, name):
        return "is missing"
    try:
        _declare(connection, name, arguments)
    except ChannelClosedByBroker as error:
        return None if error.reply_code == ACCESS_REFUSED else f"was declared differently: {error.reply_text}"
    return None


def _refusal(connection: BlockingConnection, name: str, arguments: Mapping[str, Any]) -> int | None:
    """Why RabbitMQ refuses to declare a queue; None if it does not."""
    try:
        _declare(connection, name, arguments)
    except ChannelClosedByBroker as error:
        return int(error.reply_code)
    return None


def _declare(connection: BlockingConnection, name: str, arguments: Mapping[str, Any]) -> None:
    channel = connection.channel()
    channel.queue_declare(name, durable=True, arguments=dict(arguments))
    channel.close()


def _state(there: Mapping[str, tuple[int, int]], queue: str) -> QueueState:
    (ready, consumers), (waiting, _), (buried, _) = (
        there.get(name, (0, 0)) for name in (queue, delayed(queue), dead(queue))
    )
    return QueueState(name=queue, ready=ready, delayed=waiting, dead=buried, consumers=consumers)


def _until_met(matching: Iterable[Letter], missing: set[str]) -> Iterator[Letter]:
    """Yields matches until none is missing."""
    if missing:
        for letter in matching:
            yield letter
            missing.discard(letter.id)
            if not missing:
                return


def _died(letter: Letter) -> datetime:
    return letter.died_at or letter.published_at or _NEVER
