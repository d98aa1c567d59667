"""OpenTelemetry traces from a webhook through the queues to Slack and Twilio, and counters that start at 0.

Traces are sent where OTEL_EXPORTER_OTLP_ENDPOINT is set. Without that variable OpenTelemetry is not imported. A span
holds ids, outcomes and durations, but not the message of an exception, which may quote a contact.
"""

import multiprocessing.util
import os
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import Counter

from messages.release import VERSION

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

log = structlog.get_logger("clerk.telemetry")

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""https://opentelemetry.io/docs/specs/otel/protocol/exporter/"""

_tracer: "Tracer | None" = None
_NOTHING: Final = nullcontext()


def configure(process: str) -> None:
    """Send this process's traces as service `clerk-{process}`, if the environment says where to."""
    global _tracer
    if _tracer is not None or not any(map(os.environ.get, ENDPOINTS)):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf") != "http/protobuf":
        log.warning("traces are sent as http/protobuf; OTEL_EXPORTER_OTLP_PROTOCOL is ignored")
    resource = Resource.create({"service.name": f"clerk-{process}", "service.version": VERSION}).merge(
        OTELResourceDetector().detect()
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("clerk")
    multiprocessing.util.Finalize(None, provider.shutdown, exitpriority=10)


def span(
    name: str, kind: str, attributes: Mapping[str, Any] | None = None, parent: Mapping[str, Any] | None = None
) -> AbstractContextManager["Span | None"]:
    """A span of a `kind` (server, consumer, client) around this context; None where tracing is off.

    `parent` are the options of a message that carries its sender's span; the default is the span around this one.
    """
    return _NOTHING if _tracer is None else _started(_tracer, name, kind, attributes, parent)


def inject(options: MutableMapping[str, Any]) -> None:
    """Add the current span to a message's options (https://www.w3.org/TR/trace-context/)."""
    if _tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(options)


@contextmanager
def _started(
    tracer: "Tracer", name: str, kind: str, attributes: Mapping[str, Any] | None, parent: Mapping[str, Any] | None
) -> Iterator["Span"]:
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    with tracer.start_as_current_span(
        name,
        context=None if parent is None else TraceContextTextMapPropagator().extract(parent),
        kind=SpanKind[kind.upper()],
        attributes={key: value for key, value in (attributes or {}).items() if value is not None},
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def start_at_zero(counter: Counter, *values: Iterable[str]) -> None:
    """Make every combination of these values of a counter's labels exist, in the labels' order.

    Prometheus sees the first count as an increase only if it has seen the label set at 0 before
    (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics): without that, the first failure of a
    quiet team would raise no alert.
    """
    for labels in product(*values):
        counter.labels(*labels)
