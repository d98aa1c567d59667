"""What the stand-ins hold, in a form that outlives their process; bytes are told apart, by the id of what they are."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter

from sandbox.json_object import Json
from sandbox.slack.channel import WorkspaceChannel
from sandbox.slack.file_store import WorkspaceFile
from sandbox.standins import StandIns
from sandbox.twilio.carrier import PendingDelivery
from sandbox.twilio.text_store import StoredMedia


@dataclass
class StandInsSnapshot:
    """Both stand-ins at one moment; `media` is by sid the content type of a text's picture or file.

    Not in it is what a person finds gone after a while anyway: modals, triggers, response URLs, faults on order.
    """

    format: Literal[1]
    last_ts: int
    channels: list[WorkspaceChannel]
    ephemerals: list[Json]
    files: list[WorkspaceFile]
    texts: dict[str, Json]
    media: dict[str, str]
    opted_out: list[tuple[str, str]]
    under_way: dict[str, PendingDelivery]


_SNAPSHOT: Final = TypeAdapter(StandInsSnapshot)


def take(standins: StandIns) -> tuple[bytes, Mapping[str, bytes]]:
    """The stand-ins' state as JSON, and the bytes of files and pictures."""
    workspace, twilio = standins.workspace, standins.twilio
    files = workspace.files.files.values()
    snapshot = StandInsSnapshot(
        format=1,
        last_ts=workspace.last_ts,
        channels=[*workspace.channels.values()],
        ephemerals=workspace.ephemerals,
        files=[*files],
        texts=twilio.texts,
        media={each.sid: each.content_type for each in twilio.media.values()},
        opted_out=sorted(twilio.opted_out),
        under_way=twilio.carrier.under_way,
    )
    contents = {each.id: each.content for each in files if each.content is not None}
    contents |= {each.sid: each.content for each in twilio.media.values()}
    return _SNAPSHOT.dump_json(snapshot, exclude={"files": {"__all__": {"content"}}}), contents


def read(state: bytes) -> StandInsSnapshot:
    """The snapshot that was taken; ValidationError if it is none."""
    return _SNAPSHOT.validate_json(state)


def put_back(snapshot: StandInsSnapshot, contents: Mapping[str, bytes], standins: StandIns) -> None:
    """Have new stand-ins hold what others held; channels that only these know stay."""
    workspace, twilio = standins.workspace, standins.twilio
    workspace.last_ts = snapshot.last_ts
    workspace.channels |= {each.id: each for each in snapshot.channels}
    workspace.ephemerals[:] = snapshot.ephemerals
    for file in snapshot.files:
        file.content = contents.get(file.id)
        workspace.files.files[file.id] = file
        workspace.files.numbers = itertools.count(int(file.id[1:]) + 1)
    twilio.texts.update(snapshot.texts)
    twilio.media.update(
        {sid: StoredMedia(sid, kind, contents[sid]) for sid, kind in snapshot.media.items() if sid in contents}
    )
    twilio.opted_out.update(snapshot.opted_out)
    twilio.carrier.under_way.update(snapshot.under_way)
