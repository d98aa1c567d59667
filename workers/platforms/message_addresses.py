"""The addresses of messages in Slack: it is asked for one in each channel, and the others there are like it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from messages.formats.slack_urls import message_name, place_of_messages
from messages.process.remembered import Remembered
from workers.ports import Posted

REMEMBERED: Final = timedelta(hours=1)
"""How long a channel's place is remembered: a workspace may get another name."""


class MessageAddresses:
    """The addresses of messages that are not replies, by what Slack said of others in their channels."""

    def __init__(self, ask: Callable[[Posted], Awaitable[str]]) -> None:
        self._ask = ask
        self._places = Remembered[str | None](REMEMBERED)

    async def of(self, at: Posted) -> str:
        """The address of a message; Slack is asked unless it lately said that of another in the channel."""
        asked = ""

        async def place(channel: str) -> str | None:
            nonlocal asked
            asked = await self._ask(at)
            return place_of_messages(asked, channel, at.ts)

        known = await self._places.get(at.channel, place)
        return asked or f"{known}{message_name(at.ts)}"
