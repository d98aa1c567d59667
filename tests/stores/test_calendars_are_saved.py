"""Calendars: stored, remembered for a moment, and saved by whoever saves first."""

from datetime import timedelta

from messages.calendar import Calendar
from tests import make
from workers.mongo import Stores


async def test_a_calendar_is_added_once_changed_listed_and_removed(stores: Stores) -> None:
    shop = make.calendar(name="The shop")
    assert await stores.calendars.get("shop") is None
    assert await stores.calendars.add(shop)
    assert not await stores.calendars.add(make.calendar(zone="Europe/London"))
    assert await stores.calendars.get("shop") == shop
    saved = await stores.calendars.save(shop.model_copy(update={"name": "Shop"}))
    assert saved == make.calendar(name="Shop", version=2)
    assert await stores.calendars.get("shop") == await stores.calendars.fresh("shop") == saved
    assert await stores.calendars.add(make.calendar(id="night", week={}))
    assert [each.id for each in await stores.calendars.all()] == ["night", "shop"]
    assert await stores.calendars.remove("shop")
    assert not await stores.calendars.remove("shop")
    assert await stores.calendars.get("shop") is None


async def test_of_two_who_change_a_calendar_at_once_the_second_saves_nothing(stores: Stores) -> None:
    read = make.calendar()
    await stores.calendars.add(read)
    first = await stores.calendars.save(read.model_copy(update={"name": "First"}))
    assert await stores.calendars.save(read.model_copy(update={"name": "Second"})) is None
    assert await stores.calendars.fresh("shop") == first
    assert first is not None
    await stores.calendars.remove("shop")
    assert await stores.calendars.save(first) is None
    assert await stores.calendars.all() == []


async def test_what_another_process_changed_is_known_once_it_is_not_remembered_any_more(mongo_url: str) -> None:
    async with (
        Stores.opened(mongo_url, remember=timedelta(days=1)) as ours,
        Stores.opened(mongo_url, remember=timedelta()) as theirs,
    ):
        await ours.calendars.add(make.calendar())
        before = await ours.calendars.get("shop")
        assert isinstance(before, Calendar)
        saved = await theirs.calendars.save(before)
        assert await ours.calendars.get("shop") == before
        assert await ours.calendars.fresh("shop") == saved == await theirs.calendars.get("shop")
