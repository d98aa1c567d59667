"""The addresses of messages, of which Slack is asked for one in each channel, against the stand-in over HTTP."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from sandbox.slack.channel import WorkspaceChannel
from tests.wire.sandbox.helpers import TOKEN, Pair
from workers.failures import Permanent
from workers.platforms.message_addresses import MessageAddresses
from workers.platforms.slack_api import SlackApi
from workers.ports import Posted
from workers.slack.blocks import whisper

HERE, THERE = "C0TEXTS", "C0OTHER"


@pytest.fixture
async def slack(pair: Pair) -> AsyncIterator[SlackApi]:
    pair.standins.workspace.channels[THERE] = WorkspaceChannel(THERE, "other")
    api = SlackApi(TOKEN, pair.slack_url)
    yield api
    await api.close()


def times_asked() -> float:
    """How often Slack was asked for an address."""
    return REGISTRY.get_sample_value("clerk_slack_calls_total", {"method": "chat.getPermalink", "outcome": "ok"}) or 0


async def test_what_follows_from_another_address_is_what_slack_says(slack: SlackApi, pair: Pair) -> None:
    posted = [await slack.post(where, whisper("a card"), post_id=str(n)) for n, where in enumerate((HERE, THERE) * 2)]
    before = times_asked()
    remembering = [await slack.permalink(at) for at in posted]
    assert times_asked() - before == 2
    asked = []
    for at in posted:
        fresh = SlackApi(TOKEN, pair.slack_url)
        asked.append(await fresh.permalink(at))
        await fresh.close()
    assert remembering == asked


async def test_slack_is_asked_once_for_each_channel() -> None:
    asked: list[Posted] = []

    async def ask(at: Posted) -> str:
        asked.append(at)
        return f"https://team.slack.com/archives/{at.channel}/p{at.ts.replace('.', '')}"

    addresses = MessageAddresses(ask)
    places = [Posted(channel, f"1.00000{n}") for n in range(3) for channel in (HERE, THERE)]
    assert [await addresses.of(at) for at in places] == [await ask(at) for at in places]
    assert asked[:2] == places[:2]
    assert len(asked) == 2 + len(places)


async def test_slack_is_asked_again_after_it_refused_or_gave_an_address_of_another_form() -> None:
    answers: list[str | Permanent] = [
        Permanent("message_not_found"),
        "https://team.slack.com/elsewhere/7",
        "https://team.slack.com/x/8",
    ]

    async def ask(at: Posted) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Permanent):
            raise answer
        return answer

    addresses = MessageAddresses(ask)
    with pytest.raises(Permanent):
        await addresses.of(Posted(HERE, "1.000001"))
    assert await addresses.of(Posted(HERE, "1.000001")) == "https://team.slack.com/elsewhere/7"
    assert await addresses.of(Posted(HERE, "1.000002")) == "https://team.slack.com/x/8"
    assert answers == []
