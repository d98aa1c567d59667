"""`clerk calendars`: the hours that lines name, with their special days, public holidays and closures."""

import difflib
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from cyclopts import App, Parameter
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from messages.calendar import (
    MOST_CALENDARS,
    Calendar,
    SpecialDays,
    days_of,
    is_open,
    next_change,
    wall_time,
    zones_like,
)
from messages.formats import hours
from messages.formats.public_holidays import chosen, with_holidays
from messages.line import Line
from messages.line_settings.words import NONE
from messages.process.settings import Settings
from ops.commands.options import AsJson, Invalid
from ops.environment import command_settings, documents_now, on_stores
from ops.examples import examples_of
from workers.mongo import Stores

calendars = App(
    name="calendars",
    help="List, show, add, change and remove calendars: the hours that lines name.",
    help_epilogue=examples_of("calendars"),
)
day = App(name="day", help="Add and remove days that are closed, or open at hours of their own.")
calendars.command(day)

NAME_LIMIT: Final = 80
TRIES: Final = 5
"""How often a change is made anew because somebody else saved the calendar meanwhile."""


def _now() -> datetime:
    return documents_now(command_settings())


def _today(calendar: Calendar) -> date:
    return wall_time(_now(), calendar.zone).date()


def _valid(fields: dict[str, Any]) -> Calendar:
    """A calendar with these fields; Invalid says what is wrong, or that it would never open."""
    if len(name := fields.get("name", "")) > NAME_LIMIT or not name.isprintable():
        raise Invalid(f"--name: one line of at most {NAME_LIMIT} characters")
    try:
        calendar = Calendar.model_validate(fields)
    except ValidationError as error:
        if any(each["loc"] == ("id",) for each in error.errors()):
            raise Invalid(f"{fields['id']}: a calendar's name has a-z, 0-9 and -, and at most 40 of them") from None
        if any(each["loc"][:1] == ("zone",) for each in error.errors()):
            near = ", ".join(zones_like(str(fields["zone"])))
            raise Invalid(f"--zone: {hours.why_invalid(error)}{f' (near it: {near})' if near else ''}") from None
        raise Invalid(hours.why_invalid(error)) from None
    now = _now()
    if next_change(calendar, now) is None and not is_open(calendar, now):
        raise Invalid("so it would never open: give it hours with --week, or a day that is open, first")
    return calendar


def _week(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        return {"week": hours.parse_week(text)}
    except ValueError as error:
        raise Invalid(f"--week: {error}") from None


async def _no_calendar(stores: Stores, id: str) -> Invalid:
    near = difflib.get_close_matches(id, [each.id for each in await stores.calendars.all()], 3, 0.5)
    meant = f" Did you mean {' or '.join(near)}?" if near else " See clerk calendars list."
    return Invalid(f"there is no calendar {id}.{meant}")


def _changed(id: str, change: Callable[[Calendar], Calendar]) -> Calendar:
    """Change the calendar as it is now, however many change it at once; Invalid if there is none."""

    async def work(stores: Stores, _: Settings) -> Calendar:
        for _try in range(TRIES):
            found = await stores.calendars.fresh(id)
            if found is None:
                raise await _no_calendar(stores, id)
            try:
                new = change(found)
            except ValueError as error:
                raise Invalid(str(error)) from None
            if new == found:
                return found
            if (saved := await stores.calendars.save(new)) is not None:
                return saved
        raise Invalid(f"others change {id} all the time. Run the same command again.")

    return on_stores(work)


def _found(id: str) -> tuple[Calendar, list[Line]]:
    async def work(stores: Stores, _: Settings) -> tuple[Calendar, list[Line]]:
        found = await stores.calendars.fresh(id)
        if found is None:
            raise await _no_calendar(stores, id)
        return found, [line for line in await stores.lines.all() if line.calendar == id]

    return on_stores(work)


@calendars.command(name="list")
def list_(*, json_: AsJson = False) -> None:
    """List every calendar with its hours and whether it is open now."""

    async def work(stores: Stores, _: Settings) -> tuple[list[Calendar], list[Line]]:
        return await stores.calendars.all(), await stores.lines.all()

    found, lines = on_stores(work)
    using = {each.id: [line for line in lines if line.calendar == each.id] for each in found}
    if json_:
        _print_json([_as_json(each, using[each.id]) for each in found])
        return
    console, now = Console(highlight=False), _now()
    for each in found:
        told = Text(each.id, style="bold") + Text(f"  {hours.hours_words(each, now)}")
        console.print(told + Text(f"  {each.name}" if each.name else ""), soft_wrap=not console.is_terminal)
        console.print(Text(f"    {hours.week_words(each.week)}", style="dim"), soft_wrap=not console.is_terminal)
        console.print(Text(f"    {_used_by(using[each.id])}", style="dim"), soft_wrap=not console.is_terminal)
    if not found:
        print('No calendars yet: clerk calendars add shop --zone America/New_York --week "mon-fri 9:00-17:00"')


def _used_by(lines: Sequence[Line]) -> str:
    return f"hours of {', '.join(line.label for line in lines)}" if lines else "no line uses it"


def _print_json(what: Any) -> None:
    json.dump(what, sys.stdout, indent=2)
    print()


def _as_json(calendar: Calendar, lines: Sequence[Line]) -> dict[str, Any]:
    change = next_change(calendar, _now())
    return {
        **calendar.model_dump(mode="json"),
        "lines": [line.id for line in lines],
        "open": is_open(calendar, _now()),
        "next_change_at": None if change is None else change.at.isoformat(),
    }


@calendars.command
def show(calendar: str, *, json_: AsJson = False) -> None:
    """Show a calendar: its hours, the special days and holidays to come, and who closed it.

    Parameters
    ----------
    calendar
        The calendar's name, such as shop.
    """
    found, lines = _found(calendar)
    if json_:
        _print_json(_as_json(found, lines))
        return
    console = Console(highlight=False)
    console.print(Text(found.id, style="bold") + Text(f"  {found.name}" if found.name else ""))
    console.print(Text(hours.hours_words(found, _now())))
    console.print(Text(_used_by(lines), style="dim"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("zone", Text(found.zone))
    for days, periods in days_of(found.week):
        table.add_row(days, Text(periods))
    if found.holidays is not None:
        of = " ".join(filter(None, (found.holidays.country, found.holidays.subdivision)))
        without = f", without {', '.join(found.holidays.left_out)}" if found.holidays.left_out else ""
        table.add_row("holidays", Text(f"public holidays of {of}{without}"))
    for each in hours.coming_days(found, _now()):
        table.add_row("public" if each.public else "day", Text(_day_words(each, _today(found))))
    console.print(table)


def _day_words(days: SpecialDays, today: date) -> str:
    return hours.special_words(days, today) + ("" if days.periods else " (closed)")


@calendars.command
def add(calendar: str, *, zone: str, week: str, name: str = "") -> None:
    """Add a calendar: `--week "mon-fri 9:00-12:30 13:30-17:00, sat 9:00-12:00"`.

    Parameters
    ----------
    calendar
        A short name for it, such as shop: lines name it so.
    zone
        Its time zone, such as America/New_York.
    week
        The hours of each weekday; days that are not named are closed. 22:00-6:00 ends on the next day.
    name
        What people see in place of the short name.
    """
    if calendar == NONE:
        raise Invalid(f"{NONE}: this word stands for no calendar: choose another name")
    new = _valid({"id": calendar, "zone": zone, "name": name, **_week(week)})

    async def work(stores: Stores, _: Settings) -> bool:
        if len(await stores.calendars.all()) >= MOST_CALENDARS:
            raise Invalid(f"there are {MOST_CALENDARS} calendars already: remove one first")
        return await stores.calendars.add(new)

    if not on_stores(work):
        raise Invalid(f"{calendar} is a calendar already. To change it: clerk calendars set {calendar} ...")
    print(f"{new.id} is a calendar now: {hours.week_words(new.week)}. {hours.hours_words(new, _now())}.")
    _warn_of_nights(new)
    print(f"To give it to a line: clerk lines set NUMBER --calendar {new.id}")


def _warn_of_nights(calendar: Calendar) -> None:
    if nights := hours.overnight_words(calendar.week):
        print(f"Note: {nights}.", file=sys.stderr)


@calendars.command(name="set")
def set_(calendar: str, *, zone: str | None = None, week: str | None = None, name: str | None = None) -> None:
    """Change a calendar's zone, hours or name.

    Parameters
    ----------
    calendar
        The calendar's short name, such as shop.
    zone
        Its time zone, such as America/New_York.
    week
        The hours of each weekday, as `clerk calendars add` takes them; they take the place of the present ones.
    name
        What people see in place of the short name.
    """
    given = {key: value for key, value in (("zone", zone), ("name", name)) if value is not None} | _week(week)
    if not given:
        raise Invalid("say what to change. See clerk calendars set --help.")
    saved = _changed(calendar, lambda found: _valid({**found.model_dump(), **given}))
    print(f"{saved.id} is changed: {hours.week_words(saved.week)}. {hours.hours_words(saved, _now())}.")
    if week is not None:
        _warn_of_nights(saved)


@day.command(name="add")
def day_add(
    calendar: str,
    *,
    on: str | None = None,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    closed: Annotated[bool, Parameter(negative="")] = False,
    open_: Annotated[str | None, Parameter(name="--hours")] = None,
    name: str = "",
) -> None:
    """Add a day, or several in a row, that is closed or has hours of its own.

    Parameters
    ----------
    calendar
        The calendar's short name, such as shop.
    on
        The day, such as 2026-12-24.
    from_
        The first of several days.
    to
        The last of several days.
    closed
        It is closed.
    open_
        Its hours, such as "9:00-12:00 13:00-15:00".
    name
        Why, such as "Christmas Eve": contacts may read it.
    """
    first, last = _dates(on, from_, to)
    if closed == (open_ is not None):
        raise Invalid("say either --closed or --hours 9:00-12:00")
    if len(name) > NAME_LIMIT or not name.isprintable():
        raise Invalid(f"--name: one line of at most {NAME_LIMIT} characters")

    def change(found: Calendar) -> Calendar:
        new = hours.parse_special(first, last, open_ or "closed", name, _today(found))
        same = [each for each in found.days if not each.public and (each.first, each.last) == (new.first, new.last)]
        if same:
            where = f"--on {first}" if first == last else f"--from {first} --to {last}"
            raise ValueError(f"these days are special already. First: clerk calendars day remove {calendar} {where}")
        return _valid({**found.model_dump(), "days": (*found.days, new)})

    saved = _changed(calendar, change)
    print(f"{saved.id} knows it: {_day_words(saved.days[-1], _today(saved))}.")


def _dates(on: str | None, from_: str | None, to: str | None) -> tuple[str, str]:
    if on is not None and from_ is None and to is None:
        return on, on
    if on is None and from_ is not None and to is not None:
        return from_, to
    raise Invalid("say which day with --on 2026-12-24, or which days with --from 2026-12-24 --to 2026-12-31")


@day.command(name="remove")
def day_remove(
    calendar: str,
    *,
    on: str | None = None,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
) -> None:
    """Remove a day, or several in a row, that somebody added; a public holiday is left out with `holidays`.

    Parameters
    ----------
    calendar
        The calendar's short name, such as shop.
    on
        The day, such as 2026-12-24.
    from_
        The first of several days.
    to
        The last of several days.
    """
    first, last = (hours.parse_day(each) for each in _dates(on, from_, to))

    def change(found: Calendar) -> Calendar:
        kept = tuple(each for each in found.days if each.public or (each.first, each.last) != (first, last))
        if len(kept) == len(found.days):
            raise ValueError(f"{calendar} has no such day. See clerk calendars show {calendar}.")
        return _valid({**found.model_dump(), "days": kept})

    saved = _changed(calendar, change)
    print(f"{saved.id} does not know these days any more.")


@calendars.command
def holidays(
    calendar: str,
    *,
    country: str | None = None,
    subdivision: str = "",
    leave_out: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    none: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Close on a country's public holidays: those of this year and the next are stored, and shown here.

    The clock adds those of each further year.

    Parameters
    ----------
    calendar
        The calendar's short name, such as shop.
    country
        The country's code of two letters, such as US.
    subdivision
        The code of a part of it, such as CA.
    leave_out
        The name of a holiday that is open; it may be given several times.
    none
        Close on no public holidays any more.
    dry_run
        Only show them.
    """
    if none == (country is not None):
        raise Invalid("say either --country US or --none")

    def change(found: Calendar) -> Calendar:
        today = _today(found)
        wanted = None if country is None else chosen(country, subdivision, leave_out, today=today)
        return _valid(with_holidays(found, wanted, today).model_dump())

    if dry_run:
        found, _ = _found(calendar)
        try:
            saved = change(found)
        except ValueError as error:
            raise Invalid(str(error)) from None
    else:
        saved = _changed(calendar, change)
    for each in hours.coming_days(saved, _now()):
        if each.public:
            print(hours.special_words(each, _today(saved)))
    if dry_run:
        print("Nothing is saved: this was a dry run.")
    elif saved.holidays is None:
        print(f"{saved.id} closes on no public holidays.")
    else:
        print(f'{saved.id} closes on these days. To open on one of them: --leave-out "Its name".')


@calendars.command
def close(calendar: str, *until: str, why: str = "") -> None:
    """Close for a while, whatever the hours say: `2h`, `today`, `until 14:00`, `until mon 9:00`.

    Parameters
    ----------
    calendar
        The calendar's short name, such as shop.
    until
        Until when, in the calendar's zone.
    why
        Why, such as "training".
    """

    def change(found: Calendar) -> Calendar:
        meant = hours.parse_until(" ".join(until), _now(), found.zone)
        if meant.rest and why:
            raise ValueError(f"{meant.rest!r}: say why only once")
        if meant.said:
            print(meant.said, file=sys.stderr)
        return hours.closed(found, meant.at, "", why or meant.rest, _now())

    saved = _changed(calendar, change)
    print(f"{saved.id} is closed. {hours.hours_words(saved, _now())}.")


@calendars.command(name="open")
def open_(calendar: str) -> None:
    """End a closure before its time.

    Parameters
    ----------
    calendar
        The calendar's short name, such as shop.
    """

    def change(found: Calendar) -> Calendar:
        if hours.closure_at(found, _now()) is None:
            raise ValueError(f"nobody has closed {calendar}. {hours.hours_words(found, _now())}.")
        return hours.reopened(found, _now())

    saved = _changed(calendar, change)
    print(f"{saved.id} follows its hours again. {hours.hours_words(saved, _now())}.")


@calendars.command
def remove(calendar: str) -> None:
    """Remove a calendar that no line and no agent uses.

    Parameters
    ----------
    calendar
        The calendar's short name, such as shop.
    """

    async def work(stores: Stores, _: Settings) -> None:
        using = [line for line in await stores.lines.all() if line.calendar == calendar]
        if using:
            first = f"clerk lines set {using[0].id} --calendar {NONE}"
            raise Invalid(f"{calendar} has the {_used_by(using)}. First: {first}")
        for agent in await stores.agents.all():
            if agent.hours == calendar:
                first = f"clerk agents set {agent.id} --hours {NONE}"
                raise Invalid(f"{calendar} has the hours of {agent.id}. First: {first}")
        if not await stores.calendars.remove(calendar):
            raise await _no_calendar(stores, calendar)

    on_stores(work)
    print(f"{calendar} is no calendar any more.")
