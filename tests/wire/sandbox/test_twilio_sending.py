"""Twilio's stand-in and texts to contacts: what it takes and refuses, and how it reports their delivery."""

import asyncio
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sandbox.faults import Fault
from sandbox.twilio.carrier import CarrierBehaviour
from tests.servers import PLAIN
from tests.wire.sandbox.helpers import ACCOUNT, AUTH, CONTACT, LINE, PUBLIC, Pair, ToStandIn, Webhook, a_pair, create

OTHER = "+15557650000"
CALLBACK = f"{PUBLIC}/twilio/status/text-1"


def client(pair: Pair) -> Any:
    return Client(ACCOUNT, AUTH, http_client=ToStandIn(pair.twilio_url))


def treat(pair: Pair, number: str = "", **handling: Any) -> None:
    pair.standins.twilio.carrier.handling[number] = CarrierBehaviour(**handling)


def statuses(pair: Pair) -> list[str]:
    return [each.form["MessageStatus"] for each in pair.gateway.came]


# -- taking -----------------------------------------------------------------------------------------------------------


async def test_twilios_own_client_sends_and_reads_a_text(pair: Pair) -> None:
    def use() -> Any:
        twilio = client(pair)
        made = twilio.messages.create(to=CONTACT, from_=LINE, body="hello")
        return made, twilio.messages(made.sid)

    made, handle = await asyncio.to_thread(use)
    assert (made.status, made.direction, made.from_, made.to) == ("queued", "outbound-api", LINE, CONTACT)
    assert (made.date_sent, made.num_segments, made.error_code) == (None, "1", None)
    await pair.standins.settled()
    later = await asyncio.to_thread(handle.fetch)
    assert later.status == "delivered"
    assert later.date_sent is not None


async def test_the_answer_is_the_whole_resource(pair: Pair) -> None:
    answer = await create(pair)
    text = answer.json()
    assert answer.status_code == 201
    assert text["sid"].startswith("SM")
    assert len(text["sid"]) == 34
    assert (text["account_sid"], text["api_version"], text["num_media"], text["price"]) == (
        ACCOUNT,
        "2010-04-01",
        "0",
        None,
    )
    assert text["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{text['sid']}.json"
    assert text["subresource_uris"]["media"].endswith("/Media.json")
    assert parsedate_to_datetime(text["date_created"]).tzinfo is not None
    assert "media" not in text


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"To": None}, 21604),
        ({"To": "5551234"}, 21211),
        ({"To": "+1555XXX"}, 21211),
        ({"From": None}, 21603),
        ({"From": "clerk"}, 21212),
        ({"From": "+15559999999"}, 21606),
        ({"To": LINE}, 21266),
        ({"Body": None}, 21602),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"MediaUrl": ["nonsense"]}, 21620),
        ({"MediaUrl": ["ftp://e.org/a"]}, 21620),
        ({"MediaUrl": [f"https://e.org/{n}" for n in range(11)]}, 21623),
        ({"StatusCallback": "/twilio/status/1"}, 21609),
        ({"StatusCallback": "https://my_host.org/x"}, 21609),
    ],
)
async def test_a_text_that_twilio_would_refuse_is_refused_with_its_code(
    pair: Pair, wrong: dict[str, Any], code: int
) -> None:
    answer = await create(pair, **wrong)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["status"]) == (code, 400)
    assert answer.json()["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert pair.standins.twilio.texts == {}


@pytest.mark.parametrize(
    "right", [{"Body": "x" * 1600}, {"StatusCallback": CALLBACK}, {"Body": "ж" * 71}, {"Unheard": "of"}]
)
async def test_a_text_within_the_rules_is_taken(pair: Pair, right: dict[str, Any]) -> None:
    assert (await create(pair, **right)).status_code == 201


async def test_twilios_own_client_understands_a_refusal(pair: Pair) -> None:
    with pytest.raises(TwilioRestException) as error:
        await asyncio.to_thread(lambda: client(pair).messages.create(to="nobody", from_=LINE, body="x"))
    assert (error.value.status, error.value.code) == (400, 21211)


async def test_credentials_and_account_are_checked(pair: Pair) -> None:
    url = f"{pair.twilio_url}/2010-04-01/Accounts"
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        bare = await http.get(f"{url}/{ACCOUNT}/Messages.json")
        wrong = await http.get(f"{url}/{ACCOUNT}/Messages.json", auth=(ACCOUNT, "guess"))
        other = await http.get(f"{url}/AC{'1' * 32}/Messages.json", auth=(ACCOUNT, AUTH))
        right = await http.get(f"{url}/{ACCOUNT}.json", auth=(ACCOUNT, AUTH))
    assert [(each.status_code, each.json().get("code")) for each in (bare, wrong, other)] == [
        (401, 20003),
        (401, 20003),
        (404, 20404),
    ]
    assert (right.json()["sid"], right.json()["status"]) == (ACCOUNT, "active")


async def test_a_messaging_service_takes_a_text_without_a_from(pair: Pair) -> None:
    text = (await create(pair, From=None, MessagingServiceSid="MG" + "5a" * 16)).json()
    assert (text["status"], text["from"]) == ("accepted", LINE)


# -- delivery ---------------------------------------------------------------------------------------------------------


async def test_a_text_is_sent_and_delivered_with_a_signed_callback_for_each_state(pair: Pair) -> None:
    sid = (await create(pair, StatusCallback=CALLBACK)).json()["sid"]
    await pair.standins.settled()
    assert statuses(pair) == ["sent", "delivered"]
    for webhook in pair.gateway.came:
        form = webhook.form
        assert webhook.path == "/twilio/status/text-1"
        assert RequestValidator(AUTH).validate(CALLBACK, form, webhook.headers["x-twilio-signature"])
        assert (form["MessageSid"], form["SmsSid"], form["AccountSid"]) == (sid, sid, ACCOUNT)
        assert (form["SmsStatus"], form["From"], form["To"]) == (form["MessageStatus"], LINE, CONTACT)
        assert "ErrorCode" not in form
    assert pair.gateway.came[1].form["RawDlrDoneDate"]


async def test_a_text_without_a_callback_is_delivered_without_reports(pair: Pair) -> None:
    sid = (await create(pair)).json()["sid"]
    await pair.standins.settled()
    assert pair.gateway.came == []
    assert pair.standins.twilio.texts[sid]["status"] == "delivered"


async def test_callbacks_can_come_twice_and_in_the_wrong_order(pair: Pair) -> None:
    treat(pair, twice=True, shuffled=True)
    await create(pair, StatusCallback=CALLBACK)
    await pair.standins.settled()
    assert statuses(pair) == ["delivered", "delivered", "sent", "sent"]


@pytest.mark.parametrize(
    ("code", "reported"), [(30003, ["sent", "undelivered"]), (30005, ["sent", "undelivered"]), (30007, ["failed"])]
)
async def test_the_next_texts_fail_with_a_code_after_they_were_taken(
    pair: Pair, code: int, reported: list[str]
) -> None:
    treat(pair, fail_code=code, fail_times=1)
    sid = (await create(pair, StatusCallback=CALLBACK)).json()["sid"]
    await pair.standins.settled()
    assert statuses(pair) == reported
    assert pair.gateway.came[-1].form["ErrorCode"] == str(code)
    text = pair.standins.twilio.texts[sid]
    assert (text["status"], text["error_code"]) == (reported[-1], code)
    assert text["error_message"]
    sid = (await create(pair)).json()["sid"]
    await pair.standins.settled()
    assert pair.standins.twilio.texts[sid]["status"] == "delivered"


async def test_the_next_texts_to_a_number_can_be_refused(pair: Pair) -> None:
    treat(pair, CONTACT, reject_code=21614, reject_times=1)
    assert (await create(pair, To=OTHER)).status_code == 201
    refused = await create(pair)
    assert (refused.status_code, refused.json()["code"]) == (400, 21614)
    assert (await create(pair)).status_code == 201


async def test_texts_to_a_number_are_held_until_they_are_released(pair: Pair) -> None:
    carrier = pair.standins.twilio.carrier
    treat(pair, CONTACT, held=True)
    held = (await create(pair, StatusCallback=CALLBACK)).json()["sid"]
    free = (await create(pair, To=OTHER, StatusCallback=CALLBACK)).json()["sid"]
    async with asyncio.timeout(60):
        async for _ in pair.standins.record.changes():
            if pair.standins.twilio.texts[free]["status"] == "delivered":
                break
    assert pair.standins.twilio.texts[held]["status"] == "queued"
    carrier.release(CONTACT)
    await pair.standins.settled()
    assert pair.standins.twilio.texts[held]["status"] == "delivered"


async def test_a_callback_is_tried_again_only_as_its_url_asks_for(pair: Pair) -> None:
    pair.gateway.answers += [Response(status_code=500)] * 2
    await create(pair, StatusCallback=CALLBACK)
    await pair.standins.settled()
    assert statuses(pair) == ["sent", "delivered"]
    pair.gateway.came.clear()
    pair.gateway.answers += [Response(status_code=500), Response()]
    await create(pair, StatusCallback=f"{CALLBACK}#rc=2&rp=5xx")
    await pair.standins.settled()
    assert statuses(pair) == ["sent", "sent", "delivered"]
    tokens = [each.headers["i-twilio-idempotency-token"] for each in pair.gateway.came]
    assert tokens[0] == tokens[1] != tokens[2]


async def test_the_record_links_callbacks_to_the_text(pair: Pair) -> None:
    await create(pair, StatusCallback=CALLBACK)
    await pair.standins.settled()
    [made] = pair.standins.record.of("twilio", method="messages.create")
    webhooks = pair.standins.record.of("webhook")
    assert [each["cause"] for each in webhooks] == [made["number"]] * 2
    assert {each["ids"]["sid"] for each in webhooks} == {made["ids"]["sid"]}


# -- media ------------------------------------------------------------------------------------------------------------


async def test_media_are_fetched_and_kept_for_the_phone(pair: Pair) -> None:
    pair.gateway.files["/a.png"] = Response(b"png", media_type="image/png")
    pair.gateway.files["/b.pdf"] = Response(b"pdf", media_type="application/pdf")
    urls = [f"{PUBLIC}/a.png", f"{pair.gateway.url}/b.pdf"]
    made = (await create(pair, Body=None, MediaUrl=urls)).json()
    await pair.standins.settled()
    text = pair.standins.twilio.texts[made["sid"]]
    assert made["sid"].startswith("MM")
    assert (made["num_media"], text["status"]) == ("2", "delivered")
    assert [(each["content_type"], each["size"]) for each in text["media"]] == [
        ("image/png", 3),
        ("application/pdf", 3),
    ]
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        shown = await http.get(f"{pair.standins.config.here}/{text['media'][0]['url']}")
    assert (shown.content, shown.headers["content-type"]) == (b"png", "image/png")


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (Response("no", 404), "11200"),
        (Response(b"x"), "12300"),
        (Response(bytes(5_000_001), media_type="image/png"), "11751"),
    ],
)
async def test_a_text_fails_if_its_media_cannot_be_fetched(pair: Pair, file: Response, code: str) -> None:
    pair.gateway.files["/a.png"] = file
    await create(pair, MediaUrl=[f"{pair.gateway.url}/a.png"], StatusCallback=CALLBACK)
    await pair.standins.settled()
    assert [(each.form["MessageStatus"], each.form["ErrorCode"]) for each in pair.gateway.came] == [("failed", code)]


# -- faults -----------------------------------------------------------------------------------------------------------


def order(pair: Pair, **fault: Any) -> None:
    pair.standins.faults.waiting.append(Fault(api="twilio", **fault))


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "429", "seconds": 3}, 429, 20429),
        ({"kind": "500"}, 500, 20500),
        ({"kind": "error", "code": "20503"}, 503, 20503),
        ({"kind": "error", "code": "21610"}, 400, 21610),
    ],
)
async def test_a_call_fails_as_ordered_and_sends_nothing(
    pair: Pair, fault: dict[str, Any], status: int, code: int
) -> None:
    order(pair, method="messages.create", **fault)
    answer = await create(pair)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert pair.standins.twilio.texts == {}


async def test_a_dropped_call_sends_the_text_and_a_refused_one_does_not(pair: Pair) -> None:
    order(pair, kind="refuse", method="messages.create", channel=CONTACT)
    with pytest.raises(httpx.TransportError):
        await create(pair)
    assert pair.standins.twilio.texts == {}
    order(pair, kind="drop", method="messages.create")
    with pytest.raises(httpx.TransportError):
        await create(pair, StatusCallback=CALLBACK)
    await pair.standins.settled()
    assert statuses(pair) == ["sent", "delivered"]
    [dropped] = pair.standins.record.of("twilio", outcome="drop")
    assert dropped["ids"]["sid"] in pair.standins.twilio.texts


async def test_a_fault_for_one_number_leaves_the_others_alone(pair: Pair) -> None:
    order(pair, kind="500", channel=CONTACT)
    assert (await create(pair, To=OTHER)).status_code == 201
    assert (await create(pair)).status_code == 500


async def test_a_hanging_call_is_finished_in_the_end(pair: Pair) -> None:
    order(pair, kind="hang", method="messages.create", seconds=0.05)
    assert (await create(pair)).status_code == 201


async def late(_: Webhook) -> Response:
    await asyncio.Event().wait()
    return Response()


async def test_a_callback_without_an_answer_is_given_up() -> None:
    async with a_pair(twilio_timeout=0.5) as pair:
        pair.gateway.answers += [late, late]
        await create(pair, StatusCallback=CALLBACK)
        await pair.standins.settled()
        assert [each["outcome"] for each in pair.standins.record.of("webhook")] == ["rt", "rt"]
