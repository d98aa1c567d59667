"""A load generator cheap enough not to be the bottleneck, in a process of its own: signed texts over kept connections.

`python -m bench.load URL PUBLIC_URL SECONDS` prints one line of JSON: see Load.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Final, cast
from urllib.parse import urlencode, urlsplit

import uvloop

from gateway.twilio_webhook import signature
from messages.settings import SANDBOX
from tests.servers import ROOT

CONNECTIONS: Final = 64
WARM_UP: Final = 0.5
TEXTS: Final = 10_000
CONTACTS: Final = 500
LINE: Final = "+15550001111"


@dataclass(frozen=True)
class Load:
    """What a server did under load: answers by status, and the milliseconds within which half and 99 % of them came.

    `answered` counts those while it warmed up, too.
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


def put(url: str, public_url: str, seconds: float) -> Load:
    """Put load on a server from another process."""
    command = [sys.executable, "-m", "bench.load", url, public_url, str(seconds)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=seconds + 60)
    return Load(**json.loads(done.stdout))


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


def _request(number: int, host: str, public_url: str) -> bytes:
    body, genuine = signed(number, public_url)
    head = (
        f"POST /twilio/sms HTTP/1.1\r\nHost: {host}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"X-Twilio-Signature: {genuine}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Caller(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last is complete."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[str], latencies: list[float]) -> None:
        self._requests, self._statuses, self._latencies = requests, statuses, latencies
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._latencies.append(time.perf_counter() - self._sent_at)
        self._statuses[head[9:12].decode()] += 1
        self._received = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._statuses["lost"] += 1

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def _content_length(head: bytes) -> int:
    at = head.lower().index(b"content-length:") + 15
    return int(head[at:].split(b"\r\n", 1)[0])


async def _run(url: str, public_url: str, seconds: float) -> Load:
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.port is not None
    requests = cycle([_request(number, parts.netloc, public_url) for number in range(TEXTS)])
    statuses: Counter[str] = Counter()
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: _Caller(requests, statuses, latencies), parts.hostname, parts.port))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(WARM_UP)
    warmed_up = statuses.total()
    statuses.clear()
    latencies.clear()
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    took, counted, waits = time.perf_counter() - started, dict(statuses), sorted(latencies)
    for caller in callers:
        caller.close()
    return Load(took, warmed_up + sum(counted.values()), counted, _milliseconds(waits, 0.5), _milliseconds(waits, 0.99))


def _milliseconds(waits: list[float], share: float) -> float:
    return round(waits[int(len(waits) * share)] * 1000, 2) if waits else float("inf")


def main() -> None:
    """Put load on a server and print what it did."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("url")
    parser.add_argument("public_url")
    parser.add_argument("seconds", type=float)
    asked = parser.parse_args()
    print(json.dumps(asdict(uvloop.run(_run(asked.url, asked.public_url, asked.seconds)))))


if __name__ == "__main__":
    main()
