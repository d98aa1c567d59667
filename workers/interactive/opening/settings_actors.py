"""Opens the form with a line's settings for admins, and saves what they change in it."""

from datetime import timedelta
from typing import Final

import structlog

from messages.line import Line
from messages.notification import Whisper
from messages.views import ChangeLine, OpenSettings
from workers.interactive import hours_answers
from workers.interactive.home.settings_form import changed, settings_form
from workers.interactive.home.showing import is_admin
from workers.interactive.opening.modals import RETRIES, View, show_modal
from workers.ports import Ports
from workers.runtime import LostVersionRace, actor

log = structlog.get_logger("clerk.lines")

TRIES: Final = 10
"""How often a change is decided anew because somebody else saved the line meanwhile."""

NO_ADMIN: Final = "Nothing was changed: the settings of a line are for admins of the workspace."
NOT_TOLD: Final = (
    "Nothing was changed: Slack does not say at the moment whether you are an admin of the workspace. "
    "Try again in a minute."
)


@actor(handles=OpenSettings, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_settings(message: OpenSettings, ports: Ports) -> None:
    """Open the form with a line's settings, for an admin who can see its channel."""

    async def view() -> View | str:
        line = await ports.stores.lines.get(message.line)
        if line is None:
            return hours_answers.NO_SUCH_LINE
        if why := await _barred(message.user, line, ports):
            return why
        return settings_form(line, [each.id for each in await ports.stores.calendars.all()])

    await show_modal(message, view, ports)


@actor(handles=ChangeLine)
async def change_line(message: ChangeLine, ports: Ports) -> None:
    """Save what an admin changed in the form, and tell them; nothing that somebody else changed meanwhile is lost."""
    stores = ports.stores
    for _ in range(TRIES):
        known = await stores.lines.versioned(message.line)
        if known is None:
            await _tell(message, hours_answers.NO_SUCH_LINE, ports)
            return
        line, version = known
        if why := await _barred(message.by, line, ports):
            await _tell(message, why, ports)
            return
        found = changed(line, message, await stores.calendars.all(), ports.now())
        if found.line == line or await stores.lines.change(found.line, version):
            log.info("an admin saved settings", line=line.id, by=message.by, settings=sorted(message.changes))
            await _tell(message, found.words, ports)
            return
    raise LostVersionRace


async def _barred(user: str, line: Line, ports: Ports) -> str:
    """Why a person may not change a line: they are no admin, or can't see its channel; blank if they may."""
    admin = await is_admin(user, ports)
    if not admin:
        return NOT_TOLD if admin is None else NO_ADMIN
    seen = await ports.slack.sees(user, {line.channel})
    if line.channel in seen.channels:
        return ""
    return hours_answers.NOT_TOLD if seen.unsure else hours_answers.NOT_SEEN


async def _tell(message: ChangeLine, words: str, ports: Ports) -> None:
    await ports.publisher.publish(Whisper(text=words, user=message.by, channel=message.channel, markup=True))
