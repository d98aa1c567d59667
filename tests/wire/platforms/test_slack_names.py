"""Posts under a contact's name, against the stand-in over HTTP: with the scope, and without it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from messages.formats.byline import SCOPE, byline
from sandbox.faults import Fault
from tests import make
from tests.wire.sandbox.helpers import TOKEN, Pair
from workers.failures import Permanent, Temporary
from workers.platforms.slack_api import SlackApi
from workers.slack.blocks import whisper

HERE = "C0TEXTS"
ANN = byline(make.contact(name="Ann"))
WORDS = replace(whisper("hello"), byline=ANN)


@pytest.fixture
async def slack(pair: Pair) -> AsyncIterator[SlackApi]:
    api = SlackApi(TOKEN, pair.slack_url)
    yield api
    await api.close()


def names(pair: Pair) -> list[Any]:
    """The names under which the channel's messages are."""
    return [message.get("username") for message in pair.standins.workspace.channels[HERE].messages.values()]


async def test_words_and_files_are_under_the_contacts_name_and_avatar(slack: SlackApi, pair: Pair) -> None:
    thread = await slack.post(HERE, whisper("a card"), post_id="root")
    posted = await slack.post(HERE, WORDS, post_id="p1", thread_ts=thread.ts)
    file = await slack.upload("a.png", b"\x89PNG")
    await slack.share([file], HERE, thread.ts, ANN)
    assert names(pair) == [None, ANN.name, ANN.name]
    message = pair.standins.workspace.channels[HERE].messages[posted.ts]
    assert message["icons"] == {"emoji": ANN.emoji}
    assert await slack.find(HERE, "p1", make.NOW.fromtimestamp(0, make.NOW.tzinfo), thread.ts) == posted
    assert pair.violations() == []


async def test_without_the_scope_posts_are_made_under_the_apps_name(slack: SlackApi, pair: Pair) -> None:
    pair.standins.workspace.scopes.discard(SCOPE)
    for number in range(2):
        await slack.post(HERE, WORDS, post_id=f"p{number}")
    assert names(pair) == [None, None]
    pair.standins.workspace.scopes.add(SCOPE)
    for number in range(2):
        await slack.post(HERE, WORDS, post_id=f"q{number}")
    assert names(pair)[-1] == ANN.name, "the scope was added later"


async def test_where_slack_refuses_the_name_the_next_call_is_made_at_once_without_it(
    slack: SlackApi, pair: Pair
) -> None:
    pair.standins.workspace.scopes.discard(SCOPE)
    pair.standins.faults.waiting.append(Fault(method="chat.postMessage", kind="error", code="missing_scope"))
    with pytest.raises(Temporary) as refused:
        await slack.post(HERE, WORDS, post_id="p1")
    assert refused.value.retry_after is not None
    assert refused.value.retry_after.total_seconds() <= 1
    assert names(pair) == []
    await slack.post(HERE, WORDS, post_id="p1")
    assert names(pair) == [None]


async def test_another_scope_that_is_missing_still_waits_for_an_admin(slack: SlackApi, pair: Pair) -> None:
    pair.standins.workspace.scopes.discard("chat:write")
    for _ in range(2):
        with pytest.raises(Temporary) as refused:
            await slack.post(HERE, WORDS, post_id="p1")
        assert refused.value.retry_after is not None
        assert refused.value.retry_after.total_seconds() > 60


async def test_the_zone_of_a_person_is_what_slack_says(slack: SlackApi) -> None:
    assert await slack.zone_of("U0ADA") == "America/New_York"
    with pytest.raises(Permanent):
        await slack.zone_of("U0NOBODY")


async def test_a_new_name_is_known_after_an_hour(slack: SlackApi, pair: Pair) -> None:
    person = pair.standins.workspace.people["U0ADA"]
    before = await slack.user_name("U0ADA")
    pair.standins.workspace.people["U0ADA"] = replace(person, display_name="Countess")
    assert await slack.user_name("U0ADA") == before
    until, name = slack._names._known["U0ADA"]
    slack._names._known["U0ADA"] = (until - 3600, name)
    assert await slack.user_name("U0ADA") == "Countess"
