"""The queues in RabbitMQ: numbers from its management API if that can be reached, everything else over AMQP."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ops.queues.amqp import Amqp
from ops.queues.broker import BrokerAway, Page, QueueState, Report, Snapshot, Tally
from ops.queues.layout import Layout, urls_of
from ops.queues.letters import Letter, Selection
from ops.queues.management_api import Management, Unavailable, management_address


class Rabbit:
    """The queues at an AMQP URL, or at those of several nodes of a cluster, with semicolons between them.

    `management_url` is the management API, by default port 15672 of the broker; `patience` is how long a replay or drop
    waits for another one to end.
    """

    def __init__(
        self,
        url: str,
        layout: Layout,
        management_url: str | None = None,
        patience: timedelta = timedelta(seconds=30),
    ) -> None:
        self.amqp = Amqp(url, layout, patience)
        addresses = [management_address(each, management_url) for each in urls_of(url)]
        self.management = Management(list(dict.fromkeys(addresses)), layout.queues)

    def snapshot(self) -> Snapshot:
        """All queues now, and whether the numbers come from RabbitMQ's management API or from AMQP."""
        where = self.management.where
        try:
            queues = self.management.states()
        except Unavailable as error:
            source = (
                f"AMQP; held messages, rates and ages need the management API, and {where} can't be reached: {error}"
            )
            return Snapshot(at=datetime.now(UTC), source=source, queues=tuple(self.amqp.states()))
        if any(each.consumers == 0 for each in queues):
            queues = self._with_new_consumers(queues)
        source = f"RabbitMQ's management API at {where}, which counts every five seconds"
        return Snapshot(at=datetime.now(UTC), source=source, queues=tuple(queues))

    def _with_new_consumers(self, queues: Sequence[QueueState]) -> list[QueueState]:
        """The queues with the consumers that they have now: the management API counts every five seconds only."""
        try:
            now = {each.name: each.consumers for each in self.amqp.states()}
        except BrokerAway:
            now = {}
        return [each.model_copy(update={"consumers": max(each.consumers, now.get(each.name, 0))}) for each in queues]

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        """The next messages of a queue, which stay there."""
        return self.amqp.peek(queue, limit)

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        """Dead letters by time of death, oldest first."""
        return self.amqp.dead(selection, skip, limit, scan)

    def rehearse(self, selection: Selection, report: Report) -> Tally:
        """Count what a replay would move, and move nothing."""
        return self.amqp.rehearse(selection, report)

    def replay(self, selection: Selection, report: Report) -> Tally:
        """Move dead letters back to their work queues."""
        return self.amqp.replay(selection, report)

    def drop(self, selection: Selection, report: Report) -> Tally:
        """Drop dead letters for good."""
        return self.amqp.drop(selection, report)
