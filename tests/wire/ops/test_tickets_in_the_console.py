"""The console's tickets: named as people name them, from whoever has waited longest, to the last page."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest

from messages.ticket import Status
from tests import make
from tests.servers import PLAIN
from tests.wire.ops.helpers import TOKEN, console
from workers.mongo import Stores

COUNT = 64


async def fill(mongo_url: str) -> None:
    """64 open tickets: the higher its number, the longer its contact has waited."""
    async with Stores.opened(mongo_url) as stores:
        await stores.lines.add(make.line(name="North", calendar="shop"))
        for number in range(1, COUNT + 1):
            contact = f"+1202555{number:04d}"
            conversation = f"{make.LINE}:{contact}"
            await stores.contacts.ensure(contact, make.NOW)
            await stores.contacts.set_name(contact, f"Ann {number}", make.NOW)
            given = {"id": number, "conversation": conversation, "contact": contact, "waiting_since": make.at(-number)}
            clocks = (make.ticket_clock(due_at=make.at(-1)),) if number == COUNT else ()
            more = {"clocks": clocks, "status": Status.OPEN, "subject": f"Heating {number}", "tags": ("boiler",)}
            await stores.tickets.add(make.ticket(**given, **more))


@pytest.fixture
def operator(amqp_url: str, mongo_url: str) -> Iterator[httpx.Client]:
    asyncio.run(fill(mongo_url))
    headers = {"authorization": f"Bearer {TOKEN}"}
    with (
        console(amqp_url, mongo_url) as address,
        httpx.Client(base_url=f"{address}/ops", headers=headers, timeout=60, trust_env=False, verify=PLAIN) as client,
    ):
        yield client


def numbers(page: str) -> list[int]:
    """The tickets of a page, in its order."""
    return [int(each) for each in re.findall(r">#([0-9]+)</a>", page)]


def followed(client: httpx.Client, path: str) -> list[list[int]]:
    """The tickets of a page and of all that follow it."""
    pages = []
    while True:
        shown = client.get(path).text
        pages.append(numbers(shown))
        after = re.search(r'rel="next" href="([^"]+)"', shown)
        if after is None:
            return pages
        path = path.partition("?")[0] + after[1].replace("&amp;", "&")


def test_lines_have_their_hours(operator: httpx.Client) -> None:
    shown = operator.get("/lines").text
    assert "always open: there is no calendar shop" in shown
    assert '<span class="dim">of shop</span>' in shown


def test_every_ticket_is_on_some_page_and_named(operator: httpx.Client) -> None:
    for path in ("/tickets", "/tickets?status=open", "/search?q=heating", "/search?q=5550"):
        pages = followed(operator, path)
        assert [number for page in pages for number in page] == list(range(COUNT, 0, -1)), path
        assert [len(page) for page in pages] == [50, 14]
    shown = operator.get("/tickets").text
    for part in ("of 64", "Heating 64", "boiler", "Ann 64", "North"):
        assert part in shown
    assert numbers(operator.get("/tickets?status=late").text) == [COUNT]
    assert re.search(r'<span class="error">reply .* late</span>', shown)
