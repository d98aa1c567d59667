"""The states of the console's pages that need documents: each fits four widths in both schemes, and has no barrier."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import pytest
from bson import json_util
from playwright.sync_api import Browser, expect
from pymongo import MongoClient
from pymongo.uri_parser import parse_uri

from messages.conversation import Thread
from messages.deadlines.clocks import ClockKind
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from tests import make
from tests.browser.helpers import SQUEEZED, WITHIN, barriers
from tests.documents.multitude import LEFT
from tests.servers import ARTEFACTS
from tests.wire.ops.helpers import TOKEN, console, declare, letter, put
from workers.mongo import Stores

SHOTS = ARTEFACTS / "console"
WIDTHS: Final = (390, 768, 1280, 1920)
HEIGHT: Final = 900
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
REASON = {"reason": "Permanent: is_archived", "died_at": 1, "retries": 3}
OTHER = REASON | {"reason": "Unparsable: a message has exactly one argument, `message` in killable, killable.py:113"}
OPEN = "() => document.querySelectorAll('details').forEach((each) => { each.open = true })"
CAUSE = "0123456789abcdef0123456789abcdef"
LONG = "Invoice 2026-0042 for the conference room on the second floor, with breakfast for eighteen people"

STATES: Final = {
    "overview": "",
    "pending": "pending",
    "tickets": "tickets",
    "late": "tickets?status=late",
    "none in this status": "tickets?status=closed",
    "lines": "lines",
    "found": "search?q=invoice",
    "dead letters by queue": "dead?queue=slack",
    "dead letters by reason": "dead",
    "a wrong filter": "dead?older_than=soon",
    "a dead letter": "dead/00000000-0000-0000-0000-000000000001",
    "its words": "dead/00000000-0000-0000-0000-000000000001?show_text=1",
    "no such dead letter": "dead/none",
    "a queue": "queues/slack.XQ",
    "no such queue": "queues/none",
    "a trace": f"trace/{CAUSE}",
    "a trace of a ticket": "trace/1",
    "a trace of trouble": "trace/1?trouble=1",
    "no such trace": "trace/none",
    "no such page": "none",
}
"""The states by name, and where they are."""


async def fill(url: str) -> None:
    """What a team has: tickets, some of them late, planned texts in each state, texts and posts, rules for a line."""
    now = datetime.now(UTC)
    with MongoClient[dict[str, Any]](url) as client:
        database = client[str(parse_uri(url)["database"])]
        for line in LEFT.read_text().splitlines():
            found = json_util.loads(line, json_options=json_util.JSONOptions(tz_aware=True))
            if found["collection"] not in {"lines", "counters"}:
                database[found["collection"]].insert_one(found["document"])
    async with Stores.opened(url) as stores:
        targets = dict.fromkeys(ClockKind, Target(within=timedelta(hours=1)))
        policy = Policy(targets={Priority.NORMAL: targets}, version=1)
        await stores.lines.add(make.line(policy=policy, on_call=("U0ADA", "U0BEN")))
        for number in range(10, 14):
            late = make.ticket_clock(warn_at=now - timedelta(hours=20), due_at=now - timedelta(hours=number))
            assert await stores.tickets.add(
                make.ticket(
                    id=number,
                    conversation=f"c{number}",
                    subject=LONG,
                    tags=("heating", "urgent", "second-floor"),
                    assignees=("U0ADA", "U0BEN", "U0CLEO"),
                    clocks=(late,),
                    waits_since=make.NOW,
                )
            )
        stray = {"line": "+15559990000", "conversation": f"+15559990000:{make.CONTACT}", "seq": None}
        assert await stores.texts.add(make.sms(id=f"SM{'0' * 32}", **stray))
        await stores.contacts.ensure(make.CONTACT, now)
        await stores.contacts.set_name(make.CONTACT, "Alexandra Featherstonehaugh of the second floor", now)
        await stores.conversations.ensure(make.LINE, make.CONTACT, now)
        thread = Thread(channel=make.CHANNEL, ts="1.0", permalink="https://team.slack.com/archives/C0TEXTS/p1")
        await stores.conversations.set_thread(make.CONVERSATION, thread)
        for state, minutes, why in (("planned", 60, ""), ("planned", -60, ""), ("held", -600, "The contact wrote.")):
            due = now + timedelta(minutes=minutes)
            text = make.planned(id=f"P{minutes}", state=state, due_at=due, look_at=due, why=why)
            assert await stores.planned.add(text)


@pytest.fixture
def address(amqp_url: str, mongo_url: str) -> Iterator[str]:
    declare(amqp_url)
    with ThreadPoolExecutor(1) as elsewhere:  # the browser's loop runs in this thread
        elsewhere.submit(asyncio.run, fill(mongo_url)).result()
    put(amqp_url, "slack.XQ", [letter(number, options={**REASON, "correlation_id": CAUSE}) for number in range(3)])
    other = letter(3, actor_name="notifications.consider_alerts", options=OTHER)
    put(amqp_url, "slack.XQ", [other])
    with console(amqp_url, mongo_url) as address:
        yield address


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_state_fits_its_window_and_has_no_barrier(
    chromium: Browser, address: str, scheme: Literal["dark", "light"]
) -> None:
    context = chromium.new_context(viewport={"width": WIDTHS[0], "height": HEIGHT}, color_scheme=scheme)
    context.set_default_timeout(WITHIN)
    page = context.new_page()
    page.goto(f"{address}/ops/")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    SHOTS.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    widths, rules = (WIDTHS, []) if scheme == "light" else (WIDTHS[::-1], ["color-contrast"])
    for name, place in STATES.items():
        page.goto(f"{address}/ops/{place}")
        if not page.get_by_role("navigation", name="Console").is_visible():
            found.append(f"{name}: leads nowhere")
        page.evaluate(OPEN)
        for width in widths:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if page.evaluate(WIDER):
                found.append(f"{name} at {width}: is wider than its window")
            found += [f"{name} at {width}: is squeezed: {each}" for each in page.evaluate(SQUEEZED)]
            if width in {min(WIDTHS), max(WIDTHS)}:
                found += [f"{name} at {width}: {each}" for each in barriers(page, *rules)]
        page.screenshot(path=SHOTS / f"state {name} {scheme}.png", full_page=True)
    context.close()
    assert found == []
