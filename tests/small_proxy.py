"""A small HTTP proxy on a free port, which keeps what goes through it and alone can resolve some names."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "content-length", "proxy-authorization", "proxy-connection", "transfer-encoding"}


@dataclass
class SmallProxy:
    """A running proxy: `names` leads names that no DNS knows to `host:port`; `seen` has what was asked for."""

    url: str
    names: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def lead(self, name: str, url: str) -> str:
        """Make a name lead to the server at a URL; returns the URL by that name."""
        parts = urlsplit(url)
        self.names[name] = parts.netloc
        return parts._replace(netloc=name).geturl()


class _Handler(BaseHTTPRequestHandler):
    proxy: SmallProxy

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.proxy.seen.append(f"{parts.netloc}{parts.path}")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        there = http.client.HTTPConnection(self.proxy.names.get(parts.netloc, parts.netloc), timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        there.request(self.command, parts._replace(scheme="", netloc="").geturl(), body or None, headers)
        answer = there.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        there.close()

    do_POST = do_GET  # noqa: N815 - the server looks for methods of these names

    def do_CONNECT(self) -> None:
        """Refuse the tunnel, as a proxy does that can't reach the host."""
        self.proxy.seen.append(self.path)
        self.send_error(502)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def small_proxy() -> Iterator[SmallProxy]:
    """A proxy that runs for the length of the `with` block."""
    proxy = SmallProxy("")
    handler = type("_BoundHandler", (_Handler,), {"proxy": proxy})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join(10)
