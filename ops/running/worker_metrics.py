"""The metrics of all worker processes below one `clerk worker`.

The processes share a folder (https://prometheus.github.io/client_python/multiprocess/).
"""

from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.multiprocess import MultiProcessCollector

from ops.metrics.process_tree import of_this_process
from ops.metrics.serving import BUILD
from ops.running.heartbeat import SilenceMetrics
from ops.running.shared_folder import SharedFolder

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which Prometheus's client learns of the shared folder."""


class WorkerMetrics:
    """The metrics of all worker processes below one `clerk worker`, dead ones included: counters never fall."""

    def __init__(self) -> None:
        self.shared_folder = SharedFolder()
        self._folder = self.shared_folder.path / "metrics"
        self._folder.mkdir()
        self.registry = CollectorRegistry()
        MultiProcessCollector(self.registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        self.registry.register(of_this_process())
        self.registry.register(BUILD)
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
