"""Uploads to Slack as Clerk makes them, against the stand-in over HTTP."""

from collections.abc import AsyncIterator

import pytest

from sandbox.faults import Fault
from tests.wire.sandbox.helpers import TOKEN, Pair
from workers.failures import Ambiguous, Permanent, Temporary
from workers.platforms.slack_api import SlackApi
from workers.ports import Posted
from workers.slack.blocks import whisper

HERE = "C0TEXTS"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
async def slack(pair: Pair) -> AsyncIterator[SlackApi]:
    api = SlackApi(TOKEN, pair.slack_url)
    yield api
    await api.close()


async def root(slack: SlackApi) -> Posted:
    """A thread."""
    return await slack.post(HERE, whisper("root"), post_id="root")


async def test_uploaded_files_are_invisible_until_they_are_shared_in_one_message(slack: SlackApi, pair: Pair) -> None:
    thread = await root(slack)
    files = [await slack.upload("picture-1.png", PNG), await slack.upload("file-2.pdf", b"%PDF")]
    channel = pair.standins.workspace.channels[HERE]
    assert len(channel.messages) == 1
    with pytest.raises(Permanent, match="file_not_found"):
        await slack.find_share(files[0], HERE)
    await slack.share(files, HERE, thread.ts)
    _, message = channel.messages.values()
    assert message["thread_ts"] == thread.ts
    assert [file["name"] for file in message["files"]] == ["picture-1.png", "file-2.pdf"]
    assert [await slack.find_share(file, HERE) for file in files] == [Posted(HERE, message["ts"])] * 2
    assert await slack.find_share(files[0], "C0GENERAL") is None
    assert pair.violations() == []


async def test_a_share_whose_answer_was_lost_can_be_found_and_is_not_repeated(slack: SlackApi, pair: Pair) -> None:
    thread = await root(slack)
    file = await slack.upload("picture-1.png", PNG)
    pair.standins.faults.waiting.append(Fault(method="files.completeUploadExternal", kind="drop"))
    with pytest.raises(Ambiguous):
        await slack.share([file], HERE, thread.ts)
    assert await slack.find_share(file, HERE) is not None
    with pytest.raises(Permanent, match="file_not_found"):
        await slack.share([file], HERE, thread.ts)
    assert len(pair.standins.workspace.channels[HERE].messages) == 2


@pytest.mark.parametrize("kind", ["500", "drop", "refuse", "error"])
async def test_a_failed_upload_can_be_repeated(slack: SlackApi, pair: Pair, kind: str) -> None:
    fault = {"method": "upload", "kind": kind, "code": "length_mismatch"}
    pair.standins.faults.waiting.append(Fault.model_validate(fault))
    with pytest.raises(Temporary):
        await slack.upload("picture-1.png", PNG)
    assert await slack.upload("picture-1.png", PNG)


async def test_the_bot_can_share_nothing_where_it_is_not_a_member(slack: SlackApi, pair: Pair) -> None:
    thread = await root(slack)
    pair.standins.workspace.channels[HERE].joined = False
    with pytest.raises(Permanent, match="not_in_channel"):
        await slack.share([await slack.upload("picture-1.png", PNG)], HERE, thread.ts)
