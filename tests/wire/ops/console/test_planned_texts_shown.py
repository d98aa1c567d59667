"""The console's planned texts: whose they are in names, with the way to their thread, and nothing of them alive."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest

from messages.conversation import Thread
from messages.planned import PlannedState
from tests import make
from tests.servers import PLAIN
from tests.wire.ops.helpers import TOKEN, console
from workers.mongo import Stores

LINK = "https://team.slack.com/archives/C0TEXTS/p1"


async def fill(mongo_url: str) -> None:
    """A planned text of a contact with a name and a thread, and one of whom nothing is known."""
    async with Stores.opened(mongo_url) as stores:
        await stores.lines.add(make.line(name="North <b>"))
        await stores.contacts.ensure(make.CONTACT, make.NOW)
        await stores.contacts.set_name(make.CONTACT, "Ann <script>", make.NOW)
        await stores.conversations.ensure(make.LINE, make.CONTACT, make.NOW)
        await stores.conversations.set_thread(
            make.CONVERSATION, Thread(channel=make.CHANNEL, ts="1.0", permalink=f'{LINK}"><b>')
        )
        held = {"state": PlannedState.HELD, "why": "<i>they wrote</i>"}
        assert await stores.planned.add(make.planned(id="P1", look_at=make.NOW, **held))
        other = {"conversation": "c2", "contact": "+12025550199", "line": "+12025550100"}
        assert await stores.planned.add(make.planned(id="P2", look_at=make.NOW, **other))


@pytest.fixture
def page(amqp_url: str, mongo_url: str) -> Iterator[str]:
    asyncio.run(fill(mongo_url))
    headers = {"authorization": f"Bearer {TOKEN}"}
    with (
        console(amqp_url, mongo_url) as address,
        httpx.Client(base_url=f"{address}/ops", headers=headers, timeout=60, trust_env=False, verify=PLAIN) as client,
    ):
        yield client.get("/pending").text


def test_a_planned_text_is_named_leads_to_its_thread_and_is_escaped(page: str) -> None:
    (table,) = re.findall(r'aria-label="Planned texts">(.*?)</table>', page, re.DOTALL)
    known, unknown = sorted(table.split("<tr>")[2:], key=len, reverse=True)
    assert "Ann &lt;script&gt; " in known
    assert "North &lt;b&gt; " in known
    assert f'<a href="{LINK}&#34;&gt;&lt;b&gt;" rel="noreferrer">thread</a>' in known
    assert "held: &lt;i&gt;they wrote&lt;/i&gt;" in known
    assert f'data-label="Planned by">{make.AGENT}<' in known, "Slack tells no name here"
    assert "thread" not in unknown
    assert not re.search(r"<(script|b|i)>", table)
    assert "See you" not in table, "what was written stays hidden"
