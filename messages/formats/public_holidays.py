"""The public holidays of a country, as special days of a calendar. Pure.

They are computed for this year and the next when a calendar is saved, and stored: an update of the library must not
change what was computed yesterday. The library is imported when it is needed, since it knows some 250 countries.
"""

import difflib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from messages.calendar import MOST_DAYS, Calendar, PublicHolidays, SpecialDays

YEARS_AHEAD: Final = 1
"""For how many years after this one the holidays are stored."""


def chosen(country: str, subdivision: str = "", left_out: Sequence[str] = (), *, today: date) -> PublicHolidays:
    """Whose holidays are meant; ValueError in words if there is no such country, part of it, or holiday."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    code = country.strip().upper()
    if code not in known:
        near = difflib.get_close_matches(code, known, 3, 0.5)
        raise ValueError(
            f"no holidays are known of a country {country!r}: give its code of two letters, such as US or DE"
            + (f" (near it: {', '.join(near)})" if near else "")
        )
    parts = known[code]
    part = {each.upper(): each for each in parts}.get(subdivision.strip().upper(), "")
    if subdivision.strip() and not part:
        named = f"one of {', '.join(parts)}" if parts else "leave it out: its holidays are the same everywhere"
        raise ValueError(f"{code} has no part {subdivision!r}: {named}")
    every = PublicHolidays(country=code, subdivision=part)
    names = {name.casefold(): name for each in _years(every, _stored_years(today)) for name in _names(each)}
    found = []
    for each in left_out:
        if (name := names.get(each.strip().casefold())) is None:
            near = difflib.get_close_matches(each.casefold(), names, 3, 0.5) or sorted(names)
            where = f"{code} {part}".strip()
            raise ValueError(f"{where} has no holiday {each!r}: {', '.join(sorted(names[one] for one in near))}")
        found.append(name)
    return every.model_copy(update={"left_out": tuple(dict.fromkeys(found))})


def with_holidays(calendar: Calendar, holidays: PublicHolidays | None, today: date) -> Calendar:
    """A calendar with the public holidays of this year and the next, from today on; those that are past stay.

    ValueError if it would have too many special days.
    """
    past = [each for each in calendar.days if each.public and each.last < today]
    coming = [] if holidays is None else _coming(holidays, _stored_years(today), today)
    return _with_public(calendar.model_copy(update={"holidays": holidays}), [*past, *coming])


def missing_years(calendar: Calendar, today: date) -> list[int]:
    """The years, of this and the next, of which a calendar should have holidays from today on and has stored none."""
    if calendar.holidays is None:
        return []
    stored = {each.first.year for each in calendar.days if each.public}
    missing = [year for year in _stored_years(today) if year not in stored]
    return [year for year in missing if _coming(calendar.holidays, [year], today)]


def renewed(calendar: Calendar, today: date) -> Calendar:
    """A calendar with the public holidays of the years that are missing; what is stored stays as it is."""
    missing = missing_years(calendar, today)
    if not missing or calendar.holidays is None:
        return calendar
    stored = [each for each in calendar.days if each.public]
    return _with_public(calendar, [*stored, *_coming(calendar.holidays, missing, today)])


def _coming(holidays: PublicHolidays, years: Iterable[int], today: date) -> list[SpecialDays]:
    """The public holidays of some years from today on: what is past stays as it was."""
    return [each for each in _years(holidays, years) if each.first >= today]


def _stored_years(today: date) -> range:
    return range(today.year, today.year + YEARS_AHEAD + 1)


def _with_public(calendar: Calendar, public: Iterable[SpecialDays]) -> Calendar:
    entered = [each for each in calendar.days if not each.public]
    ordered = sorted(public, key=lambda each: each.first)
    if len(entered) + len(ordered) > MOST_DAYS:
        raise ValueError(f"a calendar has at most {MOST_DAYS} special days: first remove some")
    return calendar.model_copy(update={"days": (*entered, *ordered)})


def _names(day: SpecialDays) -> list[str]:
    return [each.removesuffix(_OBSERVED) for each in day.name.split(_BETWEEN)]


_BETWEEN: Final = "; "
"""What the library writes between the names of two holidays of one day."""

_OBSERVED: Final = " (observed)"
"""What the library adds to a holiday's name on the working day that is free in its place."""


def _years(chosen: PublicHolidays, years: Iterable[int]) -> list[SpecialDays]:
    """The public holidays of some years; a day of several is left out if all of them are."""
    import holidays

    found = holidays.country_holidays(chosen.country, subdiv=chosen.subdivision or None, years=list(years))
    days = []
    for day, name in sorted(found.items()):
        names = [each for each in name.split(_BETWEEN) if each.removesuffix(_OBSERVED) not in chosen.left_out]
        if names:
            days.append(SpecialDays(first=day, last=day, name=_BETWEEN.join(names), public=True))
    return days
