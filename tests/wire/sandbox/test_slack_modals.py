"""Slack's stand-in and modals: triggers, stacks, submissions, and response URLs."""

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from starlette.responses import JSONResponse, Response

from sandbox.slack.refusals import SlackRefusal
from tests.servers import PLAIN
from tests.wire.sandbox.helpers import TOKEN, Pair, Webhook, a_pair

HERE = "C0TEXTS"
ADA = "U0ADA"


@pytest.fixture
def slack(pair: Pair) -> AsyncWebClient:
    return AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    subject = {
        "type": "input",
        "block_id": "subject",
        "label": plain("Subject"),
        "element": {"type": "plain_text_input", "action_id": "subject", "max_length": 10},
    }
    return {
        "type": "modal",
        "title": plain("Title"),
        "submit": plain("Save"),
        "blocks": list(blocks) or [subject],
        **more,
    }


BUTTON = {
    "type": "actions",
    "block_id": "more",
    "elements": [{"type": "button", "action_id": "more", "text": plain("More"), "value": "7"}],
}


async def refusal(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


def trigger(pair: Pair) -> str:
    return pair.standins.workspace.trigger(ADA)


async def opened(pair: Pair, slack: AsyncWebClient, view: dict[str, Any]) -> str:
    return str((await slack.views_open(trigger_id=trigger(pair), view=view))["view"]["id"])


def answer(pair: Pair, body: Any) -> None:
    pair.gateway.answers.append(JSONResponse(body))


# -- triggers ---------------------------------------------------------------------------------------------------------


async def test_a_trigger_opens_only_one_modal(slack: AsyncWebClient, pair: Pair) -> None:
    id = trigger(pair)
    view = (await slack.views_open(trigger_id=id, view=modal()))["view"]
    assert (view["root_view_id"], view["previous_view_id"], view["app_id"]) == (view["id"], None, "A0CLERK")
    assert "user" not in view
    assert await refusal(slack.views_open(trigger_id=id, view=modal())) == "exchanged_trigger_id"


async def test_a_trigger_expires_after_three_seconds(slack: AsyncWebClient, pair: Pair) -> None:
    in_time, late = trigger(pair), trigger(pair)
    pair.clock.now += 2.9
    await slack.views_open(trigger_id=in_time, view=modal())
    pair.clock.now += 0.2
    assert await refusal(slack.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"


async def test_a_trigger_that_slack_never_made_opens_nothing(slack: AsyncWebClient, pair: Pair) -> None:
    assert await refusal(slack.views_open(trigger_id="12345.98765.abcd2358fdea", view=modal())) == "invalid_trigger_id"
    assert await refusal(slack.views_open(trigger_id="nonsense", view=modal())) == "invalid_arguments"


async def test_a_wrong_modal_is_refused_in_slacks_words_and_leaves_the_trigger_usable(
    slack: AsyncWebClient, pair: Pair
) -> None:
    id = trigger(pair)
    with pytest.raises(SlackApiError) as error:
        await slack.views_open(trigger_id=id, view={**modal(), "title": plain("x" * 25)})
    assert error.value.response["error"] == "invalid_arguments"
    assert error.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]
    assert pair.violations() == ["invalid_arguments"]
    await slack.views_open(trigger_id=id, view=modal())


async def test_a_modal_over_250_kilobytes_is_too_large(slack: AsyncWebClient, pair: Pair) -> None:
    sections = [{"type": "section", "text": plain("é" * 3000)} for _ in range(50)]
    assert await refusal(slack.views_open(trigger_id=trigger(pair), view=modal(*sections))) == "view_too_large"


# -- updates and stacks -----------------------------------------------------------------------------------------------


async def test_an_updates_hash_must_be_the_current_one_if_it_has_one(slack: AsyncWebClient, pair: Pair) -> None:
    view = (await slack.views_open(trigger_id=trigger(pair), view=modal()))["view"]
    newer = (await slack.views_update(view_id=view["id"], hash=view["hash"], view=modal()))["view"]
    assert newer["hash"] != view["hash"]
    stale = slack.views_update(view_id=view["id"], hash=view["hash"], view=modal())
    assert await refusal(stale) == "hash_conflict"
    await slack.views_update(view_id=view["id"], view=modal())
    assert await refusal(slack.views_update(view_id="V0", view=modal())) == "not_found"


async def test_an_update_keeps_the_values_of_inputs_that_stay(slack: AsyncWebClient, pair: Pair) -> None:
    id = await opened(pair, slack, modal())
    pair.standins.people.enter(id, {"subject": "typed"})
    await slack.views_update(view_id=id, view=modal())
    await pair.standins.people.submit(ADA, id, {})
    [webhook] = pair.gateway.of("/slack/interactions")
    assert webhook.json["view"]["state"]["values"]["subject"]["subject"]["value"] == "typed"


async def test_a_modal_is_found_by_its_external_id_which_is_unique(slack: AsyncWebClient, pair: Pair) -> None:
    await slack.views_open(trigger_id=trigger(pair), view=modal(external_id="mine"))
    await slack.views_update(external_id="mine", view=modal(external_id="mine"))
    again = slack.views_open(trigger_id=trigger(pair), view=modal(external_id="mine"))
    assert await refusal(again) == "duplicate_external_id"


async def test_a_stack_has_at_most_three_modals(slack: AsyncWebClient, pair: Pair) -> None:
    id = await opened(pair, slack, modal(BUTTON))
    for _ in range(2):
        await pair.standins.people.click_in_view(ADA, id, "more")
        click = pair.gateway.of("/slack/interactions")[-1].json
        pushed = (await slack.views_push(trigger_id=click["trigger_id"], view=modal(BUTTON)))["view"]
        assert pushed["previous_view_id"] == id
        id = pushed["id"]
    await pair.standins.people.click_in_view(ADA, id, "more")
    click = pair.gateway.of("/slack/interactions")[-1].json
    fourth = slack.views_push(trigger_id=click["trigger_id"], view=modal(BUTTON))
    assert await refusal(fourth) == "push_limit_reached"
    await pair.standins.people.close(ADA, id)
    assert len(pair.standins.workspace.views) == 2


async def test_only_a_click_in_a_modal_pushes(slack: AsyncWebClient, pair: Pair) -> None:
    assert await refusal(slack.views_push(trigger_id=trigger(pair), view=modal())) == "not_found"


# -- what people do in modals -----------------------------------------------------------------------------------------


async def test_a_click_in_a_modal_carries_the_modal_and_its_values(slack: AsyncWebClient, pair: Pair) -> None:
    id = await opened(pair, slack, modal(BUTTON, *modal()["blocks"], private_metadata="{}"))
    await pair.standins.people.click_in_view(ADA, id, "more", entered={"subject": "half"})
    click = pair.gateway.of("/slack/interactions")[0].json
    assert (click["type"], click["container"]) == ("block_actions", {"type": "view", "view_id": id})
    assert click["view"]["private_metadata"] == "{}"
    assert click["view"]["state"]["values"]["subject"]["subject"]["value"] == "half"
    assert (click["actions"][0]["value"], click["actions"][0]["block_id"]) == ("7", "more")
    assert "message" not in click
    assert "response_url" not in click


async def test_an_empty_answer_closes_a_submitted_modal(slack: AsyncWebClient, pair: Pair) -> None:
    id = await opened(pair, slack, modal(callback_id="edit"))
    await pair.standins.people.submit(ADA, id, {"subject": "new"})
    submission = pair.gateway.of("/slack/interactions")[0].json
    assert (submission["type"], submission["user"]["id"]) == ("view_submission", ADA)
    assert (submission["view"]["id"], submission["view"]["callback_id"]) == (id, "edit")
    assert submission["view"]["state"]["values"]["subject"]["subject"] == {"type": "plain_text_input", "value": "new"}
    assert pair.standins.workspace.views == {}


async def test_a_field_for_files_takes_the_scope_to_read_them(slack: AsyncWebClient, pair: Pair) -> None:
    pair.standins.workspace.scopes.discard("files:read")
    element = {"type": "file_input", "action_id": "files"}
    view = modal({"type": "input", "block_id": "files", "label": plain("F"), "element": element})
    once = trigger(pair)
    assert await refusal(slack.views_open(trigger_id=once, view=view)) == "missing_scope"
    await slack.views_open(trigger_id=once, view=modal())


async def test_files_in_a_modal_come_with_its_submission(slack: AsyncWebClient, pair: Pair) -> None:
    element = {"type": "file_input", "action_id": "files", "max_files": 1}
    id = await opened(
        pair, slack, modal({"type": "input", "block_id": "files", "label": plain("F"), "element": element})
    )
    map, bill = (pair.standins.workspace.files.add(f"{name}.png", b"png", ADA) for name in ("map", "bill"))
    with pytest.raises(SlackRefusal) as refused:
        await pair.standins.people.submit(ADA, id, {"files": [{"id": map.id}, {"id": bill.id}]})
    assert json.loads(refused.value.error) == {"files": "Choose 1 at most."}
    await pair.standins.people.submit(ADA, id, {"files": [{"id": map.id}]})
    [held] = pair.gateway.of("/slack/interactions")[0].json["view"]["state"]["values"]["files"]["files"]["files"]
    assert (held["id"], held["name"], held["mimetype"], held["user"]) == (map.id, "map.png", "image/png", ADA)
    answer = await slack.files_info(file=held["id"])
    assert answer["file"]["url_private_download"] == held["url_private_download"]


async def test_slacks_client_refuses_a_modal_that_breaks_its_own_rules(slack: AsyncWebClient, pair: Pair) -> None:
    id = await opened(pair, slack, modal())
    for subject in ("", "longer than ten"):
        with pytest.raises(SlackRefusal) as refused:
            await pair.standins.people.submit(ADA, id, {"subject": subject})
        assert list(json.loads(refused.value.error)) == ["subject"]
    assert pair.gateway.came == []
    assert id in pair.standins.workspace.views


async def test_errors_in_the_answer_are_shown_at_their_inputs(slack: AsyncWebClient, pair: Pair) -> None:
    id = await opened(pair, slack, modal())
    answer(pair, {"response_action": "errors", "errors": {"subject": "no"}})
    await pair.standins.people.submit(ADA, id, {"subject": "x"})
    assert pair.standins.workspace.views[id]["errors"] == {"subject": "no"}
    answer(pair, {"response_action": "update", "view": modal()})
    await pair.standins.people.submit(ADA, id, {"subject": "y"})
    assert "errors" not in pair.standins.workspace.views[id]
    assert "errors" not in pair.gateway.came[1].json["view"]
    assert pair.violations() == []


@pytest.mark.parametrize(
    "body",
    [
        {"response_action": "errors", "errors": {"nowhere": "no"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors"},
        {"response_action": "shout"},
        {"response_action": "update", "view": {"type": "modal"}},
    ],
)
async def test_an_invalid_answer_is_a_violation_and_the_modal_stays_open(
    slack: AsyncWebClient, pair: Pair, body: Any
) -> None:
    id = await opened(pair, slack, modal())
    answer(pair, body)
    await pair.standins.people.submit(ADA, id, {"subject": "x"})
    assert id in pair.standins.workspace.views
    assert len(pair.violations()) == 1


async def test_the_answer_may_update_push_or_clear(slack: AsyncWebClient, pair: Pair) -> None:
    id = await opened(pair, slack, modal())
    answer(pair, {"response_action": "update", "view": modal(callback_id="second")})
    await pair.standins.people.submit(ADA, id, {"subject": "x"})
    assert pair.standins.workspace.views[id]["callback_id"] == "second"
    answer(pair, {"response_action": "push", "view": modal(callback_id="third")})
    await pair.standins.people.submit(ADA, id, {"subject": "x"})
    [top] = [each for each in pair.standins.workspace.views.values() if each["previous_view_id"] == id]
    answer(pair, {"response_action": "clear"})
    await pair.standins.people.submit(ADA, top["id"], {"subject": "x"})
    assert pair.standins.workspace.views == {}
    assert pair.violations() == []


async def test_a_submission_without_an_answer_in_time_leaves_the_modal_open() -> None:
    async with a_pair(slack_timeout=1) as pair:
        slack = AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])
        id = await opened(pair, slack, modal())
        pair.gateway.answers.append(never)
        answered = await pair.standins.people.submit(ADA, id, {"subject": "x"})
        assert answered.status_code == 504
        assert id in pair.standins.workspace.views
        [entry] = pair.standins.record.of("webhook")
        assert entry["outcome"] == "http_timeout"


async def never(_: Webhook) -> Response:
    await asyncio.Event().wait()
    return Response()


async def test_closing_is_reported_only_if_the_modal_requests_it(slack: AsyncWebClient, pair: Pair) -> None:
    quiet = await opened(pair, slack, modal())
    await pair.standins.people.close(ADA, quiet)
    loud = await opened(pair, slack, modal(notify_on_close=True))
    await pair.standins.people.close(ADA, loud)
    [closed] = pair.gateway.of("/slack/interactions")
    assert (closed.json["type"], closed.json["view"]["id"], closed.json["is_cleared"]) == ("view_closed", loud, False)
    assert pair.standins.workspace.views == {}


# -- response URLs ----------------------------------------------------------------------------------------------------


async def clicked(pair: Pair, slack: AsyncWebClient, *, ephemeral: bool = False) -> tuple[str, str]:
    """Post a message and click its button; the message's ts and the click's response URL."""
    if ephemeral:
        ts = (await slack.chat_postEphemeral(channel=HERE, user=ADA, text="x", blocks=[BUTTON]))["message_ts"]
    else:
        ts = (await slack.chat_postMessage(channel=HERE, text="x", blocks=[BUTTON]))["ts"]
    await pair.standins.people.click(ADA, HERE, ts, "more")
    return ts, pair.gateway.of("/slack/interactions")[-1].json["response_url"]


async def test_a_response_url_takes_only_five_answers(slack: AsyncWebClient, pair: Pair) -> None:
    _, url = await clicked(pair, slack)
    client = AsyncWebhookClient(url)
    codes = [(await client.send(text=str(number))).status_code for number in range(5)]
    sixth = await client.send(text="six")
    assert codes == [200] * 5
    assert sixth.status_code == 404
    assert "used_url" in sixth.body
    assert [each["text"] for each in pair.standins.workspace.ephemerals] == ["0", "1", "2", "3", "4"]


async def test_a_response_url_expires_after_half_an_hour(slack: AsyncWebClient, pair: Pair) -> None:
    _, url = await clicked(pair, slack)
    pair.clock.now += 1799
    assert (await AsyncWebhookClient(url).send(text="x")).status_code == 200
    pair.clock.now += 2
    late = await AsyncWebhookClient(url).send(text="x")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_a_response_is_shown_only_to_the_clicker_unless_it_is_for_the_channel(
    slack: AsyncWebClient, pair: Pair
) -> None:
    _, url = await clicked(pair, slack)
    await AsyncWebhookClient(url).send(text="psst")
    await AsyncWebhookClient(url).send(text="all", response_type="in_channel")
    assert [(each["user"], each["text"]) for each in pair.standins.workspace.ephemerals] == [(ADA, "psst")]
    assert [each["text"] for each in pair.standins.workspace.channels[HERE].messages.values()] == ["x", "all"]


async def test_an_answer_is_in_a_thread_only_if_it_names_one(slack: AsyncWebClient, pair: Pair) -> None:
    ts, url = await clicked(pair, slack)
    await slack.chat_postMessage(channel=HERE, text="y", thread_ts=ts)
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        await http.post(url, json={"text": "in the channel"})
        await http.post(url, json={"text": "in the thread", "thread_ts": ts})
    places = {each["text"]: each["thread_ts"] for each in pair.standins.workspace.ephemerals}
    assert places == {"in the channel": None, "in the thread": ts}


async def test_the_original_can_be_replaced_and_deleted(slack: AsyncWebClient, pair: Pair) -> None:
    ts, url = await clicked(pair, slack)
    messages = pair.standins.workspace.channels[HERE].messages
    await AsyncWebhookClient(url).send(text="new", replace_original=True)
    assert messages[ts]["text"] == "new"
    await AsyncWebhookClient(url).send(delete_original=True)
    assert messages == {}


async def test_an_ephemeral_original_is_replaced_but_never_shown_to_all(slack: AsyncWebClient, pair: Pair) -> None:
    _, url = await clicked(pair, slack, ephemeral=True)
    await AsyncWebhookClient(url).send(text="new", replace_original=True)
    assert [each["text"] for each in pair.standins.workspace.ephemerals] == ["new"]


async def test_replacing_an_ephemeral_message_with_one_for_all_is_a_violation(
    slack: AsyncWebClient, pair: Pair
) -> None:
    _, url = await clicked(pair, slack, ephemeral=True)
    await AsyncWebhookClient(url).send(text="new", replace_original=True, response_type="in_channel")
    assert pair.violations() == ["response_type"]
    assert pair.standins.workspace.channels[HERE].messages == {}


async def test_an_ephemeral_message_is_deleted_through_its_response_url(slack: AsyncWebClient, pair: Pair) -> None:
    _, url = await clicked(pair, slack, ephemeral=True)
    await AsyncWebhookClient(url).send(delete_original=True)
    assert pair.standins.workspace.ephemerals == []


async def test_a_response_of_the_wrong_form_is_refused_and_not_counted(slack: AsyncWebClient, pair: Pair) -> None:
    _, url = await clicked(pair, slack)
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        refused = [
            (await http.post(url, content=b"text")).text,
            (await http.post(url, json={})).text,
            (await http.post(url, json={"blocks": [{"type": "x"}]})).text,
        ]
        taken = [(await http.post(url, json={"text": "x"})).status_code for _ in range(5)]
    assert [json.loads(each)["error"] for each in refused] == ["invalid_payload", "no_text", "invalid_blocks"]
    assert taken == [200] * 5


async def test_the_record_links_what_follows_to_the_click(slack: AsyncWebClient, pair: Pair) -> None:
    _, url = await clicked(pair, slack)
    click = pair.gateway.of("/slack/interactions")[-1].json
    await slack.views_open(trigger_id=click["trigger_id"], view=modal())
    await AsyncWebhookClient(url).send(text="x")
    [webhook] = pair.standins.record.of("webhook")
    follows = [each["method"] for each in pair.standins.record.entries if each["cause"] == webhook["number"]]
    assert follows == ["views.open", "response_url"]
