"""A channel, what stands in it, and how Slack tells of that."""

from dataclasses import dataclass, field

from sandbox.json_object import Json


@dataclass
class Channel:
    """A channel or direct message and what stands in it, by ts."""

    id: str
    name: str
    private: bool = False
    joined: bool = True
    archived: bool = False
    person: str | None = None
    messages: dict[str, Json] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        """What Slack calls this kind of channel in its scopes: channels, groups or im."""
        return "im" if self.person else "groups" if self.private else "channels"

    @property
    def channel_type(self) -> str:
        """What an event calls this kind of channel."""
        return {"im": "im", "groups": "group", "channels": "channel"}[self.kind]

    def described(self) -> Json:
        """The channel as conversations.info tells it."""
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "channels",
            "is_group": self.kind == "groups",
            "is_im": self.kind == "im",
            "is_mpim": False,
            "is_private": self.private,
            "is_archived": self.archived,
            "is_member": self.joined,
            "num_members": len(self.members) + self.joined,
            **({"user": self.person} if self.person else {}),
        }


def told(message: Json, *, metadata: bool = False) -> Json:
    """A message as Slack tells of it, without the metadata unless that was asked for."""
    hidden = {"channel"} if metadata else {"channel", "metadata"}
    return {name: value for name, value in message.items() if name not in hidden}


def changed(message: Json, before: Json, moment: str) -> Json:
    """The event that tells of an edit (https://docs.slack.dev/reference/events/message/message_changed)."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": told(message),
        "previous_message": told(before),
        "ts": moment,
        "event_ts": moment,
    }


def count_reply(root: Json, user: str, ts: str) -> None:
    """Note at a thread's root that it has one more reply."""
    repliers = [*root.get("reply_users", ()), *([] if user in root.get("reply_users", ()) else [user])]
    root |= {
        "thread_ts": root["ts"],
        "reply_count": root.get("reply_count", 0) + 1,
        "reply_users": repliers,
        "reply_users_count": len(repliers),
        "latest_reply": ts,
    }


def uncount_reply(channel: Channel, reply: Json) -> None:
    """Note at a thread's root, if it is one's, that a reply is gone."""
    root = channel.messages.get(reply.get("thread_ts", ""))
    if root is None:
        return
    root["reply_count"] -= 1
    if not root["reply_count"]:
        for name in [each for each in root if each.startswith(("reply", "latest", "thread"))]:
            del root[name]
