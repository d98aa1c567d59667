"""What Slack answers about threads and channels that are gone, as Clerk reads it, against the stand-in over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.wire.sandbox.helpers import TOKEN, Pair
from workers.failures import Permanent
from workers.platforms.slack_api import SlackApi
from workers.ports import Posted
from workers.slack.blocks import whisper

HERE = "C0TEXTS"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def slack(pair: Pair) -> AsyncIterator[SlackApi]:
    api = SlackApi(TOKEN, pair.slack_url)
    yield api
    await api.close()


@pytest.fixture
async def gone(slack: SlackApi, pair: Pair) -> str:
    """A thread whose messages a retention policy has deleted, in a Slack that does not say so."""
    root = await slack.post(HERE, whisper("root"), post_id="root")
    await slack.post(HERE, whisper("text"), post_id="text", thread_ts=root.ts)
    await pair.standins.people.purge(HERE)
    pair.standins.workspace.no_such_thread = None
    return root.ts


async def test_a_post_says_in_which_thread_it_is(slack: SlackApi) -> None:
    root = await slack.post(HERE, whisper("root"), post_id="root")
    reply = await slack.post(HERE, whisper("text"), post_id="text", thread_ts=root.ts)
    found = await slack.find(HERE, "text", LONG_AGO, root.ts)
    assert [root.thread_ts, reply.thread_ts, found and found.thread_ts] == [None, root.ts, root.ts]


async def test_a_reply_that_slack_posts_outside_its_thread_is_seen_found_and_deleted(
    slack: SlackApi, pair: Pair, gone: str
) -> None:
    loose = await slack.post(HERE, whisper("later"), post_id="later", thread_ts=gone)
    assert loose.thread_ts is None
    found = await slack.find(HERE, "later", LONG_AGO, gone)
    assert (found, found and found.thread_ts) == (Posted(HERE, loose.ts), None)
    assert await slack.find(HERE, "another", LONG_AGO, gone) is None
    await slack.delete(loose)
    assert pair.standins.workspace.channels[HERE].messages == {}
    assert pair.violations() == []


async def test_files_that_slack_shares_outside_their_thread_are_seen(slack: SlackApi, pair: Pair, gone: str) -> None:
    file = await slack.upload("picture-1.png", PNG)
    await slack.share([file], HERE, gone)
    found = await slack.find_share(file, HERE)
    assert found is not None
    assert found.thread_ts is None
    assert pair.violations() == []


@pytest.mark.parametrize("code", ["thread_not_found", "cannot_reply_to_message", "message_not_found"])
async def test_each_way_in_which_slack_says_that_a_thread_is_gone_is_passed_on(
    slack: SlackApi, pair: Pair, gone: str, code: str
) -> None:
    pair.standins.workspace.no_such_thread = code
    with pytest.raises(Permanent, match=code):
        await slack.post(HERE, whisper("later"), post_id="later", thread_ts=gone)


async def test_a_deleted_channel_is_not_found(slack: SlackApi, pair: Pair) -> None:
    root = await slack.post(HERE, whisper("root"), post_id="root")
    await pair.standins.people.delete_channel("U0ADA", HERE)
    with pytest.raises(Permanent, match="channel_not_found"):
        await slack.post(HERE, whisper("text"), post_id="text", thread_ts=root.ts)


async def test_whether_the_bot_is_a_member_is_known_and_an_archived_channel_is_no_absence(
    slack: SlackApi, pair: Pair
) -> None:
    people = pair.standins.people
    assert await slack.is_member(HERE)
    await people.leave("U0CLERK", HERE)
    assert not await slack.is_member(HERE)
    await people.archive("U0ADA", HERE)
    assert await slack.is_member(HERE)


async def test_the_workspaces_of_the_bot_and_of_a_person_are_known(slack: SlackApi) -> None:
    assert await slack.home() == await slack.home_of("U0ADA") == {"T0SANDBOX"}


async def test_a_file_is_looked_up(slack: SlackApi, pair: Pair) -> None:
    await pair.standins.people.reply("U0ADA", HERE, None, "", files=[("plan.png", PNG)])
    (message,) = pair.standins.workspace.channels[HERE].messages.values()
    file = await slack.file(message["files"][0]["id"])
    assert (file.name, file.mimetype, file.size, bool(file.url_private)) == ("plan.png", "image/png", len(PNG), True)
