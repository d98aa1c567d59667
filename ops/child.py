"""What each worker process loads besides `workers.boot`: the trail of what it logs."""

from datetime import timedelta

from messages.settings import Settings
from ops import trail
from ops.settings import OpsSettings

settings, ops_settings = Settings.load(), OpsSettings.load()
if settings.mongo_url is not None and ops_settings.trail_days > 0:
    trail.stored(settings.mongo_url.get_secret_value(), "worker", timedelta(days=ops_settings.trail_days))
