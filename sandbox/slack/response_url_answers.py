"""What an app's answer to a response URL does (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses)."""

from collections.abc import Mapping
from typing import Any

from sandbox.json_object import Json
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.response_urls import IssuedUrl
from sandbox.slack.workspace import Workspace


def take_answer(workspace: Workspace, key: str, body: Mapping[str, Any]) -> None:
    """Apply an answer to the workspace; SlackRefusal if Slack would not take it."""
    url = workspace.response_urls.usable(key)
    text, blocks = body.get("text", ""), body.get("blocks") or []
    workspace.check(blocks)
    if not body.get("delete_original") and not text and not blocks:
        raise SlackRefusal("no_text")
    url.uses -= 1
    if body.get("delete_original"):
        _delete(workspace, url)
    elif body.get("replace_original"):
        _replace(workspace, url, text, blocks, body.get("response_type"))
    elif body.get("response_type") == "in_channel":
        workspace.post(workspace.channels[url.channel], text, blocks, thread_ts=body.get("thread_ts"))
    else:
        workspace.post_ephemeral(url.channel, url.user, text, blocks, body.get("thread_ts"))


def _ephemeral(workspace: Workspace, url: IssuedUrl) -> Json | None:
    return next((each for each in workspace.ephemerals if each["ts"] == url.message_ts), None)


def _delete(workspace: Workspace, url: IssuedUrl) -> None:
    if (ephemeral := _ephemeral(workspace, url)) is not None:
        workspace.ephemerals.remove(ephemeral)
        workspace.mark_changed()
    elif url.message_ts in workspace.channels[url.channel].messages:
        workspace.delete(workspace.channels[url.channel], url.message_ts)


def _replace(workspace: Workspace, url: IssuedUrl, text: str, blocks: list[Json], response_type: str | None) -> None:
    if (ephemeral := _ephemeral(workspace, url)) is not None:
        if response_type == "in_channel":
            workspace.violation("response_type", ["an ephemeral message can't be turned into in_channel"])
        workspace.ephemerals.remove(ephemeral)
        workspace.post_ephemeral(url.channel, url.user, text, blocks, ephemeral["thread_ts"])
    elif url.message_ts in workspace.channels[url.channel].messages:
        workspace.update(workspace.channels[url.channel], url.message_ts, text, blocks)
    else:
        workspace.post_ephemeral(url.channel, url.user, text, blocks)
