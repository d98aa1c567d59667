"""What the stand-ins and the page do when the sandbox's clock is moved."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.clock import SandboxClock
from sandbox.page.internals import ClockNotMoved, InternalsSnapshot
from sandbox.page.live_state import LiveState
from sandbox.page.routes import PageApi
from sandbox.standins import StandIns
from sandbox.state.folder import StateFolder
from tests.wire.sandbox.helpers import CONTACT, LINE, Pair, a_pair

WEEK: Final = timedelta(days=7)


class MovesTheClock:
    """Clerk's inside, as far as the clock needs it."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self.away = ""

    async def move_clock(self, ahead: timedelta) -> int:
        if self.away:
            raise ClockNotMoved(self.away)
        self._clock.ahead = ahead
        return 3

    async def snapshot(self) -> InternalsSnapshot:
        return InternalsSnapshot()

    async def set_window(self, line: str, seconds: float) -> None:
        raise NotImplementedError

    async def offer_targets(self, line: str) -> None:
        raise NotImplementedError

    async def kill(self) -> None:
        raise NotImplementedError

    async def set_working(self, working: bool) -> None:
        raise NotImplementedError


def page_of(pair: Pair, inside: MovesTheClock | None) -> httpx.AsyncClient:
    """What the page asks."""
    live = LiveState(pair.standins, inside, lambda: False)
    app = Starlette(routes=PageApi(pair.standins, live, inside).routes())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")


async def test_what_people_and_contacts_do_has_the_moved_time_and_signatures_the_real_one() -> None:
    async with a_pair() as pair:
        pair.standins.clock.ahead = WEEK
        root = pair.standins.workspace.post(pair.standins.workspace.channels["C0TEXTS"], "a card", [])
        await pair.standins.people.reply("U0ADA", "C0TEXTS", root["ts"], "hello")
        await pair.standins.twilio.receive(CONTACT, LINE, "hello")
        event = pair.gateway.of("/slack/events")[0]
        assert int(event.headers["x-slack-request-timestamp"]) == int(pair.clock.now)
        assert float(event.json["event"]["ts"]) >= pair.clock.now + WEEK.total_seconds()
        text = next(iter(pair.standins.twilio.texts.values()))
        assert parsedate_to_datetime(text["date_created"]).timestamp() == pair.clock.now + WEEK.total_seconds()


async def test_messages_keep_their_order_when_the_clock_goes_back() -> None:
    async with a_pair() as pair:
        pair.standins.clock.ahead = WEEK
        later = pair.standins.workspace.ts()
        pair.standins.clock.ahead = timedelta()
        assert pair.standins.workspace.ts() > later


async def test_a_restart_keeps_the_clock_and_files_of_before_have_none(tmp_path: Path) -> None:
    async with a_pair() as pair:
        pair.standins.clock.ahead = WEEK
        await StateFolder(pair.standins, tmp_path).save()
        restarted = StandIns(pair.standins.config)
        StateFolder(restarted, tmp_path).restore()
        assert restarted.clock.ahead == WEEK
        kept = tmp_path / "state.json"
        kept.write_text(kept.read_text().replace(',"ahead":604800.0', ""))
        before = StandIns(pair.standins.config)
        StateFolder(before, tmp_path).restore()
        assert before.clock.ahead == timedelta()


async def test_the_page_moves_the_clock_says_where_it_is_and_what_is_unusual() -> None:
    async with a_pair() as pair, page_of(pair, MovesTheClock(pair.standins.clock)) as http:
        moved = (await http.post("/clock", json={"to": "week"})).json()
        assert (moved["status"], moved["ahead"], moved["distance"], moved["due"]) == (
            200,
            604_800,
            "1 week ahead of now",
            3,
        )
        assert (await http.get("/clock")).json()["distance"] == "1 week ahead of now"
        gap = {"to": "2027-03-14T02:30", "zone": "America/New_York"}
        assert "does not exist" in (await http.post("/clock", json=gap)).json()["remark"]
        back = (await http.post("/clock", json={"to": "now"})).json()
        assert (back["ahead"], back["distance"]) == (0, "")


@pytest.mark.parametrize(
    ("asked", "status", "why"),
    [
        ({"to": "2020-01-01T00:00"}, 409, "has passed"),
        ({"to": "sunday", "zone": "Mars/Olympus"}, 409, "no time zone"),
        ({}, 400, "missing"),
        ([], 400, "JSON object"),
    ],
)
async def test_an_order_that_leads_nowhere_moves_nothing(asked: Any, status: int, why: str) -> None:
    async with a_pair() as pair, page_of(pair, MovesTheClock(pair.standins.clock)) as http:
        answer = await http.post("/clock", json=asked)
        assert answer.status_code == status
        assert why in answer.json()["body"]
        assert pair.standins.clock.ahead == timedelta()


def away(inside: MovesTheClock) -> MovesTheClock:
    """Clerk's inside while MongoDB is away."""
    inside.away = "MongoDB can't be reached"
    return inside


@pytest.mark.parametrize(
    ("inside", "why"),
    [(lambda _: None, "another process"), (away, "MongoDB can't be reached")],
    ids=["no inside", "away"],
)
async def test_a_clock_that_is_out_of_reach_stays(inside: Callable[[MovesTheClock], Any], why: str) -> None:
    async with a_pair() as pair, page_of(pair, inside(MovesTheClock(pair.standins.clock))) as http:
        answer = await http.post("/clock", json={"to": "week"})
        assert answer.status_code == 409
        assert why in answer.json()["body"]
        assert pair.standins.clock.ahead == timedelta()
