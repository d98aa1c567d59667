"""/clerk hours, close and open: carried out once however often they come, answered always, in the line's channel."""

from datetime import UTC, datetime, timedelta

import pytest

from messages.base import QueueMessage
from messages.calendar import Calendar, Closure, SpecialDays, is_open
from messages.orders import commands
from messages.orders.commands import SlashCommand
from tests import make
from tests.fakes import FakeWorkers

ELSEWHERE = "C0OTHER"
MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 10:00 in New York
SHUT = SpecialDays(first=MONDAY.date() + timedelta(days=3), last=MONDAY.date() + timedelta(days=3), name="Town <day>")


@pytest.fixture
async def shop(workers: FakeWorkers) -> FakeWorkers:
    """Workers whose line has the hours of a shop; it is Monday, 10:00 there."""
    workers.clock.time = MONDAY
    await workers.ports.stores.calendars.add(make.calendar(days=(SHUT,)))
    await workers.ports.stores.lines.save(make.line(name="Shop", calendar="shop"))
    return workers


def order(workers: FakeWorkers, words: str, channel: str = make.CHANNEL, trigger: str = "1.2") -> QueueMessage:
    """What `/clerk` and these words order now."""
    typed = SlashCommand(text=words, user=make.AGENT, channel=channel, trigger_id=trigger, at=workers.clock.now())
    found = commands.read(typed)
    assert isinstance(found, QueueMessage)
    return found


async def say(workers: FakeWorkers, words: str, channel: str = make.CHANNEL, trigger: str = "1.2") -> str:
    """What `/clerk` and these words are answered; the message comes twice, and so does the answer."""
    message = order(workers, words, channel, trigger)
    await workers.drain()
    before = len(workers.slack.whispers)
    for _ in range(2):
        await workers.handle(message)
        await workers.drain()
    first, second = (said for _, said in workers.slack.whispers[before:])
    assert first == second
    return first


async def stored(workers: FakeWorkers) -> Calendar:
    """The calendar as it is now."""
    found = await workers.ports.stores.calendars.fresh("shop")
    assert found is not None
    return found


async def test_hours_say_until_when_and_when_it_is_closed_next(shop: FakeWorkers) -> None:
    assert await say(shop, "hours") == (
        "*Shop*: Open now until 17:00 (New York; <!date^1772488800^{date_short_pretty} {time}|2026-03-02 22:00 UTC> "
        "for you), next closed: Thu 5 Mar, Town &lt;day&gt;. Mon-Fri 9:00-17:00."
    )


async def test_a_line_without_a_calendar_is_always_open_and_says_who_can_give_it_one(workers: FakeWorkers) -> None:
    assert await say(workers, "hours") == f"*{make.LINE}*: Always open: there is no calendar."
    assert "has no calendar, so it is always open" in await say(workers, "close 2h")


async def test_a_calendar_that_was_removed_counts_as_none(shop: FakeWorkers) -> None:
    await shop.ports.stores.calendars.remove("shop")
    assert await say(shop, "hours") == "*Shop*: Always open: there is no calendar."
    assert "has no calendar" in await say(shop, "open")


async def test_closing_is_done_once_says_who_and_why_and_ends_by_itself(shop: FakeWorkers) -> None:
    answer = await say(shop, "close until 14:00 staff &amp; training")
    assert answer.startswith(f"<@{make.AGENT}> closed *Shop*. Closed until 14:00 (New York; <!date^")
    assert answer.endswith("for you): staff &amp; training.")
    calendar = await stored(shop)
    assert calendar.version == 2
    assert calendar.closures == (
        Closure(
            since=MONDAY,
            until=MONDAY + timedelta(hours=4),
            by=make.AGENT,
            why="staff & training",
            order=calendar.closures[0].order,
        ),
    )
    assert is_open(calendar, MONDAY + timedelta(hours=4))
    assert f"(closed by <@{make.AGENT}>)" in await say(shop, "hours")


async def test_opening_ends_the_closure_once(shop: FakeWorkers) -> None:
    await say(shop, "close 2h")
    shop.clock.forward(60)
    opening = order(shop, "open", trigger="1.3")
    await shop.handle(opening)
    await shop.drain()
    assert shop.slack.whispers[-1][1].startswith(f"<@{make.AGENT}> opened *Shop*. Open now until 17:00")
    shop.clock.forward(60)
    await say(shop, "close 1h again", trigger="1.4")
    await shop.handle(opening)  # the broker delivers it again: what was ordered later stays
    calendar = await stored(shop)
    assert not is_open(calendar, shop.clock.now())
    assert [each.until - each.since for each in calendar.closures] == [timedelta(minutes=1), timedelta(hours=1)]


async def test_an_order_that_comes_again_after_the_line_was_opened_closes_nothing(shop: FakeWorkers) -> None:
    closing = order(shop, "close 2h")
    await shop.handle(closing)
    shop.clock.forward(60)
    await say(shop, "open", trigger="1.3")
    await shop.handle(closing)
    assert is_open(await stored(shop), shop.clock.now())


async def test_the_later_of_two_orders_counts_in_whichever_order_they_come(shop: FakeWorkers) -> None:
    early = order(shop, "close 5h", trigger="1.3")
    shop.clock.forward(60)
    late = order(shop, "close 1h", trigger="1.4")
    for message in (late, early, late):
        await shop.handle(message)
    calendar = await stored(shop)
    assert not is_open(calendar, MONDAY + timedelta(minutes=1))
    assert is_open(calendar, MONDAY + timedelta(minutes=61))


async def test_what_came_too_late_closes_nothing_and_says_so(shop: FakeWorkers) -> None:
    message = order(shop, "close 30m")
    shop.clock.forward(3600)
    await shop.handle(message)
    await shop.drain()
    assert shop.slack.whispers[-1][1] == (
        "*Shop*: Nothing is closed: Clerk got your words only after that time was over."
    )
    assert (await stored(shop)).closures == ()


@pytest.mark.parametrize("words", ["close 2h", "open"])
async def test_only_in_the_lines_channel_it_is_closed_or_opened(shop: FakeWorkers, words: str) -> None:
    assert "Only in a line's own channel" in await say(shop, words, ELSEWHERE)
    assert (await stored(shop)).version == 1


async def test_opening_what_nobody_closed_says_so(shop: FakeWorkers) -> None:
    assert (await say(shop, "open")).startswith("*Shop*: Nobody has closed it. Open now until 17:00 (New York;")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("close soon", "*Shop*: Nothing is closed. “soon” is no time. Say until when: "),
        ("close until 9:00", "*Shop*: Nothing is closed. “9:00” has passed already. Name a later day"),
        ("close &lt;!channel&gt;", "*Shop*: Nothing is closed. “&lt;!channel&gt;” is no time. Say until when"),
    ],
)
async def test_what_can_not_be_meant_is_answered_in_words(shop: FakeWorkers, words: str, said: str) -> None:
    assert (await say(shop, words)).startswith(said)
    assert (await stored(shop)).closures == ()


async def test_a_time_that_clocks_leave_out_is_said(shop: FakeWorkers) -> None:
    assert (await say(shop, "close until sun 2:30 a move")).endswith("Clocks go forward then, so it is 3:30.")


async def test_lines_that_share_the_hours_are_named_if_they_can_be_seen(shop: FakeWorkers) -> None:
    lines = shop.ports.stores.lines
    await lines.add(make.line(id="+15550001112", name="Sales", channel=ELSEWHERE, calendar="shop"))
    await lines.add(make.line(id="+15550001113", name="Secret", channel="C0HIDDEN", calendar="shop"))
    await lines.add(make.line(id="+15550001114", name="Other", channel=ELSEWHERE))
    shop.slack.private["C0HIDDEN"] = {"U0BOB"}
    answer = await say(shop, "close 2h")
    assert answer.endswith("This holds for other lines with the same hours, too: *Sales* and 1 that you can't see.")
    assert (await stored(shop)).version == 2
    elsewhere = await say(shop, "hours", "D0MYSELF")
    assert "*Shop*, *Sales*: Closed until 12:00" in elsewhere
    assert "*Other*: Always open" in elsewhere
    assert "Secret" not in elsewhere


async def test_two_who_save_at_once_lose_nothing(shop: FakeWorkers) -> None:
    """Between the read and the save of the order somebody else saves: it is decided anew."""
    calendars = shop.ports.stores.calendars
    once = [True]
    fresh = calendars.fresh

    async def raced(id: str) -> Calendar | None:
        found = await fresh(id)
        if once and found is not None:
            once.clear()
            await calendars.save(found.model_copy(update={"name": "Renamed"}))
        return found

    calendars.fresh = raced  # type: ignore[method-assign]
    await shop.handle(order(shop, "close 2h"))
    calendar = await fresh("shop")
    assert calendar is not None
    assert (calendar.name, len(calendar.closures), calendar.version) == ("Renamed", 1, 3)
