"""The server checks each kind of operation and outcome once, and whatever differs fails a test."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents.checked import Checks, in_memory


@pytest.fixture
def own(checks: Checks) -> Iterator[Checks]:
    """Checks of a server that has checked nothing yet."""
    own = Checks(checks.url)
    yield own
    own.close()


async def outcomes(own: Checks, *operations: tuple[Any, ...]) -> int:
    """How many kinds of operations and outcomes were checked."""
    collection: Any = in_memory(own)["boxes"]
    for name, *given in operations:
        await getattr(collection, name)(*given)
    own.catch_up()
    return own.count


async def test_each_kind_of_operation_and_of_outcome_is_checked_once(own: Checks) -> None:
    assert await outcomes(own, ("insert_one", {"_id": 1, "x": "a"})) == 1
    assert await outcomes(own, ("insert_one", {"_id": 2, "x": "b"})) == 1, "other values are nothing new"
    assert await outcomes(own, ("insert_one", {"_id": 2, "x": None})) == 2, "another type is"
    assert await outcomes(own, ("find_one", {"x": "a"})) == 3
    assert await outcomes(own, ("insert_one", {"_id": 1, "x": "a"}), ("find_one", {"x": "a"})) == 4, "it finds one now"


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        pytest.param((0, None), {1: {"_id": 1, "x": 2}}, id="another answer"),
        pytest.param((1, None), {1: {"_id": 1, "x": 1}}, id="another document"),
        pytest.param((1, None), {}, id="no document"),
        pytest.param((1, None), {1: {"_id": 1, "x": 2}, 2: {"_id": 2}}, id="one document more"),
    ],
)
def test_whatever_the_server_does_otherwise_is_an_error(own: Checks, answer: Any, after: Any) -> None:
    def change(collection: Any) -> Any:
        return collection.update_one({"x": 1}, {"$set": {"x": 2}})

    own.check("boxes", {1: {"_id": 1, "x": 1}}, change, (1, None), {1: {"_id": 1, "x": 2}})
    with pytest.raises(AssertionError):
        own.check("boxes", {1: {"_id": 1, "x": 1}}, change, answer, after)


async def test_other_tasks_go_on_while_a_command_is_under_way(own: Checks) -> None:
    collection: Any = in_memory(own)["boxes"]
    await collection.insert_one({"_id": 1, "count": 0})

    async def count() -> None:
        found = await collection.find_one({"_id": 1})
        await collection.update_one({"_id": 1}, {"$set": {"count": found["count"] + 1}})

    await asyncio.gather(count(), count())
    assert (await collection.find_one({"_id": 1}))["count"] == 1, "both read before either wrote"
