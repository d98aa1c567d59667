"""Has texts put in order: for each conversation, one message at a time waits for that, or one worker is at it."""

from datetime import timedelta
from typing import Final

from messages.conversation import SequenceTexts
from workers.ports import Ports

LOST_AFTER: Final = timedelta(minutes=1)
"""After this long the requested message counts as lost: it may wait in a long queue, and one more does no harm."""


async def put_in_order(conversation: str, ports: Ports, delay: timedelta | None = None) -> bool:
    """Publish a message to put a conversation's texts in order, unless whoever is to do so will see them anyway.

    It comes after `delay`. Store the text first, with a due time for the clock. False, and nothing is published, if
    there is no conversation.
    """
    now, stores = ports.now(), ports.stores.conversations
    needed = await stores.request_ordering(conversation, now, now - LOST_AFTER)
    if needed:
        try:
            await ports.publisher.publish(SequenceTexts(conversation=conversation), delay=delay)
        except BaseException:
            await stores.forget_ordering(conversation)
            raise
    return needed is not None
