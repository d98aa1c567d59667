"""How the sandbox is configured: where Clerk is, the secrets, the people, the channels, the lines. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TEAM: Final = "T0SANDBOX"
APP: Final = "A0CLERK"
BOT: Final = "U0CLERK"
BOT_ID: Final = "B0CLERK"
OTHER_BOT: Final = "U0OTHERBOT"
OTHER_BOT_ID: Final = "B0OTHER"
SLACKBOT: Final = "USLACKBOT"

SCOPES: Final = (
    "chat:write",
    "chat:write.public",
    "chat:write.customize",
    "commands",
    "users:read",
    "channels:read",
    "groups:read",
    "channels:history",
    "groups:history",
    "im:history",
    "files:read",
    "files:write",
    "reactions:write",
    "im:write",
)
EVENTS: Final = (
    "message.channels",
    "message.groups",
    "app_uninstalled",
    "tokens_revoked",
    "channel_archive",
    "channel_unarchive",
    "channel_id_changed",
    "user_change",
    "app_home_opened",
    "channel_rename",
    "member_joined_channel",
)


CONTACTS: Final = {
    "+15557770001": "Maya Okafor",
    "+15557770002": "Tom Lindqvist",
    "+15557770003": "Rosa Quispe",
}
"""The contacts in the address book at first, by their numbers."""


@dataclass(frozen=True)
class Person:
    """A member of the workspace; `name` is the account's name, `display_name` the one that others see.

    `zone` is the time zone of their account, an IANA name. An `admin` may change the workspace.
    """

    id: str
    name: str
    deactivated: bool = False
    display_name: str = ""
    real_name: str = ""
    zone: str = "America/New_York"
    admin: bool = False

    @property
    def shown(self) -> str:
        """The name that the others see."""
        return self.display_name or self.real_name or self.name


@dataclass(frozen=True)
class ConfiguredChannel:
    """A channel of the workspace. `joined`: the bot is a member; `members`: the people in it (None: everyone)."""

    id: str
    name: str
    private: bool = False
    joined: bool = True
    members: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SandboxConfig:
    """Where Clerk is, the secrets that both sides share, and who is in the workspace.

    Webhooks go to `gateway_url`; Twilio signs URLs below `public_url`; `base_url` reaches this sandbox. `lines` maps
    each number of the account to its channel; those in `service` are a Messaging Service's, which with
    `advanced_opt_out` says with each text what it asks. `scopes` are the scopes of the bot token and `events` the app's
    subscriptions, as in Slack's app settings, where `home_tab` enables the Home tab. `echo` also sends the app the
    events of its own messages. Times are in seconds: `event_retries` are the waits before Slack's three retries (the
    real Slack waits 0, 60 and 300), `statuses` the waits before a text is sending, sent and delivered. `twilio_retries`
    is the `rc` of a number's webhook URL.
    """

    gateway_url: str
    public_url: str
    base_url: str
    slack_bot_token: str = field(repr=False)
    slack_signing_secret: str = field(repr=False)
    twilio_account_sid: str
    twilio_auth_token: str = field(repr=False)
    lines: Mapping[str, str] = field(default_factory=lambda: {"+15550001111": "C0TEXTS"})
    service: tuple[str, ...] = ()
    advanced_opt_out: bool = False
    people: tuple[Person, ...] = (
        Person("U0ADA", "ada", display_name="Ada", real_name="Ada Lane", admin=True),
        Person("U0BEN", "ben", display_name="Ben", real_name="Ben Okoye"),
        Person("U0CLEO", "cleo", display_name="Cleo", real_name="Cleo Marin"),
        Person("U0GONE", "gone", deactivated=True, real_name="Gil Gone"),
    )
    channels: tuple[ConfiguredChannel, ...] = (
        ConfiguredChannel("C0TEXTS", "texts"),
        ConfiguredChannel("C0GENERAL", "general"),
        ConfiguredChannel("C0ESCALATE", "escalations"),
        ConfiguredChannel("C0SECRET", "secret", private=True, joined=False),
    )
    scopes: tuple[str, ...] = SCOPES
    events: tuple[str, ...] = EVENTS
    home_tab: bool = True
    echo: bool = False
    slack_timeout: float = 3.0
    event_retries: tuple[float, ...] = (0.0, 0.2, 0.5)
    twilio_timeout: float = 15.0
    twilio_retries: int = 5
    statuses: tuple[float, float, float] = (0.02, 0.05, 0.2)

    @property
    def here(self) -> str:
        """The URL below which this sandbox serves its routes."""
        return f"{self.base_url.rstrip('/')}/sandbox"

    def all_channels(self) -> tuple[ConfiguredChannel, ...]:
        """The configured channels, and those that only a line names."""
        known = {channel.id for channel in self.channels}
        return (*self.channels, *(ConfiguredChannel(id, id.lower()) for id in sorted(set(self.lines.values()) - known)))
