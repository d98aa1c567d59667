"""The gateway as the outside sees it, what it refused, and whether the clocks agree."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families

from messages.process.settings import Settings
from ops.checks.finding import Finding, advice, bad, good
from ops.checks.outward import outward_client
from ops.counting import counted
from ops.durations import short
from ops.metrics.samples import Samples, collect_samples, total

SKEW: Final = timedelta(seconds=5)
GRAVE: Final = timedelta(minutes=2)
"""Slack's signatures and our check of them allow five minutes in all."""


def check(settings: Settings, dates: dict[str, str]) -> Iterator[Finding]:
    """Whether the public URL leads to a gateway that accepts messages; puts the Date of its answer into `dates`."""
    url, host = settings.url, urlsplit(settings.url).hostname or ""
    if not settings.sandbox and (host in {"localhost", "::1"} or host.startswith("127.")):
        todo = "Set CLERK_PUBLIC_URL to the https address under which Slack and Twilio reach this gateway."
        yield bad("public URL", f"{url} can be reached from this machine only", todo)
    elif not settings.sandbox and not url.startswith("https://"):
        yield advice(
            "public URL",
            f"{url} is not encrypted",
            "Put a reverse proxy with TLS before the gateway: Slack requires https.",
        )
    try:
        with outward_client(settings, url) as client:
            health = client.get("/healthz")
            dates["the gateway"] = health.headers.get("date", "")
            if health.status_code != 200 or health.text != "ok":
                todo = "Forward this address to the gateway (CLERK_HOST, CLERK_PORT) with unchanged paths."
                yield bad("public URL", f"{url}/healthz answers {health.status_code}, not as Clerk does", todo)
                return
            yield good("public URL", f"{url} leads to a gateway")
            ready = client.get("/readyz")
            if ready.status_code != 200:
                back = "Bring its broker back." if settings.amqp_url else "Let it write its journal."
                todo = f"{back} The gateway's log and its console at /ops have the reason."
                what = "its broker does not confirm them" if settings.amqp_url else "they can't be written to the disk"
                yield bad("gateway", f"accepts no messages: {what}", todo)
            else:
                yield good("gateway", "accepts messages")
            yield from _refusals(client.get("/metrics"))
    except httpx.HTTPError as error:
        found = f"{url}/healthz does not answer: {error or type(error).__name__}"
        yield bad("public URL", found, "Start the gateway; check DNS, TLS, the firewall and the reverse proxy.")


def _refusals(metrics: httpx.Response) -> Iterator[Finding]:
    if metrics.status_code != 200:
        return
    yield from of_webhooks(collect_samples(text_string_to_metric_families(metrics.text)))


def of_webhooks(samples: Samples) -> Iterator[Finding]:
    """What the gateway's counters show about webhooks since it started. Pure."""
    for name, routes, cause in (
        ("Twilio", ("/twilio/sms", "/twilio/status/{sms_id}"), "CLERK_TWILIO_AUTH_TOKEN and CLERK_PUBLIC_URL"),
        ("Slack", ("/slack/events", "/slack/interactions", "/slack/commands"), "CLERK_SLACK_SIGNING_SECRET"),
    ):
        taken = total(samples, "clerk_webhooks_total", route=routes, outcome=("accepted", "dropped", "unusable"))
        refused = total(samples, "clerk_webhooks_total", route=routes, outcome=("rejected", "limited"))
        unusable = total(samples, "clerk_webhooks_total", route=routes, outcome=("unusable",))
        if unusable:
            found = f"{counted(unusable, 'well-signed webhook')} could not be used since the gateway started"
            yield advice(f"webhooks of {name}", found, f"The gateway's log says why: is this Clerk older than {name}?")
        if refused and refused >= taken / 10:
            found = f"{counted(refused, 'webhook')} refused and {taken:.0f} accepted since the gateway started"
            todo = f"The gateway's log says why. If the signature is wrong, set {cause} to what {name} uses."
            yield bad(f"webhooks of {name}", found, todo)
        elif taken:
            yield good(f"webhooks of {name}", f"{taken:.0f} accepted, {refused:.0f} refused since the gateway started")
        else:
            yield advice(
                f"webhooks of {name}", "none since the gateway started", "Send one, and run clerk doctor again."
            )


def of_dates(dates: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    """Whether other servers' clocks, by the Date of their answers, agree with this machine's. Pure."""
    apart = {who: now - parsedate_to_datetime(date).astimezone(UTC) for who, date in dates.items() if date}
    off = {who: by for who, by in apart.items() if abs(by) > SKEW}
    if off:
        found = ", ".join(f"{short(by.total_seconds())} ahead of {who}" for who, by in off.items())
        finding = bad if any(abs(by) > GRAVE for by in off.values()) else advice
        yield finding(
            "clocks", f"this machine is {found}", "Let NTP set this machine's clock: signatures depend on it."
        )
    elif apart:
        yield good("clocks", f"agree with {', '.join(apart)}")
