"""Slack's files: uploads, the messages that share them, and the bytes behind their private URLs."""

import itertools
import mimetypes
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sandbox.json_object import Json
from sandbox.slack.refusals import SlackRefusal

MAX_BYTES: Final = 200_000_000


@dataclass
class WorkspaceFile:
    """A file; without `content` its upload was announced but its bytes have not arrived."""

    id: str
    name: str
    length: int
    user: str
    title: str = ""
    content: bytes | None = None
    complete: bool = False
    mimetype: str = "application/octet-stream"
    created: int = 0
    shares: dict[str, dict[str, list[Json]]] = field(default_factory=dict)


class FileStore:
    """The workspace's files; the oldest are dropped when they take too many bytes."""

    def __init__(self, prefix: str, team: str, clock: Callable[[], float]) -> None:
        self._prefix = prefix
        self._clock = clock
        self._team = team
        self.numbers = itertools.count(1)
        self.files: OrderedDict[str, WorkspaceFile] = OrderedDict()

    def announce(self, name: str, length: int, user: str) -> tuple[WorkspaceFile, str]:
        """Announce an upload; return the file, and the URL that takes its bytes."""
        file = WorkspaceFile(f"F{next(self.numbers):08d}", name, length, user, title=name, created=int(self._clock()))
        file.mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.files[file.id] = file
        return file, f"{self._prefix}/upload/v1/{file.id}"

    def receive(self, id: str, content: bytes) -> WorkspaceFile:
        """Take an upload's bytes, exactly as many as were announced."""
        file = self.files.get(id)
        if file is None or file.complete:
            raise SlackRefusal("file_not_found")
        if len(content) != file.length:
            raise SlackRefusal("length_mismatch", f"{file.length} bytes were announced and {len(content)} arrived")
        file.content = content
        self._forget()
        return file

    def add(self, name: str, content: bytes, user: str, mimetype: str | None = None) -> WorkspaceFile:
        """Add a complete file, as when a person drops it into a message."""
        file, _ = self.announce(name, len(content), user)
        file.content, file.complete = content, True
        file.mimetype = mimetype or file.mimetype
        self._forget()
        return file

    def complete(self, id: str, title: str | None) -> WorkspaceFile:
        """Finish an upload."""
        file = self.files.get(id)
        if file is None or file.content is None or file.complete:
            raise SlackRefusal("file_not_found")
        file.complete = True
        file.title = title or file.name
        return file

    def find(self, id: str) -> WorkspaceFile:
        """Return a complete file."""
        file = self.files.get(id)
        if file is None or not file.complete:
            raise SlackRefusal("file_not_found")
        return file

    def public_view(self, file: WorkspaceFile, *, shares: bool = False) -> Json:
        """A file as Slack shows it (https://docs.slack.dev/reference/objects/file-object)."""
        suffix = file.name.rsplit(".", 1)[-1].lower() if "." in file.name else "binary"
        where = f"{self._prefix}/files-pri/{self._team}-{file.id}"
        view: Json = {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "mimetype": file.mimetype,
            "filetype": suffix,
            "pretty_type": suffix.upper(),
            "user": file.user,
            "user_team": self._team,
            "editable": False,
            "size": file.length,
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": bool(file.shares.get("public")),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{where}/{file.name}",
            "url_private_download": f"{where}/download/{file.name}",
            "permalink": f"{self._prefix}/files/{file.user}/{file.id}/{file.name}",
            "file_access": "visible",
        }
        if shares:
            view["shares"] = file.shares
            view |= {
                "channels": [*file.shares.get("public", ())],
                "groups": [*file.shares.get("private", ())],
                "ims": [id for id in file.shares.get("private", ()) if id.startswith("D")],
            }
        return view

    def share(self, file: WorkspaceFile, channel: str, *, private: bool, ts: str, thread_ts: str | None) -> None:
        """Note the message that shares a file."""
        place = file.shares.setdefault("private" if private else "public", {}).setdefault(channel, [])
        place.append({"ts": ts, **({"thread_ts": thread_ts} if thread_ts else {})})

    def _forget(self) -> None:
        while sum(len(each.content or b"") for each in self.files.values()) > MAX_BYTES and len(self.files) > 1:
            self.files.popitem(last=False)
