"""How `clerk doctor` reaches the outside: by the proxies and with the certificates that the workers use."""

import ssl
from typing import Any

import httpx

from messages.process.settings import Settings


def outward_client(settings: Settings, url: str, **more: Any) -> httpx.Client:
    """A client for what is at `url`, with at most ten seconds for each step of a request."""
    return httpx.Client(
        base_url=url,
        timeout=10,
        proxy=settings.proxies.leading_to(url),
        verify=ssl.create_default_context(),
        trust_env=False,
        **more,
    )
