"""Serves the metrics of a process that has no other HTTP server, at CLERK_METRICS_PORT."""

from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Info, start_http_server

from gateway.listening import trouble
from messages.process.settings import Settings
from messages.release import DOCUMENTS, MESSAGES, VERSION
from ops.settings import OpsSettings

log = structlog.get_logger("clerk.metrics")

BUILD: Final = Info("clerk_build", "The release of Clerk, and the versions of messages and documents that it knows")
BUILD.info({"version": VERSION, "messages": str(MESSAGES), "documents": str(DOCUMENTS)})


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
