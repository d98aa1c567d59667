"""Metrics of processes that serve no HTTP otherwise, at CLERK_METRICS_PORT.

`clerk worker` serves those of all its worker processes, which share a folder
(https://prometheus.github.io/client_python/multiprocess/).
"""

from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from messages.process.settings import Misconfigured, Settings
from ops.running.heartbeat import SilenceMetrics
from ops.running.shared_folder import SharedFolder
from ops.settings import OpsSettings

log = structlog.get_logger("clerk.metrics")

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which Prometheus's client learns of the shared folder."""


class Workers:
    """The metrics of all worker processes below one `clerk worker`, dead ones included: counters never fall."""

    def __init__(self) -> None:
        self.shared_folder = SharedFolder()
        self._folder = self.shared_folder.path / "metrics"
        self._folder.mkdir()
        self.registry = CollectorRegistry()
        MultiProcessCollector(self.registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        self.restarts = Counter(
            "clerk_worker_restarts_total", "Worker commands that died and were started again", registry=self.registry
        )
        self.silence = SilenceMetrics(self.registry)

    @property
    def environment(self) -> dict[str, str]:
        """What tells a worker process where to count."""
        return {FOLDER: str(self._folder)}

    def heartbeat_folder(self, queues: tuple[str, ...]) -> Path:
        """The folder in which the worker processes of these queues leave their heartbeats."""
        folder = self.shared_folder.path / f"heartbeat-{queues[0]}"
        folder.mkdir(exist_ok=True)
        return folder

    def close(self) -> None:
        """Forget what was counted."""
        self.shared_folder.close()


def serve(registry: CollectorRegistry, settings: Settings, ops_settings: OpsSettings) -> None:
    """Serve a registry at CLERK_METRICS_PORT until the process ends, if that is set."""
    port = ops_settings.metrics_port
    if port is None:
        return
    try:
        start_http_server(port, settings.host, registry)
    except OSError as error:
        raise Misconfigured(
            f"CLERK_METRICS_PORT: {port} can't be served ({error.strerror}); each process of a machine needs its own"
        ) from None
    log.info("metrics served", port=port)
