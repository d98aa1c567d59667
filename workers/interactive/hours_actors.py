"""Answers what people ask about the hours of lines, and carries out their orders to close and open them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from messages.calendar import Calendar
from messages.line import Line
from messages.notification import Whisper
from messages.views import CloseForAWhile, OpenAgain, ShowHours
from workers.interactive import hours_answers
from workers.interactive.find_tickets import visible_lines
from workers.interactive.hours_answers import ChangedHours, RefusedHours
from workers.markup import listed
from workers.ports import Ports
from workers.runtime import LostVersionRace, actor

TRIES = 10
"""How often an order is decided anew because somebody else saved the calendar meanwhile."""

type Decide = Callable[[Calendar, datetime], ChangedHours | RefusedHours]


@actor(handles=ShowHours)
async def show_hours(message: ShowHours, ports: Ports) -> None:
    """Tell a person the hours of the channel's lines, else of all lines whose channel they can see."""
    lines = await _lines_in(message.channel, ports)
    if not lines:
        lines, _ = await visible_lines(message.by, message.channel, ports)
    ids = sorted({line.calendar for line in lines} - {""})
    found = await asyncio.gather(*(ports.stores.calendars.get(id) for id in ids))
    calendars = {each.id: each for each in found if each is not None}
    await _tell(message, hours_answers.shown(lines, calendars, ports.now()), ports)


@actor(handles=CloseForAWhile)
async def close_for_a_while(message: CloseForAWhile, ports: Ports) -> None:
    """Close the lines of a channel until what a person typed, and tell them what became of it."""
    await _change(message, lambda calendar, now: hours_answers.close(calendar, message, now), ports)


@actor(handles=OpenAgain)
async def open_again(message: OpenAgain, ports: Ports) -> None:
    """Open the lines of a channel before their closure is over, and tell the person what became of it."""
    await _change(message, lambda calendar, now: hours_answers.open_again(calendar, message, now), ports)


async def _change(message: CloseForAWhile | OpenAgain, decide: Decide, ports: Ports) -> None:
    """Change each calendar of the channel's lines, or of the one that is named, and tell the person."""
    lines = await _lines_in(message.channel, ports) if message.line is None else await _named(message, ports)
    if isinstance(lines, str):
        await _tell(message, lines, ports)
        return
    if not lines:
        await _tell(message, hours_answers.NOT_HERE, ports)
        return
    told = []
    for id in sorted({line.calendar for line in lines}):
        here = [line for line in lines if line.calendar == id]
        found = await _changed(id, decide, ports) if id else None
        if found is None:
            told.append(hours_answers.NO_CALENDAR.format(lines=hours_answers.named(here)))
        elif isinstance(found, RefusedHours):
            told.append(f"{hours_answers.named(here)}: {found.words}")
        else:
            told.append(await _told(message, here, found, ports))
    await _tell(message, listed(told, hours_answers.LONGEST, "\n"), ports)


async def _changed(id: str, decide: Decide, ports: Ports) -> ChangedHours | RefusedHours | None:
    """The calendar as it is saved, once whoever saves it at the same time is done; None if it does not exist."""
    for _ in range(TRIES):
        calendar = await ports.stores.calendars.fresh(id)
        if calendar is None:
            return None
        found = decide(calendar, ports.now())
        if isinstance(found, RefusedHours) or found.calendar == calendar:
            return found
        saved = await ports.stores.calendars.save(found.calendar)
        if saved is not None:
            return ChangedHours(saved, found.said)
    raise LostVersionRace


async def _told(message: CloseForAWhile | OpenAgain, here: Sequence[Line], found: ChangedHours, ports: Ports) -> str:
    """What became of an order, with the other lines that share the calendar: those that the person can see by name."""
    own = {line.id for line in here}
    sharing = [line for line in await ports.stores.lines.all() if line.calendar == found.calendar.id]
    others = [line for line in sharing if line.id not in own]
    seen = (await ports.slack.sees(message.by, {line.channel for line in others})).channels if others else frozenset()
    visible = [line for line in others if line.channel in seen]
    return hours_answers.changed(message, here, visible, len(others) - len(visible), found, ports.now())


async def _lines_in(channel: str, ports: Ports) -> list[Line]:
    return [line for line in await ports.stores.lines.all() if line.channel == channel]


async def _named(message: CloseForAWhile | OpenAgain, ports: Ports) -> list[Line] | str:
    """The line that an order names, if its person can see the line's channel; else why not."""
    line = await ports.stores.lines.get(message.line or "")
    if line is None:
        return hours_answers.NO_SUCH_LINE
    seen = await ports.slack.sees(message.by, {line.channel})
    if line.channel in seen.channels:
        return [line]
    return hours_answers.NOT_TOLD if seen.unsure else hours_answers.NOT_SEEN


async def _tell(message: ShowHours | CloseForAWhile | OpenAgain, words: str, ports: Ports) -> None:
    told = Whisper(text=words, user=message.by, response_url=message.response_url, channel=message.channel, markup=True)
    await ports.publisher.publish(told)
