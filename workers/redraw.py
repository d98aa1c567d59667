"""Asks for Slack to be brought into line with a conversation: one message waits for that, however often it is asked."""

from datetime import timedelta
from typing import Final

from messages.notification import RenderConversation
from workers.ports import Ports

REDRAW_WITHIN: Final = timedelta(seconds=20)
"""After this long without the change being shown in Slack, the clock sees to it."""

LOST_AFTER: Final = timedelta(minutes=1)
"""After this long nobody relies on the message that was asked for: it may have been lost, or wait in a long queue."""


async def redraw(conversation: str, ports: Ports) -> None:
    """Have Slack show what was changed in a conversation's documents; nothing if there is no such conversation."""
    await ports.stores.conversations.request_redraw(conversation, ports.now() + REDRAW_WITHIN)
    await request_render(conversation, ports)


async def request_render(conversation: str, ports: Ports) -> None:
    """Have a worker look at a conversation, unless a message that was asked for before still waits for one.

    What there is to show must be written before, with a time for the clock: whoever takes that message reads it after.
    """
    now, stores = ports.now(), ports.stores.conversations
    if not await stores.mark_render_requested(conversation, now, now - LOST_AFTER):
        return
    try:
        await ports.publisher.publish(RenderConversation(conversation=conversation))
    except BaseException:
        await stores.begin_render(conversation)
        raise
