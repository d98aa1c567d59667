"""What people wrote in a thread, as Clerk reads it from Slack, against the stand-in over HTTP."""

from collections.abc import AsyncIterator

import pytest

from sandbox.faults import Fault
from tests.wire.sandbox.helpers import TOKEN, Pair
from workers.failures import Ambiguous, Permanent
from workers.platforms.slack_api import SlackApi
from workers.ports import Posted
from workers.slack.blocks import whisper

HERE = "C0TEXTS"
ADA = "U0ADA"
LATER = "9999999999.000000"


@pytest.fixture
async def slack(pair: Pair) -> AsyncIterator[SlackApi]:
    api = SlackApi(TOKEN, pair.slack_url)
    yield api
    await api.close()


@pytest.fixture
async def thread(slack: SlackApi) -> Posted:
    return await slack.post(HERE, whisper("root"), post_id="root")


def newest(pair: Pair) -> str:
    return max(pair.standins.workspace.channels[HERE].messages)


async def test_replies_between_two_moments_are_read_in_order(slack: SlackApi, pair: Pair, thread: Posted) -> None:
    people = pair.standins.people
    await people.reply(ADA, HERE, thread.ts, "too early")
    after = newest(pair)
    await people.reply(ADA, HERE, thread.ts, "one &")
    await people.reply(ADA, HERE, thread.ts, "two", broadcast=True)
    await people.reply(ADA, HERE, None, "beside the thread")
    await people.other_bot(HERE, "of a bot", thread.ts)
    await slack.post(HERE, whisper("of Clerk"), post_id="c", thread_ts=thread.ts)
    await people.reply(ADA, HERE, thread.ts, "was edited")
    await people.edit(ADA, HERE, newest(pair), "is edited")
    await people.reply(ADA, HERE, thread.ts, "was deleted")
    await people.delete(ADA, HERE, newest(pair))
    await people.reply(ADA, HERE, thread.ts, "", files=[("a.png", b"\x89PNG")])
    await people.reply(ADA, HERE, thread.ts, "too late")
    found = await slack.replies_between(thread, after, newest(pair))
    assert [(each.text, each.user, [file.name for file in each.files]) for each in found] == [
        ("one &amp;", ADA, []),
        ("two", ADA, []),
        ("", ADA, ["a.png"]),
    ]
    assert [each.thread_ts for each in found] == [thread.ts] * 3
    assert pair.violations() == []


async def test_a_thread_of_more_than_a_page_is_read_to_its_end(slack: SlackApi, pair: Pair, thread: Posted) -> None:
    for number in range(205):
        await pair.standins.people.reply(ADA, HERE, thread.ts, str(number))
    found = await slack.replies_between(thread, thread.ts, LATER)
    assert [each.text for each in found] == [str(number) for number in range(205)]


async def test_the_reason_why_a_thread_could_not_be_read_is_given(slack: SlackApi, pair: Pair, thread: Posted) -> None:
    pair.standins.faults.waiting.append(Fault(method="conversations.replies", kind="drop"))
    with pytest.raises(Ambiguous):
        await slack.replies_between(thread, thread.ts, LATER)
    with pytest.raises(Permanent, match="thread_not_found"):
        await slack.replies_between(Posted(HERE, "1.000000"), "1.000000", LATER)
