"""Takes back the texts that agents wrote in a form or by a command, before they leave."""

from typing import Final

from messages.notification import Whisper
from messages.sms import SendTexts, Sms, TakeBackText
from messages.ticket import ActOnTicket, TakeBack
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import LostVersionRace, actor
from workers.shown.tell_once import tell_once
from workers.sms.changes.take_back import (
    STEPS,
    TEXT_LEFT,
    TEXT_NOT_SENT,
    TEXT_TAKEN_BACK,
    ChangeStep,
    ReplyEvent,
    progress_of,
)
from workers.sms.replies import TEXT_GONE

TRIES: Final = 10


@actor(handles=TakeBackText)
async def take_back_text(message: TakeBackText, ports: Ports) -> None:
    """Take back a text that no worker has claimed, as a reply that is deleted in Slack, or say that it is too late."""
    for _ in range(TRIES):
        text = await ports.stores.texts.get(message.sms)
        if text is None:
            await _tell(TEXT_GONE, message, ports)
            return
        match STEPS[progress_of(text)][ReplyEvent.DELETED]:
            case ChangeStep.WITHDRAW:
                await ports.stores.texts.withdraw(text, ports.now())
            case ChangeStep.CONFIRM:
                await _publish(text, message, ports)
                return
            case ChangeStep.SAY_LEFT:
                await _tell(TEXT_LEFT, message, ports)
                await redraw(text.conversation, ports)
                return
            case _:
                await _tell(TEXT_NOT_SENT, message, ports)
                return
    raise LostVersionRace


async def _publish(text: Sms, message: TakeBackText, ports: Ports) -> None:
    """Publish what follows once a text is not to be sent any more; all of it may be repeated.

    Texts behind it need not wait for it. The ticket forgets that it was answered, unless the text came late: that has
    answered nobody.
    """
    await ports.publisher.publish(SendTexts(conversation=text.conversation))
    await _tell(TEXT_TAKEN_BACK, message, ports)
    ticket = None if text.late else await ports.stores.tickets.newest(text.conversation)
    if ticket is not None:
        command, order = TakeBack(reply=text.id), f"withdrawn/{text.id}"
        await ports.publisher.publish(
            ActOnTicket(ticket=ticket.id, command=command, by=message.by, at=message.at, order=order)
        )
    await redraw(text.conversation, ports)


async def _tell(words: str, message: TakeBackText, ports: Ports) -> None:
    """Tell the agent in private, once for each of their orders, what became of it."""
    told = Whisper(text=words, user=message.by, channel=message.channel, response_url=message.response_url)
    if message.order is None:
        await ports.publisher.publish(told)
    else:
        await tell_once(f"taken-back/{message.order}", told, ports)
