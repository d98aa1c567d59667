"""A channel of the workspace, with its members and messages. Pure."""

from dataclasses import dataclass, field

from sandbox.json_object import Json


@dataclass
class WorkspaceChannel:
    """A channel or direct message; `messages` are by ts."""

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
        """The kind of channel as Slack's scopes name it: channels, groups or im."""
        return "im" if self.person else "groups" if self.private else "channels"

    @property
    def channel_type(self) -> str:
        """The kind of channel as Slack's events name it."""
        return {"im": "im", "groups": "group", "channels": "channel"}[self.kind]

    def public_view(self) -> Json:
        """The channel as conversations.info shows it."""
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
