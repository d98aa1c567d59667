"""The stages of a text between webhook and Slack, each with its rates and latencies. Pure."""

from typing import Final

from messages.base import Document
from messages.queues import QUEUES
from ops.metrics.samples import Samples, percentile, total

WEBHOOKS: Final = "webhooks"
SLACK_API: Final = "Slack API"
TWILIO_API: Final = "Twilio API"

STAGES: Final = (WEBHOOKS, *QUEUES, SLACK_API, TWILIO_API)


_REFUSED: Final = ("rejected", "limited", "unpublished", "gone")


class Stage(Document):
    """One stage over some time: messages and failures a second; latencies in seconds, None without traffic.

    `wait` is how long messages waited before a worker handled them, None for webhooks. `faults` are the outcomes other
    than success, the most frequent first.
    """

    name: str
    rate: float
    failed: float
    wait_p50: float | None = None
    wait_p95: float | None = None
    run_p50: float | None = None
    run_p95: float | None = None
    faults: tuple[str, ...] = ()


class Calls(Document):
    """The calls of one method, or the webhooks of one route, that had one outcome: how many in the last minute."""

    stage: str
    method: str
    outcome: str
    count: float
    failed: bool


_FINE: Final = {WEBHOOKS: ("accepted", "dropped"), SLACK_API: ("ok",), TWILIO_API: ("ok",)}
_COUNTED: Final = (
    (WEBHOOKS, "clerk_webhooks_total", "route"),
    (SLACK_API, "clerk_slack_calls_total", "method"),
    (TWILIO_API, "clerk_twilio_calls_total", "method"),
)


def calls(growth: Samples) -> tuple[Calls, ...]:
    """What came in and went out, by method and outcome, from the growth of the counters; the failing ones first."""
    found = [
        Calls(
            stage=stage,
            method=dict(labels).get(label, ""),
            outcome=(outcome := dict(labels).get("outcome", "")),
            count=value,
            failed=outcome not in _FINE[stage],
        )
        for stage, metric, label in _COUNTED
        for (name, labels), value in growth.items()
        if name == metric and value > 0
    ]
    order = [stage for stage, _, _ in _COUNTED]
    return tuple(sorted(found, key=lambda each: (order.index(each.stage), not each.failed, -each.count, each.method)))


def stages(growth: Samples, seconds: float) -> tuple[Stage, ...]:
    """Every stage, computed from the growth of the counters in so many seconds."""
    return (
        Stage(
            name=WEBHOOKS,
            rate=total(growth, "clerk_webhooks_total") / seconds,
            failed=total(growth, "clerk_webhooks_total", outcome=_REFUSED) / seconds,
            faults=_faults(growth, "clerk_webhooks_total", ("accepted", "dropped")),
            run_p50=percentile(growth, "clerk_publish_seconds", 0.5),
            run_p95=percentile(growth, "clerk_publish_seconds", 0.95),
        ),
        *(_queue(name, growth, seconds) for name in QUEUES),
        _calls(SLACK_API, "clerk_slack_calls_total", growth, seconds),
        _calls(TWILIO_API, "clerk_twilio_calls_total", growth, seconds),
    )


def _queue(name: str, growth: Samples, seconds: float) -> Stage:
    actors = _actors(name, growth)
    return Stage(
        name=name,
        rate=total(growth, "clerk_messages_total", actor=actors) / seconds,
        failed=total(growth, "clerk_messages_total", actor=actors, outcome=("retried", "dead")) / seconds,
        wait_p50=percentile(growth, "clerk_message_wait_seconds", 0.5, actor=actors),
        wait_p95=percentile(growth, "clerk_message_wait_seconds", 0.95, actor=actors),
        run_p50=percentile(growth, "clerk_message_run_seconds", 0.5, actor=actors),
        run_p95=percentile(growth, "clerk_message_run_seconds", 0.95, actor=actors),
    )


def _actors(queue: str, growth: Samples) -> tuple[str, ...]:
    """The actors of a queue that have been counted."""
    seen = {dict(labels).get("actor", "") for name, labels in growth if name == "clerk_messages_total"}
    return tuple(actor for actor in seen if actor.startswith(f"{queue}."))


def _calls(name: str, metric: str, growth: Samples, seconds: float) -> Stage:
    every = total(growth, metric)
    failed = every - total(growth, metric, outcome="ok")
    return Stage(name=name, rate=every / seconds, failed=failed / seconds, faults=_faults(growth, metric, ("ok",)))


def _faults(growth: Samples, metric: str, good: tuple[str, ...]) -> tuple[str, ...]:
    """The outcomes of a metric other than the good ones, the most frequent first."""
    counts: dict[str, float] = {}
    for (name, labels), value in growth.items():
        outcome = dict(labels).get("outcome", "")
        if name == metric and outcome not in good and value > 0:
            counts[outcome] = counts.get(outcome, 0.0) + value
    return tuple(sorted(counts, key=lambda outcome: -counts[outcome])[:3])
