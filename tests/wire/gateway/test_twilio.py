"""Twilio's webhooks over real HTTP: a genuine request is taken as it was sent, and no other changes anything."""

from typing import Any

import pytest

from messages.inbound import DeliveryReported, SmsReceived
from messages.sms import Media
from tests import make
from tests.wire.gateway.helpers import ACCOUNT, FORM, PUBLIC_URL, Served, sms_form, twilio_signature


def _text(gateway: Served) -> SmsReceived:
    (found,) = gateway.publisher.take()
    assert isinstance(found, SmsReceived)
    return found


def test_a_genuine_text_is_published_and_the_answer_sends_the_contact_nothing(gateway: Served) -> None:
    answer = gateway.twilio(sms_form(Body="Héllo & <b>ye</b> 👋\nline two"))
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "<Response/>", "text/xml")
    text = _text(gateway)
    assert (text.sid, text.line, text.contact) == ("SM" + "1b" * 16, make.LINE, make.CONTACT)
    assert text.body == "Héllo & <b>ye</b> 👋\nline two"
    assert (text.media, text.opt_out) == ((), None)


def test_pictures_come_with_the_text(gateway: Served) -> None:
    media = {"NumMedia": "2", "MediaUrl0": "https://api.twilio.com/0", "MediaContentType0": "image/png"}
    gateway.twilio(sms_form(Body="", **media, MediaUrl1="https://api.twilio.com/1"))
    text = _text(gateway)
    assert text.body == ""
    assert text.media == (
        Media(url="https://api.twilio.com/0", content_type="image/png"),
        Media(url="https://api.twilio.com/1", content_type="application/octet-stream"),
    )


@pytest.mark.parametrize("count", ["", "-1", "x", "²", "99999999", "0"])
def test_a_text_with_a_wrong_number_of_pictures_is_not_lost(gateway: Served, count: str) -> None:
    assert gateway.twilio(sms_form(NumMedia=count, MediaUrl0="https://api.twilio.com/0")).status_code == 200
    assert _text(gateway).body == "Is the blue one still there?"


def test_the_type_of_an_opt_out_is_passed_on(gateway: Served) -> None:
    gateway.twilio(sms_form(Body="stop", OptOutType="STOP"))
    assert _text(gateway).opt_out == "STOP"


@pytest.mark.parametrize(
    ("sender", "contact"),
    [
        ("12345", "12345"),
        ("ACME", "ACME"),
        ("Acme Inc", "Acme Inc"),
        ("whatsapp:+15550002222", "whatsapp:+15550002222"),
        ("+１５５５", "+１５５５"),
        ("+1555/card/1:x", "+1555/card/1:x"),
        ("", "unknown"),
        ("  ", "unknown"),
        ("\x00", "unknown"),
        ("AC\x00ME", "ACME"),
        ("x" * 5000, "x" * 256),
    ],
)
def test_a_text_from_any_kind_of_sender_is_taken(gateway: Served, sender: str, contact: str) -> None:
    assert gateway.twilio(sms_form(From=sender)).status_code == 200
    assert _text(gateway).contact == contact


def test_a_text_without_a_sender_is_not_lost(gateway: Served) -> None:
    form = sms_form()
    del form["From"]
    assert gateway.twilio(form).status_code == 200
    assert _text(gateway).contact == "unknown"


def test_an_unknown_field_is_part_of_the_signature_and_ignored(gateway: Served) -> None:
    assert gateway.twilio(sms_form(BrandNew="yes", Emoji="👋")).status_code == 200


def test_a_repeated_field_is_signed_once_per_value_and_its_first_value_counts(gateway: Served) -> None:
    doubled = [*sms_form().items(), ("Body", "another"), ("Body", "another"), ("From", "+15550009999")]
    assert gateway.twilio(doubled).status_code == 200
    assert _text(gateway).body == "Is the blue one still there?"


def test_a_nul_in_a_text_does_no_harm(gateway: Served) -> None:
    assert gateway.twilio(sms_form(Body="a\x00b")).status_code == 200
    assert _text(gateway).body == "a\x00b"


def test_each_text_names_the_contacts_previous_one(gateway: Served) -> None:
    contact = "+15550004444"
    for sid in ("SMa", "SMb", "SMa", "SMc"):
        gateway.twilio(sms_form(MessageSid=sid, From=contact))
    texts = [each for each in gateway.publisher.take() if isinstance(each, SmsReceived)]
    assert [(text.sid, text.after) for text in texts] == [
        ("SMa", None),
        ("SMb", "SMa"),
        ("SMa", None),
        ("SMc", "SMb"),
    ]


def test_a_repeated_text_is_published_as_the_same_fact(gateway: Served) -> None:
    first = gateway.twilio(sms_form(MessageSid="SMsame"))
    again = gateway.twilio(sms_form(MessageSid="SMsame"), **{"i-twilio-idempotency-token": "abc"})
    assert (first.status_code, again.status_code) == (200, 200)
    one, two = gateway.publisher.take()
    assert one.model_dump(exclude={"received_at"}) == two.model_dump(exclude={"received_at"})


FORGED: dict[str, Any] = {
    "none": None,
    "empty": "",
    "a word and a blank": "garbage in",
    "garbage": "garbage",
    "not ASCII": "ä¸­",
    "emoji": "👋" * 50,
    "long": "A" * 5000,
    "another token": twilio_signature(f"{PUBLIC_URL}/twilio/sms", sms_form(), "another"),
    "another scheme": twilio_signature("http://clerk.example.org/twilio/sms", sms_form()),
    "another host": twilio_signature("https://evil.example/twilio/sms", sms_form()),
    "another path": twilio_signature(f"{PUBLIC_URL}/twilio/status/x", sms_form()),
    "with the fragment": twilio_signature(f"{PUBLIC_URL}/twilio/sms#rc=5&rp=all", sms_form()),
    "another text": twilio_signature(f"{PUBLIC_URL}/twilio/sms", sms_form(Body="pay me")),
    "blank fields left out": twilio_signature(
        f"{PUBLIC_URL}/twilio/sms", {name: value for name, value in sms_form().items() if value}
    ),
}


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED)
def test_a_forged_text_is_refused_and_nothing_is_published(gateway: Served, signature: str | None) -> None:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    answer = gateway.http.post(
        "/twilio/sms", data=sms_form(), headers=[(name.encode(), value.encode()) for name, value in headers.items()]
    )
    assert answer.status_code == 403
    assert gateway.publisher.take() == []


def test_a_text_of_another_account_is_refused_although_its_signature_is_right(gateway: Served) -> None:
    for form in (sms_form(AccountSid="AC" + "9" * 32), sms_form(AccountSid="")):
        assert gateway.twilio(form).status_code == 403
    assert gateway.publisher.take() == []


@pytest.mark.parametrize(
    "changes", [{"MessageSid": ""}, {"To": ""}, {"MessageSid": "x" * 300}, {"MessageSid": "SM\x00"}], ids=str
)
def test_a_genuine_form_that_is_not_a_text_is_taken_and_dropped(gateway: Served, changes: dict[str, str]) -> None:
    answer = gateway.twilio(sms_form(**changes))
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert gateway.publisher.take() == []


@pytest.mark.parametrize("changes", [{"MessageSid": ""}, {"MessageStatus": ""}, {}], ids=str)
def test_a_genuine_form_that_is_not_a_report_is_taken_and_dropped(gateway: Served, changes: dict[str, str]) -> None:
    assert gateway.twilio(sms_form(**changes), "/twilio/status/sms-1").status_code == 204
    assert gateway.publisher.take() == []


def _signed(body: bytes, decoded: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The signature of a body that is not UTF-8, by the documented scheme."""
    import hmac
    from base64 import b64encode

    from tests.wire.gateway.helpers import TOKEN

    signed = f"{PUBLIC_URL}/twilio/sms".encode() + b"".join(name + value for name, value in sorted(decoded))
    return {**FORM, "x-twilio-signature": b64encode(hmac.digest(TOKEN.encode(), signed, "sha1")).decode()}


@pytest.mark.parametrize("written", [b"%ff%fe", b"\xff\xfe", b"%ED%A0%80"])
def test_a_genuine_form_that_is_not_utf8_is_refused_as_garbled(gateway: Served, written: bytes) -> None:
    value = b"\xed\xa0\x80" if written.startswith(b"%ED") else b"\xff\xfe"
    body = b"AccountSid=" + ACCOUNT.encode() + b"&MessageSid=SM1&To=%2B1555&From=%2B1666&Body=" + written
    fields = [(b"AccountSid", ACCOUNT.encode()), (b"MessageSid", b"SM1"), (b"To", b"+1555"), (b"From", b"+1666")]
    assert gateway.post("/twilio/sms", body, _signed(body, [*fields, (b"Body", value)])).status_code == 400
    assert gateway.publisher.take() == []


def test_a_form_with_too_many_fields_is_refused_before_it_is_expensive(gateway: Served) -> None:
    assert gateway.post("/twilio/sms", b"a&" * 500_000, FORM).status_code == 403
    assert gateway.publisher.take() == []


def test_a_query_belongs_to_the_signed_address(gateway: Served) -> None:
    assert gateway.twilio(sms_form(), "/twilio/sms?team=a%20b&x=").status_code == 200
    assert len(gateway.publisher.take()) == 1
    signature = twilio_signature(f"{PUBLIC_URL}/twilio/sms", sms_form())
    assert gateway.http.post(
        "/twilio/sms?team=b", data=sms_form(), headers={"x-twilio-signature": signature}
    ).is_client_error
    assert gateway.publisher.take() == []


@pytest.mark.parametrize("path", ["/twilio/sms/", "/twilio/%73ms", "/twilio/sms?"])
def test_an_address_in_another_spelling_has_the_same_signature(gateway: Served, path: str) -> None:
    signed = path.removesuffix("?")
    body = b"&".join(
        f"{name}={value}".encode().replace(b"+", b"%2B").replace(b" ", b"+") for name, value in sms_form().items()
    )
    signature = twilio_signature(f"{PUBLIC_URL}{signed}", sms_form())
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    assert gateway.raw(head.encode() + body, finish=False).startswith(b"HTTP/1.1 200 ")
    assert len(gateway.publisher.take()) == 1


@pytest.mark.parametrize(
    ("public_url", "signed"),
    [
        ("https://clerk.example.org", "https://clerk.example.org:443"),
        ("https://clerk.example.org:8443", "https://clerk.example.org"),
        ("https://clerk.example.org:8443", "https://clerk.example.org:8443"),
        ("http://clerk.example.org", "http://clerk.example.org:80"),
        ("https://clerk.example.org/", "https://clerk.example.org"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[::1]:8080", "http://[::1]"),
    ],
)
def test_the_signature_may_include_the_port_or_not(public_url: str, signed: str) -> None:
    with Served(public_url=public_url) as gateway:
        headers = {**FORM, "x-twilio-signature": twilio_signature(f"{signed}/twilio/sms", sms_form())}
        assert gateway.http.post("/twilio/sms", data=sms_form(), headers=headers).status_code == 200


def test_a_public_url_with_a_path_works_whether_or_not_the_proxy_strips_the_path() -> None:
    with Served(public_url="https://example.org/clerk/") as gateway:
        headers = {"x-twilio-signature": twilio_signature("https://example.org/clerk/twilio/sms", sms_form())}
        for path in ("/twilio/sms", "/clerk/twilio/sms"):
            assert gateway.http.post(path, data=sms_form(), headers=headers).status_code == 200
        assert len(gateway.publisher.take()) == 2
        assert gateway.http.get("/clerk/healthz").status_code == 200
        assert gateway.http.get("/clerkhealthz").status_code == 404
        assert gateway.http.post("/clerk/clerk/twilio/sms", data=sms_form(), headers=headers).status_code == 404
        assert gateway.twilio(
            {"MessageSid": "SM1", "MessageStatus": "sent", "AccountSid": ACCOUNT}, "/twilio/status/o1"
        ).is_success


def test_a_text_that_cannot_be_published_gets_503_and_keeps_its_place_when_repeated(
    gateway: Served,
) -> None:
    contact = "+15550005555"
    gateway.twilio(sms_form(MessageSid="SMone", From=contact))
    gateway.publisher.trouble = "away"
    refused = gateway.twilio(sms_form(MessageSid="SMtwo", From=contact))
    gateway.publisher.trouble = None
    assert refused.status_code == 503
    assert "away" not in refused.text
    gateway.twilio(sms_form(MessageSid="SMthree", From=contact))
    gateway.twilio(sms_form(MessageSid="SMtwo", From=contact))
    texts = [each for each in gateway.publisher.take() if isinstance(each, SmsReceived)]
    assert [(text.sid, text.after) for text in texts] == [
        ("SMone", None),
        ("SMthree", "SMone"),
        ("SMtwo", "SMthree"),
    ]


def _report(**changes: str) -> dict[str, str]:
    return {"MessageSid": "SM9", "MessageStatus": "delivered", "AccountSid": ACCOUNT, "From": make.LINE, **changes}


@pytest.mark.parametrize(
    ("code", "expected"), [("", None), ("30003", 30003), ("x", None), ("-1", None), ("³", None), ("9" * 40, None)]
)
def test_a_delivery_report_is_published_with_its_error_code_if_it_is_one(
    gateway: Served, code: str, expected: int | None
) -> None:
    answer = gateway.twilio(_report(ErrorCode=code), "/twilio/status/out-1")
    assert (answer.status_code, answer.content) == (204, b"")
    (report,) = gateway.publisher.take()
    assert isinstance(report, DeliveryReported)
    assert (report.sms, report.sid, report.status, report.error_code) == ("out-1", "SM9", "delivered", expected)


def test_a_reports_id_is_decoded_but_signed_as_it_was_sent(gateway: Served) -> None:
    assert gateway.twilio(_report(), "/twilio/status/a%3Ab%2B1").status_code == 204
    (report,) = gateway.publisher.take()
    assert isinstance(report, DeliveryReported)
    assert report.sms == "a:b+1"


def test_a_report_signed_for_another_text_is_refused(gateway: Served) -> None:
    signature = twilio_signature(f"{PUBLIC_URL}/twilio/status/out-1", _report())
    answer = gateway.http.post("/twilio/status/out-2", data=_report(), headers={"x-twilio-signature": signature})
    assert answer.status_code == 403
    assert gateway.publisher.take() == []


def test_a_report_without_a_text_is_not_found(gateway: Served) -> None:
    assert gateway.twilio(_report(), "/twilio/status/").status_code == 404
    assert gateway.twilio(_report(), "/twilio/status/a/b").status_code == 404


@pytest.mark.parametrize(
    ("word", "ours"),
    [("sending", "queued"), ("read", "delivered"), ("canceled", "failed"), ("undelivered", "undelivered")],
)
def test_the_providers_words_become_ours_at_the_edge(gateway: Served, word: str, ours: str) -> None:
    gateway.twilio(sms_form(MessageStatus=word), "/twilio/status/sms-1")
    (report,) = gateway.publisher.take()
    assert isinstance(report, DeliveryReported)
    assert report.status == ours
    gateway.twilio(sms_form(OptOutType="snooze"))
    assert _text(gateway).opt_out is None


def test_an_unknown_delivery_state_is_taken_and_dropped(gateway: Served) -> None:
    assert gateway.twilio(sms_form(MessageStatus="teleported"), "/twilio/status/sms-1").status_code == 204
    assert gateway.publisher.take() == []
