"""Replays and drops dead letters without losing or doubling one.

A replay acknowledges a dead letter only after RabbitMQ has confirmed it in its work queue. It first publishes a claim
with the ids that it is about to move. If it is killed, the next run finds the claim and checks which of them arrived.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import AMQPError

from ops.queues import letters
from ops.queues.amqp.causes import why
from ops.queues.amqp.peek import BATCH, Delivery, Look, declared
from ops.queues.broker import BrokerAway, Report, Tally
from ops.queues.layout import Layout, dead
from ops.queues.letters import Selection

_QUORUM: Final = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}
_PERSISTENT: Final = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent.value)


class Moving(ABC):
    """A run through the dead letters; a subclass says what to do with those that match."""

    def __init__(self, connection: BlockingConnection, layout: Layout, selection: Selection, report: Report) -> None:
        self._connection, self._selection, self._report = connection, selection, report
        self._queues, self._claims_queue = selection.queues or layout.queues, layout.claims
        self._now = datetime.now(UTC)
        self._missing = set(selection.ids)
        self.tally = Tally()

    def run(self) -> Tally:
        """Go through every dead letter that exists now; BrokerAway says how far it came if the connection breaks."""
        there = declared(self._connection, *map(dead, self._queues))
        depths = {queue: there.get(dead(queue), (0, 0))[0] for queue in self._queues}
        self._count(total=sum(depths.values()))
        try:
            self._begin()
            for queue, depth in depths.items():
                if not self.tally.stopped:
                    self._go_through(queue, depth)
        except AMQPError as error:
            raise BrokerAway(
                f"The connection to RabbitMQ broke after {self.tally.done} dead letters: {why(error)}. "
                "Nothing is lost. Run the same command again to continue."
            ) from None
        missing = () if self.tally.stopped else tuple(id for id in self._selection.ids if id in self._missing)
        return self.tally.model_copy(update={"missing": missing})

    def _go_through(self, queue: str, depth: int) -> None:
        with Look(self._connection, dead(queue)) as look:
            batch: list[Delivery] = []
            for delivery in look.take(depth):
                self._count(scanned=1)
                if self._selection.matches(delivery.letter, self._now):
                    batch.append(delivery)
                    self._missing.discard(delivery.letter.id)
                if len(batch) == BATCH:
                    self._handle(queue, look, batch)
                    batch = []
                if self.tally.stopped or self._has_all():
                    break
            if batch and not self.tally.stopped:
                self._handle(queue, look, batch)

    def _has_all(self) -> bool:
        """Whether every requested id has been found."""
        return bool(self._selection.ids) and not self._missing

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self.tally, name) + count for name, count in more.items()}
        self.tally = self.tally.model_copy(update=counted)
        if not self._report(self.tally):
            self.tally = self.tally.model_copy(update={"stopped": True})

    def _begin(self) -> None:  # noqa: B027 - most need no preparation
        """Prepare, before the first message."""

    @abstractmethod
    def _handle(self, queue: str, look: Look, batch: Sequence[Delivery]) -> None:
        """Handle some messages that match, all of one queue."""


class Rehearsal(Moving):
    """Counts what a replay would move."""

    def _handle(self, queue: str, look: Look, batch: Sequence[Delivery]) -> None:
        replayable = sum(each.letter.is_replayable for each in batch)
        self._count(done=replayable, unreplayable=len(batch) - replayable)


class Drop(Moving):
    """Drops dead letters."""

    def _handle(self, queue: str, look: Look, batch: Sequence[Delivery]) -> None:
        for delivery in batch:
            look.acknowledge(delivery)
            self._count(done=1)
            if self.tally.stopped:
                return


class Replay(Moving):
    """Moves dead letters to their work queues, under a claim that survives this process."""

    def _begin(self) -> None:
        self._out = self._connection.channel()
        self._out.queue_declare(self._claims_queue, durable=True, arguments=_QUORUM)
        self._out.confirm_delivery()
        self._claims = self._connection.channel()
        while (claim := self._claims.basic_get(self._claims_queue))[0] is not None:
            claimed = json.loads(claim[2])
            self._settle(claimed["queue"], frozenset(claimed["ids"]))
            self._claims.basic_ack(claim[0].delivery_tag)

    def _settle(self, queue: str, claimed: frozenset[str]) -> None:
        """Remove the dead letters that a killed run had moved but not acknowledged."""
        there, _ = declared(self._connection, queue).get(queue, (0, 0))
        with Look(self._connection, queue) as look:
            moved = {letter.id for letter in look.letters(there) if letter.id in claimed}
        if not moved:
            return
        there, _ = declared(self._connection, dead(queue)).get(dead(queue), (0, 0))
        with Look(self._connection, dead(queue)) as look:
            for delivery in look.take(there):
                if delivery.letter.id in moved:
                    look.acknowledge(delivery)
                    self._missing.discard(delivery.letter.id)
                    self._count(already=1)

    def _handle(self, queue: str, look: Look, batch: Sequence[Delivery]) -> None:
        replayable = [each for each in batch if each.letter.is_replayable]
        self._count(unreplayable=len(batch) - len(replayable))
        if not replayable:
            return
        claim = json.dumps({"queue": queue, "ids": [each.letter.id for each in replayable]}).encode()
        self._out.basic_publish("", self._claims_queue, claim, _PERSISTENT, mandatory=True)
        held, _, _ = self._claims.basic_get(self._claims_queue)
        for delivery in replayable:
            body = letters.revived(delivery.body, queue, datetime.now(UTC))
            self._out.basic_publish("", queue, body, _PERSISTENT, mandatory=True)
            look.acknowledge(delivery)
            self._count(done=1)
            if self.tally.stopped:
                break
        look.settle()
        if held is not None:
            self._claims.basic_ack(held.delivery_tag)
