"""Texts to contacts over Twilio's API: which were sent, which were not, and which have an unknown outcome."""

import asyncio
import base64
import logging
import traceback
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from tests.wire.platforms.helpers import (
    BODY,
    CONTACT,
    LINE,
    MESSAGES,
    NOW,
    SID,
    TOKEN,
    FakeTwilio,
    counted,
    error,
    message,
    reaching,
    replying,
)
from workers.failures import Refused, TextingError, TextingThrottled, Undecided, Unreachable
from workers.platforms.twilio.api import TwilioApi
from workers.ports import SentText


async def send(api: TwilioApi, body: str = BODY, media: tuple[str, ...] = ()) -> SentText:
    return await api.send(
        line=LINE, contact=CONTACT, body=body, media=media, callback="https://clerk.example.org/twilio/status/t1"
    )


async def test_a_text_is_sent_from_the_line_with_a_callback(twilio: FakeTwilio, api: TwilioApi) -> None:
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


async def test_files_go_out_with_or_without_a_text(twilio: FakeTwilio, api: TwilioApi) -> None:
    twilio.answer = replying(201, message("MM1", body="", num_media="2"))
    files = ("https://clerk.example.org/media/1?s=a&e=2", "https://clerk.example.org/media/2")
    assert (await send(api, "", files)).sid == "MM1"
    form = twilio.seen[0].form
    assert [value for name, value in form if name == "MediaUrl"] == list(files)
    assert "Body" not in dict(form)


async def test_any_characters_arrive_unchanged(twilio: FakeTwilio, api: TwilioApi) -> None:
    twilio.answer = replying(201, message("SM1"))
    await send(api, "é 👋🏽 שלום & = % + \n")
    assert dict(twilio.seen[0].form)["Body"] == "é 👋🏽 שלום & = % + \n"


async def test_a_text_that_cannot_be_encoded_is_refused(twilio: FakeTwilio, api: TwilioApi) -> None:
    with pytest.raises(Refused):
        await send(api, "half a pair: \ud83d")
    assert not twilio.seen


@pytest.mark.parametrize("before_answering", [True, False])
async def test_after_a_dropped_connection_the_outcome_is_unknown_and_the_text_was_sent_once(
    twilio: FakeTwilio, api: TwilioApi, before_answering: bool
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
async def test_after_a_fault_of_twilios_the_outcome_is_unknown_and_the_text_was_sent_once(
    twilio: FakeTwilio, api: TwilioApi, status: int, body: Any, code: int | None
) -> None:
    twilio.answer = replying(status, body)
    before = counted("send", "undecided")
    with pytest.raises(Undecided) as caught:
        await send(api)
    assert caught.value.number == code
    assert len(twilio.seen) == 1
    assert counted("send", "undecided") == before + 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'"SM1"', b'{"sid": 5}', b'{"sid": "SM1", "status": []}']
)
async def test_after_an_unreadable_success_the_outcome_is_unknown(
    twilio: FakeTwilio, api: TwilioApi, body: bytes
) -> None:
    twilio.answer = replying(201, body)
    with pytest.raises(Undecided):
        await send(api)
    assert len(twilio.seen) == 1


async def test_without_an_answer_in_time_the_outcome_is_unknown(twilio: FakeTwilio) -> None:
    twilio.answer = twilio.hang
    async with reaching(twilio.url + "/twilio", seconds=1) as api:
        async with asyncio.timeout(60):
            with pytest.raises(Undecided):
                await send(api)
    assert len(twilio.seen) == 1


async def test_a_refused_connection_means_that_the_text_was_not_sent() -> None:
    async with reaching(f"http://127.0.0.1:{unused_port()}") as api:
        with pytest.raises(Unreachable):
            await send(api)


@pytest.mark.parametrize(
    ("status", "body", "headers", "seconds"),
    [
        (429, error(20429, 429), {"Retry-After": "7"}, 7),
        (429, error(20429, 429), {}, None),
        (429, error(20429, 429), {"Retry-After": "0"}, None),
        (429, b"<html>slow down</html>", {"Retry-After": "soon"}, None),
        (429, b"", {"Retry-After": "9" * 5000}, 3600),
        (400, error(20429, 400), {}, None),
        (400, error(21611, 400), {}, 600),
        (400, error(21611, 400), {"Retry-After": "60"}, 60),
    ],
)
async def test_a_throttled_text_was_not_sent_and_can_be_sent_later(
    twilio: FakeTwilio, api: TwilioApi, status: int, body: Any, headers: dict[str, str], seconds: int | None
) -> None:
    twilio.answer = replying(status, body, **headers)
    with pytest.raises(TextingThrottled) as caught:
        await send(api)
    assert caught.value.retry_after == (None if seconds is None else timedelta(seconds=seconds))
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
    twilio: FakeTwilio, api: TwilioApi, status: int, body: Any, code: int | None
) -> None:
    twilio.answer = replying(status, body)
    with pytest.raises(Refused) as caught:
        await send(api)
    assert caught.value.number == code
    assert len(twilio.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_text_follows_no_redirect(twilio: FakeTwilio, storage: FakeTwilio, api: TwilioApi, status: int) -> None:
    twilio.answer = replying(status, b"", Location=storage.url + MESSAGES + ".json")
    with pytest.raises(Refused):
        await send(api)
    assert len(twilio.seen) == 1
    assert not storage.seen


async def test_errors_and_the_log_contain_no_numbers_texts_or_tokens(
    twilio: FakeTwilio, api: TwilioApi, caplog: pytest.LogCaptureFixture
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
    twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TWILIO_EDGE", "TWILIO_REGION", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "dublin")
    twilio.answer = replying(201, message("SM1"))
    async with reaching(twilio.url + "/twilio/") as api:
        await send(api)
    assert twilio.seen[0].path == MESSAGES + ".json"


async def test_connections_are_opened_again_after_close(twilio: FakeTwilio, api: TwilioApi) -> None:
    twilio.answer = replying(201, message("SM1"))
    await send(api)
    await api.close()
    await send(api)
    assert len(twilio.seen) == 2
