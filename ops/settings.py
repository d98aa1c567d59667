"""The environment variables that only `ops` reads."""

from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from messages.process.settings import Misconfigured


class OpsSettings(BaseSettings):
    """What the console, the commands and the metrics need besides Clerk's own settings.

    `management_url` is RabbitMQ's management API (with the user and password of CLERK_AMQP_URL unless it has its own);
    `metrics_port` is the port where `clerk worker` and `clerk clock` serve /metrics; `trail_days` is how long log lines
    are kept for traces.
    """

    model_config = SettingsConfigDict(env_prefix="CLERK_", env_ignore_empty=True, extra="ignore", frozen=True)

    management_url: SecretStr | None = None
    metrics_port: int | None = Field(None, ge=1, le=65535)
    trail_days: float = Field(7.0, ge=0, le=365)

    @field_validator("management_url")
    @classmethod
    def _check_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("must be a URL such as http://rabbitmq:15672")
        return value

    @classmethod
    def load(cls, **overrides: Any) -> "OpsSettings":
        """The settings from the environment; Misconfigured names each variable that is wrong."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            faults = [
                f"CLERK_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}"
                for each in error.errors(include_input=False, include_url=False)
            ]
            raise Misconfigured("\n".join(faults)) from None
