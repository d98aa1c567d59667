"""Every environment variable that Clerk reads, validated once at start."""

import re
import secrets
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import NoDecode

from messages.process.host_names import can_be_host
from messages.process.proxies import Proxies, proxy_url
from messages.process.server_urls import amqp_fault, is_port, mongo_fault
from messages.process.variables import Misconfigured, Variables, variable

__all__ = ["SANDBOX", "Misconfigured", "Settings", "refuse_sandbox_secrets", "variable"]

SANDBOX: Final = {
    "twilio_account_sid": "AC" + "5a" * 16,
    "twilio_auth_token": "sandbox-twilio-auth-token",
    "slack_bot_token": "xoxb-sandbox",
    "slack_signing_secret": "sandbox-slack-signing-secret",
}
"""The defaults of the secrets; they are public, so only the sandbox may use them."""

TWILIO_API: Final = "https://api.twilio.com"
SLACK_API: Final = "https://slack.com/api/"

_URL: Final = re.compile(
    r"https?://(\[(?P<v6>[^\s\[\]]+)\]|(?P<host>[^\s/?#@:\[\]]+))(:(?P<port>[^\s/?#@]*))?(/[!$->@-~]*)?"
)
_SHOWN: Final = 40
_NEAR: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
"""Where this machine reaches a server that listens at all its addresses."""

_LINE: Final = re.compile(r"(\+[1-9][0-9]{5,14})=([CG][A-Z0-9]{2,})")


class Settings(Variables):
    """The settings of a process; `Settings.load()` reads them from the environment."""

    amqp_url: SecretStr | None = None
    mongo_url: SecretStr | None = None
    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    public_url: str = ""
    twilio_account_sid: str = SANDBOX["twilio_account_sid"]
    twilio_auth_token: SecretStr = SecretStr(SANDBOX["twilio_auth_token"])
    twilio_api_url: str = TWILIO_API
    slack_bot_token: SecretStr = SecretStr(SANDBOX["slack_bot_token"])
    slack_signing_secret: SecretStr = SecretStr(SANDBOX["slack_signing_secret"])
    slack_api_url: str = SLACK_API
    lines: Annotated[dict[str, str], NoDecode] = {}
    debounce_seconds: float = Field(180.0, gt=0, le=86400)
    debounce_cap_seconds: float = Field(900.0, gt=0, le=86400)
    solved_for_hours: float = Field(96.0, ge=1, le=28 * 24)
    hold_seconds: float = Field(5.0, ge=0, le=30)
    clock_seconds: float = Field(15.0, gt=0, le=300)
    reconcile_seconds: float = Field(60.0, gt=0, le=3600)
    ops_token: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(24)))
    log_format: Literal["console", "json"] | None = None
    sandbox: bool = False
    http_proxy: SecretStr | None = Field(None, validation_alias="http_proxy")
    https_proxy: SecretStr | None = Field(None, validation_alias="https_proxy")
    no_proxy: str = Field("", validation_alias="no_proxy")

    @field_validator("lines", mode="before")
    @classmethod
    def _parse_lines(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        lines: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in value.split(","))):
            match = _LINE.fullmatch(part)
            if match is None:
                raise ValueError(f"{_shortened(part)!r} is not NUMBER=CHANNEL, such as +15550001111=C0123ABCD")
            if match[1] in lines:
                raise ValueError(f"{match[1]} is named twice")
            lines[match[1]] = match[2]
        return lines

    @field_validator("public_url", "twilio_api_url", "slack_api_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and not is_web_address(value):
            raise ValueError("must be a URL such as https://clerk.example.org, without user, query or fragment")
        return value

    @field_validator("amqp_url", "mongo_url")
    @classmethod
    def _check_server(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        check = amqp_fault if info.field_name == "amqp_url" else mongo_fault
        if value is not None and (fault := check(value.get_secret_value())) is not None:
            raise ValueError(fault)
        return value

    @field_validator("host")
    @classmethod
    def _check_host(cls, value: str) -> str:
        host = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        if not can_be_host(host) and not _is_v6(host):
            raise ValueError("must be a name or an address to listen at, such as 0.0.0.0 or ::, without a port")
        return host

    @field_validator("port", mode="before")
    @classmethod
    def _check_port(cls, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("tcp://"):
            raise ValueError(
                "must be a whole number, at least 1 and at most 65535. Kubernetes sets it for a service that is called "
                "clerk: set enableServiceLinks: false, or CLERK_PORT in the container"
            )
        return value

    @field_validator("twilio_account_sid")
    @classmethod
    def _check_sid(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9]+", value):
            raise ValueError("must be the account's SID, which has letters and digits only and begins with AC")
        return value

    @field_validator("slack_bot_token")
    @classmethod
    def _check_secret(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value().strip()
        if not re.fullmatch(r"[!-~]+", secret):
            raise ValueError("must have no spaces, line breaks, or characters that are not ASCII: copy it anew")
        return SecretStr(secret)

    @field_validator("twilio_auth_token", "slack_signing_secret", "ops_token")
    @classmethod
    def _check_line(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value().strip()
        if not token or not token.isprintable():
            raise ValueError("must be one line of characters that can be printed: copy it anew")
        return SecretStr(token)

    @field_validator("http_proxy", "https_proxy")
    @classmethod
    def _check_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(proxy_url(value.get_secret_value()))

    @model_validator(mode="after")
    def _check_cap(self) -> "Settings":
        if self.debounce_cap_seconds < self.debounce_seconds:
            raise ValueError("CLERK_DEBOUNCE_CAP_SECONDS must not be less than CLERK_DEBOUNCE_SECONDS")
        return self

    @property
    def url(self) -> str:
        """How the outside reaches the gateway, without a trailing slash: as this machine does, unless somebody says."""
        return (self.public_url or self.own_url).rstrip("/")

    @property
    def own_url(self) -> str:
        """How this machine reaches the gateway of this process, without a trailing slash."""
        return f"http://{_in_url(_NEAR.get(self.host, self.host))}:{self.port}"

    @property
    def keeps_files(self) -> bool:
        """Whether a `clerk run` keeps anything in CLERK_DATA_DIR."""
        return self.sandbox or self.mongo_url is None or self.amqp_url is None

    @property
    def window(self) -> timedelta:
        """How long a conversation must be quiet before its texts are announced."""
        return timedelta(seconds=self.debounce_seconds)

    @property
    def cap(self) -> timedelta:
        """How long a text may go unannounced in a conversation that is never quiet."""
        return timedelta(seconds=self.debounce_cap_seconds)

    @property
    def reconcile_every(self) -> timedelta:
        """How often Clerk asks the provider for texts that no webhook brought."""
        return timedelta(seconds=self.reconcile_seconds)

    @property
    def solved_for(self) -> timedelta:
        """How long a ticket stays Solved before it is Closed."""
        return timedelta(hours=self.solved_for_hours)

    @property
    def hold(self) -> timedelta:
        """How long a reply on a new line waits so that it can be taken back; in the sandbox it does not, unless set."""
        in_sandbox = len(self.sandbox_variables()) == len(SANDBOX)
        unset = "hold_seconds" not in self.model_fields_set
        return timedelta() if in_sandbox and unset else timedelta(seconds=self.hold_seconds)

    @property
    def proxies(self) -> Proxies:
        """The proxies that lead out: to Slack, to Twilio, and to the public URL."""
        http, https = (
            None if each is None else each.get_secret_value() for each in (self.http_proxy, self.https_proxy)
        )
        return Proxies(http, https, self.no_proxy, near_ones_directly=self.sandbox)

    def sandbox_variables(self) -> list[str]:
        """The variables that have their public sandbox value."""
        return [f"CLERK_{name.upper()}" for name, value in SANDBOX.items() if _plain(getattr(self, name)) == value]


def _shortened(text: str) -> str:
    """What a person finds a value by, however long it is."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def is_web_address(url: str) -> bool:
    """Whether this is a URL of HTTP without user, query or fragment, whose host can be one."""
    found = _URL.fullmatch(url)
    if found is None or not is_port(found["port"]):
        return False
    return _is_v6(found["v6"]) if found["v6"] else can_be_host(found["host"])


def _is_v6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def _in_url(host: str) -> str:
    """A host as it is written in a URL."""
    return f"[{host}]" if ":" in host else host


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def refuse_sandbox_secrets(settings: Settings) -> None:
    """Misconfigured if a secret has its public sandbox value, unless CLERK_SANDBOX=1 allows it."""
    names = settings.sandbox_variables()
    if names and not settings.sandbox:
        raise Misconfigured(
            f"{', '.join(names)}: not set, so Clerk would use a value that everyone knows. "
            "Set them (README: Connect Twilio and Slack), or CLERK_SANDBOX=1 to run against the sandbox."
        )
