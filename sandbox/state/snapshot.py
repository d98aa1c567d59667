"""The stand-ins' state as JSON; the bytes of files and pictures are kept apart, by id."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
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
    """Both stand-ins at one moment; `media` maps the sid of a text's picture or file to its content type.

    The sandbox's clock is `ahead` of the machine's by so many seconds. Modals, triggers, response URLs and ordered
    faults are left out: they are short-lived.
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
    contacts: dict[str, str] = field(default_factory=dict)
    ahead: float = 0.0


_SNAPSHOT: Final = TypeAdapter(StandInsSnapshot)


def take(standins: StandIns) -> tuple[bytes, Mapping[str, bytes]]:
    """Return the stand-ins' state as JSON, and the bytes of files and pictures by id."""
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
        opted_out=sorted(twilio.blocks.blocked),
        under_way=twilio.carrier.under_way,
        contacts=standins.address_book,
        ahead=standins.clock.ahead.total_seconds(),
    )
    contents = {each.id: each.content for each in files if each.content is not None}
    contents |= {each.sid: each.content for each in twilio.media.values()}
    return _SNAPSHOT.dump_json(snapshot, exclude={"files": {"__all__": {"content"}}}), contents


def read(state: bytes) -> StandInsSnapshot:
    """Parse a snapshot; ValidationError if it is invalid."""
    return _SNAPSHOT.validate_json(state)


def put_back(snapshot: StandInsSnapshot, contents: Mapping[str, bytes], standins: StandIns) -> None:
    """Put a snapshot into new stand-ins; channels that the snapshot does not name stay."""
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
    twilio.blocks.blocked.update(snapshot.opted_out)
    twilio.carrier.under_way.update(snapshot.under_way)
    standins.address_book |= snapshot.contacts
    standins.clock.ahead = timedelta(seconds=snapshot.ahead)
