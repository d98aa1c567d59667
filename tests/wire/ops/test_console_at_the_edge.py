"""The console before strangers: no form makes it fail, and no guessing locks out whoever has the token."""

from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest
from dramatiq.brokers.stub import StubBroker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.webhook import MOST_FIELDS, Rejected
from messages.queues import QUEUES
from ops.broker import LAYOUT
from ops.console.forms import KIND, form_of
from ops.console.signing_in.session import TRIES
from ops.queues.in_memory import InMemory
from tests.wire.ops.helpers import TOKEN, console

AWAY = "mongodb://127.0.0.1:1/clerk"
FORM = {"content-type": KIND}
PART = b'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nx\r\n--b--\r\n'


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A console over queues in memory, with no MongoDB."""
    stub = StubBroker()
    for queue in QUEUES:
        stub.declare_queue(queue)
    with console(None, AWAY, InMemory(stub, LAYOUT.queues)) as address:
        yield address


def client(address: str, source: str = "127.0.0.1") -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=source)
    return httpx.Client(base_url=f"{address}/ops", timeout=30, trust_env=False, transport=transport)


def refused(kind: str, body: bytes) -> str:
    with pytest.raises(Rejected) as caught:
        form_of(body, kind)
    assert caught.value.status == 400
    return caught.value.reason


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        (KIND, b"&".join([b"a=1"] * 15_000), "more than 1000 fields"),
        (KIND, b"token=%00", "NUL"),
        (KIND, b"token=\x00", "NUL"),
        (KIND, b"token=%ff", "not UTF-8"),
        (f"{KIND}; charset=utf-16", b"\xff\xfet\x00", "NUL"),
        ("multipart/form-data; boundary=b", PART, KIND),
        ("multipart/form-data", b"x", KIND),
        ("multipart/form-data; boundary=b; charset=undefined", PART, KIND),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", KIND),
        ("application/json", b"{}", KIND),
        ("", b"token=x", KIND),
    ],
)
def test_what_is_no_form_of_the_consoles_is_refused_in_words(kind: str, body: bytes, why: str) -> None:
    assert why in refused(kind, body)


def test_a_form_keeps_its_fields_in_order_and_repeated_ones() -> None:
    pairs = [("id", "1"), ("id", "2"), ("reason", "é &="), ("all", "")]
    found = form_of(urlencode(pairs).encode(), f"{KIND}; charset=UTF-8")
    assert found == pairs
    assert len(form_of(b"&".join([b"a=1"] * MOST_FIELDS), KIND)) > 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (KIND, b"&".join([b"a=1"] * 15_000)),
        ("multipart/form-data; boundary=b; charset=undefined", PART),
        ("multipart/form-data", b"x"),
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/dead/replay", "/sign-out"])
def test_a_form_that_is_none_is_answered_400_before_and_after_the_token(
    address: str, kind: str, body: bytes, path: str
) -> None:
    with client(address, "127.0.0.11") as visitor:
        if path == "/sign-in":
            answer = visitor.post(path, content=body, headers={"content-type": kind})
            assert answer.status_code in {400, 429}
        else:
            bearer = {"authorization": f"Bearer {TOKEN}", "content-type": kind}
            assert visitor.post("/dead/replay", content=body, headers=bearer).status_code == 400
            visitor.post("/sign-in", data={"token": TOKEN})
            assert visitor.post(path, content=body, headers={"content-type": kind}).status_code in {400, 429}


def test_forms_that_are_none_are_counted_like_wrong_tokens(address: str) -> None:
    with client(address, "127.0.0.12") as visitor:
        told = [visitor.post("/sign-in", content=b"token=%ff", headers=FORM).status_code for _ in range(TRIES + 5)]
    assert (told[0], told[-1]) == (400, 429)


def test_whoever_has_the_token_gets_in_while_others_guess_from_the_same_address(address: str) -> None:
    with client(address, "127.0.0.13") as guesser, client(address, "127.0.0.13") as operator:
        while guesser.post("/sign-in", data={"token": "guess"}).status_code != 429:
            pass
        for _ in range(5):
            assert guesser.get("/api/queues", headers={"authorization": "Bearer guess"}).status_code == 429
            assert operator.get("/api/queues", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
            assert operator.post("/sign-in", data={"token": f" {TOKEN} "}).status_code == 303
            assert operator.get("/api/queues").status_code == 200  # by the cookie
            operator.cookies.clear()


PAGES_AND_FORMS = [
    *("/", "/sign-in", "/sign-out", "/dead", "/dead/replay", "/dead/drop", "/dead/x", "/dead?queue=x", "/queues"),
    *("/queues/slack", "/search?q=x", "/static/x", "/api/dead", "/api/dead/replay", "/api/queues"),
    "/api/peek?queue=slack",
]
TOO_LONG = [f"/dead?from={'9' * 5000}", f"/dead?older_than={'9' * 400}d", f"/api/peek?limit={'9' * 50}"]
PATHS = st.one_of(
    st.sampled_from([*PAGES_AND_FORMS, *TOO_LONG]),
    st.binary(max_size=20).map(lambda raw: "/" + "".join(f"%{byte:02x}" for byte in raw)),
)
KINDS = st.one_of(
    st.sampled_from([KIND, "multipart/form-data; boundary=b", "multipart/form-data", "application/json", ""]),
    st.sampled_from(["undefined", "idna", "zlib", "raw_unicode_escape", "utf-16", "x"]).map(
        lambda charset: f"multipart/form-data; boundary=b; charset={charset}"
    ),
)
BODIES = st.one_of(st.binary(max_size=300), st.sampled_from([PART, PART[:40], b"token=%ff", b"{}", b"&" * 2000, b"%"]))
CREDENTIALS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.just({"authorization": f"Bearer {TOKEN}"}),
    st.binary(max_size=30).map(lambda raw: {"authorization": "Bearer " + raw.hex()}),
    st.sampled_from(["9999999999.x", "é.ü", "9" * 30, "=;="]).map(lambda value: {"cookie": f"clerk_ops={value}"}),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(["GET", "POST", "PUT"]), PATHS, KINDS, BODIES, CREDENTIALS)
def test_whatever_bytes_come_with_or_without_the_token_none_make_it_fail(
    address: str, method: str, path: str, kind: str, body: bytes, credentials: dict[str, str]
) -> None:
    headers = [(name.encode(), value.encode()) for name, value in {**credentials, "content-type": kind}.items()]
    with client(address, "127.0.0.14") as visitor:
        answer = visitor.request(method, path, content=body, headers=headers)
    assert answer.status_code != 500
    assert answer.status_code < 500 or "MongoDB" in answer.text
