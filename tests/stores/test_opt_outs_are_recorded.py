"""What is recorded of a contact's wishes is what the decision says counts, in whatever order they become known."""

from itertools import permutations

import pytest

from messages.opt_outs import Standing, later
from tests import make
from workers.mongo import Stores

SERVICE = "MG" + "1" * 32
WISHES = tuple(
    Standing(out=out, since=make.at(second)) for second, out in ((1, True), (2, False), (2, True), (3, False))
)


@pytest.mark.parametrize("pool", ["", SERVICE], ids=["a lone line", "a pool"])
async def test_the_later_wish_is_recorded_and_of_two_at_one_time_the_opt_out(stores: Stores, pool: str) -> None:
    for number, order in enumerate(permutations(WISHES, 3)):
        line = make.line(id=f"+1555000{number:04d}", pool=pool, pool_at=make.NOW)
        contact = await stores.contacts.ensure(f"+1555111{number:04d}", make.NOW)
        await stores.lines.add(line)
        await stores.conversations.ensure(line.id, contact.id, make.NOW)
        counts = Standing()
        for wish in (*order, *order):
            before, counts = counts, later(counts, wish)
            recorded = bool(await stores.opt_outs.record(line.id, contact.id, wish))
            assert recorded is (counts == wish), (order, wish, before)
            assert await stores.opt_outs.of(line.id, contact.id) == counts


async def test_the_lines_of_a_pool_are_concerned_together_and_no_other(stores: Stores) -> None:
    numbers = [f"+1555000{number:04d}" for number in range(4)]
    for number, pool in zip(numbers, (SERVICE, SERVICE, "MG2", ""), strict=True):
        await stores.lines.add(make.line(id=number, pool=pool, pool_at=make.NOW))
    out = Standing(out=True, since=make.at(1))
    concerned = await stores.opt_outs.record(numbers[0], make.CONTACT, out)
    assert concerned == [f"{number}:{make.CONTACT}" for number in numbers[:2]]
    assert [(await stores.opt_outs.of(number, make.CONTACT)).out for number in numbers] == [True, True, False, False]


async def test_what_workers_learn_of_a_line_survives_a_change_by_an_admin_and_an_older_webhook(stores: Stores) -> None:
    await stores.lines.add(make.line())
    read = await stores.lines.get(make.LINE)
    assert read is not None
    await stores.lines.set_pool(make.LINE, SERVICE, make.at(5))
    await stores.lines.save(read.model_copy(update={"name": "Support"}))
    await stores.lines.set_pool(make.LINE, "", make.at(4))
    found = await stores.lines.get(make.LINE)
    assert found is not None
    assert (found.name, found.pool, found.pool_at) == ("Support", SERVICE, make.at(5))
    await stores.lines.set_pool(make.LINE, "", make.at(6))
    assert await stores.lines.in_pool(SERVICE) == []
