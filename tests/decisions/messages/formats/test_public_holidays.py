"""Public holidays: chosen in words that are checked, stored for two years, and never changed once they are past."""

from datetime import date, timedelta

import pytest

from messages.calendar import MOST_DAYS, PublicHolidays, SpecialDays, is_open
from messages.formats.public_holidays import chosen, missing_years, renewed, with_holidays
from tests import make

TODAY = date(2026, 3, 2)
US = PublicHolidays(country="US")


def named(days: tuple[SpecialDays, ...], year: int) -> dict[str, str]:
    """The public holidays of a year, by their day."""
    return {each.first.strftime("%m-%d"): each.name for each in days if each.public and each.first.year == year}


@pytest.mark.parametrize(
    ("country", "subdivision", "meant"),
    [
        ("US", "", ("US", "")),
        (" us ", "ca", ("US", "CA")),
        ("DE", "BY", ("DE", "BY")),
        ("de", "augsburg", ("DE", "Augsburg")),
        ("JP", "", ("JP", "")),
    ],
)
def test_a_country_and_its_part_are_found(country: str, subdivision: str, meant: tuple[str, str]) -> None:
    found = chosen(country, subdivision, today=TODAY)
    assert (found.country, found.subdivision) == meant


@pytest.mark.parametrize(
    ("country", "subdivision", "left_out", "words"),
    [
        ("XX", "", (), "no holidays are known of a country 'XX': give its code of two letters, such as US or DE"),
        ("Germany", "", (), "no holidays are known of a country 'Germany'"),
        ("US", "ZZ", (), "US has no part 'ZZ': one of AK, AL, "),
        ("JP", "13", (), "JP has no part '13': leave it out: its holidays are the same everywhere"),
        ("US", "", ("Columbus",), "US has no holiday 'Columbus': Columbus Day"),
        ("US", "CA", ("Boxing",), "US CA has no holiday 'Boxing': "),
    ],
)
def test_what_does_not_exist_is_refused_in_words(
    country: str, subdivision: str, left_out: tuple[str, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        chosen(country, subdivision, left_out, today=TODAY)
    assert "\n" not in str(caught.value)


def test_the_holidays_of_this_year_and_the_next_are_stored_from_today_on() -> None:
    shop = with_holidays(make.calendar(), US, TODAY)
    assert named(shop.days, 2026) == {
        "05-25": "Memorial Day",
        "06-19": "Juneteenth National Independence Day",
        "07-03": "Independence Day (observed)",
        "07-04": "Independence Day",
        "09-07": "Labor Day",
        "10-12": "Columbus Day",
        "11-11": "Veterans Day",
        "11-26": "Thanksgiving Day",
        "12-25": "Christmas Day",
    }
    assert len(named(shop.days, 2027)) > 10
    assert named(shop.days, 2028) == {}
    assert not is_open(shop, make.NOW + timedelta(days=269, hours=8))  # Thanksgiving, a Thursday
    assert missing_years(shop, TODAY) == []


def test_a_holiday_that_is_left_out_is_left_out_on_the_day_that_stands_in_for_it_too() -> None:
    shop = with_holidays(make.calendar(), chosen("US", "", ["independence day", "Columbus Day"], today=TODAY), TODAY)
    assert {"07-03", "07-04", "10-12"}.isdisjoint(named(shop.days, 2026))
    assert shop.holidays == PublicHolidays(country="US", left_out=("Independence Day", "Columbus Day"))


def test_a_day_of_two_holidays_is_named_by_the_one_that_is_not_left_out() -> None:
    both = with_holidays(make.calendar(), chosen("US", "CA", today=TODAY), TODAY)
    one = with_holidays(make.calendar(), chosen("US", "CA", ["Presidents' Day"], today=TODAY), TODAY)
    assert named(both.days, 2027)["02-15"] == "Presidents' Day; Susan B. Anthony Day"
    assert named(one.days, 2027)["02-15"] == "Susan B. Anthony Day"


def test_what_is_past_stays_whoever_chooses_anew() -> None:
    """What was computed with these days is true for ever."""
    stocktaking = SpecialDays(first=date(2026, 1, 5), last=date(2026, 1, 5), name="Stocktaking")
    before = with_holidays(make.calendar(days=(stocktaking,)), US, date(2025, 12, 1))
    assert len(named(before.days, 2025)) == 1
    german = with_holidays(before, PublicHolidays(country="DE", subdivision="BY"), TODAY)
    assert named(german.days, 2025) == named(before.days, 2025)
    assert named(german.days, 2026)["01-19"] == "Martin Luther King Jr. Day"
    assert "05-25" not in {day for day, name in named(german.days, 2026).items() if name == "Memorial Day"}
    none = with_holidays(german, None, TODAY)
    assert none.holidays is None
    assert [each for each in none.days if each.first >= TODAY] == []
    assert stocktaking in none.days


def test_the_year_that_is_missing_is_added_and_nothing_that_is_stored_is_computed_anew() -> None:
    stored = with_holidays(make.calendar(), US, TODAY)
    mine = tuple(each.model_copy(update={"name": f"Our {each.name}"}) for each in stored.days)
    shop = stored.model_copy(update={"days": mine})
    assert renewed(shop, TODAY) == shop
    new_year = date(2027, 1, 1)
    assert missing_years(shop, new_year) == [2028]
    later = renewed(shop, new_year)
    assert later.days[: len(mine)] == mine
    assert len(named(later.days, 2028)) > 10
    assert missing_years(later, new_year) == []
    assert renewed(later, new_year) == later


@pytest.mark.parametrize("today", [date(2026, 12, 26), date(2026, 12, 31)])
def test_a_year_without_holidays_to_come_is_not_missing(today: date) -> None:
    shop = with_holidays(make.calendar(), US, today)
    assert named(shop.days, 2026) == {}
    assert missing_years(shop, today) == []
    assert renewed(shop, today) == shop


def test_a_calendar_without_public_holidays_is_never_renewed() -> None:
    assert renewed(make.calendar(), TODAY) == make.calendar()


def test_too_many_days_are_refused_in_words() -> None:
    many = tuple(
        SpecialDays(first=day, last=day) for day in (TODAY + timedelta(days=each) for each in range(MOST_DAYS - 5))
    )
    with pytest.raises(ValueError, match="a calendar has at most 400 special days: first remove some"):
        with_holidays(make.calendar(days=many), US, TODAY)
