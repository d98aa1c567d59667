"""Records each call of Slack's or Twilio's API: a log line, a count, and a span where traces are sent."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog
from prometheus_client import Counter

from messages.process import telemetry

log = structlog.get_logger("clerk.calls")


NOT_REACHED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
"""The platform got nothing of the call: there was no connection to it, or none to its proxy, or the proxy made none."""


@dataclass
class Call:
    """A call in progress; the caller sets its outcome, one word."""

    outcome: str = "ok"


@contextmanager
def recorded_call(provider: str, method: str, counter: Counter) -> Iterator[Call]:
    """Log, count and trace the call that is made in this context; `counter` has the labels method and outcome."""
    call, started = Call(), time.perf_counter()
    with telemetry.span(f"{provider} {method}", "client") as span:
        try:
            yield call
        except BaseException as error:
            if call.outcome == "ok":
                call.outcome = type(error).__name__
            raise
        finally:
            counter.labels(method, call.outcome).inc()
            if span is not None:
                span.set_attribute("clerk.outcome", call.outcome)
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info("call", provider=provider, method=method, outcome=call.outcome, milliseconds=milliseconds)
