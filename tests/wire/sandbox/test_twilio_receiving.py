"""Twilio's stand-in and texts from contacts: webhooks, retries, media, keywords, and what the account lists."""

import asyncio
import base64
import re
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse, Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sandbox.faults import Fault
from tests.servers import PLAIN
from tests.wire.sandbox.helpers import ACCOUNT, AUTH, CONTACT, LINE, PUBLIC, Pair, ToStandIn, Webhook, a_pair, create

TWIML = Response("<Response/>", media_type="text/xml")


async def get(pair: Pair, path: str, **params: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN, auth=(ACCOUNT, AUTH)) as http:
        return await http.get(f"{pair.twilio_url}/2010-04-01/Accounts/{ACCOUNT}{path}", params=params)


async def receive(pair: Pair, body: str = "hi", **more: Any) -> httpx.Response:
    return await pair.standins.twilio.receive(CONTACT, LINE, body, **more)


def replies(pair: Pair) -> list[str]:
    return [each["body"] for each in pair.standins.twilio.texts.values() if each["direction"] == "outbound-reply"]


# -- the webhook ------------------------------------------------------------------------------------------------------


async def test_a_text_comes_as_the_form_that_twilio_signs(pair: Pair) -> None:
    await receive(pair, "hi & <bye> é 😀")
    [webhook] = pair.gateway.came
    form = webhook.form
    assert webhook.path == "/twilio/sms"
    assert webhook.headers["content-type"].startswith("application/x-www-form-urlencoded")
    url = f"{PUBLIC}/twilio/sms"
    assert RequestValidator(AUTH).validate(url, form, webhook.headers["x-twilio-signature"])
    assert (form["From"], form["To"], form["Body"], form["AccountSid"]) == (CONTACT, LINE, "hi & <bye> é 😀", ACCOUNT)
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert (form["NumMedia"], form["NumSegments"], form["SmsStatus"], form["FromCity"]) == ("0", "1", "received", "")
    assert "OptOutType" not in form


async def test_a_text_that_fails_comes_six_times_with_one_token(pair: Pair) -> None:
    pair.gateway.answers += [Response(status_code=503)] * 6
    answer = await receive(pair)
    assert answer.status_code == 503
    assert len(pair.gateway.came) == 6
    assert len({each.headers["i-twilio-idempotency-token"] for each in pair.gateway.came}) == 1
    assert len({each.form["MessageSid"] for each in pair.gateway.came}) == 1


async def test_a_text_that_was_taken_is_not_repeated(pair: Pair) -> None:
    pair.gateway.answers += [Response(status_code=503), TWIML]
    assert (await receive(pair)).status_code == 200
    assert len(pair.gateway.came) == 2


async def test_all_attempts_share_one_time_limit() -> None:
    async def late(_: Webhook) -> Response:
        await asyncio.Event().wait()
        return Response()

    async with a_pair(twilio_timeout=1) as pair:
        pair.gateway.answers += [late] * 6
        assert (await receive(pair)).status_code == 504
        assert len(pair.gateway.came) == 1


async def test_a_text_that_no_attempt_delivers_is_only_listed(pair: Pair) -> None:
    pair.standins.twilio.webhooks.away = True
    assert (await receive(pair, "lost")).status_code == 502
    assert pair.gateway.came == []
    [text] = (await get(pair, "/Messages.json", To=LINE)).json()["messages"]
    assert (text["body"], text["direction"], text["status"]) == ("lost", "inbound", "received")
    assert text["date_sent"]


async def test_a_text_may_come_again_under_the_same_sid(pair: Pair) -> None:
    await receive(pair)
    sid = pair.gateway.came[0].form["MessageSid"]
    await receive(pair, sid=sid)
    assert [each.form["MessageSid"] for each in pair.gateway.came] == [sid, sid]
    assert len(pair.standins.twilio.texts) == 1


@pytest.mark.parametrize(
    ("answer", "violations", "sent"),
    [
        (TWIML, [], []),
        (Response(status_code=204), [], []),
        (Response("<Response><Message>hello</Message></Response>", media_type="text/xml"), [], ["hello"]),
        (PlainTextResponse("ok"), ["12300"], ["ok"]),
        (Response("{}", media_type="application/json"), ["12300"], []),
        (Response("<Respons/>", media_type="text/xml"), ["12100"], []),
        (Response(f"<Response>{' ' * 64_000}</Response>", media_type="text/xml"), ["11750"], []),
    ],
)
async def test_the_answer_to_a_text_is_interpreted_as_by_twilio(
    pair: Pair, answer: Response, violations: list[str], sent: list[str]
) -> None:
    pair.gateway.answers.append(answer)
    await receive(pair)
    assert pair.violations() == violations
    assert replies(pair) == sent


# -- keywords ---------------------------------------------------------------------------------------------------------


async def test_twilio_answers_stop_and_takes_no_text_to_the_contact_until_start(pair: Pair) -> None:
    await receive(pair, " stop ")
    assert pair.gateway.came[0].form["Body"] == " stop "
    refused = await create(pair)
    assert (refused.status_code, refused.json()["code"]) == (400, 21610)
    await receive(pair, "STOP")
    await receive(pair, "Start")
    assert (await create(pair)).status_code == 201
    assert len(replies(pair)) == 2
    assert "unsubscribed" in replies(pair)[0]
    assert "re-subscribed" in replies(pair)[1]


async def test_help_is_answered_and_changes_nothing(pair: Pair) -> None:
    await receive(pair, "help")
    assert len(replies(pair)) == 1
    assert (await create(pair)).status_code == 201


@pytest.mark.parametrize("body", ["stop please", "yes", "please help", ""])
async def test_a_keyword_counts_only_by_itself_and_yes_only_after_stop(pair: Pair, body: str) -> None:
    await receive(pair, body)
    assert replies(pair) == []
    assert (await create(pair)).status_code == 201


async def test_an_opt_out_applies_to_one_line_only() -> None:
    second = "+15550002222"
    async with a_pair(lines={LINE: "C0TEXTS", second: "C0GENERAL"}) as pair:
        await receive(pair, "STOP")
        assert (await create(pair)).json()["code"] == 21610
        assert (await create(pair, From=second)).status_code == 201


async def test_advanced_opt_out_sends_the_type_of_a_keyword() -> None:
    async with a_pair(service=(LINE,), advanced_opt_out=True) as pair:
        for body in ("STOP", "hello", "UNSTOP", "INFO"):
            await receive(pair, body)
        assert [each.form.get("OptOutType") for each in pair.gateway.came] == ["STOP", None, "START", "HELP"]
        assert all(each.form["MessagingServiceSid"].startswith("MG") for each in pair.gateway.came)


async def test_an_opt_out_of_a_messaging_service_applies_to_all_its_numbers_and_to_no_other() -> None:
    second, lone = "+15550002222", "+15550003333"
    lines = {LINE: "C0TEXTS", second: "C0GENERAL", lone: "C0GENERAL"}
    async with a_pair(lines=lines, service=(LINE, second)) as pair:
        pair.standins.twilio.blocks.stop_words -= {"CANCEL"}
        await receive(pair, "Cancel")
        assert (await create(pair)).status_code == 201
        await receive(pair, "STOP")
        assert [(await create(pair, From=line)).status_code for line in lines] == [400, 400, 201]
        assert {*pair.standins.twilio.blocks.pairs(lines)} == {(LINE, CONTACT), (second, CONTACT)}
        await pair.standins.twilio.receive(CONTACT, second, "START")
        assert [(await create(pair, From=line)).status_code for line in lines] == [201, 201, 201]
        forms = [each.form for each in pair.gateway.of("/twilio/sms")]
        assert [form["MessagingServiceSid"][:2] for form in forms] == ["MG"] * 3
        assert not any("OptOutType" in form for form in forms)


async def test_a_toll_free_number_heeds_stop_alone_and_start_or_unstop_after_it() -> None:
    free = "+18005550199"
    async with a_pair(lines={free: "C0TEXTS"}) as pair:
        for body, status in (
            *(("CANCEL", 201), ("Quit", 201), ("unsubscribe", 201), ("Stop", 400)),
            *(("YES", 400), ("help", 400), ("Unstop", 201), ("STOP", 400), ("START", 201)),
        ):
            await pair.standins.twilio.receive(CONTACT, free, body)
            assert (await create(pair, From=free)).status_code == status, body
        assert ["NETWORK MSG" in said for said in replies(pair)] == [True] * 4


# -- media ------------------------------------------------------------------------------------------------------------


async def picture(pair: Pair) -> str:
    data = base64.b64encode(b"pdf").decode()
    media = [{"content_type": "image/png", "content": b"png"}, {"content_type": "application/pdf", "data": data}]
    await receive(pair, "", media=media)
    return pair.gateway.came[0].form["MediaUrl0"]


async def test_pictures_come_as_urls_with_their_types(pair: Pair) -> None:
    await picture(pair)
    form = pair.gateway.came[0].form
    assert form["MessageSid"].startswith("MM")
    assert (form["NumMedia"], form["Body"]) == ("2", "")
    assert (form["MediaContentType0"], form["MediaContentType1"]) == ("image/png", "application/pdf")
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{form['MessageSid']}/Media/ME"
    assert form["MediaUrl0"].startswith(f"{pair.twilio_url}{path}")


async def test_a_picture_needs_credentials_and_redirects_to_a_host_that_needs_none(pair: Pair) -> None:
    url = await picture(pair)
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        bare = await http.get(url)
        moved = await http.get(url, auth=(ACCOUNT, AUTH))
        where = httpx.URL(moved.headers["location"])
        shown = await http.get(where)
    assert bare.status_code == 401
    assert (moved.status_code, where.host) == (307, "localhost")
    assert "/storage/" in where.path
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, b"png", "image/png")
    assert pair.violations() == []


async def test_credentials_sent_to_the_other_host_are_a_violation(pair: Pair) -> None:
    url = await picture(pair)
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN, auth=(ACCOUNT, AUTH)) as http:
        careless = await http.get((await http.get(url)).headers["location"])
    assert careless.status_code == 400
    assert pair.violations() == ["authorization"]


async def test_httpx_drops_the_credentials_by_itself(pair: Pair) -> None:
    url = await picture(pair)
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN, follow_redirects=True) as http:
        assert (await http.get(url, headers={"authorization": _basic()})).content == b"png"
    assert pair.violations() == []


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{ACCOUNT}:{AUTH}".encode()).decode()


async def test_media_are_listed_and_described(pair: Pair) -> None:
    await picture(pair)
    sid = pair.gateway.came[0].form["MessageSid"]
    listed = (await get(pair, f"/Messages/{sid}/Media.json")).json()["media_list"]
    one = (await get(pair, f"/Messages/{sid}/Media/{listed[0]['sid']}.json")).json()
    assert [each["content_type"] for each in listed] == ["image/png", "application/pdf"]
    assert (one["parent_sid"], one["sid"]) == (sid, listed[0]["sid"])
    assert (await get(pair, f"/Messages/{sid}/Media/ME{'0' * 32}")).json()["code"] == 20404


async def test_downloading_can_be_made_to_fail(pair: Pair) -> None:
    url = await picture(pair)
    pair.standins.faults.waiting.append(Fault(api="twilio", kind="error", code="20404", method="media"))
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN, auth=(ACCOUNT, AUTH)) as http:
        assert [(await http.get(url)).status_code for _ in range(2)] == [404, 307]


# -- listing ----------------------------------------------------------------------------------------------------------


async def test_texts_are_listed_newest_first_by_sender_and_recipient(pair: Pair) -> None:
    await receive(pair, "one")
    await create(pair, Body="two")
    await receive(pair, "three")
    await pair.standins.settled()
    everything = (await get(pair, "/Messages.json")).json()
    to_line = (await get(pair, "/Messages.json", To=LINE)).json()
    from_line = (await get(pair, "/Messages.json", From=LINE, To=CONTACT)).json()
    assert [each["body"] for each in everything["messages"]] == ["three", "two", "one"]
    assert [each["body"] for each in to_line["messages"]] == ["three", "one"]
    assert [each["body"] for each in from_line["messages"]] == ["two"]
    assert everything["next_page_uri"] is None


async def test_pages_do_not_shift_when_new_texts_come_in_between(pair: Pair) -> None:
    for number in range(5):
        await receive(pair, str(number))
    first = (await get(pair, "/Messages.json", To=LINE, PageSize=2)).json()
    await receive(pair, "new")
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN, auth=(ACCOUNT, AUTH)) as http:
        second = (await http.get(pair.twilio_url + first["next_page_uri"])).json()
        third = (await http.get(pair.twilio_url + second["next_page_uri"])).json()
    read = [[each["body"] for each in page["messages"]] for page in (first, second, third)]
    assert read == [["4", "3"], ["2", "1"], ["0"]]
    assert third["next_page_uri"] is None
    assert re.search(r"PageToken=PA", first["next_page_uri"])


async def test_twilios_own_client_walks_all_pages_and_filters_by_date(pair: Pair) -> None:
    for number in range(5):
        await receive(pair, str(number))
    old = next(iter(pair.standins.twilio.texts.values()))
    old["date_sent"] = format_datetime(pair.standins.clock.now() - timedelta(days=2))
    since = pair.standins.clock.now() - timedelta(days=1)

    def use() -> tuple[list[str], list[str], list[str]]:
        twilio = Client(ACCOUNT, AUTH, http_client=ToStandIn(pair.twilio_url))
        return (
            [each.body for each in twilio.messages.list(to=LINE, page_size=2)],
            [each.body for each in twilio.messages.list(to=LINE, date_sent_after=since)],
            [each.body for each in twilio.messages.list(to=LINE, date_sent_before=since)],
        )

    everything, newer, older = await asyncio.to_thread(use)
    assert everything == ["4", "3", "2", "1", "0"]
    assert newer == ["4", "3", "2", "1"]
    assert older == ["0"]


async def test_a_filter_takes_a_day_or_a_moment(pair: Pair) -> None:
    await receive(pair, "today")
    today = pair.standins.clock.now().date()
    tomorrow = today + timedelta(days=1)
    found = {
        name: len((await get(pair, "/Messages.json", **{name: str(day)})).json()["messages"])
        for name, day in (("DateSent", today), ("DateSent>", today), ("DateSent<", today))
    }
    later = await get(pair, "/Messages.json", **{"DateSent>": str(tomorrow)})
    assert found == {"DateSent": 1, "DateSent>": 1, "DateSent<": 1}
    assert later.json()["messages"] == []
    assert (await get(pair, "/Messages.json", DateSent="yesterday")).json()["code"] == 20001


async def test_a_text_that_was_not_sent_yet_matches_no_date_filter(pair: Pair) -> None:
    pair.standins.twilio.carrier.handling[""].held = True
    await create(pair)
    today = str(pair.standins.clock.now().date())
    assert (await get(pair, "/Messages.json", **{"DateSent>": today})).json()["messages"] == []
    assert len((await get(pair, "/Messages.json", To=CONTACT)).json()["messages"]) == 1


async def test_a_text_can_be_read_emptied_and_deleted_by_its_sid(pair: Pair) -> None:
    await receive(pair, "secret")
    sid = pair.gateway.came[0].form["MessageSid"]
    url = f"{pair.twilio_url}/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN, auth=(ACCOUNT, AUTH)) as http:
        read = (await http.get(url)).json()["body"]
        emptied = (await http.post(url, data={"Body": ""})).json()["body"]
        gone = (await http.delete(url)).status_code
        missing = (await http.get(url)).json()
    assert (read, emptied, gone) == ("secret", "", 204)
    assert (missing["code"], missing["status"]) == (20404, 404)


async def test_the_numbers_have_the_addresses_of_their_webhooks(pair: Pair) -> None:
    def use() -> Any:
        [number] = Client(ACCOUNT, AUTH, http_client=ToStandIn(pair.twilio_url)).incoming_phone_numbers.list()
        return number

    number = await asyncio.to_thread(use)
    assert (number.phone_number, number.sms_method) == (LINE, "POST")
    assert number.sms_url == f"{PUBLIC}/twilio/sms#rc=5&rp=all"
    assert number.capabilities["mms"] is True
    assert (await get(pair, "/IncomingPhoneNumbers.json", PhoneNumber="+1999")).json()["incoming_phone_numbers"] == []
