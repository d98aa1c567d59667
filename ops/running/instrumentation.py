"""What every process of Clerk does so that it can be watched: metrics, presence and the log trail."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from messages.process.settings import Settings
from ops.metrics import serving
from ops.running import presence
from ops.settings import OpsSettings
from ops.traces import log_trail


def instrument(
    settings: Settings, kind: str, registry: CollectorRegistry, queues: tuple[str, ...] = ()
) -> log_trail.Trail | None:
    """Serve the metrics, announce this process to the console and keep its log; the log trail, unless it is off."""
    assert settings.mongo_url is not None
    ops_settings, url = OpsSettings.load(), settings.mongo_url.get_secret_value()
    if kind not in {"gateway", "run"}:
        serving.serve(registry, settings, ops_settings)
    presence.Presence(url, kind, queues, presence.of_registry(registry)).start()
    if ops_settings.trail_days == 0:
        return None
    return log_trail.start_mongo_trail(url, kind, timedelta(days=ops_settings.trail_days))
