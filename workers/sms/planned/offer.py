"""Asks an agent who has written to a contact whether what is planned and held is still right."""

from messages.conversation import Conversation
from messages.notification import Whisper
from messages.planned import Planned, PlannedState
from workers.ports import Ports
from workers.shown.tell_once import tell_once
from workers.sms.planned.words import OFFER, author_gone


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
    events, names = ports.stores.events, {each.id: f"offered/{each.id}/{each.version}/{agent}" for each in held}
    new = [id for id, once in names.items() if await events.find(once) is None]
    if new:
        await ports.publisher.publish(told.model_copy(update={"planned": tuple(new)}))
    for id in new:
        await events.add(names[id], told)


async def ask_assignees(planned: Planned, ports: Ports) -> None:
    """Ask those who are on the ticket, and are still there, what becomes of a text whose author is gone."""
    ticket = await ports.stores.tickets.newest(planned.conversation)
    conversation = await ports.stores.conversations.get(planned.conversation)
    if ticket is None or conversation is None or conversation.thread is None:
        return
    gone = {each.id for each in await ports.stores.agents.named(ticket.assignees) if each.deactivated}
    for user in ticket.assignees:
        if user in gone or user == planned.by:
            continue
        told = Whisper(
            text=author_gone(planned),
            user=user,
            channel=conversation.thread.channel,
            thread_ts=conversation.thread.ts,
            markup=True,
            planned=(planned.id,),
        )
        await tell_once(f"asked/{planned.id}/{planned.version}/{user}", told, ports)
