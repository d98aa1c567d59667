"""Opens the forms of the app's Home."""

from datetime import timedelta

from messages.calendar import zone_exists
from messages.views import OpenAwayForm, OpenCloseForm
from workers.interactive import hours_answers
from workers.interactive.home.forms import away_form, close_form
from workers.interactive.opening.modals import RETRIES, View, show_modal, zone_of
from workers.ports import Ports
from workers.runtime import actor


@actor(handles=OpenAwayForm, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_away_form(message: OpenAwayForm, ports: Ports) -> None:
    """Open the form in which somebody says until when they are away."""

    async def view() -> View:
        agent = await ports.stores.agents.get(message.user)
        calendar = await ports.stores.calendars.get(agent.hours) if agent is not None and agent.hours else None
        zone = await zone_of(message.user, ports) or (agent.zone if agent is not None else "")
        return away_form(zone if zone_exists(zone) else "", has_hours=calendar is not None)

    await show_modal(message, view, ports)


@actor(handles=OpenCloseForm, max_retries=RETRIES, time_limit=timedelta(seconds=15))
async def open_close_form(message: OpenCloseForm, ports: Ports) -> None:
    """Open the form in which somebody closes a line whose channel they can see."""

    async def view() -> View | str:
        line = await ports.stores.lines.get(message.line)
        if line is None:
            return hours_answers.NO_SUCH_LINE
        seen = await ports.slack.sees(message.user, {line.channel})
        if line.channel not in seen.channels:
            return hours_answers.NOT_TOLD if seen.unsure else hours_answers.NOT_SEEN
        calendar = await ports.stores.calendars.get(line.calendar) if line.calendar else None
        if calendar is None:
            return hours_answers.NO_CALENDAR.format(lines=hours_answers.named([line]))
        return close_form(line, calendar.zone)

    await show_modal(message, view, ports)
