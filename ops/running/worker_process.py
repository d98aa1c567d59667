"""What each worker process loads besides `workers.boot`: its log trail, its heartbeat, and how it ends.

It ends with the `dramatiq` command that started it, even if no supervisor is left to end it.
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
from ops.running.heartbeat import FOLDER, Heartbeat
from ops.running.thread_death import end_with_needed_threads
from ops.settings import OpsSettings
from ops.traces import log_trail

command = parent_process()
parent_death.end_with_parent(signal.SIGKILL, None if command is None else command.pid)

end_with_needed_threads()

settings, ops_settings = Settings.load(), OpsSettings.load()
if settings.mongo_url is not None and ops_settings.trail_days > 0:
    log_trail.start_mongo_trail(
        settings.mongo_url.get_secret_value(), "worker", timedelta(days=ops_settings.trail_days)
    )
dramatiq.get_broker().add_middleware(Heartbeat(Path(os.environ[FOLDER])))

_dramatiqs_handler = signal.getsignal(signal.SIGTERM)


def _stop_once(signum: int, frame: FrameType | None) -> None:
    """Stop at the first SIGTERM and ignore the others: Dramatiq would end at the second without finishing its messages.

    systemd sends SIGTERM to every process of a service, and the supervisor and the command pass theirs on as well.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if callable(_dramatiqs_handler):
        _dramatiqs_handler(signum, frame)


signal.signal(signal.SIGTERM, _stop_once)
