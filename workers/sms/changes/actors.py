"""Takes back, or changes, the replies that agents delete or edit in Slack before they leave."""

from datetime import timedelta

from messages.inbound import SlackReplyChanged
from messages.notification import Whisper
from messages.planned import ActOnPlanned, CancelPlan
from messages.process.publishing import correlation
from messages.sms import Direction, SendTexts, Sms, State, outbound_id
from messages.ticket import ActOnTicket, AddNote, TakeBack
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import LostVersionRace, actor
from workers.shown.tell_once import tell_once
from workers.sms.actors import decided, record_reply
from workers.sms.changes.take_back import (
    CHANGED,
    EDIT_OF_HELD,
    EDIT_OF_UNSENT,
    SEEN_WITHIN,
    TAKEN_BACK,
    TOO_LATE_TO_CHANGE,
    ChangeStep,
    counts_already,
    edited,
    step,
)
from workers.sms.plain_text import without_prefix
from workers.sms.replies import wait_for_thread, written_at
from workers.sms.sending import LOOK_AGAIN, WAIT_FOR_PREDECESSOR


@actor(handles=SlackReplyChanged)
async def record_change(message: SlackReplyChanged, ports: Ports) -> None:
    """Take back or change a reply that its author has deleted or edited, or tell them that it is too late."""
    id = outbound_id(message.channel, message.ts)
    for _ in range(10):
        text = await ports.stores.texts.get(id)
        if text is not None and counts_already(text, message):
            await _publish_edit(text, message, ports)
            return
        now = ports.now()
        match step(text, message, now, written_at(message.ts)):
            case ChangeStep.WAIT:
                await _look_again(message, ports)
                return
            case ChangeStep.REMEMBER:
                if not await _remember(message, ports):
                    return
            case ChangeStep.RECORD:
                assert message.reply is not None
                await record_reply(message.reply, ports)
                if await ports.stores.texts.get(id) is None:
                    return  # it is no reply to a contact, or its thread is not recorded yet, and it waits for that
            case ChangeStep.WITHDRAW if text is not None:
                await ports.stores.texts.withdraw(text, now)
            case ChangeStep.REPLACE if text is not None:
                if not await _replace(text, message, ports):
                    return
            case ChangeStep.CONFIRM if text is not None:
                await _publish_withdrawal(text, message, ports)
                return
            case ChangeStep.SAY_LEFT:
                await _tell_once(f"changed/{id}", TOO_LATE_TO_CHANGE, message, ports)
                return
            case ChangeStep.CANCEL_PLAN if text is not None and text.planned is not None:
                await ports.publisher.publish(
                    ActOnPlanned(
                        planned=text.planned,
                        command=CancelPlan(),
                        by=message.user,
                        at=message.received_at,
                        channel=message.channel,
                        order=f"deleted/{text.id}",
                    )
                )
                return
            case ChangeStep.SAY_PLANNED:
                await _tell_once(f"changed/{id}", EDIT_OF_HELD, message, ports)
                return
            case ChangeStep.SAY_REFUSED:
                await _tell_once(f"changed/{id}", EDIT_OF_UNSENT, message, ports)
                return
            case _:
                return
    raise LostVersionRace


async def _look_again(message: SlackReplyChanged, ports: Ports) -> None:
    """Look again for a reply that is not stored, if one may still come."""
    known = await ports.stores.conversations.by_thread(message.channel, message.thread_ts)
    if known is not None and ports.now() - message.received_at < WAIT_FOR_PREDECESSOR:
        await ports.publisher.publish(message, delay=LOOK_AGAIN)


async def _remember(message: SlackReplyChanged, ports: Ports) -> bool:
    """Store a reply that was deleted before it was stored as taken back; False if it is in no conversation's thread.

    While the thread may only not be recorded yet, the change waits, as the reply does.
    """
    stores, now = ports.stores, ports.now()
    conversation = await stores.conversations.by_thread(message.channel, message.thread_ts)
    if conversation is None:
        waited = now - message.received_at
        begins = await stores.posts.by_message(message.channel, message.thread_ts) is not None
        if waited < SEEN_WITHIN and (begins or await stores.posts.has_unrecorded_root(message.channel)):
            await ports.publisher.publish(message, delay=wait_for_thread(waited))
        return False
    taken_back = Sms(
        id=outbound_id(message.channel, message.ts),
        conversation=conversation.id,
        line=conversation.line,
        contact=conversation.contact,
        direction=Direction.OUTBOUND,
        body="",
        received_at=message.received_at,
        stored_at=now,
        correlation_id=correlation.get(),
        state=State.UNSENT,
        rank=State.UNSENT.rank,
        author=message.user,
        channel=message.channel,
        ts=message.ts,
        withdrawn_at=now,
    )
    await stores.texts.add(taken_back)
    return True


async def _replace(text: Sms, message: SlackReplyChanged, ports: Ports) -> bool:
    """Decide about a waiting reply as it reads now; False if its line or conversation is gone.

    Whether that was in time, the document tells.
    """
    stores, reply = ports.stores, message.reply
    assert reply is not None
    conversation = await stores.conversations.get(text.conversation)
    line = await stores.lines.get(text.line)
    if conversation is None or line is None:
        return False
    changed = await decided(reply, conversation, line, written_at(reply.edited or reply.ts), ports)
    await stores.texts.change(text, edited(text, changed.text, ports.now()))
    return True


async def _publish_edit(text: Sms, message: SlackReplyChanged, ports: Ports) -> None:
    """Publish what follows from an edit that counts; all of it may be repeated."""
    if text.withdrawn_at is not None:
        await _publish_withdrawal(text, message, ports)
        return
    if text.state is State.WAITING:
        wait = max((text.retry_at or ports.now()) - ports.now(), timedelta())
        await ports.publisher.publish(SendTexts(conversation=text.conversation), delay=wait)
    if text.state not in {State.NOTE, State.UNSENT, State.REFUSED}:
        await _tell_once(f"edited/{text.id}/{text.edited}", CHANGED, message, ports)
    await redraw(text.conversation, ports)


async def _publish_withdrawal(text: Sms, message: SlackReplyChanged, ports: Ports) -> None:
    """Publish what follows once a reply is not to be sent any more; all of it may be repeated.

    Texts behind it need not wait for it. The ticket forgets that it was answered, unless the reply came late: that has
    answered nobody.
    """
    await ports.publisher.publish(SendTexts(conversation=text.conversation))
    ticket = await ports.stores.tickets.newest(text.conversation)
    orders: list[tuple[str, TakeBack | AddNote]] = (
        [] if text.late else [(f"withdrawn/{text.id}", TakeBack(reply=text.id))]
    )
    if text.state is State.NOTE:
        orders.append((f"note/{text.id}", AddNote(text=without_prefix(text.body))))
    if text.state is State.UNSENT:
        await _tell_once(f"withdrawn/{text.id}", TAKEN_BACK, message, ports)
    if ticket is None or not orders:
        await redraw(text.conversation, ports)
        return
    for order, command in orders:
        at, by = message.received_at, message.user
        await ports.publisher.publish(ActOnTicket(ticket=ticket.id, command=command, by=by, at=at, order=order))


async def _tell_once(once: str, words: str, message: SlackReplyChanged, ports: Ports) -> None:
    """Tell the author in private, once, what became of their change."""
    told = Whisper(text=words, user=message.user, channel=message.channel, thread_ts=message.thread_ts)
    await tell_once(once, told, ports)
