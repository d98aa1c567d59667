"""What the process that the workers are forked from has read: the libraries, which are most of what a start costs.

Dramatiq and Prometheus's client are not among them: they read the environment of a worker when they are imported.
"""

import gc
import os
import signal
from typing import Final

import aiohttp  # noqa: F401 - each of these is imported for the workers
import motor.motor_asyncio  # noqa: F401
import pika  # noqa: F401
import slack_sdk.web.async_client  # noqa: F401
import structlog  # noqa: F401
import twilio.rest  # noqa: F401
from setproctitle import setproctitle

import messages.formats.thread_replies
import messages.orders.commands
import messages.process.publishing
import messages.sms  # noqa: F401
from ops.running.parent_death import end_with_parent

PID: Final = os.getpid()
"""The parent of those that are forked from this process, as they know it also when it is gone."""

setproctitle("clerk worker: what the others are forked from")
gc.collect()
gc.freeze()  # what is never looked at by a collector is never copied

# Whoever ends all processes of a service at once means the workers: this one ends when their supervisor has. Those that
# are forked from it take the signal once Dramatiq is ready for it, also one that came before.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
end_with_parent(signal.SIGKILL, os.getppid())  # if it was gone before, what is forked sees that; without any, this ends
