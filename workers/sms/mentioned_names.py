"""Looks up the names of the users that an agent mentions."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from workers.failures import Permanent, SlackError
from workers.ports import Ports
from workers.sms.plain_text import find_mentions

log = structlog.get_logger("clerk.sms")

WITHIN: Final = timedelta(seconds=30)


async def names(markup: str, written_at: datetime, ports: Ports) -> dict[str, str]:
    """The names of the users that a message mentions, without those that Slack can't name in time."""
    found: dict[str, str] = {}
    for user in find_mentions(markup).users:
        try:
            found[user] = await ports.slack.user_name(user)
        except SlackError as error:
            if not isinstance(error, Permanent) and ports.now() - written_at < WITHIN:
                raise
            log.warning("Slack does not name a mentioned user", user=user, error=error.code)
    return found
