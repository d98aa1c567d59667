"""Two workers send from one outbox without a lease, in every way it can go: the claim alone keeps once and in order.

So that promise does not rest on one worker having the lease: the lease spares workers the lookups of each other's
calls. Without the comparison at the claim, with which only one of two workers claims what both have read, a text is
sent twice. A claim and its call are one step here: that nobody stands still in between is what the lease's end is for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

TEXTS, WORKERS = 3, 2


class OutboxText(StrEnum):
    """How far a text has come."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SETTLED = "settled"


@dataclass(frozen=True)
class OutboxMoment:
    """The texts, what each worker has read (`reads`) or sends (`sends`), what left, and how many workers may still die.

    A worker's number is that of a text; None: it does neither.
    """

    texts: tuple[OutboxText, ...] = (OutboxText.WAITING,) * TEXTS
    reads: tuple[int | None, ...] = (None,) * WORKERS
    sends: tuple[int | None, ...] = (None,) * WORKERS
    left: tuple[int, ...] = ()
    deaths: int = 2

    def first(self) -> int | None:
        """The first text that is not settled: it keeps those behind it."""
        return next((number for number, state in enumerate(self.texts) if state is not OutboxText.SETTLED), None)

    def with_text(self, number: int, state: OutboxText) -> tuple[OutboxText, ...]:
        """The texts, with one in another state."""
        return (*self.texts[:number], state, *self.texts[number + 1 :])


def one(values: tuple[int | None, ...], worker: int, value: int | None) -> tuple[int | None, ...]:
    """What the workers do, with another value for one of them."""
    return (*values[:worker], value, *values[worker + 1 :])


def ways(now: OutboxMoment, *, compares: bool) -> Iterator[OutboxMoment]:
    """Every moment that can follow: each worker does its next step, or dies in the middle of one."""
    for worker in range(WORKERS):
        read, sending = now.reads[worker], now.sends[worker]
        if sending is not None:
            done = replace(now, sends=one(now.sends, worker, None))
            yield replace(done, left=(*now.left, sending), texts=now.with_text(sending, OutboxText.SETTLED))
            if now.deaths:  # it dies before or after the provider took the text, and knows nothing of it
                yield replace(done, deaths=now.deaths - 1)
                yield replace(done, deaths=now.deaths - 1, left=(*now.left, sending))
        elif read is not None:
            idle = replace(now, reads=one(now.reads, worker, None))
            if not compares or now.texts[read] is OutboxText.WAITING:
                claimed = now.with_text(read, OutboxText.CLAIMED)
                yield replace(idle, texts=claimed, sends=one(now.sends, worker, read))
            else:
                yield idle
        elif (first := now.first()) is not None:
            if now.texts[first] is OutboxText.WAITING:
                yield replace(now, reads=one(now.reads, worker, first))
            elif first in now.left or first not in now.sends:
                yield replace(now, texts=now.with_text(first, OutboxText.SETTLED))  # found, or a person decides


def explored(*, compares: bool) -> Iterator[OutboxMoment]:
    """Every moment that can be reached."""
    known, left = {OutboxMoment()}, [OutboxMoment()]
    while left:
        now = left.pop()
        yield now
        for each in ways(now, compares=compares):
            if each not in known:
                known.add(each)
                left.append(each)


def test_without_a_lease_each_text_leaves_at_most_once_and_in_order() -> None:
    moments = list(explored(compares=True))
    assert len(moments) > 100
    for now in moments:
        assert list(now.left) == sorted(set(now.left)), now
    assert any(now.left == tuple(range(TEXTS)) for now in moments)


def test_without_the_comparison_at_the_claim_a_text_leaves_twice() -> None:
    assert any(len(now.left) > len(set(now.left)) for now in explored(compares=False))
