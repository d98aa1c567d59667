"""Which proxy leads to an address, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY as curl and others read them. Pure.

https://about.gitlab.com/blog/we-need-to-talk-no-proxy describes what programs agree on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from messages.process.host_names import can_be_host
from messages.process.server_urls import is_port

_PROXY: Final = re.compile(
    r"https?://([^\s/?#@]+@)?(\[[0-9a-f:.]+\]|(?P<host>[^\s/?#@:\[\]]+))(:(?P<port>[^\s/?#@]*))?/?",
    re.ASCII | re.IGNORECASE,
)
_PORTS: Final = {"http": 80, "https": 443}
_ENTRY: Final = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^\[\]:]+)(:(?P<port>[0-9]{1,5}))?", re.ASCII)


def proxy_url(value: str) -> str:
    """A proxy's URL as a variable gives it, with or without `http://`; ValueError if Clerk can't use such a proxy."""
    url = value.strip()
    url = url if "://" in url else f"http://{url}"
    found = _PROXY.fullmatch(url)
    if found is None or not is_port(found["port"]) or (found["host"] and not can_be_host(found["host"])):
        raise ValueError("must be the URL of an HTTP proxy, such as http://proxy.example.org:3128 (no SOCKS)")
    return url


@dataclass(frozen=True)
class Proxies:
    """The proxies for http and https addresses, and the hosts that are reached without one.

    With `near_ones_directly` none leads to this machine itself, where the sandbox is.
    """

    http: str | None = None
    https: str | None = None
    without: str = ""
    near_ones_directly: bool = False

    def __repr__(self) -> str:
        return "Proxies(…)"

    def leading_to(self, url: str) -> str | None:
        """The URL of the proxy that leads to an address; None if it is reached directly."""
        parts = urlsplit(url)
        scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
        proxy = {"http": self.http, "https": self.https}.get(scheme)
        if proxy is None or not host or (self.near_ones_directly and _is_near(host)):
            return None
        port = parts.port or _PORTS[scheme]
        return None if any(_covers(entry, host, port) for entry in self._entries()) else proxy

    def _entries(self) -> Iterator[str]:
        yield from filter(None, re.split(r"[\s,]+", self.without.lower()))


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY names a host: itself, a domain above it, a network around it, or all hosts (`*`)."""
    if entry == "*":
        return True
    address = _address(host)
    network = _is_in(entry, address)
    if network is not None:
        return network
    found = _ENTRY.fullmatch(entry)
    if found is None or (found["port"] and int(found["port"]) != port):
        return False
    named = found["host"].strip("[]").removeprefix("*").strip(".")
    if address is not None:
        return _address(named) == address
    return bool(named) and (host == named or host.endswith(f".{named}"))


def _is_in(entry: str, address: IPv4Address | IPv6Address | None) -> bool | None:
    """Whether an address is in a network, or is this address; None if the entry is neither."""
    try:
        network = ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None
    return address is not None and address in network


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_near(host: str) -> bool:
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
