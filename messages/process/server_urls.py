"""What is wrong with the URL of RabbitMQ or MongoDB, in words that show no part of it. Pure.

RabbitMQ's form is https://www.rabbitmq.com/docs/uri-spec, MongoDB's
https://www.mongodb.com/docs/manual/reference/connection-string. Several nodes of a RabbitMQ are several URLs with a
semicolon between them, as Dramatiq has it.
"""

import re
from typing import Final

from messages.process.host_names import can_be_host

ESCAPED: Final = (
    "a character of its user, password or path must be escaped: @ is %40, : is %3A, / is %2F, ? is %3F, # is %23, "
    "; is %3B, % is %25"
)

_HOST: Final = r"(?:\[(?P<v6>[^\]]*)\]|(?P<host>[^\[\]:]*))(?::(?P<port>.*))?"
_V6: Final = re.compile(r"[0-9a-f:]*:[0-9a-f:.]*(%[\w.-]+)?", re.ASCII | re.IGNORECASE)
_SOCKET: Final = re.compile(r"%2F[\w.%-]+\.sock", re.IGNORECASE)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def nodes(url: str) -> list[str]:
    """The URL of each node of a RabbitMQ."""
    return [each.strip() for each in url.split(";") if each.strip()]


def amqp_fault(url: str) -> str | None:
    """What is wrong with the URL of a RabbitMQ, or of several of its nodes; None if nothing is."""
    return next(filter(None, map(_node_fault, nodes(url) or [url])), None)


def _node_fault(url: str) -> str | None:
    scheme, found, rest = url.partition("://")
    if not found or scheme.lower() not in {"amqp", "amqps"}:
        return "must be a URL that begins with amqp:// or amqps://, such as amqp://user:password@host:5672/vhost"
    authority, path, query = _parts(rest)
    user, at, address = authority.rpartition("@")
    if "@" in path or "@" in query or "#" in rest or re.search(r"\s", url):
        return ESCAPED
    if at and (not user or ":" not in user):
        return "names a user without a password: amqp://user:password@host:5672/vhost"
    if "," in address:
        return "name each node by a URL of its own, with semicolons between them: amqp://…@one:5672/;amqp://…@two:5672/"
    if "/" in path:
        return f"has more than one / in its virtual host: there {ESCAPED.partition(': ')[2]}"
    return _address_fault(address)


def mongo_fault(url: str) -> str | None:
    """What is wrong with the URL of a MongoDB, but for its options; None if nothing is."""
    scheme, found, rest = url.partition("://")
    if not found or scheme not in {"mongodb", "mongodb+srv"}:
        return "must be a URL that begins with mongodb:// or mongodb+srv://, such as mongodb://user:password@host:27017/clerk"
    authority, path, query = _parts(rest)
    user, at, addresses = authority.rpartition("@")
    if "@" in path or "@" in user or user.count(":") > 1 or _BAD_ESCAPE.search(user):
        return ESCAPED
    if "#" in f"{authority}{path}" or ("@" in query and not at):
        return ESCAPED
    if at and not user.partition(":")[0]:
        return "names a password without a user: mongodb://user:password@host:27017/clerk"
    if re.search(r'[/\\\s"$]', path):
        return 'names a database whose name holds one of / \\ " $ or a space'
    each = addresses.split(",")
    if scheme == "mongodb+srv" and (len(each) > 1 or ":" in addresses):
        return "begins with mongodb+srv://, which takes one name without a port: DNS has the others"
    return next(filter(None, map(_address_fault, each)), None)


def _parts(rest: str) -> tuple[str, str, str]:
    """Authority, path and query of a URL behind its scheme."""
    front, _, query = rest.partition("?")
    authority, _, path = front.partition("/")
    return authority, path, query


def _address_fault(address: str) -> str | None:
    """What is wrong with a host and its port."""
    found = re.fullmatch(_HOST, address)
    if found is None:
        return "names an address of IPv6 without brackets, or no host: [::1]:5672 is right"
    if found["v6"] is not None:
        if not _V6.fullmatch(found["v6"]):
            return "has something else than an address of IPv6 between its brackets"
    elif not found["host"]:
        return "names no host"
    elif not (can_be_host(found["host"]) or _SOCKET.fullmatch(found["host"])):
        return "names a host that can't be one: a name or an address is right"
    if not is_port(found["port"]):
        return f"has no port from 1 to 65535 behind its host (if that is part of the password, {ESCAPED})"
    return None


def is_port(text: str | None) -> bool:
    """Whether this is a port's number, or none is given."""
    return text is None or bool(text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 65535)
