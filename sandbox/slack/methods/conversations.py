"""conversations.*, users.*, team.info and auth.test (https://docs.slack.dev/reference/methods)."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.config import BOT, BOT_ID, SLACKBOT, TEAM, Person
from sandbox.json_object import Json
from sandbox.slack.channel import WorkspaceChannel
from sandbox.slack.message_shapes import public_message
from sandbox.slack.methods.arguments import Arguments
from sandbox.slack.methods.table import WebApiMethod
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.workspace import Workspace

READ: Final = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY: Final = ("channels:history", "groups:history", "im:history", "mpim:history")
_TYPES: Final = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


class ConversationMethods:
    """Channels, their members and history, people, and the bot's identity."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def table(self) -> Mapping[str, WebApiMethod]:
        """The methods by name."""
        return {
            "api.test": WebApiMethod(lambda arguments: {"args": arguments.given}),
            "auth.test": WebApiMethod(self._auth_test),
            "team.info": WebApiMethod(self._team, ("team:read",), takes_json=False),
            "conversations.history": WebApiMethod(self._history, HISTORY, takes_json=False),
            "conversations.replies": WebApiMethod(self._replies, HISTORY, takes_json=False),
            "conversations.info": WebApiMethod(self._info, READ, takes_json=False),
            "conversations.list": WebApiMethod(self._list, READ, takes_json=False),
            "conversations.members": WebApiMethod(self._members, READ, takes_json=False),
            "conversations.join": WebApiMethod(self._join, ("channels:join",)),
            "conversations.open": WebApiMethod(self._open, ("im:write", "mpim:write")),
            "users.info": WebApiMethod(self._user, ("users:read",), takes_json=False),
            "users.list": WebApiMethod(self._users, ("users:read",), takes_json=False),
            "users.conversations": WebApiMethod(self._joined, READ, takes_json=False),
        }

    # -- history ----------------------------------------------------------------------------------------------------

    def _history(self, arguments: Arguments) -> Json:
        channel = self._workspace.readable_channel(arguments.required("channel"))
        found = [each for each in channel.messages.values() if _is_top(each)]
        return _messages(sorted(found, key=_by_ts, reverse=True), arguments, maximum=999, default=100)

    def _replies(self, arguments: Arguments) -> Json:
        channel = self._workspace.readable_channel(arguments.required("channel"))
        message = channel.messages.get(arguments.required("ts"))
        if message is None:
            raise SlackRefusal("thread_not_found")
        root = message.get("thread_ts", message["ts"])
        replies = [each for each in channel.messages.values() if each.get("thread_ts") == root != each["ts"]]
        page = _messages(sorted(replies, key=_by_ts), arguments, maximum=1000, default=1000)
        first = [channel.messages[root]] if root in channel.messages else []
        page["messages"] = [
            *(public_message(each, metadata=_wants_metadata(arguments)) for each in first),
            *page["messages"],
        ]
        return page

    # -- channels ---------------------------------------------------------------------------------------------------

    def _info(self, arguments: Arguments) -> Json:
        channel = self._workspace.visible_channel(arguments.required("channel"))
        self._workspace.require(f"{channel.kind}:read")
        return {"channel": channel.public_view()}

    def _seen(self, arguments: Arguments) -> list[WorkspaceChannel]:
        kinds = []
        for name in arguments.text("types", "public_channel").split(","):
            if name not in _TYPES:
                raise SlackRefusal("invalid_types")
            self._workspace.require(f"{_TYPES[name]}:read")
            kinds.append(_TYPES[name])
        hidden = arguments.flag("exclude_archived")
        return [
            each
            for each in self._workspace.channels.values()
            if each.kind in kinds and (each.joined or not each.private) and not (hidden and each.archived)
        ]

    def _list(self, arguments: Arguments) -> Json:
        return _page(
            "channels", [each.public_view() for each in self._seen(arguments)], arguments, maximum=999, default=100
        )

    def _joined(self, arguments: Arguments) -> Json:
        user = arguments.text("user", BOT)
        found = [each for each in self._seen(arguments) if (each.joined if user == BOT else user in each.members)]
        return _page("channels", [each.public_view() for each in found], arguments, maximum=999, default=100)

    def _members(self, arguments: Arguments) -> Json:
        channel = self._workspace.visible_channel(arguments.required("channel"))
        self._workspace.require(f"{channel.kind}:read")
        members = [*sorted(channel.members), *([BOT] if channel.joined else [])]
        return _page("members", members, arguments, maximum=1000, default=100)

    def _join(self, arguments: Arguments) -> Json:
        channel = self._workspace.channels.get(arguments.required("channel"))
        if channel is None:
            raise SlackRefusal("channel_not_found")
        if channel.kind != "channels":
            raise SlackRefusal("method_not_supported_for_channel_type")
        if channel.archived:
            raise SlackRefusal("is_archived")
        warned = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
        answer = warned if channel.joined else {}
        channel.joined = True
        return {"channel": channel.public_view(), **answer}

    def _open(self, arguments: Arguments) -> Json:
        users = [each for each in arguments.text("users").split(",") if each]
        if not users and arguments.text("channel"):
            return {"channel": {"id": self._workspace.visible_channel(arguments.text("channel")).id}}
        if not users:
            raise SlackRefusal("users_list_not_supplied")
        if len(users) > 1:
            raise SlackRefusal("method_not_supported_for_channel_type")
        self._workspace.require("im:write")
        if users[0] not in self._workspace.people and users[0] not in {BOT, SLACKBOT}:
            raise SlackRefusal("user_not_found")
        existed = f"D{users[0][1:]}" in self._workspace.channels
        channel = self._workspace.direct_message(users[0])
        shown = channel.public_view() if arguments.flag("return_im") else {"id": channel.id}
        already = {"no_op": True, "already_open": True} if existed else {}
        return {"channel": shown, **already}

    # -- people -----------------------------------------------------------------------------------------------------

    def _user(self, arguments: Arguments) -> Json:
        found = next((each for each in self._everyone() if each["id"] == arguments.required("user")), None)
        if found is None:
            raise SlackRefusal("user_not_found")
        return {"user": found}

    def _users(self, arguments: Arguments) -> Json:
        return _page("members", self._everyone(), arguments, maximum=1000, default=1000)

    def _everyone(self) -> list[Json]:
        bot = Person(BOT, "clerk", display_name="Clerk", real_name="Clerk")
        slackbot = Person(SLACKBOT, "slackbot", display_name="Slackbot", real_name="Slackbot")
        people = [_public_user(each) for each in self._workspace.people.values()]
        return [*people, {**_public_user(bot), "is_bot": True}, {**_public_user(slackbot), "is_bot": False}]

    def _auth_test(self, _: Arguments) -> Json:
        return {
            "url": f"{self._workspace.config.here}/",
            "team": "Sandbox",
            "user": "clerk",
            "team_id": TEAM,
            "user_id": BOT,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _team(self, _: Arguments) -> Json:
        return {"team": {"id": TEAM, "name": "Sandbox", "domain": "sandbox", "email_domain": "", "icon": {}}}


def _public_user(person: Person) -> Json:
    """A user (https://docs.slack.dev/reference/objects/user-object)."""
    return {
        "id": person.id,
        "team_id": TEAM,
        "name": person.name,
        "deleted": person.deactivated,
        "real_name": person.real_name or person.name,
        "tz": person.zone,
        "is_admin": person.admin,
        "is_owner": False,
        "profile": {
            "display_name": person.display_name,
            "display_name_normalized": person.display_name,
            "real_name": person.real_name or person.name,
            "real_name_normalized": person.real_name or person.name,
            "team": TEAM,
        },
        "is_bot": False,
        "is_app_user": False,
    }


def _by_ts(message: Json) -> str:
    return str(message["ts"])


def _is_top(message: Json) -> bool:
    """Whether a message is in the channel itself, not only in a thread."""
    return message.get("thread_ts", message["ts"]) == message["ts"] or message.get("subtype") == "thread_broadcast"


def _wants_metadata(arguments: Arguments) -> bool:
    return arguments.flag("include_all_metadata")


def _messages(found: Sequence[Json], arguments: Arguments, *, maximum: int, default: int) -> Json:
    """A page of the messages between `oldest` and `latest`; `inclusive` includes these two."""
    oldest, latest = _moment(arguments, "oldest", "0"), _moment(arguments, "latest", "9999999999")
    inclusive = arguments.flag("inclusive")
    within = [
        each
        for each in found
        if oldest < float(each["ts"]) < latest or (inclusive and float(each["ts"]) in {oldest, latest})
    ]
    shown = [public_message(each, metadata=_wants_metadata(arguments)) for each in within]
    page = _page("messages", shown, arguments, maximum=maximum, default=default)
    return {**page, "has_more": bool(page["response_metadata"]["next_cursor"]), "pin_count": 0}


def _moment(arguments: Arguments, name: str, default: str) -> float:
    try:
        return float(arguments.text(name, default))
    except ValueError:
        raise SlackRefusal(f"invalid_ts_{name}") from None


def _page(name: str, found: Sequence[Any], arguments: Arguments, *, maximum: int, default: int) -> Json:
    """A page of a collection (https://docs.slack.dev/apis/web-api/pagination)."""
    limit = arguments.integer("limit", default) or default
    if not 1 <= limit <= maximum:
        raise SlackRefusal("invalid_limit")
    start = _position(arguments.text("cursor"))
    more = start + limit < len(found)
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
    return {name: list(found[start : start + limit]), "response_metadata": {"next_cursor": cursor}}


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        found = re.fullmatch(r"next:([0-9]{1,9})", base64.b64decode(cursor, validate=True).decode())
    except ValueError:
        raise SlackRefusal("invalid_cursor") from None
    if found is None:
        raise SlackRefusal("invalid_cursor")
    return int(found[1])
