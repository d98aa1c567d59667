"""What each worker process loads besides `workers.boot`: the trail of what it logs, and the sign that it lives.

It ends with the `dramatiq` command that started it. The supervisor sees to that, but may have been killed as well.
"""

import os
import signal
from datetime import timedelta
from multiprocessing import parent_process
from pathlib import Path
from types import FrameType

import dramatiq

from messages.process.settings import Settings
from ops.running import parent_death
from ops.running.heartbeat import FOLDER, Pulse
from ops.settings import OpsSettings
from ops.traces import log_trail

command = parent_process()
parent_death.end_with_parent(signal.SIGKILL, None if command is None else command.pid)

settings, ops_settings = Settings.load(), OpsSettings.load()
if settings.mongo_url is not None and ops_settings.trail_days > 0:
    log_trail.stored(settings.mongo_url.get_secret_value(), "worker", timedelta(days=ops_settings.trail_days))
dramatiq.get_broker().add_middleware(Pulse(Path(os.environ[FOLDER])))

_stop = signal.getsignal(signal.SIGTERM)


def _stop_once(signum: int, frame: FrameType | None) -> None:
    """Whoever tells all processes of a service to end (systemd does) means no more by it than by telling one.

    The supervisor and Dramatiq pass on what they are told as well, and Dramatiq takes a second SIGTERM for haste.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if callable(_stop):
        _stop(signum, frame)


signal.signal(signal.SIGTERM, _stop_once)
