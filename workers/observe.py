"""Logs and metrics of the workers: one log line for each message handled, with its correlation id.

Logs hold ids, queue, outcome and duration, and never what a contact wrote, a number or a token.
"""

import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, override

import dramatiq
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.message import Message
from dramatiq.middleware import Middleware
from prometheus_client import Counter, Histogram

from messages.answering import AutoKind
from messages.deadlines.alert import AlertCause
from messages.planned import PlannedState
from messages.process import telemetry
from messages.process.publishing import correlation
from messages.process.telemetry import start_at_zero
from messages.release import MESSAGES
from workers.retries import is_for_newer

log = structlog.get_logger("clerk.worker")

LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""The buckets of histograms in seconds: from a good day to an outage."""

OUTCOMES: Final = ("done", "retried", "dead", "newer")
"""What may become of a message each time that an actor has it."""

HANDLED = Counter("clerk_messages_total", "Messages handled", ["actor", "outcome"])
RUN_SECONDS = Histogram("clerk_message_run_seconds", "How long an actor ran", ["actor"], buckets=LATENCIES)
WAIT_SECONDS = Histogram(
    "clerk_message_wait_seconds", "How long a message was ready before its actor ran", ["actor"], buckets=LATENCIES
)
DEAD = Counter("clerk_dead_letters_total", "Messages moved to the dead letters", ["queue", "actor"])
TEXT_TO_SLACK = Histogram(
    "clerk_text_to_slack_seconds", "From a text's arrival at the gateway to its post in the thread", buckets=LATENCIES
)
DEBOUNCED = Counter("clerk_debounce_total", "What the debounce decided about texts", ["outcome"])
start_at_zero(DEBOUNCED, ("leading", "trailing", "cap", "cancelled"))
AUTO_TEXTS = Counter("clerk_auto_texts_total", "Automatic texts that were decided", ["kind"])
start_at_zero(AUTO_TEXTS, list(AutoKind))
PLANNED_TEXTS = Counter("clerk_planned_texts_total", "Planned texts, by the state that they have come to", ["state"])
start_at_zero(PLANNED_TEXTS, list(PlannedState))
ALERTS = Counter("clerk_alerts_total", "Alerts about tickets, by what became of them", ["cause", "what"])
start_at_zero(ALERTS, list(AlertCause), ("posted", "repeated", "escalated", "ended"))
AUTO_SILENCES = Counter("clerk_auto_silences_total", "Automatic texts that were called for and not sent", ["why"])
DUE_LAG = Histogram(
    "clerk_due_lag_seconds", "How overdue work was when the clock found it", ["what"], buckets=LATENCIES
)


class Observed(Middleware):
    """Binds a message's correlation id while it is handled, logs and counts its outcome, adds dead letters' reasons."""

    def __init__(self) -> None:
        self._started: dict[str, float] = {}
        self._spans: dict[str, ExitStack] = {}

    @override
    def after_declare_actor(self, broker: dramatiq.Broker, actor: dramatiq.Actor[Any, Any]) -> None:
        start_at_zero(HANDLED, [actor.actor_name], OUTCOMES)
        start_at_zero(DEAD, [actor.queue_name], [actor.actor_name])

    @override
    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        log.info("consuming", queues=sorted(broker.get_declared_queues()))

    @override
    def before_enqueue(self, broker: dramatiq.Broker, message: Message[Any], delay: int | None) -> None:
        """Note when a delayed or retried message became ready: its timestamp is that of its first publish."""
        if delay is None:
            message.options["queued_at"] = int(time.time() * 1000)

    @override
    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        self._started[message.message_id] = time.monotonic()
        since = message.options.get("queued_at", message.message_timestamp)
        if isinstance(since, int | float):
            WAIT_SECONDS.labels(message.actor_name).observe(max(0.0, time.time() - since / 1000))
        cause = message.options.get("correlation_id")
        correlation.set(cause)
        self._begin_span(message, cause)
        structlog.contextvars.bind_contextvars(
            correlation_id=cause, actor=message.actor_name, message_id=message.message_id
        )

    @override
    def after_process_message(
        self, broker: dramatiq.Broker, message: MessageProxy, *, result: Any = None, exception: Any = None
    ) -> None:
        took = time.monotonic() - self._started.pop(message.message_id, time.monotonic())
        newer = is_for_newer(exception, message.options)
        outcome = "done" if exception is None else "newer" if newer else "dead" if message.failed else "retried"
        if not newer:
            HANDLED.labels(message.actor_name, outcome).inc()
        RUN_SECONDS.labels(message.actor_name).observe(took)
        fields = {"outcome": outcome, "milliseconds": round(took * 1000, 1)}
        if exception is None:
            log.info("handled", **fields)
        elif newer:
            note_newer(message, exception)
        else:
            retries, outages = message.options.get("retries", 0), message.options.get("outages", 0)
            log.warning("failed", **fields, error=reason(exception), retries=retries, outages=outages)
        self._end_span(message, exception)
        structlog.contextvars.clear_contextvars()
        correlation.set(None)

    def _begin_span(self, message: MessageProxy, cause: str | None) -> None:
        attributes = {
            "messaging.system": "rabbitmq",
            "messaging.destination.name": message.queue_name,
            "messaging.message.id": message.message_id,
            "clerk.correlation_id": cause,
        }
        span = self._spans[message.message_id] = ExitStack()
        span.enter_context(telemetry.span(message.actor_name, "consumer", attributes, parent=message.options))

    def _end_span(self, message: MessageProxy, exception: BaseException | None) -> None:
        span = self._spans.pop(message.message_id, None)
        if span is not None:
            span.__exit__(type(exception) if exception else None, exception, None)

    @override
    def before_nack(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        why = reason(message._exception) if message._exception is not None else "failed"
        message.options["reason"] = why
        message.options["died_at"] = int(time.time() * 1000)
        DEAD.labels(message.queue_name, message.actor_name).inc()
        log.error(
            "dead letter",
            queue=message.queue_name,
            actor=message.actor_name,
            message_id=message.message_id,
            correlation_id=message.options.get("correlation_id"),
            reason=why,
        )


def note_newer(message: MessageProxy | Message[Any], error: BaseException) -> None:
    """Log and count that a message waits for a newer worker."""
    HANDLED.labels(message.actor_name, "newer").inc()
    log.warning(
        "a message of a newer version of Clerk waits for a newer worker",
        actor=message.actor_name,
        message_id=message.message_id,
        correlation_id=message.options.get("correlation_id"),
        error=reason(error),
        message_version=message.options.get("version"),
        known_version=MESSAGES,
        handed_back=message.options.get("handed_back"),
    )


def reason(exception: BaseException) -> str:
    """What went wrong and where; without the message of a foreign exception, which may quote a contact."""
    kind = type(exception)
    what = f"{kind.__name__}: {exception}" if kind.__module__.startswith(("workers.", "messages.")) else kind.__name__
    frames = traceback.extract_tb(exception.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename and frame.name != "run"]
    where = f" in {ours[-1].name}, {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"{what[:400]}{where}"
