"""The parts of Slack's payloads that Clerk reads. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from gateway.webhook import Rejected
from messages.formats.thread_replies import MessageOrigin, SlackPayload, ThreadReply
from messages.orders.forms import InputState


class TypedPayload(SlackPayload):
    """A payload's type."""

    type: str = ""


class EventHeader(TypedPayload):
    """An event's type and author."""

    subtype: str | None = None
    bot_id: str | None = None


class EventEnvelope(TypedPayload):
    """The envelope of an event (https://docs.slack.dev/apis/events-api)."""

    challenge: str = ""
    event_id: str = ""
    event: EventHeader | None = None


class MessageEvent(ThreadReply):
    """A message event (https://docs.slack.dev/reference/events/message)."""

    channel: str


class MessageEventEnvelope(SlackPayload):
    """An envelope whose event is a message."""

    event: MessageEvent


class MessageChangeEvent(SlackPayload):
    """A message that was changed or deleted (then without `message`); its `edited` is the last edit.

    https://docs.slack.dev/reference/events/message/message_changed and /message_deleted
    """

    channel: str = ""
    message: MessageOrigin | None = None
    previous_message: MessageOrigin | None = None


class MessageChangeEnvelope(SlackPayload):
    """An envelope whose event is a change of a message."""

    event: MessageChangeEvent


class _Id(SlackPayload):
    id: str


class _Container(SlackPayload):
    message_ts: str = ""
    channel_id: str = ""


class _Option(SlackPayload):
    value: str = ""


class Action(SlackPayload):
    """An element that a person used."""

    action_id: str
    value: str = ""
    selected_option: _Option | None = None


class BlockActions(SlackPayload):
    """A click (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload)."""

    user: _Id
    trigger_id: str = ""
    response_url: str | None = None
    container: _Container = _Container()
    channel: _Id | None = None
    actions: Sequence[Action]


class _State(SlackPayload):
    values: Mapping[str, Mapping[str, InputState]] = {}


class _View(SlackPayload):
    id: str = ""
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = _State()


class ViewSubmission(SlackPayload):
    """A submitted modal (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload)."""

    user: _Id
    view: _View


def json_object(text: str | bytes) -> Mapping[str, Any]:
    """The object in a JSON text; Rejected if there is none, or BSON or UTF-8 can't represent it."""
    try:
        found = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise Rejected(400, "the body is not JSON") from None
    if not isinstance(found, dict):
        raise Rejected(400, "the body is not a JSON object")
    return found


def parsed[P: BaseModel](kind: type[P], payload: Mapping[str, Any]) -> P:
    """A payload parsed as a model; Rejected with the name of the first wrong field."""
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"] if isinstance(part, str))
        raise Rejected(400, f"the payload's {where[:100]} is not what Slack documents") from None
