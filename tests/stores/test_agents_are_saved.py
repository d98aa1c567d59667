"""Agents: what they said last counts, each order once, and nobody named costs nothing."""

from messages.team.agent import TimeAway
from tests import make
from tests.mongo_commands import CommandCount, stores_heard_by
from workers.mongo import Stores

LATER = make.at(7200)


async def test_an_agent_is_away_and_back_again_once_for_each_order(stores: Stores) -> None:
    agents = stores.agents
    assert await agents.away([make.AGENT, make.CHANNEL], make.NOW) == {}
    for _ in range(2):
        assert await agents.say_away(make.AGENT, LATER, "on leave", zone="Europe/Paris", at=make.NOW, order="one")
    assert await agents.away([make.AGENT, "U0BOB"], make.NOW) == {make.AGENT: TimeAway(LATER, "on leave")}
    assert await agents.away([make.AGENT], LATER) == {}
    assert await agents.say_back(make.AGENT, at=make.at(60), order="two")
    assert not await agents.say_away(make.AGENT, LATER, "", zone="", at=make.NOW, order="one")
    assert not await agents.say_away(make.AGENT, LATER, "", zone="", at=make.at(30), order="late")
    found = await agents.get(make.AGENT)
    assert found is not None
    assert (found.away_until, found.away_note, found.zone) == (None, "", "Europe/Paris")
    assert await agents.away([make.AGENT], make.NOW) == {}


async def test_an_agents_hours_are_those_of_a_calendar_and_none_if_there_is_no_such_calendar(stores: Stores) -> None:
    await stores.agents.set_hours(make.AGENT, "shop")
    assert await stores.agents.away([make.AGENT], make.NOW) == {}
    await stores.calendars.add(make.calendar())
    assert await stores.agents.away([make.AGENT], make.NOW) == {make.AGENT: TimeAway(make.at(4.5 * 3600))}
    await stores.agents.set_hours(make.AGENT, "")
    assert await stores.agents.away([make.AGENT], make.NOW) == {}
    assert [each.id for each in await stores.agents.all()] == [make.AGENT]


async def test_an_agent_is_asked_once_for_each_time_that_they_are_away(stores: Stores) -> None:
    agents = stores.agents
    await agents.say_away(make.AGENT, LATER, "", zone="", at=make.NOW, order="one")
    (agent,) = await agents.named([make.AGENT])
    assert [await agents.set_asked(agent) for _ in range(2)] == [True, False]
    assert await agents.set_asked(agent, asked=False)
    assert await agents.set_asked(agent)
    await agents.say_away(make.AGENT, LATER, "", zone="", at=make.at(1), order="two")
    assert not await agents.set_asked(agent)
    (agent,) = await agents.named([make.AGENT])
    assert await agents.set_asked(agent)


async def test_who_is_away_is_asked_once_a_second_and_nobody_is_asked_of_channels(mongo_url: str) -> None:
    count = CommandCount()
    async with stores_heard_by(count, mongo_url) as stores:
        count.take()
        assert await stores.agents.away([make.CHANNEL], make.NOW) == {}
        assert count.take()[0] == 0
        for _ in range(3):
            assert await stores.agents.away([make.AGENT], make.NOW) == {}
        assert count.take()[0] == 1
