"""Slack's stand-in and messages: what the real one takes and refuses, through Slack's own client."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers import PLAIN
from tests.wire.sandbox.helpers import TOKEN, Pair

HERE = "C0TEXTS"
BLOCKS: list[dict[str, Any]] = [{"type": "section", "text": {"type": "plain_text", "text": "hello"}}]


@pytest.fixture
def slack(pair: Pair) -> AsyncWebClient:
    return AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])


async def refusal(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


async def call(pair: Pair, method: str, **request: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        headers = {"authorization": f"Bearer {TOKEN}", **request.pop("headers", {})}
        return await http.post(pair.slack_url + method, headers=headers, **request)


# -- posting, updating, deleting --------------------------------------------------------------------------------------


async def test_a_posted_message_is_in_the_history_with_the_bots_ids(slack: AsyncWebClient) -> None:
    posted = await slack.chat_postMessage(channel=HERE, text="hi", blocks=BLOCKS)
    history = await slack.conversations_history(channel=HERE)
    [message] = history["messages"]
    assert message["ts"] == posted["ts"]
    assert (message["bot_id"], message["user"], message["text"]) == ("B0CLERK", "U0CLERK", "hi")
    assert message["blocks"][0]["block_id"]
    assert "subtype" not in message
    assert "channel" not in message


async def test_a_message_under_another_name_is_no_users_and_an_update_loses_the_name(
    slack: AsyncWebClient, pair: Pair
) -> None:
    posted = await slack.chat_postMessage(channel=HERE, text="hi", username="Ann", icon_emoji=":wave:")
    [message] = (await slack.conversations_history(channel=HERE))["messages"]
    assert (message["subtype"], message["username"], message["icons"]) == ("bot_message", "Ann", {"emoji": ":wave:"})
    assert message["bot_id"] == "B0CLERK"
    assert "user" not in message
    await slack.chat_update(channel=HERE, ts=posted["ts"], text="hello")
    [message] = (await slack.conversations_history(channel=HERE))["messages"]
    assert (message["text"], message["user"], message.get("username")) == ("hello", "U0CLERK", None)
    long = await slack.chat_postMessage(channel=HERE, text="hi", username="x" * 81)
    assert (long["message"]["username"], long["warning"]) == ("x" * 80, "username_too_long")
    pair.standins.workspace.scopes.discard("chat:write.customize")
    plain = await slack.chat_postMessage(channel=HERE, text="hi", username="Ann")
    assert "username" not in plain["message"], "without the scope the name is ignored"


async def test_a_message_without_text_and_blocks_is_refused(slack: AsyncWebClient, pair: Pair) -> None:
    assert await refusal(slack.api_call("chat.postMessage", json={"channel": HERE})) == "no_text"
    assert pair.violations() == ["no_text"]


async def test_wrong_blocks_are_refused_with_the_place_and_recorded(slack: AsyncWebClient, pair: Pair) -> None:
    with pytest.raises(SlackApiError) as error:
        await slack.chat_postMessage(channel=HERE, text="x", blocks=[{"type": "header"}])
    assert error.value.response["error"] == "invalid_blocks"
    assert error.value.response["response_metadata"]["messages"] == [
        "[ERROR] missing required field: text [json-pointer:/blocks/0]"
    ]
    [violation] = pair.standins.record.of("violation")
    [entry] = pair.standins.record.of("slack")
    assert violation["method"] == "chat.postMessage"
    assert violation["cause"] == entry["number"]


async def test_an_update_replaces_text_and_blocks_and_text_alone_removes_the_blocks(slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=HERE, text="one", blocks=BLOCKS))["ts"]
    await slack.chat_update(channel=HERE, ts=ts, text="two", blocks=BLOCKS)
    [both] = (await slack.conversations_history(channel=HERE))["messages"]
    await slack.chat_update(channel=HERE, ts=ts, text="three")
    [alone] = (await slack.conversations_history(channel=HERE))["messages"]
    assert (both["text"], len(both["blocks"])) == ("two", 1)
    assert alone["text"] == "three"
    assert "blocks" not in alone
    assert alone["edited"]["user"] == "U0CLERK"


async def test_a_long_text_may_be_posted_but_not_set_by_an_update(slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=HERE, text="x" * 5000))["ts"]
    assert await refusal(slack.chat_update(channel=HERE, ts=ts, text="x" * 4001)) == "msg_too_long"
    await slack.chat_update(channel=HERE, ts=ts, text="x" * 4000)


async def test_a_text_over_forty_thousand_characters_is_cut_with_a_warning(slack: AsyncWebClient) -> None:
    answer = await slack.chat_postMessage(channel=HERE, text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(answer["message"]["text"]) == 40_000


async def test_the_bot_can_change_only_its_own_messages(slack: AsyncWebClient, pair: Pair) -> None:
    await pair.standins.people.reply("U0ADA", HERE, None, "mine")
    [ts] = pair.standins.workspace.channels[HERE].messages
    assert await refusal(slack.chat_update(channel=HERE, ts=ts, text="x")) == "cant_update_message"
    assert await refusal(slack.chat_delete(channel=HERE, ts=ts)) == "cant_delete_message"
    assert await refusal(slack.chat_update(channel=HERE, ts="1.000001", text="x")) == "message_not_found"


async def test_an_ephemeral_message_can_be_neither_updated_nor_deleted(slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postEphemeral(channel=HERE, user="U0ADA", text="psst"))["message_ts"]
    assert await refusal(slack.chat_update(channel=HERE, ts=ts, text="x")) == "message_not_found"
    assert await refusal(slack.chat_delete(channel=HERE, ts=ts)) == "message_not_found"


async def test_an_ephemeral_message_goes_to_members_of_channels_that_the_bot_is_in(
    slack: AsyncWebClient, pair: Pair
) -> None:
    assert await refusal(slack.chat_postEphemeral(channel=HERE, user="U0GONE", text="x")) == "user_not_in_channel"
    pair.standins.workspace.channels[HERE].joined = False
    assert await refusal(slack.chat_postEphemeral(channel=HERE, user="U0ADA", text="x")) == "not_in_channel"


# -- where ------------------------------------------------------------------------------------------------------------


async def test_a_bot_may_post_to_a_public_channel_without_joining_if_it_has_the_scope(
    slack: AsyncWebClient, pair: Pair
) -> None:
    pair.standins.workspace.channels[HERE].joined = False
    await slack.chat_postMessage(channel=HERE, text="x")
    pair.standins.workspace.scopes.discard("chat:write.public")
    assert await refusal(slack.chat_postMessage(channel=HERE, text="x")) == "not_in_channel"


@pytest.mark.parametrize("channel", ["C0NOWHERE", "C0SECRET", "texts", "U0NOBODY"])
async def test_a_channel_that_the_bot_cannot_see_is_not_found(slack: AsyncWebClient, channel: str) -> None:
    assert await refusal(slack.chat_postMessage(channel=channel, text="x")) == "channel_not_found"


async def test_an_archived_channel_takes_nothing(slack: AsyncWebClient, pair: Pair) -> None:
    ts = (await slack.chat_postMessage(channel=HERE, text="x"))["ts"]
    pair.standins.workspace.channels[HERE].archived = True
    assert await refusal(slack.chat_postMessage(channel=HERE, text="x")) == "is_archived"
    assert await refusal(slack.chat_update(channel=HERE, ts=ts, text="x")) == "is_archived"
    assert await refusal(slack.chat_postEphemeral(channel=HERE, user="U0ADA", text="x")) == "is_archived"


async def test_a_persons_id_is_their_direct_message_and_its_id_is_answered(slack: AsyncWebClient) -> None:
    posted = await slack.chat_postMessage(channel="U0ADA", text="hi")
    opened = await slack.conversations_open(users="U0ADA")
    assert posted["channel"] == opened["channel"]["id"] == "D0ADA"
    assert [each["text"] for each in (await slack.conversations_history(channel="D0ADA"))["messages"]] == ["hi"]
    assert await refusal(slack.conversations_history(channel="U0ADA")) == "channel_not_found"


async def test_bots_and_people_who_left_get_no_direct_messages(slack: AsyncWebClient) -> None:
    assert await refusal(slack.chat_postMessage(channel="U0GONE", text="x")) == "user_disabled"
    assert await refusal(slack.chat_postMessage(channel="U0CLERK", text="x")) == "cannot_dm_bot"
    assert await refusal(slack.conversations_open(users="U0NOBODY")) == "user_not_found"


# -- threads ----------------------------------------------------------------------------------------------------------


async def test_replies_are_counted_at_the_root_and_read_in_order(slack: AsyncWebClient) -> None:
    root = (await slack.chat_postMessage(channel=HERE, text="root"))["ts"]
    for text in ("one", "two"):
        await slack.chat_postMessage(channel=HERE, text=text, thread_ts=root)
    thread = (await slack.conversations_replies(channel=HERE, ts=root))["messages"]
    [top] = (await slack.conversations_history(channel=HERE))["messages"]
    assert [each["text"] for each in thread] == ["root", "one", "two"]
    assert (top["reply_count"], top["latest_reply"], top["thread_ts"]) == (2, thread[2]["ts"], root)
    assert thread[1]["parent_user_id"] == "U0CLERK"


async def test_a_broadcast_reply_is_in_the_channel_too(slack: AsyncWebClient) -> None:
    root = (await slack.chat_postMessage(channel=HERE, text="root"))["ts"]
    await slack.chat_postMessage(channel=HERE, text="all", thread_ts=root, reply_broadcast=True)
    newest = (await slack.conversations_history(channel=HERE))["messages"][0]
    assert (newest["subtype"], newest["root"]["text"]) == ("thread_broadcast", "root")


async def test_a_reply_to_a_missing_thread_is_refused(slack: AsyncWebClient) -> None:
    assert await refusal(slack.chat_postMessage(channel=HERE, text="x", thread_ts="1.000001")) == "thread_not_found"
    assert await refusal(slack.chat_postMessage(channel=HERE, text="x", thread_ts="0")) == "invalid_thread_ts"
    assert await refusal(slack.conversations_replies(channel=HERE, ts="1.000001")) == "thread_not_found"


async def test_a_replys_ts_leads_to_its_thread_and_is_recorded_as_a_violation(
    slack: AsyncWebClient, pair: Pair
) -> None:
    root = (await slack.chat_postMessage(channel=HERE, text="root"))["ts"]
    reply = (await slack.chat_postMessage(channel=HERE, text="one", thread_ts=root))["ts"]
    assert pair.violations() == []
    second = await slack.chat_postMessage(channel=HERE, text="two", thread_ts=reply)
    assert second["message"]["thread_ts"] == root
    assert pair.violations() == ["thread_ts"]


async def test_a_deleted_root_leaves_a_tombstone_and_its_thread(slack: AsyncWebClient) -> None:
    root = (await slack.chat_postMessage(channel=HERE, text="root"))["ts"]
    await slack.chat_postMessage(channel=HERE, text="one", thread_ts=root)
    await slack.chat_delete(channel=HERE, ts=root)
    thread = (await slack.conversations_replies(channel=HERE, ts=root))["messages"]
    assert [each.get("subtype") for each in thread] == ["tombstone", None]
    assert await refusal(slack.chat_update(channel=HERE, ts=root, text="x")) == "message_not_found"
    await slack.chat_postMessage(channel=HERE, text="two", thread_ts=root)


async def test_a_deleted_message_without_replies_is_gone(slack: AsyncWebClient) -> None:
    root = (await slack.chat_postMessage(channel=HERE, text="root"))["ts"]
    reply = (await slack.chat_postMessage(channel=HERE, text="one", thread_ts=root))["ts"]
    await slack.chat_delete(channel=HERE, ts=reply)
    assert "reply_count" not in (await slack.conversations_history(channel=HERE))["messages"][0]
    await slack.chat_delete(channel=HERE, ts=root)
    assert (await slack.conversations_history(channel=HERE))["messages"] == []
    assert await refusal(slack.chat_delete(channel=HERE, ts=root)) == "message_not_found"


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_metadata_is_returned_only_on_request(slack: AsyncWebClient) -> None:
    metadata = {"event_type": "clerk", "event_payload": {"id": "post/1"}}
    await slack.chat_postMessage(channel=HERE, text="x", metadata=metadata)
    [plain] = (await slack.conversations_history(channel=HERE))["messages"]
    [whole] = (await slack.conversations_history(channel=HERE, include_all_metadata=True))["messages"]
    assert "metadata" not in plain
    assert whole["metadata"] == metadata


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"event_type": "clerk"}, "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "clerk", "event_payload": {}, "more": 1}, "invalid_metadata_format"),
        ({"event_type": "clerk", "event_payload": {"a": {"b": {"c": 1}}}}, "invalid_metadata_schema"),
        ({"event_type": "clerk", "event_payload": {"a": "x" * 9000}}, "metadata_too_large"),
    ],
)
async def test_metadata_must_be_flat_and_small(slack: AsyncWebClient, metadata: dict[str, Any], error: str) -> None:
    assert await refusal(slack.chat_postMessage(channel=HERE, text="x", metadata=metadata)) == error


async def test_a_history_is_paged_by_cursor_newest_first(slack: AsyncWebClient) -> None:
    for number in range(5):
        await slack.chat_postMessage(channel=HERE, text=str(number))
    pages = await slack.conversations_history(channel=HERE, limit=2)
    read = [([each["text"] for each in page["messages"]], page["has_more"]) async for page in pages]
    assert read == [(["4", "3"], True), (["2", "1"], True), (["0"], False)]
    assert await refusal(slack.conversations_history(channel=HERE, cursor="nonsense")) == "invalid_cursor"
    assert await refusal(slack.conversations_history(channel=HERE, limit=1000)) == "invalid_limit"


async def test_oldest_and_latest_are_not_among_the_messages_unless_inclusive(slack: AsyncWebClient) -> None:
    first, middle, last = [(await slack.chat_postMessage(channel=HERE, text=t))["ts"] for t in ("a", "b", "c")]
    between = await slack.conversations_history(channel=HERE, oldest=first, latest=last)
    whole = await slack.conversations_history(channel=HERE, oldest=first, latest=last, inclusive=True)
    assert [each["ts"] for each in between["messages"]] == [middle]
    assert [each["ts"] for each in whole["messages"]] == [last, middle, first]
    assert await refusal(slack.conversations_history(channel=HERE, oldest="yesterday")) == "invalid_ts_oldest"


async def test_only_members_can_read_a_history(slack: AsyncWebClient, pair: Pair) -> None:
    pair.standins.workspace.channels[HERE].joined = False
    assert await refusal(slack.conversations_history(channel=HERE)) == "not_in_channel"
    assert await refusal(slack.conversations_history(channel="C0SECRET")) == "channel_not_found"


async def test_a_permalink_names_the_message_and_its_thread(slack: AsyncWebClient) -> None:
    root = (await slack.chat_postMessage(channel=HERE, text="root"))["ts"]
    reply = (await slack.chat_postMessage(channel=HERE, text="one", thread_ts=root))["ts"]
    link = (await slack.chat_getPermalink(channel=HERE, message_ts=reply))["permalink"]
    assert link.endswith(f"/archives/{HERE}/p{reply.replace('.', '')}?thread_ts={root}&cid={HERE}")
    assert await refusal(slack.chat_getPermalink(channel=HERE, message_ts="1.000001")) == "message_not_found"


async def test_the_synchronous_client_works_as_well(pair: Pair) -> None:
    def use() -> str:
        client = WebClient(TOKEN, base_url=pair.slack_url)
        return str(client.chat_postMessage(channel=HERE, text="hi")["ts"])

    ts = await asyncio.to_thread(use)
    assert ts in pair.standins.workspace.channels[HERE].messages


# -- reactions --------------------------------------------------------------------------------------------------------


async def test_a_reaction_is_added_once_and_removed_once(slack: AsyncWebClient, pair: Pair) -> None:
    pair.standins.workspace.scopes.add("reactions:read")
    ts = (await slack.chat_postMessage(channel=HERE, text="x"))["ts"]
    await slack.reactions_add(channel=HERE, timestamp=ts, name="white_check_mark")
    assert await refusal(slack.reactions_add(channel=HERE, timestamp=ts, name="white_check_mark")) == "already_reacted"
    got = await slack.reactions_get(channel=HERE, timestamp=ts)
    assert got["message"]["reactions"] == [{"name": "white_check_mark", "users": ["U0CLERK"], "count": 1}]
    await slack.reactions_remove(channel=HERE, timestamp=ts, name="white_check_mark")
    assert await refusal(slack.reactions_remove(channel=HERE, timestamp=ts, name="white_check_mark")) == "no_reaction"


async def test_a_reaction_needs_an_emoji_and_a_message(slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=HERE, text="x"))["ts"]
    assert await refusal(slack.reactions_add(channel=HERE, timestamp=ts, name="delivered")) == "invalid_name"
    assert await refusal(slack.reactions_add(channel=HERE, timestamp="1.000001", name="eyes")) == "message_not_found"


async def test_a_message_has_a_limited_number_of_different_reactions(slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=HERE, text="x"))["ts"]
    names = [f"clock{hour}{half}" for hour in range(1, 13) for half in ("", "30")]
    for name in names[:23]:
        await slack.reactions_add(channel=HERE, timestamp=ts, name=name)
    assert await refusal(slack.reactions_add(channel=HERE, timestamp=ts, name=names[23])) == "too_many_emoji"


async def test_blocks_that_are_valid_one_by_one_can_be_too_large_together(slack: AsyncWebClient, pair: Pair) -> None:
    text = {"type": "plain_text", "text": "x" * 3000}
    many = [{"type": "section", "text": text}] * 50
    assert await refusal(slack.chat_postMessage(channel=HERE, text="x", blocks=many)) == "msg_blocks_too_long"
    assert pair.violations() == ["msg_blocks_too_long"]


# -- tokens, scopes, forms --------------------------------------------------------------------------------------------


async def test_a_call_needs_the_right_token(slack: AsyncWebClient, pair: Pair) -> None:
    nobody = AsyncWebClient(base_url=pair.slack_url, retry_handlers=[])
    stranger = AsyncWebClient("xoxb-other", base_url=pair.slack_url, retry_handlers=[])
    assert await refusal(nobody.auth_test()) == "not_authed"
    assert await refusal(stranger.auth_test()) == "invalid_auth"
    assert (await slack.auth_test())["bot_id"] == "B0CLERK"
    pair.standins.workspace.revoked = True
    assert await refusal(slack.auth_test()) == "token_revoked"


async def test_a_missing_scope_is_named_with_the_scopes_of_the_token(slack: AsyncWebClient, pair: Pair) -> None:
    pair.standins.workspace.scopes = {"chat:write", "users:read"}
    with pytest.raises(SlackApiError) as error:
        await slack.reactions_add(channel=HERE, timestamp="1.000001", name="eyes")
    answer = error.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "reactions:write",
        "chat:write,users:read",
    )
    assert answer.headers["x-oauth-scopes"] == "chat:write,users:read"
    assert answer.headers["x-accepted-oauth-scopes"] == "reactions:write"


async def test_reading_a_direct_message_needs_its_own_scope(slack: AsyncWebClient, pair: Pair) -> None:
    channel = (await slack.chat_postMessage(channel="U0ADA", text="x"))["channel"]
    pair.standins.workspace.scopes.discard("im:history")
    assert await refusal(slack.conversations_history(channel=channel)) == "missing_scope"


async def test_an_unknown_method_is_reported_as_unknown(slack: AsyncWebClient) -> None:
    assert await refusal(slack.api_call("chat.shout")) == "unknown_method"


async def test_a_method_that_only_reads_ignores_a_json_body(pair: Pair) -> None:
    asked = {"channel": HERE}
    unseen = await call(pair, "conversations.history", json=asked)
    seen = await call(pair, "conversations.history", data=asked)
    assert unseen.json()["error"] == "invalid_arguments"
    assert seen.json()["ok"] is True
    assert pair.violations()[0] == "json_not_accepted"


async def test_json_without_a_charset_is_accepted_with_a_warning(pair: Pair) -> None:
    body = b'{"channel": "C0TEXTS", "text": "x"}'
    warned = await call(pair, "chat.postMessage", content=body, headers={"content-type": "application/json"})
    quiet = await call(
        pair, "chat.postMessage", content=body, headers={"content-type": "application/json; charset=utf-8"}
    )
    assert warned.json()["warning"] == "missing_charset"
    assert "warning" not in quiet.json()


async def test_blocks_may_come_as_json_within_a_form(pair: Pair) -> None:
    form = {"channel": HERE, "blocks": '[{"type": "divider"}]', "text": "x"}
    assert (await call(pair, "chat.postMessage", data=form)).json()["message"]["blocks"][0]["type"] == "divider"
    broken = await call(pair, "chat.postMessage", data={**form, "blocks": "[{"})
    assert broken.json()["error"] == "invalid_arguments"


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("application/xml", b"<x/>", "invalid_post_type"),
        ("", b"channel=C0TEXTS&text=x", "missing_post_type"),
    ],
)
async def test_a_body_of_another_kind_is_refused(pair: Pair, content_type: str, body: bytes, error: str) -> None:
    answer = await call(pair, "chat.postMessage", content=body, headers={"content-type": content_type})
    assert answer.json()["error"] == error


# -- channels and people ----------------------------------------------------------------------------------------------


async def test_channels_are_listed_by_type_and_private_ones_only_to_members(slack: AsyncWebClient, pair: Pair) -> None:
    public = await slack.conversations_list()
    both = await slack.conversations_list(types="public_channel,private_channel")
    assert [each["name"] for each in public["channels"]] == ["texts", "general", "escalations"]
    assert "secret" not in [each["name"] for each in both["channels"]]
    pair.standins.workspace.channels["C0SECRET"].joined = True
    both = await slack.conversations_list(types="public_channel,private_channel")
    assert "secret" in [each["name"] for each in both["channels"]]
    assert (await slack.conversations_info(channel="C0SECRET"))["channel"]["is_private"] is True


async def test_members_and_the_bots_channels_are_listed(slack: AsyncWebClient, pair: Pair) -> None:
    pair.standins.workspace.channels["C0GENERAL"].joined = False
    members = await slack.conversations_members(channel=HERE)
    own = await slack.users_conversations()
    assert members["members"] == ["U0ADA", "U0BEN", "U0CLEO", "U0CLERK"]
    assert [each["name"] for each in own["channels"]] == ["texts", "escalations"]


async def test_a_public_channel_can_be_joined(slack: AsyncWebClient, pair: Pair) -> None:
    channel = pair.standins.workspace.channels[HERE]
    channel.joined = False
    assert await refusal(slack.conversations_join(channel=HERE)) == "missing_scope"
    pair.standins.workspace.scopes.add("channels:join")
    assert (await slack.conversations_join(channel=HERE))["channel"]["is_member"] is True
    assert (await slack.conversations_join(channel=HERE))["warning"] == "already_in_channel"
    private = await refusal(slack.conversations_join(channel="C0SECRET"))
    assert private == "method_not_supported_for_channel_type"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("conversations.list", {"types": "public_channel,secret"}, "invalid_types"),
        ("conversations.list", {"limit": "many"}, "invalid_arguments"),
        ("conversations.list", {"cursor": "dGVhbQ=="}, "invalid_cursor"),
        ("conversations.join", {"channel": "C0NOWHERE"}, "channel_not_found"),
        ("conversations.join", {"channel": "C0SECRET"}, "method_not_supported_for_channel_type"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U0ADA,U0BEN"}, "method_not_supported_for_channel_type"),
        ("files.getUploadURLExternal", {"filename": "a", "length": 1_000_000_001}, "file_upload_size_restricted"),
        (
            "files.completeUploadExternal",
            {"files": '[{"id":"F1"}]', "channels": ",".join(f"C{number}" for number in range(101))},
            "channels_limit_exceeded",
        ),
        ("views.update", {"view": "{}"}, "invalid_arguments"),
        ("views.open", {"trigger_id": "1.2.3"}, "invalid_arguments"),
    ],
)
async def test_an_invalid_call_is_refused(
    slack: AsyncWebClient, pair: Pair, method: str, arguments: dict[str, Any], error: str
) -> None:
    pair.standins.workspace.scopes |= {"channels:read", "channels:join", "im:write", "files:write"}
    assert await refusal(slack.api_call(method, data=arguments)) == error


async def test_an_archived_channel_can_be_neither_joined_nor_reacted_in(slack: AsyncWebClient, pair: Pair) -> None:
    pair.standins.workspace.scopes.add("channels:join")
    ts = (await slack.chat_postMessage(channel=HERE, text="x"))["ts"]
    await pair.standins.people.archive("U0ADA", HERE, archived=True)
    assert await refusal(slack.conversations_join(channel=HERE)) == "is_archived"
    assert await refusal(slack.reactions_add(channel=HERE, timestamp=ts, name="eyes")) == "is_archived"


async def test_people_have_names_and_the_bot_is_one_too(slack: AsyncWebClient) -> None:
    ada = (await slack.users_info(user="U0ADA"))["user"]
    assert (ada["profile"]["display_name"], ada["real_name"], ada["is_bot"]) == ("Ada", "Ada Lane", False)
    assert (await slack.users_info(user="U0GONE"))["user"]["deleted"] is True
    assert (await slack.users_info(user="U0CLERK"))["user"]["is_bot"] is True
    assert await refusal(slack.users_info(user="U0NOBODY")) == "user_not_found"
    assert len((await slack.users_list())["members"]) == 6


async def test_reading_the_team_needs_its_scope(slack: AsyncWebClient, pair: Pair) -> None:
    assert await refusal(slack.team_info()) == "missing_scope"
    pair.standins.workspace.scopes.add("team:read")
    assert (await slack.team_info())["team"]["id"] == "T0SANDBOX"
