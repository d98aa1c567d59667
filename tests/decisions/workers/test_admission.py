"""How many messages are at work at once while MongoDB is slow: whatever it answers, and whenever."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from hypothesis import given
from hypothesis import strategies as st

from workers.admission import SLOW, Admission, Allowance
from workers.broker import in_memory

SOME: Final = st.floats(0, SLOW.total_seconds())
SLOWLY: Final = st.floats(SLOW.total_seconds() + 0.001, 60)
WITHIN: Final = 60


@dataclass
class Clock:
    """A monotonic clock that stands still until it is moved."""

    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@given(st.integers(1, 40), st.lists(st.one_of(st.none(), SOME, SLOWLY)), st.floats(0, 5))
def test_whatever_happens_two_may_be_at_work_and_never_more_than_there_are_threads(
    most: int, happened: list[float | None], pause: float
) -> None:
    clock = Clock()
    allowance = Allowance(most, clock)
    for each in happened:
        clock.seconds += pause
        if each is None:
            allowance.note_done()
        else:
            allowance.note_answer(each)
        assert min(2, most) <= allowance.allowed <= most


@given(st.integers(3, 40), SLOWLY)
def test_a_slow_answer_halves_it_and_those_that_were_asked_for_before_do_not_halve_it_again(
    most: int, took: float
) -> None:
    clock = Clock()
    allowance = Allowance(most, clock)
    clock.seconds += 0.1 + took  # asked for after the start, however the sum is rounded
    assert allowance.note_answer(took)
    for _ in range(20):
        allowance.note_answer(took)
    assert allowance.allowed == max(2, most // 2)


@given(st.integers(1, 40), st.lists(SLOWLY, min_size=1))
def test_when_answers_come_in_time_again_it_grows_until_it_is_as_it_was_which_is_said_once(
    most: int, answers: list[float]
) -> None:
    clock = Clock()
    allowance = Allowance(most, clock)
    began = 0
    for took in answers:
        clock.seconds += 0.1 + took
        began += allowance.note_answer(took)
    ended = sum(allowance.note_done() for _ in range(most * most + 1))
    assert allowance.allowed == most
    assert began == ended == (most > 2)


@dataclass
class SixteenThreads:
    """Sixteen threads on a broker, and an actor that stays at work until it may end."""

    clock: Clock = field(default_factory=Clock)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_end: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.admission = Admission(self.clock)
        self.broker: StubBroker = in_memory(admission=self.admission)
        self.act = dramatiq.actor(broker=self.broker, actor_name="act", queue_name="q", max_retries=0)(self._act)
        self.worker = dramatiq.Worker(self.broker, worker_threads=16, worker_timeout=50)

    def _act(self, *, fails: bool = False) -> None:
        self.begun.release()
        self.may_end.acquire()
        self.ended.release()
        if fails:
            raise ValueError("a message that fails")

    def slow_answer(self) -> None:
        """MongoDB answers, after a second, what was asked just now."""
        self.clock.seconds += 1
        self.admission.note_answer(1)

    def at_work(self) -> int:
        """How many messages have begun since the last time, once so many have that no other may."""
        allowed = self.admission.allowed
        for _ in range(allowed):
            assert self.begun.acquire(timeout=WITHIN)
        assert not self.begun.acquire(blocking=False)
        return allowed

    def end(self, messages: int) -> None:
        """Let so many messages end; return once they have."""
        for _ in range(messages):
            self.may_end.release()
        for _ in range(messages):
            assert self.ended.acquire(timeout=WITHIN)


@pytest.fixture
def threads() -> Iterator[SixteenThreads]:
    made = SixteenThreads()
    made.worker.start()
    try:
        yield made
    finally:
        for _ in range(1000):
            made.may_end.release()
        made.worker.stop(5000)


def test_messages_wait_while_mongodb_is_slow_and_all_are_handled(threads: SixteenThreads) -> None:
    threads.slow_answer()
    threads.slow_answer()
    threads.slow_answer()
    for number in range(30):
        threads.act.send(fails=number % 3 == 0)
    assert threads.at_work() == 2
    threads.end(30)


def test_messages_that_fail_make_room_as_those_do_that_are_done(threads: SixteenThreads) -> None:
    for _ in range(5):
        threads.slow_answer()
    assert threads.admission.allowed == 2
    for _ in range(6):
        threads.act.send(fails=True)
    threads.end(6)


def test_where_mongodb_is_quick_every_thread_is_at_work(threads: SixteenThreads) -> None:
    for _ in range(20):
        threads.act.send()
    assert threads.at_work() == 16
    threads.end(20)
