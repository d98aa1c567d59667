"""Slack's stand-in and the app's Home tab: views.publish, its opening, and clicks in it."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.refusals import SlackRefusal
from tests.wire.sandbox.helpers import TOKEN, Pair, a_pair

ADA = "U0ADA"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(block_id: str, value: str) -> dict[str, Any]:
    element = {"type": "button", "action_id": "home.do", "text": plain("Do"), "value": value}
    return {"type": "actions", "block_id": block_id, "elements": [element]}


def home(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    section = {"type": "section", "text": plain("Nothing waits for you.")}
    return {"type": "home", "blocks": list(blocks) or [section], **more}


def client(pair: Pair) -> AsyncWebClient:
    return AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])


async def refusal(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


async def test_a_view_is_shown_to_one_person_until_another_takes_its_place(pair: Pair) -> None:
    slack = client(pair)
    first = (await slack.views_publish(user_id=ADA, view=home(callback_id="clerk.home")))["view"]
    assert first["type"] == "home"
    second = (await slack.views_publish(user_id=ADA, view=home(), hash=first["hash"]))["view"]
    assert (second["id"], second["hash"] == first["hash"]) == (first["id"], False)
    assert await refusal(slack.views_publish(user_id=ADA, view=home(), hash=first["hash"])) == "hash_conflict"
    assert [*pair.standins.workspace.homes.views] == [ADA]
    assert pair.violations() == []


@pytest.mark.parametrize(
    ("view", "error"),
    [
        (home(*[{"type": "divider"}] * 101), "invalid_arguments"),
        (home(title=plain("Clerk")), "invalid_arguments"),
        (home(private_metadata="x" * 3001), "invalid_arguments"),
        (home(button("a", "1"), button("a", "2")), "invalid_arguments"),
        ({**home(), "type": "modal"}, "invalid_arguments"),
        (home(*[{"type": "section", "text": plain("x" * 2990)}] * 90), "view_too_large"),
    ],
)
async def test_what_slack_refuses_in_a_home_is_refused(pair: Pair, view: dict[str, Any], error: str) -> None:
    assert await refusal(client(pair).views_publish(user_id=ADA, view=view)) == error
    assert pair.violations() == [error]
    assert pair.standins.workspace.homes.views == {}


async def test_who_opens_it_is_told_to_the_app_with_what_it_shows(pair: Pair) -> None:
    await pair.standins.people.open_home(ADA)
    published = (await client(pair).views_publish(user_id=ADA, view=home()))["view"]
    await pair.standins.people.open_home(ADA)
    events = [each.json["event"] for each in pair.gateway.of("/slack/events")]
    assert [(each["type"], each["user"], each["tab"]) for each in events] == [("app_home_opened", ADA, "home")] * 2
    assert [each.get("view", {}).get("hash") for each in events] == [None, published["hash"]]


async def test_a_click_names_the_view_and_no_response_url(pair: Pair) -> None:
    await client(pair).views_publish(user_id=ADA, view=home(button("a", "1"), button("b", "2")))
    await pair.standins.people.click_in_home(ADA, "home.do", "b")
    (came,) = pair.gateway.of("/slack/interactions")
    payload = came.json
    assert payload["view"]["type"] == "home"
    assert payload["container"]["type"] == "view"
    assert [each["value"] for each in payload["actions"]] == ["2"]
    assert "response_url" not in payload
    assert "channel" not in payload
    with pytest.raises(SlackRefusal):
        await pair.standins.people.click_in_home(ADA, "home.do", "c")
    with pytest.raises(SlackRefusal):
        await pair.standins.people.click_in_home("U0BEN", "home.do")


async def test_an_app_without_a_home_tab_publishes_none() -> None:
    async with a_pair(home_tab=False) as pair:
        assert await refusal(client(pair).views_publish(user_id=ADA, view=home())) == "not_enabled"
        with pytest.raises(SlackRefusal):
            await pair.standins.people.open_home(ADA)
