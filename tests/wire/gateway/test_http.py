"""The gateway as an HTTP server: its routes, its limits, and how it handles arbitrary bytes."""

import re
import socket
import time
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.app import REFUSED_AGAIN, REFUSED_AT_ONCE
from tests.wire.gateway.helpers import (
    FORM,
    PUBLIC_URL,
    Served,
    reply_event,
    slack_headers,
    sms_form,
    twilio_signature,
)

LIMIT = 1 << 20
ROUTES = ["/twilio/sms", "/twilio/status/x", "/slack/interactions", "/slack/events", "/slack/commands"]


def _status(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert match, answer[:100]
    return int(match[1])


def _sized(size: int) -> dict[str, str]:
    """A text whose form is this long."""
    form = sms_form(Body="")
    return sms_form(Body="x" * (size - len(urlencode(form))))


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_webhook_allows_post_only_and_says_so(gateway: Served, path: str, method: str) -> None:
    answer = gateway.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_page_allows_get_and_head_only_and_says_so(gateway: Served, path: str) -> None:
    assert gateway.http.get(path).status_code == 200
    head = gateway.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    answer = gateway.http.post(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/twilio", "/twilio/status", "/slack", "/favicon.ico", "/../etc/passwd", "/%00"])
def test_an_unknown_path_is_not_found(gateway: Served, path: str) -> None:
    assert gateway.http.get(path).status_code == 404


def test_readiness_depends_on_the_broker_and_health_does_not(gateway: Served) -> None:
    gateway.publisher.trouble = "RabbitMQ does not confirm"
    answer = gateway.http.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "broker")
    assert gateway.http.get("/healthz").status_code == 200


def test_a_body_of_exactly_one_mebibyte_is_taken_and_one_byte_more_is_not(gateway: Served) -> None:
    assert gateway.twilio(_sized(LIMIT)).status_code == 200
    assert len(gateway.publisher.take()) == 1
    assert gateway.twilio(_sized(LIMIT + 1)).status_code == 413
    assert gateway.publisher.take() == []


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
def test_a_body_in_chunks_has_the_same_limit(gateway: Served, size: int, status: int) -> None:
    form = _sized(size)
    body = urlencode(form).encode()
    headers = {**FORM, "x-twilio-signature": twilio_signature(f"{PUBLIC_URL}/twilio/sms", form)}
    chunks = (body[at : at + 60_000] for at in range(0, len(body), 60_000))
    assert gateway.http.post("/twilio/sms", content=chunks, headers=headers).status_code == status
    assert len(gateway.publisher.take()) == (status == 200)


@pytest.mark.parametrize("length", [str(LIMIT + 1), "9" * 30])
def test_a_body_whose_length_is_over_the_limit_is_refused_before_it_comes(gateway: Served, length: str) -> None:
    head = f"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    assert _status(gateway.raw(head.encode(), finish=False)) in {400, 413}


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "+5", "0x10", "5, 6", ""])
def test_a_garbled_length_is_refused(gateway: Served, length: str) -> None:
    head = f"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nhello"
    assert 400 <= _status(gateway.raw(head.encode())) < 500
    assert gateway.publisher.take() == []


def test_a_body_longer_than_its_length_is_refused_and_the_rest_is_not_a_request(gateway: Served) -> None:
    body = urlencode(sms_form()).encode()
    signature = twilio_signature(f"{PUBLIC_URL}/twilio/sms", sms_form())
    head = f"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: {signature}\r\nContent-Length: 20\r\n\r\n"
    answer = gateway.raw(head.encode() + body)
    assert _status(answer) in {400, 403}
    assert b"HTTP/1.1 200" not in answer
    assert gateway.publisher.take() == []


def test_two_lengths_or_a_length_with_chunks_smuggle_no_request(gateway: Served) -> None:
    for extra in ("Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"):
        answer = gateway.raw(f"POST /twilio/sms HTTP/1.1\r\nHost: x\r\n{extra}\r\n0\r\n\r\n".encode())
        assert 400 <= _status(answer) < 500
    assert gateway.publisher.take() == []


def test_the_gateway_stops_waiting_for_a_body_that_does_not_come(gateway: Served) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as connection:
        connection.sendall(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello")
        assert _status(connection.recv(65536)) == 408


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /twilio/sms HTTP/1.1\r\nHo",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nX: y\r\n",
    ],
    ids=["nothing", "a first head", "a second head"],
)
def test_the_gateway_stops_waiting_for_a_head_that_does_not_come_or_drips(gateway: Served, begun: bytes) -> None:
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=0.2) as connection:
        connection.sendall(begun)
        while time.monotonic() - started < 60:
            try:
                if connection.recv(65536) == b"":
                    return
            except TimeoutError:
                if begun:
                    connection.sendall(b"x")
            except ConnectionResetError:
                return
    pytest.fail("the gateway still waits after a minute")


def test_an_endless_head_is_refused(gateway: Served) -> None:
    head = b"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nX-Long: "
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
        connection.sendall(head)
        with pytest.raises((ConnectionError, TimeoutError)):
            for _ in range(2000):
                connection.sendall(b"x" * 65536)


def test_a_long_head_is_accepted(gateway: Served) -> None:
    assert gateway.twilio(sms_form(), **{"x-long": "x" * 60_000}).status_code == 200


def test_a_sender_that_disconnects_halfway_changes_nothing(gateway: Served) -> None:
    body = urlencode(sms_form()).encode()
    signature = twilio_signature(f"{PUBLIC_URL}/twilio/sms", sms_form())
    head = f"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: {signature}\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
        connection.sendall(head.encode() + body[:50])
    assert gateway.twilio(sms_form(MessageSid="SMafter")).status_code == 200
    (text,) = gateway.publisher.take()
    assert "SMafter" in text.model_dump_json()


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /twilio/sms HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST /twilio/sms\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /twilio/s\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST http://x:99999999/twilio/sms HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        b"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 1000,
    ],
    ids=lambda data: data[:30],
)
def test_bytes_that_are_not_http_do_no_harm(gateway: Served, data: bytes) -> None:
    answer = gateway.raw(data)
    assert not answer or _status(answer) < 500
    assert gateway.publisher.take() == []
    assert gateway.http.get("/healthz").status_code == 200


def test_the_first_of_two_headers_with_one_name_counts(gateway: Served) -> None:
    good = twilio_signature(f"{PUBLIC_URL}/twilio/sms", sms_form())
    for first, second, status in ((good, "x", 200), ("x", good, 403)):
        headers = [(b"X-Twilio-Signature", first.encode()), (b"x-twilio-signature", second.encode())]
        assert gateway.http.post("/twilio/sms", data=sms_form(), headers=headers).status_code == status


def _metric(gateway: Served, name: str) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in gateway.http.get("/metrics").text.splitlines() if line.startswith(name)]
    return {labels: float(value) for labels, _, value in lines}


def test_webhooks_are_counted_by_route_and_outcome(gateway: Served) -> None:
    counted = 'clerk_webhooks_total{outcome="%s",route="%s"}'
    before = _metric(gateway, "clerk_webhooks_total")
    gateway.twilio(sms_form())
    gateway.http.post("/twilio/sms", data=sms_form())
    gateway.http.post("/twilio/status/some-id")
    after = _metric(gateway, "clerk_webhooks_total")
    for outcome, route in (
        ("accepted", "/twilio/sms"),
        ("rejected", "/twilio/sms"),
        ("rejected", "/twilio/status/{sms_id}"),
    ):
        name = counted % (outcome, route)
        assert after[name] == before.get(name, 0) + 1


def test_dropped_events_are_counted_by_a_limited_number_of_types() -> None:
    with Served() as gateway:
        for number in range(150):
            gateway.event(reply_event(type=f"type_{number}"))
        gateway.event(reply_event(type='evil"} 1\n'))
        gateway.event(reply_event(type="x" * 500))
        found = _metric(gateway, "clerk_events_dropped_total")
    assert 'clerk_events_dropped_total{type="type_0"}' in found
    assert found['clerk_events_dropped_total{type="other"}'] >= 52
    assert len([name for name in found if "type_" in name]) <= 100
    assert "evil" not in str(found)


HEADER_NAMES = st.sampled_from(
    ["x-twilio-signature", "x-slack-signature", "x-slack-request-timestamp", "content-type", "x-forwarded-proto", "x"]
)
HEADER_VALUES = st.binary(max_size=80).map(lambda value: re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"", value).strip(b" \t"))
HEADERS = st.lists(st.tuples(HEADER_NAMES.map(str.encode), HEADER_VALUES), max_size=5)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=80).map(str.encode),
    st.lists(st.tuples(st.text(max_size=10), st.text(max_size=20)), max_size=6).map(lambda f: urlencode(f).encode()),
    st.sampled_from([b'{"type": "event_callback", "event": {}}', b"payload=%7B%7D", b"payload=null", b"&&==&=", b"%"]),
)
BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@BUSY
@given(st.sampled_from(ROUTES), BODIES, HEADERS)
def test_any_unsigned_request_is_refused_and_changes_nothing(
    gateway: Served, path: str, body: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    answer = gateway.http.post(path, content=body, headers=headers)
    assert answer.status_code == (403 if path.startswith("/twilio") else 401)
    assert gateway.publisher.take() == []


@BUSY
@given(st.sampled_from(ROUTES[2:]), BODIES, HEADERS)
def test_any_request_signed_by_slack_is_taken_or_refused_as_garbled(
    gateway: Served, path: str, body: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    others = [each for each in headers if not each[0].startswith(b"x-slack")]
    signed = [(name.encode(), value.encode()) for name, value in slack_headers(body).items()]
    answer = gateway.http.post(path, content=body, headers=[*signed, *others])
    assert answer.status_code in {200, 400}
    assert gateway.publisher.take() == []


@BUSY
@given(
    st.sampled_from(ROUTES[:2]),
    st.dictionaries(st.sampled_from([*sms_form(), "OptOutType", "MediaUrl0", "ErrorCode", "x"]), st.text(max_size=40)),
)
def test_any_request_signed_by_twilio_is_taken_or_refused(gateway: Served, path: str, changes: dict[str, str]) -> None:
    answer = gateway.twilio({**sms_form(), **changes, "MessageStatus": "sent"}, path)
    assert answer.status_code in ({200, 204} if "AccountSid" not in changes else {200, 204, 403})
    assert len(gateway.publisher.take()) <= answer.is_success


def limited(gateway: Served) -> float:
    """How many texts were refused without a reason so far; 0 before the first."""
    text = gateway.http.get("/metrics").text
    [count] = re.findall(r'clerk_webhooks_total\{outcome="limited",route="/twilio/sms"\} (\S+)', text)
    return float(count)


def test_a_flood_of_forgeries_is_answered_429_and_keeps_no_genuine_text_out() -> None:
    body = urlencode(sms_form()).encode()
    with Served() as gateway:
        gateway.stopped = datetime.now(UTC)  # each tenth of a second lets one more forgery be looked at
        before = limited(gateway)
        answers = [gateway.post("/twilio/sms", body, FORM) for _ in range(REFUSED_AT_ONCE)]
        assert {answer.status_code for answer in answers} == {403}
        answer = gateway.post("/twilio/sms", body, FORM)
        assert (answer.status_code, answer.headers["retry-after"], answer.headers["connection"]) == (429, "1", "close")
        assert gateway.twilio(sms_form()).status_code == 200
        assert len(gateway.publisher.take()) == 1
        assert gateway.slack("/slack/commands", b"x=%ff").status_code == 429
        gateway.later = REFUSED_AT_ONCE * REFUSED_AGAIN
        assert gateway.post("/twilio/sms", body, FORM).status_code == 403
        assert limited(gateway) > before


def test_metrics_are_openmetrics_to_whoever_accepts_that(gateway: Served) -> None:
    open_metrics = gateway.http.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert open_metrics.text.endswith("# EOF\n")
    plain = gateway.http.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    assert "# EOF" not in plain.text
