"""Which channels a user can see, as Slack says it."""

from collections.abc import AsyncIterator

import pytest

from sandbox.slack.channel import WorkspaceChannel
from tests.wire.sandbox.helpers import TOKEN, Pair
from workers.platforms.slack_api import SlackApi
from workers.ports import Sight

PRIVATE, PUBLIC, FOREIGN, GONE = "G0PRIVATE", "C0PUBLIC", "G0FOREIGN", "C0GONE"
ALL = {PRIVATE, PUBLIC, FOREIGN, GONE}


@pytest.fixture
async def slack(pair: Pair) -> AsyncIterator[SlackApi]:
    api = SlackApi(TOKEN, pair.slack_url)
    yield api
    await api.close()


def people(pair: Pair) -> tuple[str, str]:
    """A member of the private channel, and somebody else."""
    member, other = list(pair.standins.workspace.people)[:2]
    channels = pair.standins.workspace.channels
    channels[PRIVATE] = WorkspaceChannel(PRIVATE, "private", private=True, members={member})
    channels[PUBLIC] = WorkspaceChannel(PUBLIC, "public")
    channels[FOREIGN] = WorkspaceChannel(FOREIGN, "foreign", private=True, joined=False, members={member, other})
    return member, other


async def test_members_see_a_private_channel_and_all_see_a_public_one(slack: SlackApi, pair: Pair) -> None:
    member, other = people(pair)
    assert await slack.sees(member, ALL) == Sight(frozenset({PRIVATE, PUBLIC}))
    assert await slack.sees(other, ALL) == Sight(frozenset({PUBLIC}))


async def test_what_slack_does_not_tell_counts_as_hidden_and_is_said(slack: SlackApi, pair: Pair) -> None:
    member = people(pair)[0]
    assert await slack.sees("U0NOBODY", ALL) == Sight(unsure=True)
    assert await slack.sees(member, set()) == Sight()
