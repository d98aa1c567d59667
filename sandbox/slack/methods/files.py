"""files.*: how bots upload and read files (https://docs.slack.dev/messaging/working-with-files)."""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.config import BOT
from sandbox.json_object import Json
from sandbox.slack.channel import WorkspaceChannel
from sandbox.slack.file_store import WorkspaceFile
from sandbox.slack.methods.arguments import Arguments
from sandbox.slack.methods.chat import authorship
from sandbox.slack.methods.table import WebApiMethod
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.workspace import Workspace

MAX_FILE_BYTES: Final = 1_000_000_000
MAX_CHANNELS: Final = 100


class FileMethods:
    """Uploads and files."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def table(self) -> Mapping[str, WebApiMethod]:
        """The methods by name."""
        return {
            "files.getUploadURLExternal": WebApiMethod(self._upload_url, ("files:write",), takes_json=False),
            "files.completeUploadExternal": WebApiMethod(self._complete, ("files:write",)),
            "files.info": WebApiMethod(self._info, ("files:read",), takes_json=False),
        }

    def _upload_url(self, arguments: Arguments) -> Json:
        name = arguments.required("filename")
        length = arguments.integer("length", 0)
        if length <= 0:
            raise SlackRefusal("invalid_arguments", "missing required field: length")
        if length > MAX_FILE_BYTES:
            raise SlackRefusal("file_upload_size_restricted")
        file, url = self._workspace.files.announce(name, length, BOT)
        return {"upload_url": url, "file_id": file.id}

    def _complete(self, arguments: Arguments) -> Json:
        """Share uploads in one message for each channel (https://docs.slack.dev/reference/methods/files.completeUploadExternal)."""
        uploads = arguments.structure("files")
        if (
            not isinstance(uploads, list)
            or not uploads
            or not all(isinstance(each, dict) and "id" in each for each in uploads)
        ):
            raise SlackRefusal("invalid_arguments", "missing required field: files")
        channels = self._targets(arguments)
        thread_ts = arguments.text("thread_ts") or None
        if thread_ts is not None and (len(channels) != 1 or thread_ts not in channels[0].messages):
            if len(channels) != 1 or self._workspace.no_such_thread is not None:
                raise SlackRefusal("invalid_arguments", "thread_ts must be a message of the one channel")
            thread_ts = None
        for each in uploads:
            if (found := self._workspace.files.files.get(each["id"])) is None or found.content is None:
                raise SlackRefusal("file_not_found")
        files = [self._workspace.files.complete(each["id"], each.get("title")) for each in uploads]
        for channel in channels:
            named = authorship(self._workspace, arguments)
            share(self._workspace, channel, BOT, arguments.text("initial_comment"), files, thread_ts, **named)
        return {"files": [self._workspace.files.public_view(each) for each in files]}

    def _targets(self, arguments: Arguments) -> list[WorkspaceChannel]:
        ids = [arguments.text("channel_id")] if arguments.text("channel_id") else arguments.text("channels").split(",")
        ids = [id for id in ids if id]
        if len(ids) > MAX_CHANNELS:
            raise SlackRefusal("channels_limit_exceeded")
        channels = [
            self._workspace.direct_message(id)
            if id[0] in "UW" and not arguments.text("channel_id")
            else self._joined_channel(id)
            for id in ids
        ]
        if any(channel.archived for channel in channels):
            raise SlackRefusal("posting_to_channel_denied")
        return channels

    def _joined_channel(self, id: str) -> WorkspaceChannel:
        if id[0] not in "CGD":
            raise SlackRefusal("invalid_channel")
        return self._workspace.joined_channel(id)

    def _info(self, arguments: Arguments) -> Json:
        file = self._workspace.files.find(arguments.required("file"))
        return {"file": self._workspace.files.public_view(file, shares=True), "comments": []}


def share(
    workspace: Workspace,
    channel: WorkspaceChannel,
    user: str,
    text: str,
    files: list[WorkspaceFile],
    thread_ts: str | None,
    **more: Any,
) -> Json:
    """Post one message with files; it has no subtype in the history, and is a file_share in an event."""
    views = [workspace.files.public_view(each) for each in files]
    message = workspace.post(
        channel, text, [], thread_ts=thread_ts, user=user, files=views, upload=True, display_as_bot=False, **more
    )
    for each in files:
        workspace.files.share(each, channel.id, private=channel.private, ts=message["ts"], thread_ts=thread_ts)
    message["files"] = [workspace.files.public_view(each) for each in files]
    return message
