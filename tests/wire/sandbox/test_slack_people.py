"""What people do in the stand-in's workspace, as signed webhooks; the delivery of events; faults on request."""

import asyncio
from typing import Any

import aiohttp
import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.responses import JSONResponse, Response

from sandbox.faults import Fault
from sandbox.slack.refusals import SlackRefusal
from tests.servers import PLAIN
from tests.wire.sandbox.helpers import SECRET, TOKEN, Pair, Webhook, a_pair

HERE = "C0TEXTS"
ADA = "U0ADA"


@pytest.fixture
def slack(pair: Pair) -> AsyncWebClient:
    return AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])


class StoppedClock:
    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now


def is_genuine(pair: Pair, webhook: Webhook) -> bool:
    verifier = SignatureVerifier(SECRET, clock=StoppedClock(pair.clock.now))  # type: ignore[arg-type]
    return bool(verifier.is_valid_request(webhook.body, webhook.headers))


def events(pair: Pair) -> list[dict[str, Any]]:
    return [each.json["event"] for each in pair.gateway.of("/slack/events")]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


OPTIONS = [{"text": plain("A"), "value": "a"}, {"text": plain("B"), "value": "b"}]
BLOCKS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "block_id": "all",
        "elements": [
            {"type": "button", "action_id": "open", "text": plain("Open"), "value": "7", "url": "https://e.org/"},
            {"type": "button", "action_id": "bare", "text": plain("Bare")},
            {"type": "static_select", "action_id": "pick", "options": OPTIONS},
            {"type": "overflow", "action_id": "more", "options": OPTIONS},
            {"type": "multi_users_select", "action_id": "who"},
            {"type": "datepicker", "action_id": "when"},
        ],
    }
]


async def posted(slack: AsyncWebClient) -> str:
    return str((await slack.chat_postMessage(channel=HERE, text="x", blocks=BLOCKS))["ts"])


# -- clicks -----------------------------------------------------------------------------------------------------------


async def test_a_click_carries_everything_that_slack_sends(slack: AsyncWebClient, pair: Pair) -> None:
    ts = await posted(slack)
    await pair.standins.people.click(ADA, HERE, ts, "open")
    [webhook] = pair.gateway.of("/slack/interactions")
    click = webhook.json
    assert is_genuine(pair, webhook)
    assert click["user"] == {"id": ADA, "username": "ada", "name": "ada", "team_id": "T0SANDBOX"}
    assert click["container"] == {"type": "message", "message_ts": ts, "channel_id": HERE, "is_ephemeral": False}
    assert (click["channel"], click["team"]["id"]) == ({"id": HERE, "name": "texts"}, "T0SANDBOX")
    assert (click["message"]["ts"], click["message"]["blocks"][0]["block_id"]) == (ts, "all")
    assert click["api_app_id"] == "A0CLERK"
    assert click["response_url"].startswith("http")
    assert len(click["trigger_id"].split(".")) == 3
    [action] = click["actions"]
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == ("open", "all", "7", "button")
    assert action["action_ts"]


async def test_a_button_without_a_value_sends_none(slack: AsyncWebClient, pair: Pair) -> None:
    await pair.standins.people.click(ADA, HERE, await posted(slack), "bare")
    assert "value" not in pair.gateway.came[0].json["actions"][0]


@pytest.mark.parametrize(
    ("action_id", "selected", "held"),
    [
        ("pick", "b", {"selected_option": OPTIONS[1]}),
        ("more", "a", {"selected_option": OPTIONS[0]}),
        ("who", [ADA], {"selected_users": [ADA]}),
        ("when", "2026-01-02", {"selected_date": "2026-01-02"}),
    ],
)
async def test_every_menu_of_a_message_can_be_used(
    slack: AsyncWebClient, pair: Pair, action_id: str, selected: Any, held: dict[str, Any]
) -> None:
    await pair.standins.people.click(ADA, HERE, await posted(slack), action_id, selected)
    click = pair.gateway.came[0].json
    assert held.items() <= click["actions"][0].items()
    if action_id != "more":
        assert held.items() <= click["state"]["values"]["all"][action_id].items()


async def test_a_click_on_an_ephemeral_message_in_a_thread_names_the_thread_and_shows_no_message(
    slack: AsyncWebClient, pair: Pair
) -> None:
    root = await posted(slack)
    whisper = await slack.chat_postEphemeral(channel=HERE, user=ADA, text="x", blocks=BLOCKS, thread_ts=root)
    await pair.standins.people.click(ADA, HERE, whisper["message_ts"], "bare")
    click = pair.gateway.came[0].json
    assert click["container"]["is_ephemeral"] is True
    assert click["container"]["thread_ts"] == root
    assert "message" not in click


async def test_a_click_on_a_missing_element_is_refused(slack: AsyncWebClient, pair: Pair) -> None:
    with pytest.raises(SlackRefusal):
        await pair.standins.people.click(ADA, HERE, await posted(slack), "nothing")
    with pytest.raises(SlackRefusal):
        await pair.standins.people.click(ADA, HERE, await posted(slack), "more", "z")
    assert pair.gateway.came == []


# -- messages ---------------------------------------------------------------------------------------------------------


async def test_a_reply_in_a_thread_is_an_event_as_slack_sends_it(slack: AsyncWebClient, pair: Pair) -> None:
    root = await posted(slack)
    await pair.standins.people.reply(ADA, HERE, root, "a & b <@U0BEN> https://e.org")
    [webhook] = pair.gateway.of("/slack/events")
    envelope = webhook.json
    assert is_genuine(pair, webhook)
    assert (envelope["type"], envelope["team_id"], envelope["api_app_id"]) == ("event_callback", "T0SANDBOX", "A0CLERK")
    assert envelope["event_id"].startswith("Ev")
    event = envelope["event"]
    assert (event["type"], event["user"], event["channel"], event["channel_type"]) == ("message", ADA, HERE, "channel")
    assert event["text"] == "a &amp; b <@U0BEN> <https://e.org>"
    assert (event["thread_ts"], event["parent_user_id"]) == (root, "U0CLERK")
    assert event["ts"] == event["event_ts"]
    assert event["client_msg_id"]
    assert event["blocks"][0]["type"] == "rich_text"
    assert "subtype" not in event
    assert "bot_id" not in event


async def test_a_reply_with_files_is_a_file_share_whose_bytes_can_be_downloaded(pair: Pair) -> None:
    await pair.standins.people.reply(ADA, HERE, None, "look", files=[("a.png", b"png"), ("b.pdf", b"pdf")])
    [event] = events(pair)
    assert (event["subtype"], event["text"], event["upload"]) == ("file_share", "look", False)
    assert [(each["mimetype"], each["size"], each["mode"]) for each in event["files"]] == [
        ("image/png", 3, "hosted"),
        ("application/pdf", 3, "hosted"),
    ]
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        headers = {"authorization": f"Bearer {TOKEN}"}
        assert (await http.get(event["files"][0]["url_private"], headers=headers)).content == b"png"


async def test_a_reply_may_be_broadcast(slack: AsyncWebClient, pair: Pair) -> None:
    root = await posted(slack)
    await pair.standins.people.reply(ADA, HERE, root, "all", broadcast=True)
    [event] = events(pair)
    assert (event["subtype"], event["thread_ts"], event["root"]["ts"]) == ("thread_broadcast", root, root)


async def test_edits_and_deletions_carry_the_previous_message(slack: AsyncWebClient, pair: Pair) -> None:
    await pair.standins.people.reply(ADA, HERE, await posted(slack), "one")
    ts = events(pair)[0]["ts"]
    await pair.standins.people.edit(ADA, HERE, ts, "two")
    await pair.standins.people.delete(ADA, HERE, ts)
    _, edited, deleted = events(pair)
    assert (edited["subtype"], edited["hidden"]) == ("message_changed", True)
    assert (edited["message"]["text"], edited["previous_message"]["text"]) == ("two", "one")
    assert edited["message"]["edited"]["user"] == ADA
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"]["text"] == "two"
    assert ts not in pair.standins.workspace.channels[HERE].messages


async def test_a_deleted_root_with_replies_becomes_a_tombstone_in_the_event_too(pair: Pair) -> None:
    people = pair.standins.people
    await people.reply(ADA, HERE, None, "root")
    ts = events(pair)[0]["ts"]
    await people.reply("U0BEN", HERE, ts, "one")
    await people.delete(ADA, HERE, ts)
    assert (events(pair)[-1]["subtype"], events(pair)[-1]["message"]["subtype"]) == ("message_changed", "tombstone")


async def test_people_can_change_only_their_own_messages(slack: AsyncWebClient, pair: Pair) -> None:
    ts = await posted(slack)
    with pytest.raises(SlackRefusal):
        await pair.standins.people.edit(ADA, HERE, ts, "x")
    with pytest.raises(SlackRefusal):
        await pair.standins.people.delete(ADA, HERE, ts)


async def test_another_apps_message_has_a_bot_id_and_no_subtype(pair: Pair) -> None:
    await pair.standins.people.other_bot(HERE, "beep")
    [event] = events(pair)
    assert (event["bot_id"], event["bot_profile"]["app_id"]) == ("B0OTHER", "A0OTHER")
    assert "subtype" not in event


async def test_the_app_gets_events_only_of_channels_that_it_is_in(pair: Pair) -> None:
    pair.standins.workspace.channels["C0SECRET"].joined = False
    await pair.standins.people.reply(ADA, "C0SECRET", None, "x")
    assert pair.gateway.came == []
    pair.standins.workspace.channels["C0SECRET"].joined = True
    await pair.standins.people.reply(ADA, "C0SECRET", None, "x")
    assert events(pair)[0]["channel_type"] == "group"


async def test_the_app_gets_events_of_its_own_messages_if_that_is_switched_on() -> None:
    async with a_pair(echo=True) as pair:
        slack = AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])
        ts = await posted(slack)
        await slack.chat_update(channel=HERE, ts=ts, text="y")
        await pair.standins.settled()
        first, second = sorted(events(pair), key=lambda event: str(event["ts"]))
        assert (first["bot_id"], first.get("subtype")) == ("B0CLERK", None)
        assert second["subtype"] == "message_changed"


async def test_the_event_of_a_message_under_another_name_names_no_user_also_when_it_is_deleted() -> None:
    async with a_pair(echo=True) as pair:
        slack = AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])
        ts = (await slack.chat_postMessage(channel=HERE, text="hi", username="Ann"))["ts"]
        await slack.chat_delete(channel=HERE, ts=ts)
        await pair.standins.settled()
        first, second = sorted(events(pair), key=lambda event: str(event["ts"]))
        assert (first["subtype"], first["username"], "user" in first) == ("bot_message", "Ann", False)
        assert (second["subtype"], second["previous_message"]["username"]) == ("message_deleted", "Ann")


async def test_joining_archiving_renaming_and_removing_the_app_are_events(pair: Pair) -> None:
    people = pair.standins.people
    pair.standins.workspace.channels[HERE].members.discard("U0BEN")
    await people.join("U0BEN", HERE)
    await people.archive(ADA, HERE)
    await people.archive(ADA, HERE, archived=False)
    await people.rename(HERE, "texting")
    await people.uninstall()
    assert [each.get("subtype", each["type"]) for each in events(pair)] == [
        "channel_join",
        "member_joined_channel",
        "channel_archive",
        "channel_unarchive",
        "channel_rename",
        "tokens_revoked",
        "app_uninstalled",
    ]
    assert events(pair)[4]["channel"]["name"] == "texting"
    assert events(pair)[5]["tokens"] == {"oauth": [], "bot": ["U0CLERK"]}
    assert pair.standins.workspace.revoked


async def test_inviting_the_bot_makes_it_a_member(slack: AsyncWebClient, pair: Pair) -> None:
    pair.standins.workspace.channels[HERE].joined = False
    await pair.standins.people.join("U0CLERK", HERE)
    assert (await slack.conversations_history(channel=HERE))["messages"][0]["subtype"] == "channel_join"
    await pair.standins.people.leave("U0CLERK", HERE)
    with pytest.raises(SlackApiError):
        await slack.conversations_history(channel=HERE)


async def test_a_command_is_a_signed_form_and_its_answer_is_shown_to_its_author(pair: Pair) -> None:
    pair.gateway.answers.append(JSONResponse({"response_type": "ephemeral", "text": "help"}))
    await pair.standins.people.command(ADA, HERE, "send +15551234567 a & b")
    [webhook] = pair.gateway.of("/slack/commands")
    assert is_genuine(pair, webhook)
    form = webhook.form
    assert (form["command"], form["text"]) == ("/clerk", "send +15551234567 a &amp; b")
    assert (form["user_id"], form["user_name"], form["channel_name"]) == (ADA, "ada", "texts")
    assert form["trigger_id"]
    assert form["response_url"]
    assert [(each["user"], each["text"]) for each in pair.standins.workspace.ephemerals] == [(ADA, "help")]


async def test_a_commands_answer_may_be_for_all_and_must_be_valid(pair: Pair) -> None:
    pair.gateway.answers += [
        JSONResponse({"response_type": "in_channel", "text": "all"}),
        JSONResponse({"text": "x", "blocks": [{"type": "x"}]}),
    ]
    await pair.standins.people.command(ADA, HERE, "")
    await pair.standins.people.command(ADA, HERE, "")
    assert [each["text"] for each in pair.standins.workspace.channels[HERE].messages.values()] == ["all"]
    assert pair.violations() == ["invalid_blocks"]


# -- delivery of events -----------------------------------------------------------------------------------------------


async def test_an_event_that_fails_comes_again_three_times_with_the_same_id(pair: Pair) -> None:
    pair.gateway.answers += [Response(status_code=503)] * 4
    answer = await pair.standins.people.reply(ADA, HERE, None, "x")
    await pair.standins.settled()
    came = pair.gateway.of("/slack/events")
    assert answer.status_code == 503
    assert len({each.json["event_id"] for each in came}) == 1
    assert [each.headers.get("x-slack-retry-num") for each in came] == [None, "1", "2", "3"]
    assert [each.headers.get("x-slack-retry-reason") for each in came][1:] == ["http_error"] * 3


async def test_an_event_that_was_taken_is_not_repeated(pair: Pair) -> None:
    pair.gateway.answers += [Response(status_code=503), Response()]
    await pair.standins.people.reply(ADA, HERE, None, "x")
    await pair.standins.settled()
    assert len(pair.gateway.of("/slack/events")) == 2


async def test_the_app_can_refuse_retries(pair: Pair) -> None:
    pair.gateway.answers.append(Response(status_code=503, headers={"x-slack-no-retry": "1"}))
    await pair.standins.people.reply(ADA, HERE, None, "x")
    await pair.standins.settled()
    assert len(pair.gateway.of("/slack/events")) == 1


async def test_a_late_answer_does_not_count() -> None:
    async def late(_: Webhook) -> Response:
        await asyncio.Event().wait()
        return Response()

    async with a_pair(slack_timeout=1) as pair:
        pair.gateway.answers.append(late)
        await pair.standins.people.reply(ADA, HERE, None, "x")
        await pair.standins.settled()
        assert [each.headers.get("x-slack-retry-reason") for each in pair.gateway.came] == [None, "http_timeout"]


async def test_a_gateway_that_is_away_gets_the_event_when_it_is_back(pair: Pair) -> None:
    people = pair.standins.people
    people.webhooks.away = True
    answer = await people.reply(ADA, HERE, None, "x")
    people.webhooks.away = False
    await pair.standins.settled()
    assert answer.status_code == 502
    [event] = pair.gateway.came
    assert event.headers["x-slack-retry-reason"] == "connection_failed"


async def test_an_event_can_come_twice(pair: Pair) -> None:
    pair.standins.people.webhooks.twice = True
    await pair.standins.people.reply(ADA, HERE, None, "x")
    await pair.standins.settled()
    first, second = pair.gateway.of("/slack/events")
    assert first.json["event_id"] == second.json["event_id"]


# -- faults -----------------------------------------------------------------------------------------------------------


def order(pair: Pair, **fault: Any) -> None:
    pair.standins.faults.waiting.append(Fault(**fault))


async def test_a_throttled_call_says_when_to_retry(slack: AsyncWebClient, pair: Pair) -> None:
    order(pair, kind="429", method="chat.postMessage", seconds=7)
    with pytest.raises(SlackApiError) as error:
        await posted(slack)
    assert (error.value.response.status_code, error.value.response["error"]) == (429, "ratelimited")
    assert error.value.response.headers["retry-after"] == "7"
    await posted(slack)


async def test_a_fault_hits_its_method_and_channel_as_often_as_requested(slack: AsyncWebClient, pair: Pair) -> None:
    order(pair, kind="error", code="is_archived", method="chat.postMessage", channel=HERE, times=2)
    await slack.chat_postMessage(channel="C0GENERAL", text="x")
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await posted(slack)
    await posted(slack)


async def test_a_dropped_call_takes_effect_and_a_refused_one_does_not(slack: AsyncWebClient, pair: Pair) -> None:
    messages = pair.standins.workspace.channels[HERE].messages
    order(pair, kind="refuse", method="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await posted(slack)
    assert messages == {}
    order(pair, kind="drop", method="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await posted(slack)
    assert len(messages) == 1
    assert [each["outcome"] for each in pair.standins.record.of("slack")] == ["refuse", "drop"]


async def test_a_dropped_connection_gives_no_status(slack: AsyncWebClient, pair: Pair) -> None:
    order(pair, kind="drop", method="auth.test")
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        with pytest.raises(httpx.TransportError):
            await http.post(f"{pair.slack_url}auth.test")


async def test_a_hanging_call_is_finished_in_the_end(slack: AsyncWebClient, pair: Pair) -> None:
    order(pair, kind="hang", method="chat.postMessage", seconds=0.05)
    ts = await posted(slack)
    assert ts in pair.standins.workspace.channels[HERE].messages


async def test_a_call_whose_caller_disconnected_never_takes_effect(pair: Pair) -> None:
    order(pair, kind="hang", method="chat.postMessage", seconds=3600)
    impatient = httpx.Timeout(60, read=1)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    async with (
        httpx.AsyncClient(trust_env=False, verify=PLAIN, timeout=impatient, headers=bearer) as http,
        asyncio.timeout(60),
    ):
        with pytest.raises(httpx.ReadTimeout):
            await http.post(f"{pair.slack_url}chat.postMessage", data={"channel": HERE, "text": "x"})
        changes = pair.standins.record.changes()
        while not pair.standins.record.of("slack"):
            await anext(changes)
    assert [each["outcome"] for each in pair.standins.record.of("slack")] == ["hang"]
    assert pair.standins.workspace.channels[HERE].messages == {}


@pytest.mark.parametrize("method", ["views.open", "files.info", "reactions.add", "conversations.history"])
async def test_every_method_can_be_made_to_fail(slack: AsyncWebClient, pair: Pair, method: str) -> None:
    order(pair, kind="error", code="internal_error", method=method)
    with pytest.raises(SlackApiError) as error:
        await slack.api_call(method, data={})
    assert error.value.response["error"] == "internal_error"


async def test_a_response_url_an_upload_and_a_download_can_fail_too(slack: AsyncWebClient, pair: Pair) -> None:
    for method in ("response_url", "upload", "download"):
        order(pair, kind="500", method=method)
    done = await slack.files_getUploadURLExternal(filename="a", length=1)
    url = pair.standins.workspace.response_url(HERE, ADA, "")
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        answers = [
            await http.post(url, json={"text": "x"}),
            await http.post(done["upload_url"], content=b"x"),
            await http.get(f"{pair.standins.config.here}/slack/files-pri/T0SANDBOX-F1/a"),
        ]
    assert [each.status_code for each in answers] == [500] * 3
