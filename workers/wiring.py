"""Assembles the workers: makes ports from settings, declares actors on a broker."""

import importlib
from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, override

import dramatiq
from dramatiq.asyncio import async_to_sync
from dramatiq.middleware import Middleware
from pymongo.monitoring import CommandListener

from messages.process.publishing import Publisher
from messages.process.settings import Misconfigured, Settings
from messages.queues import QUEUES
from workers.mongo import Stores
from workers.mongo.collection import connected
from workers.platforms.slack_api import SlackApi
from workers.platforms.twilio.api import TwilioApi
from workers.ports import Ports
from workers.runtime import declare

ACTORS: Final = (
    *(f"workers.{slice}.actors" for slice in QUEUES),
    "workers.sms.compose_actors",
    "workers.tickets.auto_actors",
    "workers.tickets.clock_actors",
    "workers.tickets.nudge_actors",
    "workers.interactive.blocking.actors",
    "workers.interactive.foreign.actors",
    "workers.interactive.hours_actors",
    "workers.interactive.clocks_actors",
    "workers.interactive.snooze_actors",
    "workers.interactive.home.actors",
    "workers.interactive.opening.home_actors",
    "workers.interactive.opening.settings_actors",
    "workers.sms.planned.actors",
    "workers.notifications.account_actors",
    "workers.notifications.away_actors",
    "workers.notifications.alerts.actors",
    "workers.slack.digest.actors",
    "workers.slack.alerts.actors",
    "workers.slack.hand_on.actors",
    "workers.slack.digest.interruption_actors",
    "workers.sms.changes.actors",
    "workers.sms.changes.text_actors",
)
"""The modules with actors: every slice has a queue of its name."""


def make_ports(settings: Settings, publisher: Publisher, listeners: Sequence[CommandListener] = ()) -> Ports:
    """The real ports; connections are made at first use, on the loop that uses them.

    `listeners` hear of every command that MongoDB carries out.
    """
    if settings.mongo_url is None:
        raise Misconfigured("CLERK_MONGO_URL: set it, e.g. to mongodb://localhost:27017 (only `clerk run` needs none)")
    return Ports(
        settings=settings,
        stores=Stores(settings.mongo_url.get_secret_value(), connect=partial(connected, listeners=listeners)),
        publisher=publisher,
        slack=SlackApi(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, settings.proxies),
        texting=TwilioApi(
            settings.twilio_account_sid,
            settings.twilio_auth_token.get_secret_value(),
            settings.twilio_api_url,
            proxies=settings.proxies,
        ),
    )


def add_actors(broker: dramatiq.Broker, ports: Ports, queues: Collection[str] = QUEUES) -> None:
    """Make the actors of these queues on a broker."""
    load_actors()
    declare(broker, ports, queues)
    broker.add_middleware(ClosesPorts(ports))


class ClosesPorts(Middleware):
    """Closes the ports' connections after the worker has stopped, on the event loop that made them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    @override
    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        async_to_sync(self._ports.close)()


def load_actors() -> None:
    """Import every slice's actors, which registers them."""
    for name in ACTORS:
        importlib.import_module(name)
