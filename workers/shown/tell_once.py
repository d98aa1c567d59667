"""Tells an agent something in private, once, although workers die and messages come again."""

from messages.notification import Whisper
from workers.ports import Ports


async def tell_once(once: str, told: Whisper, ports: Ports) -> None:
    """Tell an agent something, unless that was done under this name.

    It is recorded after it was told: a worker that dies in between tells it twice, and none leaves it unsaid.
    """
    if await ports.stores.events.find(once) is None:
        await ports.publisher.publish(told)
        await ports.stores.events.add(once, told)
