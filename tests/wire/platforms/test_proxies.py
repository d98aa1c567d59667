"""The workers reach Slack and Twilio through the proxy that the environment names, and past it where NO_PROXY says."""

from collections.abc import Iterator

import pytest

from messages.process.proxies import Proxies
from tests.small_proxy import SmallProxy, small_proxy
from tests.wire.platforms.helpers import (
    BODY,
    CONTACT,
    LINE,
    NOW,
    PNG,
    SID,
    TOKEN,
    error,
    message,
    paged,
    replying,
    serving,
)
from tests.wire.sandbox.helpers import TOKEN as SLACK_TOKEN
from tests.wire.sandbox.helpers import Pair
from workers.failures import Temporary, Unreachable
from workers.platforms.slack_api import SlackApi
from workers.platforms.twilio.api import TwilioApi
from workers.slack.blocks import whisper

HERE = "C0TEXTS"


@pytest.fixture
def proxy() -> Iterator[SmallProxy]:
    with small_proxy() as running:
        yield running


async def call_slack(slack: SlackApi, response_url: str) -> None:
    """Each way of reaching Slack: a method, an upload, a response_url."""
    thread = await slack.post(HERE, whisper("root"), post_id="root")
    await slack.share([await slack.upload("picture-1.png", PNG)], HERE, thread.ts)
    await slack.respond(response_url, whisper("hello"))


def opened_response_url(pair: Pair) -> str:
    """A response_url of the workspace."""
    return pair.standins.workspace.response_urls.make(HERE, "U0ANA", "", None)


async def test_every_call_of_slack_goes_through_the_proxy(pair: Pair, proxy: SmallProxy) -> None:
    slack = SlackApi(SLACK_TOKEN, proxy.lead("slack.test", pair.slack_url), Proxies(http=proxy.url))
    try:
        await call_slack(slack, opened_response_url(pair))
    finally:
        await slack.close()
    methods = ["chat.postMessage", "files.getUploadURLExternal", "files.completeUploadExternal"]
    by_name = [each for each in proxy.seen if each.startswith("slack.test/")]
    assert by_name == [f"slack.test/sandbox/slack/api/{method}" for method in methods]
    assert len(proxy.seen) == len(methods) + 2  # the upload and the answer go to addresses that Slack gave


async def test_no_proxy_leads_every_call_of_slack_past_the_proxy(pair: Pair, proxy: SmallProxy) -> None:
    slack = SlackApi(SLACK_TOKEN, pair.slack_url, Proxies(http=proxy.url, without="127.0.0.1"))
    try:
        await call_slack(slack, opened_response_url(pair))
    finally:
        await slack.close()
    assert proxy.seen == []


@pytest.mark.parametrize("through", [True, False])
async def test_every_call_of_twilio_follows_the_proxy_settings(proxy: SmallProxy, through: bool) -> None:
    async with serving() as real:
        url = f"{real.url}/twilio"
        without = "" if through else "127.0.0.0/8"
        url = proxy.lead("twilio.test", url) if through else url
        twilio = TwilioApi(SID, TOKEN, url, proxies=Proxies(http=proxy.url, without=without))
        try:
            real.answer = replying(201, message("SM1"))
            await twilio.send(line=LINE, contact=CONTACT, body=BODY, media=(), callback="https://clerk.example.org/x")
            real.answer = paged([])
            await twilio.find(line=LINE, contact=CONTACT, since=NOW)
            await twilio.received(line=LINE, since=NOW)
            real.answer = replying(404, error(20404, 404))
            with pytest.raises(Unreachable):
                await twilio.media(f"{url}/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1", 1000)
        finally:
            await twilio.close()
    assert len(real.seen) == 4
    assert len(proxy.seen) == (4 if through else 0)
    assert all(each.startswith("twilio.test/") for each in proxy.seen)


async def test_a_picture_in_the_providers_storage_comes_through_the_proxy_too(proxy: SmallProxy) -> None:
    async with serving() as real, serving() as kept:
        url = proxy.lead("twilio.test", f"{real.url}/twilio")
        real.answer = replying(307, b"", Location=proxy.lead("storage.test", f"{kept.url}/ME1"))
        kept.answer = replying(200, PNG, **{"Content-Type": "image/png"})
        twilio = TwilioApi(SID, TOKEN, url, proxies=Proxies(http=proxy.url))
        try:
            found = await twilio.media(f"{url}/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1", 10_000)
        finally:
            await twilio.close()
    assert found.content == PNG
    assert [each.partition("/")[0] for each in proxy.seen] == ["twilio.test", "storage.test"]
    assert [each.authorization is None for each in [*real.seen, *kept.seen]] == [False, True]


async def test_an_https_address_is_reached_through_the_https_proxy_and_its_refusal_is_no_doubt(
    proxy: SmallProxy,
) -> None:
    """Nothing reached Slack or Twilio, so that the call can be repeated without a copy."""
    proxies = Proxies(https=proxy.url)
    slack = SlackApi(SLACK_TOKEN, "https://slack.test/api/", proxies)
    twilio = TwilioApi(SID, TOKEN, "https://twilio.test", proxies=proxies)
    try:
        with pytest.raises(Temporary):
            await slack.post(HERE, whisper("root"), post_id="root")
        with pytest.raises(Temporary):
            await slack.respond("https://hooks.slack.test/actions/1", whisper("hello"))
        with pytest.raises(Unreachable):
            await twilio.send(line=LINE, contact=CONTACT, body=BODY, media=(), callback="https://clerk.example.org/x")
    finally:
        await slack.close()
        await twilio.close()
    assert proxy.seen == ["slack.test:443", "hooks.slack.test:443", "twilio.test:443"]


async def test_a_proxy_that_wants_other_credentials_passed_nothing_on_so_that_the_call_is_made_again() -> None:
    async with serving() as proxy:
        proxy.answer = replying(407, b"", **{"Proxy-Authenticate": "Basic"})
        proxies = Proxies(http=proxy.url, https=proxy.url)
        for scheme in ("http", "https"):
            slack = SlackApi(SLACK_TOKEN, f"{scheme}://slack.test/api/", proxies)
            twilio = TwilioApi(SID, TOKEN, f"{scheme}://twilio.test", proxies=proxies)
            try:
                with pytest.raises(Temporary):
                    await slack.post(HERE, whisper("root"), post_id="root")
                with pytest.raises(Unreachable):
                    await twilio.send(line=LINE, contact=CONTACT, body=BODY, media=(), callback="https://x.example.org")
            finally:
                await slack.close()
                await twilio.close()
