"""Traces as a collector gets them: a real OTLP receiver over HTTP."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.deployment import Deployment, new_contact
from tests.servers import WORKER, BackingServer, database, vhost, wait_until


class Collector(ThreadingHTTPServer):
    """Keeps the spans that it receives, each with the service that sent it."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        super().__init__(("127.0.0.1", 0), _Export)

    @property
    def url(self) -> str:
        """The URL that spans are sent to."""
        return f"http://127.0.0.1:{self.server_port}"


class _Export(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
        for resource in request.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.server.spans += [(named["service.name"], span) for span in scope.spans]
        self.send_response(200 if self.path == "/v1/traces" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A running collector."""
    with Collector() as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def test_a_text_is_one_trace_from_the_webhook_to_slack_that_does_not_contain_the_text(
    rabbit: BackingServer, mongo: BackingServer, collector: Collector
) -> None:
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    where |= {
        "CLERK_CLOCK_SECONDS": "60",
        "CLERK_RECONCILE_SECONDS": "300",
    }  # work that the clock starts belongs to another trace
    contact = new_contact()
    own = vhost(rabbit, f"traced{WORKER}")  # otherwise the other deployment's workers would take the text
    with Deployment("traced", own.url, database(mongo.url, f"traced{WORKER}"), workers=1, settings=where) as deployment:
        deployment.world.text(contact, "a secret of mine")
        deployment.world.card(contact)

        def trace() -> list[tuple[str, Span]]:
            roots = [span for _, span in collector.spans if span.name == "POST /twilio/sms"]
            return [each for each in collector.spans if roots and each[1].trace_id == roots[0].trace_id]

        wait_until(lambda: "slack chat.postMessage" in {span.name for _, span in trace()}, "the trace reaches Slack")
    spans = trace()  # all processes have ended, so they have sent every span
    services = {service for service, _ in spans}
    kinds = {span.name: span.kind for _, span in spans}
    assert services == {"clerk-gateway", "clerk-worker"}
    assert kinds["POST /twilio/sms"] == Span.SPAN_KIND_SERVER
    assert kinds["ingestion.receive"] == Span.SPAN_KIND_CONSUMER
    assert kinds["slack chat.postMessage"] == Span.SPAN_KIND_CLIENT
    ids = {span.span_id for _, span in spans}
    assert [span.name for _, span in spans if span.parent_span_id not in ids] == ["POST /twilio/sms"]
    exported = b"".join(span.SerializeToString() for _, span in collector.spans)
    assert b"secret" not in exported
    assert contact.encode() not in exported
