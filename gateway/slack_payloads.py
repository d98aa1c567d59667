"""The parts of Slack's payloads that Clerk reads. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Never

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from gateway.webhook import HomeOf, Rejected, Unusable
from messages.formats.thread_replies import MessageOrigin, SlackPayload, ThreadReply
from messages.notification import HOME
from messages.orders.submission import InputState


class TypedPayload(SlackPayload):
    """A payload's type."""

    type: str = ""


class EventHeader(TypedPayload):
    """An event's type and author."""

    subtype: str | None = None
    bot_id: str | None = None


class Authorization(SlackPayload):
    """An installation of the app that may see an event (https://docs.slack.dev/apis/events-api#authorizations)."""

    team_id: str = ""
    enterprise_id: str = ""
    user_id: str = ""
    is_bot: bool = False


class EventEnvelope(TypedPayload):
    """The envelope of an event (https://docs.slack.dev/apis/events-api)."""

    challenge: str = ""
    event_id: str = ""
    event: EventHeader | None = None
    authorizations: Sequence[Authorization] = ()

    @property
    def home(self) -> tuple[str, ...]:
        """The ids of the workspace and organisation for which the app got the event."""
        found = (id for each in self.authorizations for id in (each.team_id, each.enterprise_id))
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def bots(self) -> frozenset[str]:
        """The users that the app is."""
        return frozenset(each.user_id for each in self.authorizations if each.is_bot)


class MessageEvent(ThreadReply):
    """A message event (https://docs.slack.dev/reference/events/message)."""

    channel: str


class MessageEventEnvelope(SlackPayload):
    """An envelope whose event is a message."""

    event: MessageEvent


class ChannelIdChangedEvent(SlackPayload):
    """A channel has another id (https://docs.slack.dev/reference/events/channel_id_changed)."""

    old_channel_id: str
    new_channel_id: str


class ChannelIdChangedEnvelope(SlackPayload):
    """An envelope whose event is the change of a channel's id."""

    event: ChannelIdChangedEvent


class UserAccount(SlackPayload):
    """A user's account; a `deleted` one is deactivated (https://docs.slack.dev/reference/objects/user-object)."""

    id: str
    deleted: bool = False
    is_bot: bool = False


class UserChangeEvent(SlackPayload):
    """A user's account has changed (https://docs.slack.dev/reference/events/user_change)."""

    user: UserAccount
    event_ts: str = ""


class UserChangeEnvelope(SlackPayload):
    """An envelope whose event is the change of an account."""

    event: UserChangeEvent


class HomeView(SlackPayload):
    """The view that a person's Home shows."""

    hash: str = ""


class HomeOpenedEvent(SlackPayload):
    """A person opened a tab of the app; `view` is what its Home showed, if anything was published
    (https://docs.slack.dev/reference/events/app_home_opened).
    """

    user: str
    tab: str = ""
    view: HomeView = HomeView()


class HomeOpenedEnvelope(SlackPayload):
    """An envelope whose event is the opening of a tab."""

    event: HomeOpenedEvent


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


class EditedMessageEvent(SlackPayload):
    """A message that was edited, as it reads now."""

    message: ThreadReply


class EditedMessageEnvelope(SlackPayload):
    """An envelope whose event is the edit of a message."""

    event: EditedMessageEvent


class _Id(SlackPayload):
    id: str


class _Clicker(_Id):
    team_id: str = ""


class _Workspace(SlackPayload):
    id: str = ""
    enterprise_id: str = ""


class _ClickedMessage(SlackPayload):
    team: str = ""


class _Container(SlackPayload):
    message_ts: str = ""
    channel_id: str = ""


class _Option(SlackPayload):
    value: str = ""


class Action(SlackPayload):
    """An element that a person used, at `action_ts`."""

    action_id: str
    value: str = ""
    selected_option: _Option | None = None
    action_ts: str = ""


class _ClickedView(SlackPayload):
    type: str = ""
    hash: str = ""


class BlockActions(SlackPayload):
    """A click (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload)."""

    user: _Clicker
    team: _Workspace = _Workspace()
    message: _ClickedMessage = _ClickedMessage()
    trigger_id: str = ""
    response_url: str | None = None
    container: _Container = _Container()
    channel: _Id | None = None
    view: _ClickedView | None = None
    actions: Sequence[Action]

    @property
    def place(self) -> str:
        """The channel of the message whose element was used, `HOME` for one in the app's Home; blank for a modal's."""
        if self.view is not None and self.view.type == "home":
            return HOME
        return self.container.channel_id or (self.channel.id if self.channel else "")

    @property
    def home(self) -> HomeOf | None:
        """The Home in which an element was used, if it is one."""
        return HomeOf(self.user.id, self.view.hash) if self.view is not None and self.view.type == "home" else None

    @property
    def may_be_foreign(self) -> bool:
        """Whether the person may be of another organisation: their workspace is not that of the app or its message.

        In a shared channel, `user.team_id` is the person's workspace, and `team` the one whose app posted the message
        (https://github.com/slackapi/java-slack-sdk/issues/1041).
        """
        ours = {self.team.id, self.message.team} - {""}
        return bool(self.user.team_id) and bool(ours) and ours != {self.user.team_id}

    def order(self, action: Action) -> str | None:
        """The identity of what an action orders; None if Slack gives nothing that tells it from others.

        An interaction has no event_id. A trigger serves one interaction, which may use several elements
        (https://docs.slack.dev/interactivity/handling-user-interaction).
        """
        if not self.trigger_id and not action.action_ts:
            return None
        return "/".join(("click", self.trigger_id or self.user.id, action.action_id, action.action_ts))


class _State(SlackPayload):
    values: Mapping[str, Mapping[str, InputState]] = {}


class _View(SlackPayload):
    id: str = ""
    hash: str = ""
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = _State()


class ViewSubmission(SlackPayload):
    """A submitted modal (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload)."""

    user: _Clicker
    view: _View

    @property
    def order(self) -> str | None:
        """The identity of what the modal orders: Slack gives a view that changes a new hash, and a repeat the same."""
        return f"view/{self.view.id}/{self.view.hash}" if self.view.id else None


def json_object(text: str | bytes) -> Mapping[str, Any]:
    """The object in a JSON text; Rejected if it is no JSON, Unusable if it is no object, or has half a character."""
    try:
        found = from_json(text, allow_inf_nan=False)
    except ValueError:
        _check_json(text)
        found = None
    if not isinstance(found, dict):
        raise Unusable("the body is not a JSON object that Clerk can read")
    return found


def _check_json(text: str | bytes) -> None:
    """Rejected unless a text is JSON after all, only deeper or with other characters than can be stored."""
    try:
        json.loads(text, parse_constant=_not_json, parse_int=str)
    except RecursionError:
        return
    except ValueError:
        raise Rejected(400, "the body is not JSON") from None


def _not_json(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")


def parsed[P: BaseModel](kind: type[P], payload: Mapping[str, Any]) -> P:
    """A payload parsed as a model; Unusable with the name of the first wrong field."""
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"] if isinstance(part, str))
        raise Unusable(f"the payload's {where[:100]} is not what Slack documents") from None
