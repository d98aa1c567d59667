"""What is switched in the Home: oneself, and lines whose channel one can see."""

from datetime import UTC, datetime, timedelta

import pytest

from messages.calendar import Calendar, is_open
from messages.notification import HOME
from messages.team.agent import GoAway
from messages.views import CloseForAWhile, OpenAgain, OpenAwayForm, OpenCloseForm
from tests import make
from tests.decisions.helpers import text_objects
from tests.fakes import FakeWorkers
from workers.interactive import hours_answers

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 10:00 in New York
OTHER, SECRET = "+15550002222", "C0SECRET"


@pytest.fixture
async def shop(workers: FakeWorkers) -> FakeWorkers:
    """Workers with two lines that share the hours of a shop, one in a channel of others; it is Monday, 10:00 there."""
    workers.clock.time = MONDAY
    workers.slack.private[SECRET] = {"U0BEN"}
    stores = workers.ports.stores
    await stores.calendars.add(make.calendar())
    await stores.lines.save(make.line(name="Shop", calendar="shop"))
    await stores.lines.add(make.line(id=OTHER, channel=SECRET, name="Board", calendar="shop"))
    return workers


async def calendar_now(workers: FakeWorkers) -> Calendar:
    """The calendar as it is now."""
    found = await workers.ports.stores.calendars.fresh("shop")
    assert found is not None
    return found


async def told(workers: FakeWorkers, message: CloseForAWhile | OpenAgain | GoAway) -> str:
    """What the Home says on top after an order, which comes twice."""
    for _ in range(2):
        await workers.handle(message)
        await workers.drain()
    first = next(text_objects(workers.slack.home_views[make.AGENT]["blocks"]))
    return str(first["text"])


def close(line: str, at: datetime, typed: str = "until 14:00 training") -> CloseForAWhile:
    """The order of the form."""
    return CloseForAWhile(typed=typed, line=line, by=make.AGENT, at=at, channel=HOME, order="view/V1/1")


async def test_a_line_is_closed_and_opened_again_and_what_was_typed_is_said(shop: FakeWorkers) -> None:
    said = await told(shop, close(make.LINE, MONDAY))
    assert said.startswith(f"<@{make.AGENT}> closed *Shop*. Closed until 14:00 (New York; ")
    assert "other lines with the same hours, too: 1 that you can't see." in said
    assert not is_open(await calendar_now(shop), MONDAY)
    assert len((await calendar_now(shop)).closures) == 1
    assert "Open again" in str(shop.slack.home_views[make.AGENT])
    shop.clock.forward(60)
    again = OpenAgain(line=make.LINE, by=make.AGENT, at=shop.clock.now(), channel=HOME)
    assert (await told(shop, again)).startswith(f"<@{make.AGENT}> opened *Shop*. Open now until 17:00")
    assert "Close now" in str(shop.slack.home_views[make.AGENT])


async def test_a_line_whose_channel_one_can_not_see_is_neither_closed_nor_opened(shop: FakeWorkers) -> None:
    assert await told(shop, close(OTHER, MONDAY)) == hours_answers.NOT_SEEN
    again = OpenAgain(line=OTHER, by=make.AGENT, at=MONDAY, channel=HOME)
    assert await told(shop, again) == hours_answers.NOT_SEEN
    shop.slack.tells_nothing = True
    assert await told(shop, close(make.LINE, MONDAY)) == hours_answers.NOT_TOLD
    assert (await calendar_now(shop)).closures == ()


async def test_a_line_that_is_gone_is_said_to_be(shop: FakeWorkers) -> None:
    assert await told(shop, close("+15559999999", MONDAY)) == hours_answers.NO_SUCH_LINE


async def test_the_form_to_close_opens_for_who_can_see_the_line_and_says_to_others_why_not(shop: FakeWorkers) -> None:
    asked = {"user": make.AGENT, "trigger_id": "1.2", "channel": HOME, "received_at": MONDAY}
    await shop.handle(OpenCloseForm(line=make.LINE, **asked))
    assert [view["callback_id"] for view in shop.slack.views] == ["home.close"]
    await shop.handle(OpenCloseForm(line=OTHER, **asked))
    assert len(shop.slack.views) == 1
    assert hours_answers.NOT_SEEN in str(shop.slack.home_views[make.AGENT])


async def test_the_form_to_go_away_knows_the_persons_zone_and_hours(shop: FakeWorkers) -> None:
    shop.slack.zones[make.AGENT] = "Europe/Paris"
    form = OpenAwayForm(user=make.AGENT, trigger_id="1.2", channel=HOME, received_at=MONDAY)
    await shop.handle(form)
    await shop.ports.stores.agents.set_hours(make.AGENT, "shop")
    await shop.handle(form)
    first, second = (view["private_metadata"] for view in shop.slack.views)
    assert ("Europe/Paris" in first, "true" in first, "true" in second) == (True, False, True)


async def test_who_goes_away_there_is_away_and_sees_it(shop: FakeWorkers) -> None:
    away = GoAway(typed="2h lunch", by=make.AGENT, at=MONDAY, channel=HOME, order="view/V1/1")
    assert (await told(shop, away)).startswith("You are away until")
    assert "I am back" in str(shop.slack.home_views[make.AGENT])
    assert [each.away_until for each in await shop.ports.stores.agents.all()] == [MONDAY + timedelta(hours=2)]
