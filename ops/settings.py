"""The environment variables that only `ops` reads. Pure."""

import re
from typing import Final

from pydantic import Field, SecretStr, field_validator

from messages.process.host_names import can_be_host
from messages.process.server_urls import ESCAPED, is_port
from messages.process.variables import Variables

_MANAGEMENT: Final = re.compile(
    r"https?://([^\s/?#@:]+(:[^\s/?#@]*)?@)?(\[[0-9a-f:.]+\]|(?P<host>[\w.-]+))(:(?P<port>[0-9]{1,5}))?(/[^\s?#@]*)?",
    re.IGNORECASE,
)


class OpsSettings(Variables):
    """What the console, the commands and the metrics need besides Clerk's own settings.

    `management_url` is RabbitMQ's management API (with the user and password of CLERK_AMQP_URL unless it has its own);
    `metrics_port` is the port where `clerk worker` and `clerk clock` serve /metrics; `trail_days` is how long log lines
    are kept for traces.
    """

    management_url: SecretStr | None = None
    metrics_port: int | None = Field(None, ge=1, le=65535)
    trail_days: float = Field(7.0, ge=0, le=365)

    @field_validator("management_url")
    @classmethod
    def _check_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return value
        url = value.get_secret_value()
        found = _MANAGEMENT.fullmatch(url)
        if found is None and "@" in url:
            raise ValueError(f"must be a URL such as http://user:password@rabbitmq:15672, where {ESCAPED}")
        if found is None or not is_port(found["port"]) or (found["host"] and not can_be_host(found["host"])):
            raise ValueError("must be a URL such as http://rabbitmq:15672, with a port from 1 to 65535")
        return value
