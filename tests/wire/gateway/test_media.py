"""Files of agents' replies over real HTTP: served at signed addresses, with the token sent to Slack alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from pydantic import SecretStr

from messages.formats.media_links import MediaLink, media_key, signed_path
from tests.servers import PLAIN
from tests.small_proxy import small_proxy
from tests.wire.gateway.helpers import SECRET, Served

BOT_TOKEN = "xoxb-nobodys"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


async def the_file(request: web.BaseRequest) -> web.StreamResponse:
    """Slack's answer: the file for the bot token, a sign-in page without it."""
    if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
        return web.Response(text="<html>Sign in</html>", content_type="text/html")
    return web.Response(body=PNG, content_type="image/png")


@dataclass
class SlackFiles:
    """A file server that answers with `answer` and keeps the paths and credentials that it receives."""

    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] = the_file
    url: str = ""
    seen: list[tuple[str, str | None]] = field(default_factory=list)

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append((request.raw_path, request.headers.get("Authorization")))
        return await self.answer(request)


@pytest.fixture
async def slack() -> AsyncIterator[SlackFiles]:
    slack = SlackFiles()
    async with RawTestServer(slack.take) as real:
        slack.url = f"http://127.0.0.1:{real.port}"
        yield slack


@pytest.fixture
async def gateway(slack: SlackFiles) -> AsyncIterator[httpx.AsyncClient]:
    served = Served(slack_bot_token=SecretStr(BOT_TOKEN), slack_api_url=f"{slack.url}/api/")
    await asyncio.to_thread(served.__enter__)
    async with httpx.AsyncClient(base_url=served.url, trust_env=False, verify=PLAIN, timeout=60) as http:
        yield http
    await asyncio.to_thread(served.__exit__)


def path(url: str, *, seconds: float = 60, secret: str = SECRET, content_type: str = "image/png") -> str:
    """A signed path to the file that Slack keeps at a URL."""
    return signed_path(MediaLink(url, content_type, datetime.now(UTC) + timedelta(seconds=seconds)), media_key(secret))


async def test_a_signed_address_gives_the_bytes_and_only_slack_gets_the_token(
    gateway: httpx.AsyncClient, slack: SlackFiles
) -> None:
    answer = await gateway.get(path(f"{slack.url}/files-pri/T1-F1/a%20b.png"))
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert slack.seen == [("/files-pri/T1-F1/a%20b.png", f"Bearer {BOT_TOKEN}")]
    assert BOT_TOKEN not in str(answer.headers)


async def test_the_provider_may_ask_for_the_type_first(gateway: httpx.AsyncClient, slack: SlackFiles) -> None:
    answer = await gateway.head(path(f"{slack.url}/files-pri/T1-F1/a.png"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(PNG))


async def test_an_expired_address_says_so_and_fetches_nothing(gateway: httpx.AsyncClient, slack: SlackFiles) -> None:
    answer = await gateway.get(path(f"{slack.url}/a.png", seconds=-1))
    assert (answer.status_code, answer.text) == (410, "this address has expired")
    assert slack.seen == []


async def test_an_address_with_a_wrong_signature_is_not_found_and_fetches_nothing(
    gateway: httpx.AsyncClient, slack: SlackFiles
) -> None:
    good = path(f"{slack.url}/a.png")
    for bad in ("/media/", "/media/x", "/media/a.b", good + "x", good[:-1], good.replace(".", ".."), f"{good}/../x"):
        assert (await gateway.get(bad)).status_code == 404, bad
    assert (await gateway.get(path(f"{slack.url}/a.png", secret="another"))).status_code == 404
    assert (await gateway.get("/media")).status_code == 404
    assert slack.seen == []


async def test_the_token_is_sent_to_slack_alone(gateway: httpx.AsyncClient, slack: SlackFiles) -> None:
    other = SlackFiles()
    async with RawTestServer(other.take) as real:
        elsewhere = f"http://127.0.0.1:{real.port}/a.png"
        assert (await gateway.get(path(elsewhere))).status_code == 502

        async def moved(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=302, headers={"location": elsewhere})

        slack.answer = moved
        answer = await gateway.get(path(f"{slack.url}/a.png"))
        assert (answer.status_code, answer.text) == (502, "the file could not be fetched from Slack")
        assert "location" not in answer.headers
    assert other.seen == []


async def test_an_answer_of_slacks_that_is_not_the_file_is_not_passed_on(
    gateway: httpx.AsyncClient, slack: SlackFiles
) -> None:
    async def answering(response: web.StreamResponse) -> httpx.Response:
        async def answer(_: web.BaseRequest) -> web.StreamResponse:
            return response

        slack.answer = answer
        return await gateway.get(path(f"{slack.url}/a.png"))

    sign_in = web.Response(text="<html>Sign in</html>", content_type="text/html")
    assert (await answering(sign_in)).status_code == 502
    assert (await answering(web.Response(status=404, text="no such file"))).status_code == 404
    assert (await answering(web.Response(status=500, text="secret inside"))).status_code == 502
    too_large = await answering(web.Response(body=bytes(5_000_001), content_type="image/png"))
    assert too_large.status_code == 502
    assert len(too_large.content) < 100


async def test_only_reading_is_allowed(gateway: httpx.AsyncClient, slack: SlackFiles) -> None:
    answer = await gateway.post(path(f"{slack.url}/a.png"), content=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(("without", "through"), [("", 1), ("127.0.0.1", 0)])
async def test_files_come_from_slack_through_the_proxy_unless_no_proxy_names_it(
    slack: SlackFiles, without: str, through: int
) -> None:
    with small_proxy() as proxy:
        url = slack.url if without else proxy.lead("slack.test", slack.url)
        served = Served(
            slack_bot_token=SecretStr(BOT_TOKEN), slack_api_url=f"{url}/api/", http_proxy=proxy.url, no_proxy=without
        )
        await asyncio.to_thread(served.__enter__)
        async with httpx.AsyncClient(base_url=served.url, trust_env=False, verify=PLAIN, timeout=60) as http:
            answer = await http.get(path(f"{url}/files-pri/T1-F1/a.png"))
        await asyncio.to_thread(served.__exit__)
        assert (answer.status_code, answer.content) == (200, PNG)
        assert len(proxy.seen) == through
