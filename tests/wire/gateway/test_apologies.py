"""Who clicks, types or replies while the broker does not answer is told so, in the place where they did it."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.test_utils import RawTestServer

from messages.orders import clicks
from messages.views import ShowHome
from sandbox.slack.blockkit.block_checks import home_errors
from tests import make
from tests.wire.gateway.helpers import Served, reply_event


class PeopleTold:
    """Slack's side of the response URLs: what people were told, by path."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        """Keep what is said."""
        await self.told.put((request.path, json.loads(await request.text())))
        return web.Response(text="ok")


def click(url: str) -> dict[str, Any]:
    """A click on Assign, which orders two messages."""
    return {
        "type": "block_actions",
        "user": {"id": make.AGENT},
        "trigger_id": "1.2",
        "response_url": url,
        "container": {"message_ts": "1700000000.000100", "channel_id": make.CHANNEL},
        "actions": [{"action_id": "ticket.assign", "value": json.dumps({"ticket": 1}), "action_ts": "1.0"}],
    }


async def test_who_clicks_or_types_while_the_broker_is_away_is_told_once_each() -> None:
    urls = PeopleTold()
    async with RawTestServer(urls.take) as slack:
        here = f"http://127.0.0.1:{slack.port}"
        served = Served(slack_api_url=f"{here}/api/")
        await asyncio.to_thread(served.__enter__)
        try:
            served.publisher.trouble = "away"
            answer = await asyncio.to_thread(served.interaction, click(f"{here}/actions/1"))
            assert answer.status_code == 503
            typed = {
                "command": "/clerk",
                "text": "",
                "user_id": make.AGENT,
                "channel_id": make.CHANNEL,
                "trigger_id": "1.3",
                "response_url": f"{here}/commands/1",
            }
            answer = await asyncio.to_thread(served.slack, "/slack/commands", urlencode(typed).encode())
            assert answer.status_code == 503
            told = [await urls.told.get() for _ in range(2)]
        finally:
            await asyncio.to_thread(served.__exit__)
    assert [path for path, _ in told] == ["/actions/1", "/commands/1"]
    assert all(body["response_type"] == "ephemeral" and body["replace_original"] is False for _, body in told)
    assert all("message broker does not answer" in body["text"] for _, body in told)
    assert urls.told.empty()


async def test_who_replies_while_the_broker_is_away_is_told_once_in_the_thread_and_nobody_elsewhere() -> None:
    api = PeopleTold()
    async with RawTestServer(api.take) as slack:
        served = Served(slack_api_url=f"http://127.0.0.1:{slack.port}/api/")
        await asyncio.to_thread(served.__enter__)
        try:
            served.publisher.trouble = "away"
            elsewhere, ours = reply_event(parent_user_id="U0OTHER"), reply_event(parent_user_id="U0CLERK")
            again = {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_error"}
            for event, headers in ((elsewhere, {}), (ours, again), (ours, {})):
                answer = await asyncio.to_thread(lambda event, headers: served.event(event, **headers), event, headers)
                assert answer.status_code == 503
            path, told = await api.told.get()
        finally:
            await asyncio.to_thread(served.__exit__)
    assert path == "/api/chat.postEphemeral"
    assert "message broker does not answer" in told.pop("text")
    assert told == {"channel": make.CHANNEL, "thread_ts": "1700000000.000100", "user": make.AGENT}
    assert api.told.empty()


def opened(hash: str = "") -> dict[str, Any]:
    """The event that somebody opened their Home, which showed the view with that hash."""
    view = {"view": {"hash": hash}} if hash else {}
    event = {"type": "app_home_opened", "user": make.AGENT, "channel": "D1", "tab": "home", **view}
    return {"type": "event_callback", "event_id": f"Ev{hash}", "event": event}


async def test_who_opens_their_home_or_clicks_there_while_the_broker_is_away_reads_that_in_it() -> None:
    api = PeopleTold()
    async with RawTestServer(api.take) as slack:
        served = Served(slack_api_url=f"http://127.0.0.1:{slack.port}/api/")
        await asyncio.to_thread(served.__enter__)
        try:
            served.publisher.trouble = "away"
            again = {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_error"}
            for event, headers in ((opened("h0"), again), (opened(), {}), (opened("h1"), {})):
                answer = await asyncio.to_thread(lambda event, headers: served.event(event, **headers), event, headers)
                assert answer.status_code == 503
            there = {"view": {"type": "home", "id": "V1", "hash": "h2"}, "container": {"type": "view", "view_id": "V1"}}
            button = {"action_id": "home.away", "value": "{}", "action_ts": "1.0"}
            clicked = {"type": "block_actions", "user": {"id": make.AGENT}, "trigger_id": "1.2", "actions": [button]}
            assert (await asyncio.to_thread(served.interaction, clicked | there)).status_code == 503
            told = [await api.told.get() for _ in range(3)]
        finally:
            await asyncio.to_thread(served.__exit__)
    assert api.told.empty()
    assert {(path, body["user_id"]) for path, body in told} == {("/api/views.publish", make.AGENT)}
    assert sorted(body.get("hash", "") for _, body in told) == ["", "h1", "h2"]
    for _, body in told:
        assert home_errors(body["view"]) == []
        section, buttons = body["view"]["blocks"]
        assert "message broker does not answer" in section["text"]["text"]
        (button,) = buttons["elements"]
        click_on = {"action_id": button["action_id"], "value": button["value"], "at": make.NOW}
        found = clicks.orders(clicks.Click(**click_on, user=make.AGENT, channel="home", ts="", trigger_id=""))
        assert found == [ShowHome(user=make.AGENT)]
