"""The queues of Dramatiq's in-memory broker in this process."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from dramatiq.broker import MessageProxy
from dramatiq.brokers.stub import StubBroker

from ops.queues import letters
from ops.queues.broker import BrokerAway, Page, QueueState, Report, Snapshot, Tally
from ops.queues.layout import dead, delayed, family
from ops.queues.letters import Letter, Selection


class InMemory:
    """The queues of a broker that ends with this process."""

    def __init__(self, broker: StubBroker, queues: Sequence[str]) -> None:
        self._broker, self._queues = broker, tuple(queues)

    def snapshot(self) -> Snapshot:
        """All queues now."""
        return Snapshot(
            at=datetime.now(UTC), source="the memory of this process", queues=tuple(map(self._state, self._queues))
        )

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        """The next messages of a queue, which stay there."""
        if queue.endswith(".XQ"):
            return [letter for _, letter in self._dead(family(queue))][:limit]
        if queue not in self._broker.queues:
            raise BrokerAway(f"There is no queue {queue}.")
        return [letters.read(queue, body) for body in self._bodies(queue)[:limit]]

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        """Dead letters by time of death, oldest first."""
        now = datetime.now(UTC)
        there = [letter for queue in self._meant(selection) for _, letter in self._dead(queue)]
        matching = [letter for letter in there[:scan] if selection.matches(letter, now)]
        found = heapq.nsmallest(skip + limit, matching, key=lambda letter: letter.died_at or now)
        looked = min(scan, len(there))
        return Page(letters=tuple(found[skip:]), scanned=looked, total=len(there), more=looked < len(there))

    def rehearse(self, selection: Selection, report: Report) -> Tally:
        """Count what a replay would move, and move nothing."""
        return self._go_through(selection, report, lambda _, __: None)

    def replay(self, selection: Selection, report: Report) -> Tally:
        """Move dead letters back to their work queues."""

        def again(queue: str, proxy: MessageProxy) -> None:
            self._broker.queues[queue].put(letters.revived(proxy.encode(), queue, datetime.now(UTC)))
            self._remove(queue, proxy)

        return self._go_through(selection, report, again)

    def drop(self, selection: Selection, report: Report) -> Tally:
        """Drop dead letters for good: the broker's middleware learns that they are done with."""

        def forget(queue: str, proxy: MessageProxy) -> None:
            self._remove(queue, proxy)
            self._broker.emit_after("ack", proxy)

        return self._go_through(selection, report, forget)

    def _meant(self, selection: Selection) -> Sequence[str]:
        return selection.queues or self._queues

    def _go_through(self, selection: Selection, report: Report, do: Callable[[str, MessageProxy], None]) -> Tally:
        now = datetime.now(UTC)
        there = [(queue, *each) for queue in self._meant(selection) for each in self._dead(queue)]
        tally = Tally(total=len(there))
        for queue, proxy, letter in there:
            done = selection.matches(letter, now)
            if done:
                do(queue, proxy)
            tally = tally.model_copy(update={"scanned": tally.scanned + 1, "done": tally.done + done})
            if not report(tally):
                return tally.model_copy(update={"stopped": True})
        there_now = {letter.id for _, _, letter in there}
        return tally.model_copy(update={"missing": tuple(id for id in selection.ids if id not in there_now)})

    def _remove(self, queue: str, proxy: MessageProxy) -> None:
        for name in (queue, delayed(queue)):
            kept = self._broker.dead_letters_by_queue[name]
            if any(each is proxy for each in kept):
                kept[:] = [each for each in kept if each is not proxy]

    def _dead(self, queue: str) -> Iterator[tuple[MessageProxy, Letter]]:
        for name in (queue, delayed(queue)):
            for proxy in list(self._broker.dead_letters_by_queue[name]):
                yield proxy, letters.read(dead(queue), proxy.encode())

    def _bodies(self, queue: str) -> list[bytes]:
        held = self._broker.queues[queue]
        with held.mutex:
            return list(held.queue)

    def _state(self, name: str) -> QueueState:
        now, work, waiting = datetime.now(UTC), self._broker.queues[name], self._broker.queues[delayed(name)]
        bodies = self._bodies(name)
        since = letters.read(name, bodies[0]).published_at if bodies else None
        due = [each.due_at for body in self._bodies(delayed(name)) if (each := letters.read(name, body)).due_at]
        return QueueState(
            name=name,
            ready=len(bodies),
            held=max(0, work.unfinished_tasks - len(bodies)),
            delayed=waiting.unfinished_tasks,
            next_due_at=min(due, default=None),
            dead=sum(1 for _ in self._dead(name)),
            consumers=1,
            oldest=(now - since).total_seconds() if since else None,
        )
