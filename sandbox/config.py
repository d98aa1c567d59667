"""What the sandbox is told about the world it stands in for."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """A member of the workspace."""

    id: str
    name: str
    deactivated: bool = False


@dataclass(frozen=True)
class ChannelSpec:
    """A channel of the workspace; `joined` says whether the bot is a member."""

    id: str
    name: str
    private: bool = False
    joined: bool = True


@dataclass(frozen=True)
class Sandbox:
    """Where Clerk is, the secrets both sides share, and who and what there is.

    `gateway_url` is where webhooks are sent, `public_url` what Twilio signs, `base_url` where this sandbox is reached;
    `lines` are the account's numbers, each with the channel that it is meant for.
    """

    gateway_url: str
    public_url: str
    base_url: str
    slack_bot_token: str = field(repr=False)
    slack_signing_secret: str = field(repr=False)
    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    lines: Mapping[str, str] = field(default_factory=lambda: {"+15550001111": "C0TEXTS"})
    people: tuple[Person, ...] = (
        Person("U0ADA", "ada"),
        Person("U0BEN", "ben"),
        Person("U0CLEO", "cleo"),
        Person("U0GONE", "gone", deactivated=True),
    )
    channels: tuple[ChannelSpec, ...] = (
        ChannelSpec("C0TEXTS", "texts"),
        ChannelSpec("C0GENERAL", "general"),
        ChannelSpec("C0ESCALATE", "escalations"),
        ChannelSpec("C0SECRET", "secret", private=True, joined=False),
    )

    def all_channels(self) -> tuple[ChannelSpec, ...]:
        """The channels, and those of lines that are not among them."""
        known = {channel.id for channel in self.channels}
        return (*self.channels, *(ChannelSpec(id, id.lower()) for id in set(self.lines.values()) - known))
