"""Makes what MongoDB must hold before anything runs: the indexes, and the lines of CLERK_LINES."""

import asyncio

import structlog
from pymongo.errors import PyMongoError

from messages.line import Line
from messages.process.settings import Settings
from ops.documents.reader import why_away
from workers.mongo import Stores

log = structlog.get_logger("clerk.seed")


def new_line(id: str, channel: str, settings: Settings) -> Line:
    """A new line with the defaults of the settings."""
    defaults = {"window": settings.window, "cap": settings.cap, "solved_for": settings.solved_for}
    return Line(id=id, channel=channel, **defaults, hold=settings.hold)


async def prepare(settings: Settings) -> None:
    """Make the indexes and add the lines of CLERK_LINES; waits for MongoDB as long as it takes."""
    assert settings.mongo_url is not None
    pause = 0.5
    while True:
        try:
            async with Stores.opened(settings.mongo_url.get_secret_value()) as stores:
                for number, channel in settings.lines.items():
                    if await stores.lines.add(new_line(number, channel, settings)):
                        log.info("line added", channel=channel)
            return
        except PyMongoError as error:
            log.warning("MongoDB can't be used yet", error=type(error).__name__, why=why_away(error), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 10)
