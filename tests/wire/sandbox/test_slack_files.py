"""Slack's stand-in and files: uploads as Slack's own client makes them, and the bytes behind private URLs."""

from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers import PLAIN
from tests.wire.sandbox.helpers import TOKEN, Pair

HERE = "C0TEXTS"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def slack(pair: Pair) -> AsyncWebClient:
    return AsyncWebClient(TOKEN, base_url=pair.slack_url, retry_handlers=[])


async def refusal(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


async def upload(slack: AsyncWebClient, content: bytes = PNG, **request: Any) -> tuple[str, httpx.Response]:
    """Announce and upload a file; its id and the answer of the upload URL."""
    room = await slack.files_getUploadURLExternal(filename="a.png", length=len(PNG))
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        body = request or {"content": content}
        return room["file_id"], await http.post(room["upload_url"], **body)


async def test_several_files_are_in_one_message_with_their_comment(slack: AsyncWebClient, pair: Pair) -> None:
    root = (await slack.chat_postMessage(channel=HERE, text="root"))["ts"]
    uploads = [{"content": PNG, "filename": "a.png", "title": "A"}, {"content": b"%PDF", "filename": "b.pdf"}]
    await slack.files_upload_v2(channel=HERE, thread_ts=root, initial_comment="two", file_uploads=uploads)
    thread = (await slack.conversations_replies(channel=HERE, ts=root))["messages"]
    assert [each["text"] for each in thread] == ["root", "two"]
    assert [(each["title"], each["mimetype"], each["size"]) for each in thread[1]["files"]] == [
        ("A", "image/png", len(PNG)),
        ("b.pdf", "application/pdf", 4),
    ]
    assert thread[1]["bot_id"] == "B0CLERK"
    assert "subtype" not in thread[1]
    assert pair.violations() == []


async def test_a_file_lists_where_it_was_shared(slack: AsyncWebClient) -> None:
    done = await slack.files_upload_v2(channel=HERE, content=PNG, filename="a.png")
    assert "shares" not in done["file"]
    file = (await slack.files_info(file=done["file"]["id"]))["file"]
    [message] = (await slack.conversations_history(channel=HERE))["messages"]
    assert file["shares"]["public"][HERE] == [{"ts": message["ts"]}]
    assert file["channels"] == [HERE]


async def test_a_file_can_be_uploaded_as_a_form_too(slack: AsyncWebClient) -> None:
    id, said = await upload(slack, files={"file": ("a.png", PNG)})
    assert (said.status_code, said.text) == (200, f"OK - {len(PNG)}")
    await slack.files_completeUploadExternal(files=[{"id": id}], channel_id=HERE)


async def test_an_upload_must_have_as_many_bytes_as_were_announced(slack: AsyncWebClient, pair: Pair) -> None:
    id, said = await upload(slack, PNG[:-1])
    assert said.status_code == 400
    assert pair.violations() == ["length_mismatch"]
    unfinished = slack.files_completeUploadExternal(files=[{"id": id}], channel_id=HERE)
    assert await refusal(unfinished) == "file_not_found"


async def test_an_upload_of_no_bytes_or_without_a_name_is_refused(slack: AsyncWebClient, pair: Pair) -> None:
    assert await refusal(slack.files_getUploadURLExternal(filename="a.png", length=0)) == "invalid_arguments"
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        asked = {"filename": "a.png", "length": 3}
        headers = {"authorization": f"Bearer {TOKEN}"}
        as_json = await http.post(f"{pair.slack_url}files.getUploadURLExternal", json=asked, headers=headers)
        as_form = await http.post(f"{pair.slack_url}files.getUploadURLExternal", data=asked, headers=headers)
    assert as_json.json()["response_metadata"]["messages"] == ["[ERROR] missing required field: filename"]
    assert as_form.json()["ok"] is True


async def test_an_upload_can_be_completed_only_once(slack: AsyncWebClient) -> None:
    id, _ = await upload(slack)
    await slack.files_completeUploadExternal(files=[{"id": id}], channel_id=HERE)
    again = slack.files_completeUploadExternal(files=[{"id": id}], channel_id=HERE)
    assert await refusal(again) == "file_not_found"
    assert await refusal(slack.files_completeUploadExternal(files=[], channel_id=HERE)) == "invalid_arguments"


async def test_files_can_be_shared_only_where_the_bot_is_a_member(slack: AsyncWebClient, pair: Pair) -> None:
    id, _ = await upload(slack)
    workspace = pair.standins.workspace
    complete = slack.files_completeUploadExternal
    assert await refusal(complete(files=[{"id": id}], channel_id="C0SECRET")) == "channel_not_found"
    assert await refusal(complete(files=[{"id": id}], channel_id="U0ADA")) == "invalid_channel"
    workspace.channels[HERE].joined = False
    assert await refusal(complete(files=[{"id": id}], channel_id=HERE)) == "not_in_channel"
    workspace.channels[HERE].joined = True
    workspace.channels[HERE].archived = True
    assert await refusal(complete(files=[{"id": id}], channel_id=HERE)) == "posting_to_channel_denied"
    workspace.channels[HERE].archived = False
    await complete(files=[{"id": id}], channel_id=HERE)


async def test_files_can_be_shared_only_in_existing_threads(slack: AsyncWebClient) -> None:
    id, _ = await upload(slack)
    lost = slack.files_completeUploadExternal(files=[{"id": id}], channel_id=HERE, thread_ts="1.000001")
    assert await refusal(lost) == "invalid_arguments"


async def test_a_file_may_be_shared_with_a_person_and_several_channels(slack: AsyncWebClient) -> None:
    id, _ = await upload(slack)
    await slack.files_completeUploadExternal(files=[{"id": id}], channels=["U0ADA", HERE])
    file = (await slack.files_info(file=id))["file"]
    assert (list(file["shares"]["public"]), list(file["shares"]["private"])) == ([HERE], ["D0ADA"])


async def test_the_private_url_gives_its_bytes_to_the_token_and_a_login_page_to_others(
    slack: AsyncWebClient, pair: Pair
) -> None:
    done = await slack.files_upload_v2(channel=HERE, content=PNG, filename="a.png")
    url = done["file"]["url_private"]
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        bare = await http.get(url)
        wrong = await http.get(url, headers={"authorization": "Bearer xoxb-other"})
        right = await http.get(url, headers={"authorization": f"Bearer {TOKEN}"})
        download = await http.get(done["file"]["url_private_download"], headers={"authorization": f"Bearer {TOKEN}"})
    assert (bare.status_code, bare.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert wrong.text == bare.text
    assert (right.content, right.headers["content-type"]) == (PNG, "image/png")
    assert download.content == PNG
    assert pair.violations() == ["not_authed", "invalid_auth"]


async def test_reading_files_needs_its_scope(slack: AsyncWebClient, pair: Pair) -> None:
    done = await slack.files_upload_v2(channel=HERE, content=PNG, filename="a.png")
    pair.standins.workspace.scopes.discard("files:read")
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        page = await http.get(done["file"]["url_private"], headers={"authorization": f"Bearer {TOKEN}"})
    assert page.headers["content-type"].startswith("text/html")
    assert await refusal(slack.files_info(file=done["file"]["id"])) == "missing_scope"
