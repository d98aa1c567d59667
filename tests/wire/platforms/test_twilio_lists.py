"""Twilio's lists as Clerk reads them: which texts came, and which of Clerk's texts Twilio has."""

from datetime import datetime, timedelta

import pytest
from aiohttp import web

from tests.wire.platforms.helpers import (
    BODY,
    CONTACT,
    LINE,
    MESSAGES,
    NOW,
    PNG,
    SID,
    FakeTwilio,
    inbound,
    message,
    paged,
    reaching,
    replying,
)
from tests.wire.sandbox import helpers as standins
from tests.wire.sandbox.helpers import a_pair
from workers.failures import Refused, TextingThrottled, Unreachable
from workers.platforms.twilio.api import TwilioApi
from workers.ports import SentText


async def test_clerks_texts_are_found_on_all_pages_newest_first(twilio: FakeTwilio, api: TwilioApi) -> None:
    minutes = [timedelta(minutes=each) for each in range(10)]
    twilio.answer = paged(
        [message("SM5", NOW + minutes[5]), inbound("SM4", NOW + minutes[4])],
        [message("SM3", NOW + minutes[3], status="failed", error_code=30007), message("SM6", NOW + minutes[6])],
        [message("SM2", NOW - minutes[9]), message("SM1", NOW - timedelta(minutes=11))],
    )
    found = await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert [each.sid for each in found] == ["SM6", "SM5", "SM3", "SM2"]
    assert found[2] == SentText("SM3", BODY, "failed", 30007, NOW + minutes[3])
    assert [each.query.get("Page") for each in twilio.seen] == [None, "1", "2"]
    assert (twilio.seen[0].query["To"], twilio.seen[0].query["From"]) == (CONTACT, LINE)
    assert not [name for name in twilio.seen[0].query if name.startswith("DateSent")]
    assert all(each.authorization for each in twilio.seen)


async def test_the_search_ends_where_no_newer_text_can_follow(twilio: FakeTwilio, api: TwilioApi) -> None:
    twilio.answer = paged([message("SM3")], [message("SM2", NOW - timedelta(days=1))], [message("SM1", NOW)])
    found = await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert [each.sid for each in found] == ["SM3"]
    assert len(twilio.seen) == 2


async def test_a_contacts_texts_are_read_on_all_pages_oldest_first(twilio: FakeTwilio, api: TwilioApi) -> None:
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


async def test_only_one_contacts_texts_are_read_on_request(twilio: FakeTwilio, api: TwilioApi) -> None:
    twilio.answer = paged([inbound("SM1", NOW)])
    await api.received(line=LINE, since=NOW, contact=CONTACT)
    await api.received(line=LINE, since=NOW)
    assert [each.query.get("From") for each in twilio.seen] == [CONTACT, None]


async def test_a_texts_media_are_listed_only_if_it_has_some(twilio: FakeTwilio, api: TwilioApi) -> None:
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
async def test_a_failed_reading_can_be_repeated(twilio: FakeTwilio, api: TwilioApi, status: int, body: bytes) -> None:
    twilio.answer = replying(status, body)
    with pytest.raises(Unreachable):
        await api.find(line=LINE, contact=CONTACT, since=NOW)
    with pytest.raises(Unreachable):
        await api.received(line=LINE, since=NOW)


async def test_a_later_page_that_is_throttled_says_for_how_long(twilio: FakeTwilio, api: TwilioApi) -> None:
    first = paged([message("SM1")], [])

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await (replying(429, b"", **{"Retry-After": "3"}) if "Page" in request.query else first)(request)

    twilio.answer = answer
    with pytest.raises(TextingThrottled) as caught:
        await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert caught.value.retry_after == timedelta(seconds=3)


async def test_no_page_is_fetched_from_another_host(twilio: FakeTwilio, storage: FakeTwilio, api: TwilioApi) -> None:
    meta = {"key": "messages", "next_page_url": storage.url + "/next"}
    twilio.answer = replying(200, {"messages": [message("SM1")], "meta": meta})
    with pytest.raises(Refused):
        await api.find(line=LINE, contact=CONTACT, since=NOW)
    assert not storage.seen


async def test_the_stand_in_is_read_like_twilio() -> None:
    async with a_pair() as pair, reaching(pair.twilio_url, sid=standins.ACCOUNT, token=standins.AUTH) as api:
        picture = {"content_type": "image/png", "content": PNG}
        since = pair.standins.clock.now()
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
