"""Requests that Slack be brought into line with a conversation; at most one message waits for that at a time."""

from datetime import timedelta
from typing import Final

from messages.notification import RenderConversation
from workers.ports import Ports

REDRAW_WITHIN: Final = timedelta(seconds=20)
"""If Slack does not show the change after this long, the clock requests it again."""

LOST_AFTER: Final = timedelta(minutes=1)
"""After this long the requested message counts as lost: it may wait in a long queue."""


async def redraw(conversation: str, ports: Ports) -> None:
    """Request that Slack show the changes in a conversation's documents; without that conversation nothing happens."""
    await ports.stores.conversations.request_redraw(conversation, ports.now() + REDRAW_WITHIN)
    await request_render(conversation, ports)


async def request_render(conversation: str, ports: Ports) -> None:
    """Publish a message to render a conversation, unless an earlier one is still waiting.

    Save the changes first, with a due time for the clock: the worker that takes the waiting message reads them after.
    """
    now, stores = ports.now(), ports.stores.conversations
    if not await stores.mark_render_requested(conversation, now, now - LOST_AFTER):
        return
    try:
        await ports.publisher.publish(RenderConversation(conversation=conversation))
    except BaseException:
        await stores.begin_render(conversation)
        raise
