"""What a person is told about the hours of lines, and what their words do to a calendar. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from messages.calendar import Calendar
from messages.formats.hours import closed, closure_at, hours_words, next_closed_words, parse_until, reopened, week_words
from messages.line import Line
from messages.views import CloseForAWhile, OpenAgain
from workers.markup import escape, listed, local_time, mention, unstyled

LONGEST: Final = 2900
"""How long an answer may be, so that it fits in one block (https://docs.slack.dev/reference/block-kit/blocks)."""

NOT_HERE: Final = (
    "Only in a line's own channel can it be closed or opened, so that those who answer it know: type it there."
)
NO_CALENDAR: Final = (
    "{lines} has no calendar, so it is always open. An admin can give it one: `clerk calendars add`, then "
    "`clerk lines set NUMBER --calendar NAME`."
)
NO_SUCH_LINE: Final = "Nothing was changed: this is no longer one of Clerk's lines."
NOT_SEEN: Final = "Nothing was changed: you can't see the channel of this line."
NOT_TOLD: Final = (
    "Nothing was changed: Slack does not say at the moment whether you can see the channel of this line. "
    "Try again in a minute."
)
NO_LINES: Final = "There is no line here that you can see."

type Calendars = Mapping[str, Calendar]
"""The calendars that lines name, by id."""


def named(lines: Sequence[Line]) -> str:
    """Lines by what people call them."""
    return ", ".join(f"*{escape(unstyled(line.label))}*" for line in lines)


def shown(lines: Sequence[Line], calendars: Calendars, now: datetime) -> str:
    """The hours of lines; lines with one calendar are named together."""
    if not lines:
        return NO_LINES
    by_calendar: dict[str, list[Line]] = {}
    for line in lines:
        by_calendar.setdefault(line.calendar if line.calendar in calendars else "", []).append(line)
    told = [
        f"{named(some)}: {_standing(calendars[id], now) if id else 'Always open: there is no calendar'}."
        for id, some in by_calendar.items()
    ]
    return listed(told, LONGEST, "\n")


def _standing(calendar: Calendar, now: datetime) -> str:
    """Whether a calendar is open, who closed it, its week, and the next day on which it is closed."""
    closure = closure_at(calendar, now)
    by = f" (closed by {mention(closure.by)})" if closure is not None and closure.by else ""
    following = next_closed_words(calendar, now)
    closes = f", next closed: {escape(unstyled(following))}" if following else ""
    return f"{now_open_words(calendar, now)}{by}{closes}. {week_words(calendar.week)}"


def now_open_words(calendar: Calendar, now: datetime) -> str:
    """Whether a calendar is open and until when, in markup."""
    safe = calendar.model_copy(
        update={
            "closures": tuple(
                each.model_copy(update={"why": escape(unstyled(each.why))}) for each in calendar.closures
            ),
            "days": tuple(each.model_copy(update={"name": escape(unstyled(each.name))}) for each in calendar.days),
        }
    )
    return hours_words(safe, now, local_time)


@dataclass(frozen=True)
class RefusedHours:
    """An order about hours can't be carried out; `words` say why."""

    words: str


@dataclass(frozen=True)
class ChangedHours:
    """A calendar as an order makes it, and what is to be said besides."""

    calendar: Calendar
    said: str = ""


def close(calendar: Calendar, order: CloseForAWhile, now: datetime) -> ChangedHours | RefusedHours:
    """What the order to close does to a calendar; times are those at which it was typed."""
    try:
        until = parse_until(order.typed, order.at, calendar.zone)
    except ValueError as error:
        return RefusedHours(f"Nothing is closed. {escape(unstyled(str(error)))}")
    is_new = all(each.order != order.order for each in calendar.closures)
    if is_new and until.at <= now:
        return RefusedHours("Nothing is closed: Clerk got your words only after that time was over.")
    return ChangedHours(closed(calendar, until.at, order.by, until.rest, order.at, order.order), until.said)


def open_again(calendar: Calendar, order: OpenAgain, now: datetime) -> ChangedHours | RefusedHours:
    """What the order to open does to a calendar; a closure that began after the order stays."""
    opened = reopened(calendar, order.at)
    if opened == calendar and closure_at(calendar, now) is None and not _ended_by(calendar, order):
        return RefusedHours(f"Nobody has closed it. {now_open_words(calendar, now)}.")
    return ChangedHours(opened)


def _ended_by(calendar: Calendar, order: OpenAgain) -> bool:
    return any(each.until == order.at for each in calendar.closures)


def changed(
    order: CloseForAWhile | OpenAgain,
    here: Sequence[Line],
    others: Sequence[Line],
    unseen: int,
    found: ChangedHours,
    now: datetime,
) -> str:
    """What became of an order: who closed or opened which lines, until when and why, and which others share it."""
    did, calendar = "closed" if isinstance(order, CloseForAWhile) else "opened", found.calendar
    told = f"{mention(order.by)} {did} {named(here)}. {now_open_words(calendar, now)}."
    shared = [*([named(others)] if others else []), *([f"{unseen} that you can't see"] if unseen else [])]
    if shared:
        told += f" This holds for other lines with the same hours, too: {' and '.join(shared)}."
    return f"{told} {found.said}".strip()
