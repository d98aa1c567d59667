"""A message as Slack shows it: to readers, in events, and as the root of a thread. Pure."""

from sandbox.json_object import Json
from sandbox.slack.channel import WorkspaceChannel


def public_message(message: Json, *, metadata: bool = False) -> Json:
    """A message as Slack shows it; the metadata only on request. One under another name than the app's has no user."""
    hidden = {"channel"} if metadata else {"channel", "metadata"}
    if message.get("subtype") == "bot_message":
        hidden |= {"user"}
    return {name: value for name, value in message.items() if name not in hidden}


def changed_event(message: Json, before: Json, moment: str) -> Json:
    """The event of an edit (https://docs.slack.dev/reference/events/message/message_changed)."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": public_message(message),
        "previous_message": public_message(before),
        "ts": moment,
        "event_ts": moment,
    }


def count_reply(root: Json, user: str, ts: str) -> None:
    """Count one more reply at a thread's root."""
    repliers = [*root.get("reply_users", ()), *([] if user in root.get("reply_users", ()) else [user])]
    root |= {
        "thread_ts": root["ts"],
        "reply_count": root.get("reply_count", 0) + 1,
        "reply_users": repliers,
        "reply_users_count": len(repliers),
        "latest_reply": ts,
    }


def forget_reply(channel: WorkspaceChannel, reply: Json) -> None:
    """Count one reply less at its thread's root, if the message was a reply."""
    root = channel.messages.get(reply.get("thread_ts", ""))
    if root is None:
        return
    root["reply_count"] -= 1
    if not root["reply_count"]:
        for name in [each for each in root if each.startswith(("reply", "latest", "thread"))]:
            del root[name]
