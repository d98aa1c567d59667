"""Requests that Slack be brought into line with a conversation; at most one message waits for that at a time."""

from datetime import timedelta
from typing import Final

from messages.notification import RenderConversation
from workers.mongo.conversations import RedrawWish
from workers.ports import Ports

REDRAW_WITHIN: Final = timedelta(seconds=20)
"""If Slack does not show the change after this long, the clock requests it again."""

LOST_AFTER: Final = timedelta(minutes=1)
"""After this long the requested message counts as lost: it may wait in a long queue."""


def redraw_wish(ports: Ports, within: timedelta = REDRAW_WITHIN) -> RedrawWish:
    """The wish that Slack show a conversation's changes so soon."""
    now = ports.now()
    return RedrawWish(at=now, by=now + within, lost=now - LOST_AFTER)


async def redraw(conversation: str, ports: Ports) -> None:
    """Request that Slack show the changes in a conversation's documents; without that conversation nothing happens."""
    if await ports.stores.conversations.request_redraw(conversation, redraw_wish(ports)):
        await publish_render(conversation, ports)


async def request_render(conversation: str, ports: Ports) -> None:
    """Publish a message to render a conversation, unless an earlier one is still waiting.

    Save the changes first, with a due time for the clock: the worker that takes the waiting message reads them after.
    """
    now = ports.now()
    if await ports.stores.conversations.mark_render_requested(conversation, now, now - LOST_AFTER):
        await publish_render(conversation, ports)


async def publish_render(conversation: str, ports: Ports) -> None:
    """Publish the message of which the conversation's document says that it waits."""
    try:
        await ports.publisher.publish(RenderConversation(conversation=conversation))
    except BaseException:
        await ports.stores.conversations.begin_render(conversation)
        raise
