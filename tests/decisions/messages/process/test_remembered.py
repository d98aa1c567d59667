"""What a worker remembers for a while."""

import asyncio
from datetime import timedelta

import pytest

from messages.process.remembered import Remembered


class Lookup:
    """A document that counts how often it is read."""

    def __init__(self, answer: str | None = "first") -> None:
        self.answer, self.asked = answer, 0

    async def __call__(self, _: str) -> str | None:
        """Read it."""
        self.asked += 1
        return self.answer


async def test_an_answer_is_good_for_its_life_and_then_asked_for_anew() -> None:
    long, short = Lookup(), Lookup()
    lasting: Remembered[str | None] = Remembered(timedelta(hours=1))
    passing: Remembered[str | None] = Remembered(timedelta())
    for _ in range(3):
        assert await lasting.get("line", long) == await passing.get("line", short) == "first"
    assert (long.asked, short.asked) == (1, 3)


async def test_a_change_through_the_same_stores_is_seen_at_once() -> None:
    lookup, remembered = Lookup(), Remembered[str | None](timedelta(hours=1))
    await remembered.get("line", lookup)
    lookup.answer = "second"
    remembered.forget()
    assert await remembered.get("line", lookup) == "second"


async def test_an_answer_of_before_a_change_is_not_remembered_after_it() -> None:
    remembered, asked, go_on = Remembered[str | None](timedelta(hours=1)), asyncio.Event(), asyncio.Event()

    async def slow(_: str) -> str:
        asked.set()
        await go_on.wait()
        return "of before"

    reading = asyncio.create_task(remembered.get("line", slow))
    await asked.wait()
    remembered.forget()
    go_on.set()
    assert await reading == "of before"
    assert await remembered.get("line", Lookup("of now")) == "of now"


async def test_that_there_is_nothing_is_not_remembered() -> None:
    lookup, remembered = Lookup(None), Remembered[str | None](timedelta(hours=1))
    assert await remembered.get("line", lookup) is None
    lookup.answer = "added"
    assert await remembered.get("line", lookup) == "added"


async def test_an_error_is_not_remembered() -> None:
    remembered = Remembered[str | None](timedelta(hours=1))

    async def away(_: str) -> str:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await remembered.get("line", away)
    assert await remembered.get("line", Lookup()) == "first"
