"""What each worker process loads besides `workers.boot`: the trail of what it logs, and the sign that it lives."""

import os
from datetime import timedelta
from pathlib import Path

import dramatiq

from messages.settings import Settings
from ops import trail
from ops.pulse import FOLDER, Pulse
from ops.settings import OpsSettings

settings, ops_settings = Settings.load(), OpsSettings.load()
if settings.mongo_url is not None and ops_settings.trail_days > 0:
    trail.stored(settings.mongo_url.get_secret_value(), "worker", timedelta(days=ops_settings.trail_days))
dramatiq.get_broker().add_middleware(Pulse(Path(os.environ[FOLDER])))
