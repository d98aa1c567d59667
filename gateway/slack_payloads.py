"""The parts of Slack's payloads that Clerk reads. Pure.

Slack adds fields unannounced, and says null for what is not there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import from_json

from gateway.webhook import Rejected
from messages.forms import InputState


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, found: Any) -> Any:
        return {name: value for name, value in found.items() if value is not None} if isinstance(found, dict) else found


class Kind(_Payload):
    """What an interaction is."""

    type: str = ""


class EventKind(Kind):
    """What an event is, and whose."""

    subtype: str | None = None
    bot_id: str | None = None


class Envelope(Kind):
    """What surrounds an event (https://docs.slack.dev/apis/events-api)."""

    challenge: str = ""
    event_id: str = ""
    event: EventKind | None = None


class File(_Payload):
    """A file of a message (https://docs.slack.dev/reference/objects/file-object)."""

    id: str
    name: str = ""
    mimetype: str = ""
    url_private: str = ""
    size: int = 0


class Message(_Payload):
    """A message event (https://docs.slack.dev/reference/events/message)."""

    channel: str
    ts: str
    thread_ts: str | None = None
    user: str | None = None
    text: str = ""
    files: Sequence[File] = ()


class WithMessage(_Payload):
    """An envelope whose event is a message."""

    event: Message


class _Edited(_Payload):
    user: str = ""
    ts: str = ""


class Written(_Payload):
    """A message as the event of its change tells of it; `edited` is its last edit."""

    ts: str = ""
    thread_ts: str | None = None
    user: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    edited: _Edited | None = None


class Change(_Payload):
    """A message that is different now, or gone, which has no `message`.

    https://docs.slack.dev/reference/events/message/message_changed and /message_deleted
    """

    channel: str = ""
    message: Written | None = None
    previous_message: Written | None = None


class WithChange(_Payload):
    """An envelope whose event is a change of a message."""

    event: Change


class _Id(_Payload):
    id: str


class _Container(_Payload):
    message_ts: str = ""
    channel_id: str = ""


class _Option(_Payload):
    value: str = ""


class Action(_Payload):
    """An element that was used."""

    action_id: str
    value: str = ""
    selected_option: _Option | None = None


class BlockActions(_Payload):
    """A click (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload)."""

    user: _Id
    trigger_id: str = ""
    response_url: str | None = None
    container: _Container = _Container()
    channel: _Id | None = None
    actions: Sequence[Action]


class _State(_Payload):
    values: Mapping[str, Mapping[str, InputState]] = {}


class _View(_Payload):
    id: str = ""
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = _State()


class ViewSubmission(_Payload):
    """A submitted modal (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload)."""

    user: _Id
    view: _View


def json_object(text: str | bytes) -> Mapping[str, Any]:
    """The object that a JSON text holds; Rejected if it is none, or holds what neither BSON nor UTF-8 can."""
    try:
        found = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise Rejected(400, "the body is no JSON") from None
    if not isinstance(found, dict):
        raise Rejected(400, "the body is no JSON object")
    return found


def parsed[P: BaseModel](kind: type[P], payload: Mapping[str, Any]) -> P:
    """A payload as what it should be; Rejected, naming the field, if it is not."""
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"] if isinstance(part, str))
        raise Rejected(400, f"the payload's {where[:100]} is not what Slack documents") from None
