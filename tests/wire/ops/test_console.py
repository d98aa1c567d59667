"""The console over HTTP: who may sign in, what is shown, and which sites may change what."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from ops.console.signing_in.session import NEXT_TRY_AFTER, TRIES, Token
from tests.servers import PLAIN, WORKER, BackingServer, asked, database, depths, vhost
from tests.wire.ops.helpers import TOKEN, console, declare, letter, put

BEARER = {"authorization": f"Bearer {TOKEN}"}
PAGES = (
    "/",
    "/calls",
    "/queues",
    "/queues/slack",
    "/dead",
    "/pending",
    "/tickets",
    "/lines",
    "/search?q=x",
    "/trace/1",
)


@pytest.fixture
def address(amqp_url: str, mongo_url: str) -> Iterator[str]:
    declare(amqp_url)
    with console(amqp_url, mongo_url) as address:
        yield address


@pytest.fixture(scope="module")
def untouched(rabbit: BackingServer, mongo: BackingServer) -> Iterator[str]:
    """A console for tests that only look at its pages; nothing else reaches its queues and documents."""
    own = vhost(rabbit, f"console{WORKER}")
    declare(own.url)
    with console(own.url, database(mongo.url, f"console{WORKER}")) as address:
        yield address


@pytest.fixture
def visitor(address: str) -> Iterator[httpx.Client]:
    """A client without the token."""
    with httpx.Client(base_url=f"{address}/ops", timeout=120, trust_env=False, verify=PLAIN) as client:
        yield client


@pytest.fixture
def operator(address: str) -> Iterator[httpx.Client]:
    """A client that has signed in with a browser."""
    with signed_in(address) as client:
        yield client


@contextmanager
def signed_in(address: str) -> Iterator[httpx.Client]:
    """A client that has signed in with a browser."""
    with httpx.Client(base_url=f"{address}/ops", timeout=120, trust_env=False, verify=PLAIN) as client:
        answer = client.post("/sign-in", data={"token": TOKEN, "after": "/ops/dead"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/ops/dead")
        yield client


def form_key(client: httpx.Client) -> str:
    found = re.search(r'name="form_key" value="([0-9a-f]+)"', client.get("/dead").text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", PAGES)
def test_without_the_token_every_page_is_a_form_that_asks_for_it(untouched: str, path: str) -> None:
    answer = asked(f"{untouched}/ops{path}")
    assert answer.status_code == 401
    assert 'name="token"' in answer.text
    assert "Dead letters" not in answer.text


@pytest.mark.parametrize("path", ["/api/queues", "/api/trace?id=1", "/api/dead", "/api/nothing"])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"cookie": "clerk_ops=9999999999.00"}])
def test_without_the_token_the_api_shows_nothing(visitor: httpx.Client, path: str, headers: dict[str, str]) -> None:
    assert visitor.get(path, headers=headers).status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_with_the_token_every_page_is_shown_and_may_load_nothing_from_elsewhere(untouched: str, path: str) -> None:
    with signed_in(untouched) as operator:
        answer = operator.get(path)
    assert answer.status_code in {200, 404}, answer.text
    assert "Sign out" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in answer.text
    assert "<script>" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_the_overview_says_so_when_no_process_has_reported(operator: httpx.Client) -> None:
    page = operator.get("/").text
    assert "No process has reported" in page
    assert "Everything runs in this process" not in page


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: httpx.Client) -> None:
    cookie = visitor.post("/sign-in", data={"token": TOKEN}).headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/ops"):
        assert part in cookie
    assert TOKEN not in cookie


def test_signing_in_never_redirects_to_another_site(visitor: httpx.Client) -> None:
    for after in ("https://evil.example.org/", "//evil.example.org", "/ops/../", "javascript:alert(1)", "/opsevil"):
        to = visitor.post("/sign-in", data={"token": TOKEN, "after": after}).headers["location"]
        assert to.startswith("/ops/"), to


@pytest.mark.parametrize("way", ["form", "bearer"])
def test_guessing_the_token_is_slowed_down_for_the_guessing_address(
    visitor: httpx.Client, operator: httpx.Client, address: str, way: str
) -> None:
    def tried(token: str, client: httpx.Client = visitor) -> httpx.Response:
        if way == "form":
            return client.post("/sign-in", data={"token": token})
        return client.get("/api/queues", headers={"authorization": f"Bearer {token}"})

    statuses = [tried(f"guess {number}").status_code for number in range(TRIES + 5)]
    assert set(statuses[:TRIES]) == {303 if way == "form" else 401}
    assert statuses[-1] == 429
    closed = tried("another guess")
    assert closed.status_code == 429
    assert 0 < int(closed.headers["retry-after"]) <= NEXT_TRY_AFTER.total_seconds()
    assert tried(TOKEN).status_code == (303 if way == "form" else 200)
    assert operator.get("/api/queues").status_code == 200  # signed in before
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=f"{address}/ops", timeout=120, trust_env=False, transport=elsewhere) as other:
        assert tried(TOKEN, other).status_code == (303 if way == "form" else 200)


@pytest.mark.parametrize("verb", ["replay", "drop"])
def test_another_site_can_move_no_dead_letter(
    operator: httpx.Client, visitor: httpx.Client, amqp_url: str, verb: str
) -> None:
    put(amqp_url, "slack.XQ", [letter()])
    key = form_key(operator)
    forged = {"all": "1"}
    assert operator.post(f"/dead/{verb}", data=forged).status_code == 403
    assert operator.post(f"/dead/{verb}", data={**forged, "form_key": "0" * 64}).status_code == 403
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert operator.post(f"/dead/{verb}", data={**forged, "form_key": key}, headers=elsewhere).status_code == 403
    assert visitor.post(f"/dead/{verb}", data={**forged, "form_key": key}).status_code == 303
    assert operator.get(f"/dead/{verb}").status_code == 404
    assert depths(amqp_url)["slack.XQ"] == 1


def test_dead_letters_are_replayed_and_dropped_from_the_page(operator: httpx.Client, amqp_url: str) -> None:
    put(amqp_url, "slack.XQ", [letter(number) for number in range(1, 4)])
    key = form_key(operator)
    ids = re.findall(r'name="id" value="([^"]+)"', operator.get("/dead").text)
    assert len(ids) == 3
    assert operator.post("/dead/replay", data={"form_key": key, "id": [ids[0]]}).status_code == 303
    assert (depths(amqp_url)["slack"], depths(amqp_url)["slack.XQ"]) == (1, 2)
    assert "1 replayed" in operator.get("/dead").text
    operator.post("/dead/drop", data={"form_key": key, "all": "1", "reason": "no such reason"})
    assert depths(amqp_url)["slack.XQ"] == 2
    operator.post("/dead/drop", data={"form_key": key, "all": "1", "reason": "archived"})
    assert depths(amqp_url)["slack.XQ"] == 0
    assert operator.post("/dead/drop", data={"form_key": key}).headers["location"] == "/ops/dead?nothing=1"


def test_a_contacts_text_is_hidden_until_asked_for_and_always_escaped(operator: httpx.Client, amqp_url: str) -> None:
    nasty = '<script>alert("x")</script>'
    body = letter(
        5, kwargs={"message": {"body": nasty, "contact": "+15550200001"}}, options={"reason": nasty, "died_at": 1}
    )
    put(amqp_url, "slack.XQ", [body])
    id = "00000000-0000-0000-0000-000000000005"
    for path in ("/dead", f"/dead/{id}", f"/dead/{id}?show_text=1"):
        assert "<script>alert" not in operator.get(path).text
    covered, shown = operator.get(f"/dead/{id}").text, operator.get(f"/dead/{id}?show_text=1").text
    assert "27 characters" in covered
    assert "+15550200001" not in covered
    assert "+15550200001" in shown
    assert "&lt;script&gt;" in shown


def test_the_api_hides_texts_unless_asked_and_refuses_invalid_requests(visitor: httpx.Client, amqp_url: str) -> None:
    put(amqp_url, "ingestion", [letter(1, queue_name="ingestion", kwargs={"message": {"body": "secret"}})])
    peeked = visitor.get("/api/peek?queue=ingestion", headers=BEARER)
    assert peeked.json()[0]["payload"] == {"body": "••• (6 characters)"}
    shown = visitor.get("/api/peek?queue=ingestion&show_text=1", headers=BEARER)
    assert shown.json()[0]["payload"] == {"body": "secret"}
    assert visitor.get("/api/peek?queue=nothing", headers=BEARER).status_code == 400
    assert visitor.post("/api/dead/drop", headers=BEARER, content=b"{broken").status_code == 400
    assert visitor.post("/api/dead/drop", headers=BEARER, content=b"").status_code == 400
    assert depths(amqp_url)["ingestion"] == 1


def test_a_form_that_is_too_long_is_refused(visitor: httpx.Client) -> None:
    assert visitor.post("/sign-in", content=b"x" * 2_000_000).status_code == 413


def test_a_cookie_ends_with_its_time_and_with_the_token() -> None:
    token = Token("one")
    cookie = token.cookie_value(1000)
    assert token.is_valid_cookie(cookie, 999)
    assert not token.is_valid_cookie(cookie, 1001)
    assert not Token("two").is_valid_cookie(cookie, 999)
    for forged in ("", ".", "2000." + cookie.partition(".")[2], cookie + "0", "1e3.x", "١٢٣.x", "9" * 400 + ".x"):
        assert not token.is_valid_cookie(forged, 999)


def test_the_console_says_what_it_means_that_broker_and_mongodb_are_away() -> None:
    away = "amqp://guest:guest@127.0.0.1:1/"
    with (
        console(away, "mongodb://127.0.0.1:1/clerk") as address,
        httpx.Client(base_url=f"{address}/ops", headers=BEARER, timeout=120, trust_env=False, verify=PLAIN) as client,
    ):
        dead = client.get("/dead")
        assert (dead.status_code, "RabbitMQ at 127.0.0.1:1 is away" in dead.text) == (503, True)
        assert "MongoDB can&#39;t be reached" in client.get("/tickets").text
        assert client.get("/api/queues").status_code == 503
        page = client.get("/").text
        assert "RabbitMQ can&#39;t be reached." in page
        assert "MongoDB can&#39;t be reached" in page
