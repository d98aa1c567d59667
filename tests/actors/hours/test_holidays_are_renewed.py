"""The clock adds the public holidays of a year that comes, once, and changes none that is stored."""

from datetime import UTC, datetime, timedelta

from messages.calendar import Calendar, PublicHolidays
from messages.formats.public_holidays import missing_years, with_holidays
from tests import make
from tests.fakes import FakeWorkers
from workers.hours.renewal import Renewal

NEW_YEAR = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
US = PublicHolidays(country="US")


async def shop(workers: FakeWorkers) -> Calendar:
    """The calendar as it is now."""
    found = await workers.ports.stores.calendars.fresh("shop")
    assert found is not None
    return found


async def test_the_clock_adds_the_holidays_of_next_year_once(workers: FakeWorkers) -> None:
    calendars = workers.ports.stores.calendars
    before = with_holidays(make.calendar(), US, make.NOW.date())
    await calendars.add(before)
    await calendars.add(make.calendar(id="plain"))
    first, second = Renewal(), Renewal()
    assert [await each.look(workers.ports) for each in (first, second)] == [0, 0]
    workers.clock.time = NEW_YEAR
    assert [await each.look(workers.ports) for each in (first, second, first)] == [1, 0, 0]
    after = await shop(workers)
    assert after.version == 2
    assert after.days[: len(before.days)] == before.days
    assert missing_years(after, NEW_YEAR.date()) == []


async def test_a_country_that_is_not_known_any_more_keeps_the_clock_from_no_other_calendar(
    workers: FakeWorkers,
) -> None:
    calendars = workers.ports.stores.calendars
    await calendars.add(make.calendar(id="lost", holidays=PublicHolidays(country="ZZ")))
    await calendars.add(with_holidays(make.calendar(), US, make.NOW.date()))
    workers.clock.time = NEW_YEAR
    assert await Renewal().look(workers.ports) == 1
    assert len([each for each in (await shop(workers)).days if each.first.year == 2028]) > 10


async def test_who_saves_at_the_same_time_loses_nothing_and_the_clock_looks_again(workers: FakeWorkers) -> None:
    calendars = workers.ports.stores.calendars
    await calendars.add(with_holidays(make.calendar(), US, make.NOW.date()))
    workers.clock.time = NEW_YEAR + timedelta(hours=1)
    read = await calendars.all()
    await calendars.save(read[0].model_copy(update={"name": "Renamed"}))
    listed = calendars.all

    async def as_it_was() -> list[Calendar]:
        return read

    renewal = Renewal()
    calendars.all = as_it_was  # type: ignore[method-assign]
    assert await renewal.look(workers.ports) == 0
    calendars.all = listed  # type: ignore[method-assign]
    assert await renewal.look(workers.ports) == 1
    assert (await shop(workers)).name == "Renamed"
