"""Notices that the bot was removed from a line's channel: no reply in its threads reaches Clerk then.

Slack sends an app no event about its own removal, so a clock asks now and then. Any number of clocks may ask.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog

from workers.failures import CallError, Permanent
from workers.ports import Ports

log = structlog.get_logger("clerk.membership")

EVERY: Final = timedelta(minutes=5)

NOT_SEEN: Final = frozenset({"channel_not_found", "not_in_channel"})
"""Slack's answers about a private channel that the bot is not in."""


class Membership:
    """What one clock knows of the lines' channels: when it looked at each."""

    def __init__(self) -> None:
        self._looked: dict[str, datetime] = {}

    async def look(self, ports: Ports) -> int:
        """Look at the channels that are due, and record where the bot is absent; returns in how many lines' channels.

        A channel that a line has left still has its threads: an absence from there ends as any other.
        """
        found = 0
        of_lines = {line.channel for line in await ports.stores.lines.known()}
        due = [channel for channel in sorted(of_lines) if self._is_due(channel, ports.now())]
        left = [each.id for each in await ports.stores.absences.known() if each.id not in of_lines] if due else []
        for channel in (*due, *left):
            now = ports.now()
            absent = await _is_absent(channel, ports)
            if absent is None:
                continue
            self._looked[channel] = now
            if not absent:
                await ports.stores.absences.end(channel)
            elif channel in of_lines:
                log.error("Clerk is not a member of a line's channel", channel=channel)
                await ports.stores.absences.begin(channel, now)
                found += 1
        return found

    def _is_due(self, channel: str, now: datetime) -> bool:
        looked = self._looked.get(channel)
        return looked is None or not timedelta() <= now - looked < EVERY


async def _is_absent(channel: str, ports: Ports) -> bool | None:
    """Whether the bot is not in a channel; None if Slack does not say."""
    try:
        return not await ports.slack.is_member(channel)
    except CallError as error:
        if isinstance(error, Permanent) and error.code in NOT_SEEN:
            return True
        log.warning("Slack does not say whether Clerk is in a channel", channel=channel, error=error.code)
        return None
