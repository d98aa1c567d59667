"""Contacts' attachments, fetched from Twilio and the storage behind it."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from tests.wire.platforms.helpers import MESSAGES, PNG, FakeTwilio, counted, error, reaching, replying
from workers.failures import Refused, TextingError, TextingThrottled, TooLarge, Unreachable
from workers.platforms.twilio.api import TwilioApi

MEDIA = f"{MESSAGES}/MM1/Media/ME1"


async def test_an_attachment_is_fetched_with_credentials(twilio: FakeTwilio, api: TwilioApi) -> None:
    twilio.answer = replying(200, PNG, **{"Content-Type": "image/png; name=x"})
    found = await api.media(twilio.url + MEDIA, most=len(PNG))
    assert (found.content, found.content_type) == (PNG, "image/png")
    assert twilio.seen[0].authorization is not None


async def test_the_storage_behind_twilio_gets_no_credentials(
    twilio: FakeTwilio, storage: FakeTwilio, api: TwilioApi
) -> None:
    twilio.answer = replying(307, b"", Location=storage.url + "/a%2Fb?Signature=x%2By%3D&Expires=1")
    storage.answer = replying(200, PNG, **{"Content-Type": "IMAGE/PNG"})
    found = await api.media(twilio.url + MEDIA, most=10_000)
    assert (found.content, found.content_type) == (PNG, "image/png")
    (seen,) = storage.seen
    assert seen.authorization is None
    assert seen.query == {"Signature": "x+y=", "Expires": "1"}


async def test_a_redirect_back_from_the_storage_is_followed_too(
    twilio: FakeTwilio, storage: FakeTwilio, api: TwilioApi
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        moved = replying(302, b"", Location=storage.url) if request.path == MEDIA else replying(200, PNG)
        return await moved(request)

    twilio.answer = answer
    storage.answer = replying(302, b"", Location=twilio.url + "/elsewhere")
    assert (await api.media(twilio.url + MEDIA, most=10_000)).content == PNG
    assert [each.authorization is not None for each in twilio.seen] == [True, False]  # the API is only below /twilio
    assert storage.seen[0].authorization is None


async def test_three_redirects_are_followed_and_no_more(twilio: FakeTwilio, api: TwilioApi) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        left = int(request.query["left"])
        moved = replying(302, b"", Location=f"?left={left - 1}") if left else replying(200, PNG)
        return await moved(request)

    twilio.answer = answer
    assert (await api.media(f"{twilio.url}{MEDIA}?left=3", most=10_000)).content == PNG
    with pytest.raises(Refused):
        await api.media(f"{twilio.url}{MEDIA}?left=4", most=10_000)
    assert len(twilio.seen) == 4 + 4


@pytest.mark.parametrize(
    "location", ["", "file:///etc/passwd", "ftp://127.0.0.1/x", "http://u:p@127.0.0.1/x", "http://", "//[", "data:,x"]
)
async def test_a_redirect_to_anything_else_is_refused(twilio: FakeTwilio, api: TwilioApi, location: str) -> None:
    twilio.answer = replying(302, b"", Location=location)
    with pytest.raises(Refused):
        await api.media(twilio.url + MEDIA, most=10_000)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "169.254.169.254"]
)
async def test_nothing_is_fetched_from_the_network_that_clerk_runs_in(
    twilio: FakeTwilio, storage: FakeTwilio, host: str
) -> None:
    port = storage.url.rpartition(":")[2]
    twilio.answer = replying(302, b"", Location=f"http://{host}:{port}/secret")
    storage.answer = replying(200, PNG)
    elsewhere = twilio.url.replace("127.0.0.1", "0.0.0.0")  # the same server, but no loopback address by name
    async with reaching(elsewhere + "/twilio") as api:
        with pytest.raises(Refused):
            await api.media(elsewhere + MEDIA, most=10_000)
    assert len(twilio.seen) == 1
    assert not storage.seen


async def test_an_address_that_is_not_twilios_gets_no_request(
    twilio: FakeTwilio, storage: FakeTwilio, api: TwilioApi
) -> None:
    host = twilio.url.removeprefix("http://")
    for url in (
        storage.url + MEDIA,
        twilio.url + "/ops",
        twilio.url + "/twilioX",
        f"http://u:p@{host}{MEDIA}",
        f"https://{host}{MEDIA}",
        f"http://api.twilio.com{MEDIA}",
        f"https://api.twilio.com.example.org{MEDIA}",
        f"https://api.twilio.com@{host}{MEDIA}",
        MEDIA,
        "",
        "http://[",
        "\0",
    ):
        with pytest.raises(Refused):
            await api.media(url, most=10_000)
    assert not twilio.seen
    assert not storage.seen


@pytest.mark.parametrize("chunked", [True, False])
async def test_no_more_than_the_limit_is_read(twilio: FakeTwilio, api: TwilioApi, chunked: bool) -> None:
    sent = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        if not chunked:
            response.content_length = 10**12
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"x" * 100_000)
                sent += 100_000
        return response

    twilio.answer = endless
    with pytest.raises(TooLarge):
        await api.media(twilio.url + MEDIA, most=1_000_000)
    assert sent < 10**8


async def test_an_attachment_of_exactly_the_limit_is_taken(twilio: FakeTwilio, api: TwilioApi) -> None:
    twilio.answer = replying(200, PNG)
    assert len((await api.media(twilio.url + MEDIA, most=len(PNG))).content) == len(PNG)
    with pytest.raises(TooLarge):
        await api.media(twilio.url + MEDIA, most=len(PNG) - 1)


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "image/svg+xml", "TEXT/HTML"])
async def test_a_web_page_is_not_taken_for_a_picture(twilio: FakeTwilio, api: TwilioApi, kind: str) -> None:
    twilio.answer = replying(200, b"<html>", **{"Content-Type": kind})
    with pytest.raises(Refused):
        await api.media(twilio.url + MEDIA, most=10_000)


@pytest.mark.parametrize(
    ("status", "failure"),
    [(401, Refused), (403, Refused), (410, Refused), (404, Unreachable), (500, Unreachable), (429, TextingThrottled)],
)
async def test_an_attachment_that_does_not_exist_yet_can_be_requested_again(
    twilio: FakeTwilio, api: TwilioApi, status: int, failure: type[TextingError]
) -> None:
    twilio.answer = replying(status, error(20404, status))
    before = counted("media", failure.__name__.lower())
    with pytest.raises(failure):
        await api.media(twilio.url + MEDIA, most=10_000)
    assert counted("media", failure.__name__.lower()) == before + 1


async def test_a_download_that_stops_halfway_fails(twilio: FakeTwilio) -> None:
    async def half(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        response.content_length = 10_000
        await response.prepare(request)
        await response.write(b"x" * 5_000)
        if request.query:
            return await twilio.hang(request)
        assert request.transport is not None
        request.transport.close()
        return response

    twilio.answer = half
    async with reaching(twilio.url + "/twilio", seconds=1) as api, asyncio.timeout(60):
        for query in ("", "?hang=1"):
            with pytest.raises(Unreachable):
                await api.media(twilio.url + MEDIA + query, most=100_000)
