"""Opens modals within three seconds of a click, or tells whoever waits why not: never silence."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from prometheus_client import Histogram

from messages.formats.byline import Byline
from messages.notification import HOME, OpenModal, Whisper
from messages.views import (
    FindTickets,
    OpenAwayForm,
    OpenBlock,
    OpenCloseForm,
    OpenDashboard,
    OpenLater,
    OpenPlanned,
    OpenReply,
    OpenSettings,
    OpenSnooze,
    PushSend,
    ShowHome,
)
from workers.failures import CallError, Permanent
from workers.interactive import troubles
from workers.interactive.home.showing import show as show_home
from workers.interactive.loading import loaded
from workers.interactive.send_time_fields import without_files
from workers.interactive.troubles import Trouble
from workers.ports import Ports

log = structlog.get_logger("clerk.interactive")

OPENED = Histogram("clerk_click_to_modal_seconds", "From the click's arrival at the gateway to the open modal")

TRIGGER_LATE: Final = timedelta(seconds=2.5)
"""A trigger lives three seconds (https://docs.slack.dev/surfaces/modals); the call to Slack takes the rest."""

ZONE_WITHIN: Final = timedelta(seconds=0.7)
"""How long a modal waits for Slack to say in which zone its agent is."""

LOAD_AT_LEAST: Final = timedelta(milliseconds=100)

RETRIES: Final = 2
"""A worker that stood still finds at its next try that the click is over, and tells the agent. These are few, and come
within the life of a trigger: what fails each time is still a dead letter."""

FIELD_REFUSED: Final = frozenset({"missing_scope", "invalid_arguments", "invalid_blocks"})
"""What Slack may answer to a form with a field for files, if the app has no files:read; it does not say which."""

Told = OpenDashboard | OpenLater | PushSend | OpenBlock | FindTickets
"""Whoever ordered one of these was in a channel where they can be told."""

type InHome = OpenAwayForm | OpenCloseForm | OpenSettings
type Typed = OpenDashboard | OpenLater
type ModalOrder = OpenModal | OpenReply | Typed | PushSend | OpenPlanned | OpenSnooze | OpenBlock | InHome
type View = Mapping[str, Any]


@dataclass(frozen=True)
class PrivateWords:
    """A private message of words alone."""

    text: str
    byline: Byline | None = None

    @property
    def blocks(self) -> Sequence[Mapping[str, Any]]:
        """The words in a block."""
        return [troubles.section(self.text)]


async def show_modal(message: ModalOrder, load: Callable[[], Awaitable[View | str]], ports: Ports) -> None:
    """Open the modal that `load` makes, or tell the person what it says or what is wrong, while the trigger lives."""
    again = troubles.TYPE if isinstance(message, OpenDashboard | OpenLater) else troubles.CLICK
    left = TRIGGER_LATE - (ports.now() - message.received_at)
    if left < timedelta():
        log.warning("a click came too late", modal=message.actor)
        await tell(message, _late_words(message, again), ports)
        return
    found = await loaded(load, max(left, LOAD_AT_LEAST))
    if found is None:
        await tell(message, troubles.words(Trouble.DOCUMENTS, again), ports)
    elif isinstance(found, str):
        await tell(message, found, ports)
    else:
        await _open(message, found, again, ports)


async def _open(message: ModalOrder, view: View, again: str, ports: Ports) -> None:
    """Open a modal; if Slack refuses, tell the person why."""
    show = ports.slack.push_view if isinstance(message, PushSend | OpenBlock) else ports.slack.open_view
    try:
        try:
            await show(message.trigger_id, view)
        except CallError as error:
            if error.code not in FIELD_REFUSED or (plainer := without_files(view)) is None:
                raise
            log.error("Slack refuses a form with a field for files: the app needs files:read", error=error.code)
            await show(message.trigger_id, plainer)
    except CallError as error:
        if error.code in troubles.ALREADY_OPEN:
            return
        log.warning("the modal did not open", modal=message.actor, error=error.code)
        is_late = troubles.trouble(error) is Trouble.LATE
        await tell(message, _late_words(message, again) if is_late else troubles.refusal(error, again), ports)
    else:
        OPENED.observe((ports.now() - message.received_at).total_seconds())


def _late_words(message: ModalOrder, again: str) -> str:
    """What is told whose click is over: how to type a text that is sent later, else to click or type again."""
    return message.words if isinstance(message, OpenLater) else troubles.words(Trouble.LATE, again)


async def tell(message: ModalOrder | FindTickets, text: str, ports: Ports) -> None:
    """Tell the person at once: through the response_url, else in the channel; if Slack takes neither now, later.

    While the broker takes nothing either, the message waits as in any outage, and its person is told when it is over.
    """
    channel = message.channel if isinstance(message, Told) else None
    if message.response_url is None and message.channel == HOME:
        await show_home(ShowHome(user=message.user, said=text), ports)
        return
    try:
        if message.response_url is not None:
            await ports.slack.respond(message.response_url, PrivateWords(text))
        elif channel is not None:
            await ports.slack.whisper(channel, message.user, PrivateWords(text))
        return
    except CallError as error:
        log.warning("a person can't be told now", modal=message.actor, error=error.code)
        if isinstance(error, Permanent) and channel is None:
            return
    whisper = Whisper(text=text, user=message.user, response_url=message.response_url, channel=channel)
    await ports.publisher.publish(whisper)


async def zone_of(agent: str, ports: Ports) -> str:
    """An agent's time zone; blank if Slack does not say it soon enough for a modal."""
    try:
        async with asyncio.timeout(ZONE_WITHIN.total_seconds()):
            return await ports.slack.zone_of(agent)
    except (TimeoutError, CallError) as error:
        log.warning("Slack does not say in which zone an agent is", error=type(error).__name__)
        return ""
