"""A load generator, in a process of its own: signed texts over kept connections.

It uses no event loop, so that it takes little processor time and leaves the rest of the machine to the server.

`python -m bench.load PUBLIC_URL` reads a line `URL SECONDS` for each load, and answers with a line of JSON: see Load.
"""

import argparse
import json
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import cycle
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

from bench.table import percentile
from gateway.twilio_webhook import signature
from messages.process.settings import SANDBOX
from tests.servers import ROOT

CONNECTIONS: Final = 64
WARM_UP: Final = 0.5
TEXTS: Final = 20_000
"""How many texts are prepared, each with its own sid and signature; after the last the first is sent again."""

CONTACTS: Final = 500
LINE: Final = "+15550001111"


@dataclass(frozen=True)
class Load:
    """What a server did under load: answers by status, and the milliseconds within which half and 99 % of them came.

    `answered` includes those of the warm-up.
    """

    seconds: float
    answered: int
    statuses: dict[str, int]
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        """Texts accepted a second."""
        return self.statuses.get("200", 0) / self.seconds


class Loader:
    """The load generator's process, which prepares its texts once, whatever server they go to."""

    def __init__(self, public_url: str) -> None:
        command = [sys.executable, "-m", "bench.load", public_url]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def put(self, url: str, seconds: float) -> Load:
        """Put load on a server."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(url, seconds, file=self._process.stdin)
        return Load(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def form(number: int, contacts: int) -> list[tuple[str, str]]:
    """The parameters of a text as Twilio sends them."""
    sid = f"SM{time.time_ns() // 1_000_000_000:016x}{number:016x}"
    place = {"City": "SPRINGFIELD", "State": "OR", "Zip": "97477", "Country": "US"}
    return [
        *((f"To{name}", value) for name, value in place.items()),
        *((f"From{name}", value) for name, value in place.items()),
        *((name, sid) for name in ("MessageSid", "SmsSid", "SmsMessageSid")),
        ("AccountSid", SANDBOX["twilio_account_sid"]),
        ("From", f"+{15550300000 + number % contacts}"),
        ("To", LINE),
        ("Body", f"Is the blue one still there? I could come by at {number % 12 + 1}, if that suits you & yours."),
        *(("NumMedia", "0"), ("NumSegments", "1"), ("ReferralNumMedia", "0")),
        *(("SmsStatus", "received"), ("ApiVersion", "2010-04-01")),
    ]


def signed(number: int, public_url: str, contacts: int = CONTACTS) -> tuple[bytes, str]:
    """A text's body and its X-Twilio-Signature."""
    pairs = form(number, contacts)
    raw = [(name.encode(), value.encode()) for name, value in pairs]
    genuine = signature(f"{public_url}/twilio/sms", raw, SANDBOX["twilio_auth_token"].encode())
    return urlencode(pairs).encode(), genuine.decode()


def _request(number: int, public_url: str) -> bytes:
    """A text's request without its first lines, which name the server."""
    body, genuine = signed(number, public_url)
    head = (
        "User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"X-Twilio-Signature: {genuine}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Caller:
    """One connection: the next request goes out when the answer to the last is complete."""

    def __init__(self, host: str, port: int, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._received = b""
        self._sent_at = 0.0

    def send(self) -> None:
        """Ask for the next."""
        self._sent_at = time.perf_counter()
        self.socket.sendall(next(self._requests))

    def receive(self) -> tuple[str, float] | None:
        """The answer's status and how long it took; None if there is more to come."""
        received = self.socket.recv(1 << 16)
        if not received:
            raise ConnectionError("the server has closed a connection")
        self._received += received
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        status, length = _status_and_length(head)
        if len(body) < length:
            return None
        self._received = b""
        return status, time.perf_counter() - self._sent_at


@lru_cache(maxsize=64)
def _status_and_length(head: bytes) -> tuple[str, int]:
    """An answer's status, and how long its body is: heads differ by their date at most."""
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
    return lines[0].split(" ")[1], length


def _load(url: str, bodies: Iterator[bytes], seconds: float) -> Load:
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.port is not None
    begin = b"POST %s HTTP/1.1\r\nHost: %s\r\n" % (parts.path.encode(), parts.netloc.encode())
    requests = (begin + rest for rest in bodies)
    epoll = select.epoll()
    callers: dict[int, _Caller] = {}
    for _ in range(CONNECTIONS):
        caller = _Caller(parts.hostname, parts.port, requests)
        callers[caller.socket.fileno()] = caller
        epoll.register(caller.socket, select.EPOLLIN)
    for caller in callers.values():
        caller.send()
    warmed_up = len(_answers(epoll, callers, WARM_UP))
    started = time.perf_counter()
    answers = _answers(epoll, callers, seconds)
    took = time.perf_counter() - started
    for caller in callers.values():
        caller.socket.close()
    epoll.close()
    statuses, waits = dict(Counter(status for status, _ in answers)), [wait * 1000 for _, wait in answers]
    return Load(took, warmed_up + len(answers), statuses, percentile(waits, 0.5), percentile(waits, 0.99))


def _answers(epoll: select.epoll, callers: dict[int, _Caller], seconds: float) -> list[tuple[str, float]]:
    """Every answer within some time, each followed by the next request."""
    answers: list[tuple[str, float]] = []
    until = time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        for ready, _ in epoll.poll(left):
            caller = callers[ready]
            if (answer := caller.receive()) is not None:
                answers.append(answer)
                caller.send()
    return answers


def main() -> None:
    """Put load on servers, one after the other, and print what each did."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("public_url")
    public_url = parser.parse_args().public_url
    bodies = cycle([_request(number, public_url) for number in range(TEXTS)])
    for line in sys.stdin:
        url, seconds = line.split()
        print(json.dumps(asdict(_load(url, bodies, float(seconds)))), flush=True)


if __name__ == "__main__":
    main()
