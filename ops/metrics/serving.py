"""Serves the metrics of a process that has no other HTTP server, at CLERK_METRICS_PORT."""

import structlog
from prometheus_client import CollectorRegistry, start_http_server

from gateway.listening import trouble
from messages.process.settings import Settings
from ops.settings import OpsSettings

log = structlog.get_logger("clerk.metrics")


def serve(registry: CollectorRegistry, settings: Settings, ops_settings: OpsSettings) -> None:
    """Serve a registry at CLERK_METRICS_PORT until the process ends; does nothing if that is not set."""
    port = ops_settings.metrics_port
    if port is None:
        return
    try:
        start_http_server(port, settings.host, registry)
    except OSError as error:
        raise trouble(error, "CLERK_METRICS_PORT", settings.host, port) from None
    log.info("metrics served", port=port)
