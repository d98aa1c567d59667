"""Reads documents for a person who waits: in time, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from workers.retries import is_outage

log = structlog.get_logger("clerk.interactive")


async def loaded[T](load: Callable[[], Awaitable[T]], within: timedelta) -> T | None:
    """What comes of reading the documents; None if they can't be read, or not in time."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await load()
    except Exception as error:
        if not isinstance(error, TimeoutError) and not is_outage(error):
            raise
        log.warning("the documents can't be read for a person who waits", error=type(error).__name__)
        return None
