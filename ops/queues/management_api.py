"""The state of the queues from RabbitMQ's management API (https://www.rabbitmq.com/docs/http-api-reference)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from ops.queues.broker import QueueState
from ops.queues.layout import dead, delayed

type Json = Mapping[str, Any]
type Address = tuple[str, tuple[str, str], str]

FINE: Final = {"msg_rates_age": 600, "msg_rates_incr": 5, "lengths_age": 600, "lengths_incr": 5}
COARSE: Final = {"msg_rates_age": 3600, "msg_rates_incr": 60}
"""How old RabbitMQ's samples may be and how far apart, unless it is configured otherwise."""


class Unavailable(Exception):
    """The management API can't be reached; the text says why."""


class Management:
    """One virtual host of a RabbitMQ, at the first of some addresses that answers."""

    def __init__(self, addresses: Sequence[Address], queues: Sequence[str]) -> None:
        self._queues, self._addresses = queues, addresses
        self.where = ", ".join(httpx.URL(base).netloc.decode() for base, _, _ in addresses)
        self._path = f"/api/queues/{quote(addresses[0][2], safe='')}"

    def states(self) -> list[QueueState]:
        """Every queue with its rates and the age of its oldest message, estimated from RabbitMQ's samples."""
        queues = self._get(self._path, FINE)
        found = [state(name, queues) for name in self._queues]
        if not any(each.oldest_at_least for each in found):
            return found
        longer = self._get(self._path, COARSE)
        return [
            each.model_copy(update=estimated_age(longer.get(each.name, {}), each.ready))
            if each.oldest_at_least
            else each
            for each in found
        ]

    def alarms(self) -> list[str]:
        """What stops RabbitMQ from accepting messages: memory and disk alarms."""
        nodes = self._ask("/api/nodes", {})
        return [
            f"{node['name']}: {what} alarm"
            for node in nodes
            for what, key in (("memory", "mem_alarm"), ("disk", "disk_free_alarm"))
            if node.get(key)
        ]

    def _get(self, path: str, query: Mapping[str, int]) -> dict[str, Json]:
        return {str(each["name"]): each for each in self._ask(path, query)}

    def _ask(self, path: str, query: Mapping[str, int]) -> Sequence[Json]:
        *others, last = self._addresses
        for each in others:
            try:
                return _answer(self._http, each, path, query)
            except Unavailable:
                continue
        return _answer(self._http, last, path, query)

    @cached_property
    def _http(self) -> httpx.Client:
        """One client: each new one reads all certificates of the machine. It keeps no connection between two calls."""
        return httpx.Client(timeout=3, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


def _answer(http: httpx.Client, address: Address, path: str, query: Mapping[str, int]) -> Sequence[Json]:
    base, auth, _ = address
    try:
        answer = http.get(f"{base}{path}", params=dict(query), auth=auth)
        answer.raise_for_status()
        found = answer.json()
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        hint = "; its user needs the tag `monitoring`" if status in {401, 403} else ""
        raise Unavailable(f"it answered {status}{hint}") from None
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(str(error) or type(error).__name__) from None
    if not isinstance(found, list):
        raise Unavailable("it did not answer with a list")
    return found


def management_address(amqp_url: str, management_url: str | None) -> Address:
    """Base URL, user and password, and virtual host for RabbitMQ's management API. Pure."""
    amqp = urlsplit(amqp_url)
    near = in_url(amqp.hostname)
    default = f"https://{near}:15671" if amqp.scheme == "amqps" else f"http://{near}:15672"
    parts = urlsplit(management_url or default)
    user, password = (parts.username, parts.password) if parts.username else (amqp.username, amqp.password)
    host = f"{in_url(parts.hostname)}:{parts.port}" if parts.port else in_url(parts.hostname)
    vhost = unquote(amqp.path[1:]) if len(amqp.path) > 1 else "/"
    base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    return base, (unquote(user or "guest"), unquote(password or "guest")), vhost


def in_url(host: str | None) -> str:
    """A host as it is written in a URL."""
    return f"[{host}]" if host is not None and ":" in host else str(host)


def state(name: str, queues: Mapping[str, Json]) -> QueueState:
    """One work queue's state from the API's fields of its three queues. Pure."""
    work, waiting, buried = (queues.get(each, {}) for each in (name, delayed(name), dead(name)))
    ready = _number(work, "messages_ready")
    return QueueState(
        name=name,
        ready=ready,
        held=_number(work, "messages_unacknowledged"),
        delayed=_number(waiting, "messages"),
        dead=_number(buried, "messages"),
        consumers=_number(work, "consumers"),
        rate_in=_rate(work, "publish"),
        rate_out=_rate(work, "ack"),
        stalled=stalled(work, datetime.now(UTC)),
        **estimated_age(work, ready),
    )


def estimated_age(queue: Json, ready: int) -> dict[str, Any]:
    """`oldest` and `oldest_at_least` of a queue with `ready` waiting messages. Pure.

    A queue delivers in order: when the oldest waiting message was published, the count of publishes exceeded its
    present value less `ready` for the first time.
    """
    stats = queue.get("message_stats", {})
    samples = stats.get("publish_details", {}).get("samples", ())
    if ready == 0 or not samples:
        return {"oldest": None, "oldest_at_least": False}
    newest, now = samples[0], datetime.now(UTC).timestamp()
    before = max(0, max(int(stats.get("publish", 0)), int(newest["sample"])) - ready)
    later = [each for each in samples if each["sample"] > before]
    since = later[-1] if later else newest
    at_least = len(later) == len(samples)
    return {"oldest": max(0.0, now - since["timestamp"] / 1000), "oldest_at_least": at_least}


def stalled(queue: Json, now: datetime) -> float | None:
    """For how many seconds workers have held messages and acknowledged none; None if they hold none. Pure."""
    if _number(queue, "messages_unacknowledged") == 0:
        return None
    held = _samples(queue, "messages_unacknowledged")
    acknowledged = _samples(queue.get("message_stats", {}), "ack")
    empty = (at for at, count in held if count == 0)
    finished = (at for (at, count), (_, before) in pairwise(acknowledged) if count > before)
    known = (at for at, _ in held[-1:])
    since = max(next(empty, 0.0), next(finished, 0.0)) or next(known, now.timestamp())
    return max(0.0, now.timestamp() - since)


def _samples(stats: Json, what: str) -> list[tuple[float, int]]:
    """Times and counts, the latest first."""
    found = stats.get(f"{what}_details", {}).get("samples", ())
    return [(each["timestamp"] / 1000, int(each["sample"])) for each in found]


def _number(queue: Json, name: str) -> int:
    found = queue.get(name, 0)
    return found if isinstance(found, int) else 0


def _rate(queue: Json, what: str) -> float:
    found = queue.get("message_stats", {}).get(f"{what}_details", {}).get("rate", 0.0)
    return float(found)
