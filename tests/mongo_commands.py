"""What tests count of the commands that MongoDB gets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from workers.mongo import Stores
from workers.mongo.collection import connected


class CommandCount(CommandListener):
    """How many commands were sent, and how many documents came back."""

    def __init__(self) -> None:
        self.commands = self.documents = 0

    def started(self, event: CommandStartedEvent) -> None:
        """Count a command."""
        self.commands += 1

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Count the documents of an answer."""
        cursor: Any = event.reply.get("cursor", {})
        self.documents += len(cursor.get("firstBatch", cursor.get("nextBatch", ())))
        self.documents += event.reply.get("value") is not None

    def failed(self, event: CommandFailedEvent) -> None:
        """An error returns no documents."""

    def take(self) -> tuple[int, int]:
        """Commands and documents since the last time."""
        found = (self.commands, self.documents)
        self.commands = self.documents = 0
        return found


@asynccontextmanager
async def stores_heard_by(listener: CommandListener, mongo_url: str) -> AsyncIterator[Stores]:
    """Stores whose every command a listener hears of: as many on a slow machine as on a quick one."""
    listening = partial(connected, listeners=[listener])
    async with Stores.opened(mongo_url, connect=listening, remember=timedelta(hours=1)) as stores:
        yield stores
