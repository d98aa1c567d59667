"""The embedded server, where much is stored."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from ops.embedded import EmbeddedMongo
from tests import make
from workers.mongo import Stores

CONVERSATIONS = 100


async def _milliseconds(act: Callable[[int], Awaitable[object]]) -> float:
    """What one of some calls takes, more or less."""
    took: list[float] = []
    for number in range(15):
        started = time.perf_counter()
        await act(number)
        took.append((time.perf_counter() - started) * 1000)
    return median(took)


async def _costs(stores: Stores, batch: str) -> dict[str, float]:
    texts, conversation = stores.texts, f"{batch} conversation"

    async def add(number: int) -> None:
        assert await texts.add(make.sms(id=f"{batch}{number}", conversation=conversation))

    async def place(number: int) -> None:
        assert await texts.place(make.sms(id=f"{batch}{number}", conversation=conversation), number + 1)

    async def between(number: int) -> None:
        assert len(await texts.between(conversation, 1, 3)) == 3

    async def newest(number: int) -> None:
        assert await texts.newest(conversation) == 15

    return {act.__name__: await _milliseconds(act) for act in (add, place, between, newest)}


async def test_a_text_costs_no_more_where_there_are_many(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path / "clerk.sqlite") as mongo:
        async with Stores.opened(mongo.url) as stores:
            few = await _costs(stores, "few")
            for number in range(1_000):
                place = {"conversation": f"c{number % CONVERSATIONS}", "seq": number // CONVERSATIONS + 1}
                await stores.texts.add(make.sms(id=f"SM{number}", **place))
            many = await _costs(stores, "many")
    assert {act: cost for act, cost in many.items() if cost > 4 * few[act]} == {}, (few, many)


async def test_two_texts_in_one_place_are_told_apart_from_two_in_places_alike(tmp_path: Path) -> None:
    with EmbeddedMongo(tmp_path / "clerk.sqlite") as mongo:
        async with Stores.opened(mongo.url) as stores:
            assert await stores.texts.add(make.sms(id="SM1", conversation="a", seq=1))
            assert await stores.texts.add(make.sms(id="SM2", conversation="b", seq=1))
            assert not await stores.texts.add(make.sms(id="SM3", conversation="a", seq=1))
            assert await stores.texts.add(make.sms(id="SM4", conversation="a"))
            assert not await stores.texts.place(make.sms(id="SM4", conversation="a"), 1)
            assert await stores.texts.place(make.sms(id="SM4", conversation="a"), 2)
