"""What every process of Clerk does so that it can be watched: it serves its metrics, and tells that it is there."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from messages.process.settings import Settings
from ops import metrics, processes, trail
from ops.settings import OpsSettings


def watching(
    settings: Settings, kind: str, registry: CollectorRegistry, queues: tuple[str, ...] = ()
) -> trail.Trail | None:
    """Serve metrics where that is wanted, tell the console of this process, keep a trail (given back) of its log."""
    assert settings.mongo_url is not None
    ops_settings, url = OpsSettings.load(), settings.mongo_url.get_secret_value()
    if kind not in {"gateway", "run"}:
        metrics.serve(registry, settings, ops_settings)
    processes.Presence(url, kind, queues, processes.of_registry(registry)).start()
    if ops_settings.trail_days == 0:
        return None
    return trail.stored(url, kind, timedelta(days=ops_settings.trail_days))
