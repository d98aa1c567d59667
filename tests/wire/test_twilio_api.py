"""Twilio's API as Clerk uses it, against real HTTP servers that are as strict as Twilio's."""

import asyncio
import base64
import contextlib
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer, unused_port

from tests import standins
from tests.standins import a_pair
from workers.ports import (
    Refused,
    SentText,
    TextingError,
    TextingThrottled,
    TooLarge,
    Undecided,
    Unreachable,
)
from workers.sms.twilio_api import CALLS, TwilioApi

SID, TOKEN = "AC" + "0" * 32, "a-secret-token"
LINE, CONTACT, BODY = "+15550001111", "+15550002222", "the body of a text"
MESSAGES = f"/twilio/2010-04-01/Accounts/{SID}/Messages"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n" + b"x" * 5000

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """A request as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    form: list[tuple[str, str]]
    authorization: str | None


@dataclass
class Server:
    """A server that answers with `answer` and keeps what it saw."""

    answer: Handler
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        form = parse_qsl(await request.text(), keep_blank_values=True)
        authorization = request.headers.get("Authorization")
        self.seen.append(Seen(request.method, request.path, dict(request.query), form, authorization))
        return await self.answer(request)

    async def hang(self, request: web.BaseRequest) -> web.StreamResponse:
        await self.ended.wait()
        raise web.HTTPGone


async def answered(request: web.BaseRequest) -> web.StreamResponse:
    raise AssertionError(f"nothing should have come to {request.path}")


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server(answered)
    async with RawTestServer(server.handle) as real:
        server.url = f"http://127.0.0.1:{real.port}"
        yield server
        server.ended.set()


@pytest.fixture
async def twilio() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@pytest.fixture
async def storage() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@pytest.fixture
async def api(twilio: Server) -> AsyncIterator[TwilioApi]:
    async with reaching(twilio.url + "/twilio") as api:
        yield api


@asynccontextmanager
async def reaching(base_url: str, seconds: float = 5, sid: str = SID, token: str = TOKEN) -> AsyncIterator[TwilioApi]:
    api = TwilioApi(sid, token, base_url, timedelta(seconds=seconds))
    try:
        yield api
    finally:
        await api.close()


def replying(status: int, body: Any, **headers: str) -> Handler:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if isinstance(body, (dict, list)):
            return web.json_response(body, status=status, headers=headers)
        return web.Response(status=status, body=body, headers=headers)

    return answer


def error(code: int, status: int, message: str = "Error") -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def message(sid: str, at: datetime | None = NOW, **more: Any) -> dict[str, Any]:
    """A message as the API lists it (https://www.twilio.com/docs/messaging/api/message-resource)."""
    stamp = format_datetime(at) if at else None
    return {
        "sid": sid,
        "account_sid": SID,
        "api_version": "2010-04-01",
        "from": LINE,
        "to": CONTACT,
        "body": BODY,
        "direction": "outbound-api",
        "status": "queued",
        "num_media": "0",
        "num_segments": "1",
        "error_code": None,
        "error_message": None,
        "date_created": stamp,
        "date_sent": None,
        "date_updated": stamp,
        "price": None,
        "price_unit": "USD",
        "messaging_service_sid": None,
        "uri": f"/2010-04-01/Accounts/{SID}/Messages/{sid}.json",
        "subresource_uris": {},
        **more,
    }


def inbound(sid: str, at: datetime, **more: Any) -> dict[str, Any]:
    who = {"from": CONTACT, "to": LINE, "direction": "inbound", "status": "received", "date_sent": format_datetime(at)}
    return message(sid, at, **{**who, **more})


def paged(*pages: list[dict[str, Any]], key: str = "messages") -> Handler:
    """A list in pages, each of which names the next as the API does: relative to the host, with a token."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.query.get("Page", "0"))
        assert request.query.get("PageToken", "PA0") == f"PA{number}"
        here = request.path_qs.removeprefix("/twilio").partition("?")[0] + "?PageSize=1000&To=%2B15550002222"
        more = number + 1 < len(pages)
        return web.json_response(
            {
                key: pages[number],
                "page": number,
                "page_size": 1000,
                "start": 0,
                "end": len(pages[number]),
                "uri": here,
                "first_page_uri": f"{here}&Page=0",
                "previous_page_uri": None,
                "next_page_uri": f"{here}&Page={number + 1}&PageToken=PA{number + 1}" if more else None,
            }
        )

    return answer


async def send(api: TwilioApi, body: str = BODY, media: tuple[str, ...] = ()) -> SentText:
    return await api.send(
        line=LINE, contact=CONTACT, body=body, media=media, callback="https://clerk.example.org/twilio/status/t1"
    )


def counted(method: str, outcome: str) -> float:
    return float(CALLS.labels(method, outcome)._value.get())


# -- sending ----------------------------------------------------------------------------------------------------------


async def test_a_text_is_sent_from_the_line_with_a_callback(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = replying(201, message("SM1"))
    before = counted("send", "ok")
    assert await send(api) == SentText("SM1", BODY, "queued", None, NOW)
    (seen,) = twilio.seen
    assert (seen.method, seen.path) == ("POST", MESSAGES + ".json")
    assert seen.authorization == "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    assert sorted(seen.form) == [
        ("Body", BODY),
        ("From", LINE),
        ("StatusCallback", "https://clerk.example.org/twilio/status/t1"),
        ("To", CONTACT),
    ]
    assert counted("send", "ok") == before + 1


async def test_files_go_out_with_or_without_a_text(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = replying(201, message("MM1", body="", num_media="2"))
    files = ("https://clerk.example.org/media/1?s=a&e=2", "https://clerk.example.org/media/2")
    assert (await send(api, "", files)).sid == "MM1"
    form = twilio.seen[0].form
    assert [value for name, value in form if name == "MediaUrl"] == list(files)
    assert "Body" not in dict(form)


async def test_any_letters_arrive_as_they_are(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = replying(201, message("SM1"))
    await send(api, "é 👋🏽 שלום & = % + \n")
    assert dict(twilio.seen[0].form)["Body"] == "é 👋🏽 שלום & = % + \n"


async def test_a_text_that_no_wire_can_carry_is_refused(twilio: Server, api: TwilioApi) -> None:
    with pytest.raises(Refused):
        await send(api, "half a pair: \ud83d")
    assert not twilio.seen


@pytest.mark.parametrize("before_answering", [True, False])
async def test_a_dropped_connection_is_undecided_and_the_text_was_sent_once(
    twilio: Server, api: TwilioApi, before_answering: bool
) -> None:
    async def drop(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        if not before_answering:
            request.transport.write(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{")
        request.transport.close()
        return web.Response()

    twilio.answer = drop
    with pytest.raises(Undecided):
        await send(api)
    assert len(twilio.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (500, error(20500, 500), 20500),
        (503, error(20503, 503), 20503),
        (502, b"<html><h1>Bad gateway</h1></html>", None),
        (504, b"", None),
        (408, b"", None),
        (500, b"\xff\xfe", None),
    ],
)
async def test_a_fault_of_twilios_is_undecided_and_the_text_was_sent_once(
    twilio: Server, api: TwilioApi, status: int, body: Any, code: int | None
) -> None:
    twilio.answer = replying(status, body)
    before = counted("send", "undecided")
    with pytest.raises(Undecided) as caught:
        await send(api)
    assert caught.value.code == code
    assert len(twilio.seen) == 1
    assert counted("send", "undecided") == before + 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'"SM1"', b'{"sid": 5}', b'{"sid": "SM1", "status": []}']
)
async def test_a_success_that_can_not_be_read_is_undecided(twilio: Server, api: TwilioApi, body: bytes) -> None:
    twilio.answer = replying(201, body)
    with pytest.raises(Undecided):
        await send(api)
    assert len(twilio.seen) == 1


async def test_no_answer_in_time_is_undecided(twilio: Server) -> None:
    twilio.answer = twilio.hang
    async with reaching(twilio.url + "/twilio", seconds=0.3) as api:
        async with asyncio.timeout(4):
            with pytest.raises(Undecided):
                await send(api)
    assert len(twilio.seen) == 1


async def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    async with reaching(f"http://127.0.0.1:{unused_port()}") as api:
        with pytest.raises(Unreachable):
            await send(api)


@pytest.mark.parametrize(
    ("status", "body", "headers", "seconds"),
    [
        (429, error(20429, 429), {"Retry-After": "7"}, 7),
        (429, error(20429, 429), {}, 30),
        (429, b"<html>slow down</html>", {"Retry-After": "soon"}, 30),
        (429, b"", {"Retry-After": "9" * 5000}, 3600),
        (400, error(20429, 400), {}, 30),
        (400, error(21611, 400), {}, 600),
        (400, error(21611, 400), {"Retry-After": "60"}, 60),
    ],
)
async def test_a_throttled_text_was_not_sent_and_can_be_later(
    twilio: Server, api: TwilioApi, status: int, body: Any, headers: dict[str, str], seconds: int
) -> None:
    twilio.answer = replying(status, body, **headers)
    with pytest.raises(TextingThrottled) as caught:
        await send(api)
    assert caught.value.retry_after == timedelta(seconds=seconds)
    assert len(twilio.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, error(21610, 400, "Attempt to send to an unsubscribed recipient"), 21610),
        (400, error(21211, 400, f"Invalid 'To' Phone Number: {CONTACT}"), 21211),
        (401, error(20003, 401, "Authenticate"), 20003),
        (404, error(20404, 404), 20404),
        (400, {"type": "https://x", "title": "no", "status": 400, "code": 21617}, 21617),
        (403, b"<html>no</html>", None),
        (400, b'{"code": "21610"}', None),
        (400, b"[21610]", None),
        (400, b"[" * 60_000, None),
    ],
)
async def test_a_refusal_carries_twilios_code(
    twilio: Server, api: TwilioApi, status: int, body: Any, code: int | None
) -> None:
    twilio.answer = replying(status, body)
    with pytest.raises(Refused) as caught:
        await send(api)
    assert caught.value.code == code
    assert len(twilio.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_text_follows_no_redirect(twilio: Server, storage: Server, api: TwilioApi, status: int) -> None:
    twilio.answer = replying(status, b"", Location=storage.url + MESSAGES + ".json")
    with pytest.raises(Refused):
        await send(api)
    assert len(twilio.seen) == 1
    assert not storage.seen


async def test_neither_errors_nor_the_log_tell_numbers_texts_or_tokens(
    twilio: Server, api: TwilioApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [repr(api)]
    for status, body in ((400, error(21211, 400, f"{CONTACT} {BODY}")), (500, b""), (429, b""), (201, message("SM1"))):
        twilio.answer = replying(status, body)
        try:
            told.append(repr(await send(api)))
        except TextingError as failed:
            told += [repr(failed), *traceback.format_exception(failed)]
    twilio.answer = replying(201, b'{"sid": 5, "body": "the body of a text"}')
    with pytest.raises(Undecided) as caught:
        await send(api)
    told += [*traceback.format_exception(caught.value), caplog.text]
    assert not [each for each in (LINE, CONTACT, BODY, TOKEN) if any(each in told_once for told_once in told)]


async def test_the_address_is_the_configured_one_whatever_the_environment_says(
    twilio: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TWILIO_EDGE", "TWILIO_REGION", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "dublin")
    twilio.answer = replying(201, message("SM1"))
    async with reaching(twilio.url + "/twilio/") as api:
        await send(api)
    assert twilio.seen[0].path == MESSAGES + ".json"


async def test_connections_come_back_after_close(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = replying(201, message("SM1"))
    await send(api)
    await api.close()
    await send(api)
    assert len(twilio.seen) == 2


# -- looking ----------------------------------------------------------------------------------------------------------


async def test_our_texts_are_found_on_all_pages_newest_first(twilio: Server, api: TwilioApi) -> None:
    minutes = [timedelta(minutes=each) for each in range(10)]
    twilio.answer = paged(
        [message("SM5", NOW + minutes[5]), inbound("SM4", NOW + minutes[4])],
        [message("SM3", NOW + minutes[3], status="failed", error_code=30007), message("SM6", NOW + minutes[6])],
        [message("SM2", NOW - timedelta(seconds=30)), message("SM1", NOW - minutes[2])],
    )
    found = await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert [each.sid for each in found] == ["SM6", "SM5", "SM3", "SM2"]
    assert found[2] == SentText("SM3", BODY, "failed", 30007, NOW + minutes[3])
    assert [each.query.get("Page") for each in twilio.seen] == [None, "1", "2"]
    assert (twilio.seen[0].query["To"], twilio.seen[0].query["From"]) == (CONTACT, LINE)
    assert not [name for name in twilio.seen[0].query if name.startswith("DateSent")]
    assert all(each.authorization for each in twilio.seen)


async def test_the_search_ends_where_nothing_can_be_new(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = paged([message("SM3")], [message("SM2", NOW - timedelta(days=1))], [message("SM1", NOW)])
    found = await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert [each.sid for each in found] == ["SM3"]
    assert len(twilio.seen) == 2


async def test_a_contacts_texts_are_read_on_all_pages_oldest_first(twilio: Server, api: TwilioApi) -> None:
    second = timedelta(seconds=1)
    twilio.answer = paged(
        [inbound("SM5", NOW + second), inbound("SM4", NOW), inbound("SM3", NOW, body=None)],
        [message("SM9"), inbound("SM8", NOW, status="receiving"), inbound("SM2", NOW - 9 * second)],
        [inbound("SM1", NOW - 90 * second)],
    )
    since = NOW.astimezone(datetime.fromisoformat("2026-03-01T00:00:00+09:00").tzinfo)
    found = await api.received(line=LINE, since=since)
    assert [each.sid for each in found] == ["SM2", "SM3", "SM4", "SM5"]
    assert (found[0].contact, found[0].body, found[0].media, found[0].at) == (CONTACT, BODY, (), NOW - 9 * second)
    assert found[1].body == ""
    assert twilio.seen[0].query["To"] == LINE
    assert twilio.seen[0].query["DateSent>"] == "2026-03-01T11:59:00Z"
    assert {each.path for each in twilio.seen} == {MESSAGES + ".json"}


async def test_only_one_contacts_texts_are_read_where_that_is_asked(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = paged([inbound("SM1", NOW)])
    await api.received(line=LINE, since=NOW, contact=CONTACT)
    await api.received(line=LINE, since=NOW)
    assert [each.query.get("From") for each in twilio.seen] == [CONTACT, None]


async def test_the_media_of_a_text_are_listed_only_where_there_are_some(twilio: Server, api: TwilioApi) -> None:
    listed = paged([inbound("MM2", NOW, num_media="2", body=""), inbound("SM1", NOW)])
    media = [
        {"sid": sid, "content_type": kind, "uri": f"/2010-04-01/Accounts/{SID}/Messages/MM2/Media/{sid}.json"}
        for sid, kind in (("ME1", "image/png"), ("ME2", "text/x-vcard"))
    ]

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await (paged(media, key="media_list") if "/Media" in request.path else listed)(request)

    twilio.answer = answer
    found = await api.received(line=LINE, since=NOW)
    assert [each.path for each in twilio.seen] == [f"{MESSAGES}.json", f"{MESSAGES}/MM2/Media.json"]
    assert [(each.url, each.content_type) for each in found[1].media] == [
        (f"{twilio.url}{MESSAGES}/MM2/Media/ME1", "image/png"),
        (f"{twilio.url}{MESSAGES}/MM2/Media/ME2", "text/x-vcard"),
    ]


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b""), (200, b"<html>"), (200, b"[]"), (200, b'{"messages": [{}, {"direction": "inbound"}]}')],
)
async def test_reading_that_failed_can_be_done_again(twilio: Server, api: TwilioApi, status: int, body: bytes) -> None:
    twilio.answer = replying(status, body)
    with pytest.raises(Unreachable):
        await api.find(line=LINE, contact=CONTACT, since=NOW)
    with pytest.raises(Unreachable):
        await api.received(line=LINE, since=NOW)


async def test_a_later_page_that_is_throttled_says_for_how_long(twilio: Server, api: TwilioApi) -> None:
    first = paged([message("SM1")], [])

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await (replying(429, b"", **{"Retry-After": "3"}) if "Page" in request.query else first)(request)

    twilio.answer = answer
    with pytest.raises(TextingThrottled) as caught:
        await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert caught.value.retry_after == timedelta(seconds=3)


async def test_no_page_is_fetched_from_another_host(twilio: Server, storage: Server, api: TwilioApi) -> None:
    meta = {"key": "messages", "next_page_url": storage.url + "/next"}
    twilio.answer = replying(200, {"messages": [message("SM1")], "meta": meta})
    with pytest.raises(Refused):
        await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert not storage.seen


# -- attachments ------------------------------------------------------------------------------------------------------

MEDIA = f"{MESSAGES}/MM1/Media/ME1"


async def test_an_attachment_is_fetched_with_credentials(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = replying(200, PNG, **{"Content-Type": "image/png; name=x"})
    found = await api.media(twilio.url + MEDIA, most=len(PNG))
    assert (found.content, found.content_type) == (PNG, "image/png")
    assert twilio.seen[0].authorization is not None


async def test_the_storage_that_it_is_kept_in_sees_no_credentials(
    twilio: Server, storage: Server, api: TwilioApi
) -> None:
    twilio.answer = replying(307, b"", Location=storage.url + "/a%2Fb?Signature=x%2By%3D&Expires=1")
    storage.answer = replying(200, PNG, **{"Content-Type": "IMAGE/PNG"})
    found = await api.media(twilio.url + MEDIA, most=10_000)
    assert (found.content, found.content_type) == (PNG, "image/png")
    (seen,) = storage.seen
    assert seen.authorization is None
    assert seen.query == {"Signature": "x+y=", "Expires": "1"}


async def test_the_way_back_from_a_storage_is_followed_too(twilio: Server, storage: Server, api: TwilioApi) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        moved = replying(302, b"", Location=storage.url) if request.path == MEDIA else replying(200, PNG)
        return await moved(request)

    twilio.answer = answer
    storage.answer = replying(302, b"", Location=twilio.url + "/elsewhere")
    assert (await api.media(twilio.url + MEDIA, most=10_000)).content == PNG
    assert [each.authorization is not None for each in twilio.seen] == [True, False]  # the API is only below /twilio
    assert storage.seen[0].authorization is None


async def test_three_redirects_are_followed_and_no_more(twilio: Server, api: TwilioApi) -> None:
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
async def test_a_redirect_to_anything_else_is_refused(twilio: Server, api: TwilioApi, location: str) -> None:
    twilio.answer = replying(302, b"", Location=location)
    with pytest.raises(Refused):
        await api.media(twilio.url + MEDIA, most=10_000)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "169.254.169.254"]
)
async def test_nothing_is_fetched_from_the_network_that_clerk_runs_in(
    twilio: Server, storage: Server, host: str
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


async def test_an_address_that_is_not_twilios_is_not_even_asked(
    twilio: Server, storage: Server, api: TwilioApi
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
async def test_no_more_is_read_than_was_asked_for(twilio: Server, api: TwilioApi, chunked: bool) -> None:
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


async def test_an_attachment_of_just_the_size_is_taken(twilio: Server, api: TwilioApi) -> None:
    twilio.answer = replying(200, PNG)
    assert len((await api.media(twilio.url + MEDIA, most=len(PNG))).content) == len(PNG)
    with pytest.raises(TooLarge):
        await api.media(twilio.url + MEDIA, most=len(PNG) - 1)


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "image/svg+xml", "TEXT/HTML"])
async def test_a_page_is_no_picture(twilio: Server, api: TwilioApi, kind: str) -> None:
    twilio.answer = replying(200, b"<html>", **{"Content-Type": kind})
    with pytest.raises(Refused):
        await api.media(twilio.url + MEDIA, most=10_000)


@pytest.mark.parametrize(
    ("status", "failure"),
    [(401, Refused), (403, Refused), (410, Refused), (404, Unreachable), (500, Unreachable), (429, TextingThrottled)],
)
async def test_an_attachment_that_is_not_there_yet_can_be_asked_for_again(
    twilio: Server, api: TwilioApi, status: int, failure: type[TextingError]
) -> None:
    twilio.answer = replying(status, error(20404, status))
    before = counted("media", failure.__name__.lower())
    with pytest.raises(failure):
        await api.media(twilio.url + MEDIA, most=10_000)
    assert counted("media", failure.__name__.lower()) == before + 1


async def test_a_download_that_stops_halfway_is_no_attachment(twilio: Server) -> None:
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
    async with reaching(twilio.url + "/twilio", seconds=0.3) as api, asyncio.timeout(4):
        for query in ("", "?hang=1"):
            with pytest.raises(Unreachable):
                await api.media(twilio.url + MEDIA + query, most=100_000)


# -- the stand-in -----------------------------------------------------------------------------------------------------


async def test_the_stand_in_is_talked_to_as_twilio_is() -> None:
    async with a_pair() as pair, reaching(pair.twilio_url, sid=standins.ACCOUNT, token=standins.AUTH) as api:
        picture = {"content_type": "image/png", "content": PNG}
        since = datetime.now(UTC)
        await pair.standins.twilio.receive(standins.CONTACT, standins.LINE, "look", [picture])
        await pair.standins.twilio.receive(standins.CONTACT, standins.LINE, "and?")
        first, second = await api.received(line=standins.LINE, since=since)
        assert (first.body, second.body, second.media, first.contact) == ("look", "and?", (), standins.CONTACT)
        await pair.standins.twilio.receive("+15550007777", standins.LINE, "another's")
        assert await api.received(line=standins.LINE, since=since, contact=standins.CONTACT) == [first, second]
        assert (await api.media(first.media[0].url, most=10_000)).content == PNG
        sent = await api.send(
            line=standins.LINE, contact=standins.CONTACT, body="nice", media=(), callback=f"{standins.PUBLIC}/t"
        )
        (found,) = await api.find(line=standins.LINE, contact=standins.CONTACT, since=since)
        assert (found.sid, found.body) == (sent.sid, "nice")
