"""Asks an agent who has written to a contact whether what is planned and held is still right."""

from messages.conversation import Conversation
from messages.notification import Whisper
from messages.planned import PlannedState
from workers.ports import Ports
from workers.sms.planned.words import OFFER


async def offer_held(
    conversation: Conversation,
    agent: str,
    ports: Ports,
    *,
    channel: str | None,
    thread_ts: str | None = None,
    response_url: str | None = None,
) -> None:
    """Offer an agent the held texts of a conversation, each version once; one without planned texts costs nothing."""
    if not conversation.planned:
        return
    live = await ports.stores.planned.live(conversation.id)
    held = [each for each in live if each.state is PlannedState.HELD]
    told = Whisper(text=OFFER, user=agent, channel=channel, thread_ts=thread_ts, response_url=response_url, markup=True)
    new = [each.id for each in held if await ports.stores.events.add(f"offered/{each.id}/{each.version}/{agent}", told)]
    if new:
        await ports.publisher.publish(told.model_copy(update={"planned": tuple(new)}))
