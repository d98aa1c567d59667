"""Texts to the contacts: agents' replies in a thread, sending, and the provider's delivery reports."""

import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

import structlog
from prometheus_client import Counter

from messages.conversation import Conversation, DebounceAsRead, Thread
from messages.formats.segments import segments
from messages.inbound import DeliveryReported, SlackReplyPosted
from messages.line import Line
from messages.notification import Whisper
from messages.opt_outs import Parties
from messages.process.publishing import CLOCK_SKEW, LONGEST_DELAY, correlation
from messages.process.telemetry import start_at_zero
from messages.sms import Direction, ResendText, SendLate, SendTexts, Sms, State, outbound_id
from messages.ticket import ActOnTicket, AddNote, Reply
from workers.lease import Lease
from workers.ports import Ports
from workers.redraw import publish_render, redraw, redraw_wish
from workers.runtime import actor
from workers.shown.tell_once import tell_once
from workers.sms.attempt import OUTCOME_UNKNOWN, objection_to_resend
from workers.sms.earlier import ATTEMPTS, unknown_before
from workers.sms.known_files import known_files
from workers.sms.may_send import TOO_LATE, Verdict, at_door, is_late, objection
from workers.sms.mentioned_names import names
from workers.sms.organisations import is_of_another_organisation
from workers.sms.outcomes import fail, succeed, tell_accepted
from workers.sms.plain_text import plain, without_prefix
from workers.sms.planned.at_night import SaidOfTheHour, of_the_hour, plan_for_morning
from workers.sms.planned.night import kept_for_morning
from workers.sms.planned.offer import offer_held
from workers.sms.replies import (
    BUTTONS_ONLY,
    FOREIGN,
    LINE_REMOVED,
    NOT_LATE,
    OUTCOME_KNOWN,
    PUT_OFF,
    TEXT_GONE,
    WAITING_FOR_THREAD,
    WAITS_UNTOLD,
    ReplyDecision,
    ask_again_in,
    decide_reply,
    held,
    is_given_up,
    is_in_thread,
    outside_notice,
    put_off,
    reported,
    wait_for_thread,
    written_at,
)
from workers.sms.sending import (
    ASK_FOR,
    AT_ONCE,
    SEND_WITHIN,
    WAIT_FOR_EARLIER,
    Sending,
)

log = structlog.get_logger("clerk.sms")

DROPPED: Final = Counter("clerk_delivery_reports_dropped_total", "Delivery reports that could not be used", ["why"])
start_at_zero(DROPPED, ("status", "text"))

BUSY: Final = timedelta(seconds=3)
"""When to check an outbox again that another worker has: that worker may have died."""

HOLD: Final = timedelta(minutes=3)
"""How long a stored reply waits for the one before it while Slack does not answer."""


@actor(handles=SlackReplyPosted)
async def record_reply(message: SlackReplyPosted, ports: Ports) -> None:
    """Store a person's reply in a conversation's thread, once, and send or note it."""
    stores = ports.stores
    conversation = await stores.conversations.by_thread(message.channel, message.thread_ts)
    line = await stores.lines.get(conversation.line) if conversation else None
    if conversation is None:
        await _reply_outside_conversation(message, ports)
        return
    if line is None:
        await _tell_line_removed(conversation, message, ports)
        return
    if await is_of_another_organisation(message, line, ports):
        await _ignore(message, conversation, ports)
        await _tell_foreigner(message, conversation, ports)
        return
    text, known, _ = await _store(message, conversation, line, ports, ask=message.event_id is not None)
    wait = await _record_before(known, conversation, line, ports)
    if wait is not None:
        await ports.publisher.publish(message, delay=wait)
        return
    if known is not None and is_given_up(known, message):
        return
    await _publish_effects(text, message, conversation, ports)
    if text.state is State.WAITING:
        await offer_held(conversation, message.user, ports, channel=message.channel, thread_ts=message.thread_ts)


async def _record_before(text: Sms | None, conversation: Conversation, line: Line, ports: Ports) -> timedelta | None:
    """Store the replies before a stored one; returns when to ask Slack again, or None if it goes on now."""
    if text is None or not text.asking:
        return None
    waited = ports.now() - (text.stored_at or text.received_at)
    hold = waited < ASK_FOR
    found = await unknown_before(text, conversation, 1 if hold else ATTEMPTS, ports)
    if hold and found is None:
        return ask_again_in(waited)
    for reply in found or ():
        await _record(reply, conversation, line, ports)
    await ports.stores.texts.set_answered(text)
    return None


async def _record(message: SlackReplyPosted, conversation: Conversation, line: Line, ports: Ports) -> None:
    """Store a reply that came in no event, once, and publish what follows from it."""
    if await is_of_another_organisation(message, line, ports):
        await _ignore(message, conversation, ports)
        return
    text, _, is_new = await _store(message, conversation, line, ports, ask=False)
    if is_new:
        await _publish_effects(text, message, conversation, ports)


async def _store(
    message: SlackReplyPosted,
    conversation: Conversation,
    line: Line,
    ports: Ports,
    *,
    ask: bool,
) -> tuple[Sms, Sms | None, bool]:
    """Store a reply, once; returns it as it is decided now, as it is stored, and whether it was new.

    With `ask`, Slack is asked for those before it. One that was stored for the contact's morning stays decided so; one
    that no message brings again is planned first.
    """
    found = await decided(message, conversation, line, written_at(message.ts), ports)
    text = found.text.model_copy(update={"asking": ask and found.text.state is State.WAITING})
    stored: Sms | None = (kept := kept_for_morning(text, found.verdict))
    if not ask and kept is not text and await ports.stores.texts.get(text.id) is None:
        await plan_for_morning(kept, ports, channel=message.channel, thread_ts=message.thread_ts)
    if not (is_new := await ports.stores.texts.add(kept)):
        stored = await ports.stores.texts.get(text.id)
    if kept is text:
        hour = await of_the_hour(text, found.verdict, found.parties, ports)
        await _tell_author(text, message, hour, ports, is_new=is_new)
    if stored is None or stored.planned is None:
        return text, stored, is_new
    await plan_for_morning(stored, ports, channel=message.channel, thread_ts=message.thread_ts)
    return stored, stored, is_new


class DecidedReply(NamedTuple):
    """A reply as a document that says whether it is sent, and from when on; and what that was decided from."""

    text: Sms
    verdict: Verdict
    parties: Parties


async def decided(
    message: SlackReplyPosted, conversation: Conversation, line: Line, at: datetime, ports: Ports
) -> DecidedReply:
    """Decide about a reply that was written then."""
    body = plain(message.text, await names(message.text, message.received_at, ports))
    message = message.model_copy(update={"files": await known_files(message.files, ports)})
    parties = await ports.stores.opt_outs.parties_at_door(line, conversation)
    now = ports.now()
    verdict = at_door(at, parties, now)
    refused = objection(verdict, parties)
    decision = decide_reply(message.text, body, message.files, line.reply_mode, refused, message.beyond_text)
    late = decision.state is State.WAITING and is_late(verdict)
    if late:
        decision = ReplyDecision(State.REFUSED, TOO_LATE)
    text = _document(message, conversation, body, decision, now)
    hold = held(line.hold, now, SEND_WITHIN) if decision.state is State.WAITING else {}
    return DecidedReply(text.model_copy(update={"late": late, **hold}), verdict, parties)


async def _ignore(message: SlackReplyPosted, conversation: Conversation, ports: Ports) -> None:
    """Keep a reply's place without what it says: later replies would wait for it."""
    bare = message.model_copy(update={"files": ()})
    text = _document(bare, conversation, "", ReplyDecision(State.UNSENT), ports.now())
    await ports.stores.texts.add(text.model_copy(update={"unshown": None}))


async def _tell_foreigner(message: SlackReplyPosted, conversation: Conversation, ports: Ports) -> None:
    """Tell a person of another organisation, once in a conversation, that what they write goes nowhere."""
    await _tell_once(f"foreign/{conversation.id}/{message.user}", FOREIGN, message, ports)


@actor(handles=SendLate)
async def send_late(message: SendLate, ports: Ports) -> None:
    """Send a reply that came late, once, at an agent's order."""
    stores = ports.stores
    text = await stores.texts.get(message.sms)
    if text is None:
        log.warning("asked to send a text that does not exist")
        await _tell_clicked(TEXT_GONE, message, ports)
        return
    sent = await stores.texts.send_late(text, ports.now() + SEND_WITHIN, message.order)
    if not sent and (message.order is None or message.order not in text.orders):
        told = Whisper(text=NOT_LATE, user=message.by, channel=message.channel, response_url=message.response_url)
        await ports.publisher.publish(told)
        return
    await ports.publisher.publish(SendTexts(conversation=text.conversation))
    ticket = await stores.tickets.newest(text.conversation)
    if ticket is not None and text.is_of_team:
        await ports.publisher.publish(
            ActOnTicket(ticket=ticket.id, command=Reply(), by=message.by, at=message.at, order=f"late/{text.id}")
        )
    await redraw(text.conversation, ports)


@actor(handles=SendTexts, time_limit=timedelta(minutes=5))
async def send(message: SendTexts, ports: Ports) -> None:
    """Send what is in a conversation's outbox, unless another worker is doing that."""
    holder, id, stores = uuid.uuid4().hex, message.conversation, ports.stores.conversations
    lease = Lease(partial(stores.take_outbox, id, holder), partial(stores.renew_outbox, id, holder), ports)
    sending, again_in, left = Sending(id, ports, lease), None, True
    while again_in is None and left and (found := await ports.stores.texts.outbox(id, AT_ONCE)):
        if (conversation := await lease.take()) is None:
            # Whoever has the lease sees, when they release it, that a look is scheduled: unless they just have.
            await _send_again(message, BUSY, ports)
            if (conversation := await lease.take()) is None:
                return
            found = await ports.stores.texts.outbox(id, AT_ONCE)
        try:
            async with lease.renewing():
                again_in = await sending.run(found, conversation, lease.renew, partial(_record_earlier, ports=ports))
        finally:
            left = await _release(id, holder, sending, ports)
    # Even if nothing was sent: a worker may have died after it sent the last text.
    if not sending.is_told and await ports.stores.texts.unshown(id):
        await redraw(id, ports)
    if again_in is not None:
        await _send_again(message, again_in, ports)


async def _release(id: str, holder: str, sending: Sending, ports: Ports) -> bool:
    """Release an outbox's lease, and request that Slack show what was sent; whether to look into the outbox again.

    What another worker has come for meanwhile is in the outbox, and so is what is left of several texts.
    """
    wish = redraw_wish(ports) if sending.has_sent else None
    released = await ports.stores.conversations.release_outbox(id, holder, ports.now(), sending.news, wish)
    if wish is not None and released is None:
        await redraw(id, ports)
    elif released is not None and released.asks:
        await publish_render(id, ports)
    sending.is_told, sending.has_sent = sending.is_told or sending.has_sent, False
    return released is None or not sending.is_done or released.was_awaited


async def _record_earlier(text: Sms, ports: Ports) -> bool:
    """Find the reply before one that has waited for it; True if the later one must wait on, because the earlier one was
    found or Slack does not answer.
    """
    stores = ports.stores
    conversation = await stores.conversations.get(text.conversation)
    line = await stores.lines.get(text.line)
    if conversation is None or line is None:
        return False
    hold = ports.now() - (text.stored_at or text.received_at) < HOLD
    found = await unknown_before(text, conversation, 1 if hold else ATTEMPTS, ports)
    for reply in found or ():
        await _record(reply, conversation, line, ports)
    return bool(found) or (found is None and hold)


async def _send_again(message: SendTexts, delay: timedelta, ports: Ports) -> None:
    """Schedule one more look at the outbox: while it is blocked, further texts find it scheduled.

    After a longer wait the clock looks.
    """
    now = ports.now()
    if delay > LONGEST_DELAY:
        return
    if await ports.stores.conversations.schedule_sending(message.conversation, now + CLOCK_SKEW, now + delay):
        await ports.publisher.publish(message, delay=delay)


@actor(handles=ResendText)
async def resend(message: ResendText, ports: Ports) -> None:
    """Send a text with an unknown outcome again, at an agent's order, unless the outcome is known by now."""
    text = await ports.stores.texts.get(message.sms)
    if text is None:
        log.warning("asked to resend a text that does not exist")
        await _tell_clicked(TEXT_GONE, message, ports)
        return
    if message.order is not None and text.state is not State.UNKNOWN:
        await ports.stores.texts.ignore(text, message.order)
    if message.order in text.orders or message.attempt not in {None, text.attempts}:
        log.info("an order to resend came again after it was carried out", sms=text.id)
        await ports.publisher.publish(SendTexts(conversation=text.conversation))
        await redraw(text.conversation, ports)
        return
    known = text.state not in {State.UNKNOWN, State.WAITING}
    if text.state is State.UNKNOWN:
        now, found = ports.now(), await Sending(text.conversation, ports).look(text)
        if found is not None and (words := objection_to_resend(found, text, now)):
            await _answer_resend(words, text, message, ports)
            if message.order is not None:
                await ports.stores.texts.refuse_resend(text, message.order)
            return
        known = found is None
    if known:
        await redraw(text.conversation, ports)
        await _answer_resend(OUTCOME_KNOWN, text, message, ports)
        return
    await ports.stores.texts.resend(text, ports.now() + SEND_WITHIN, message.order)
    await ports.publisher.publish(SendTexts(conversation=text.conversation))
    await redraw(text.conversation, ports)


async def _tell_clicked(words: str, message: ResendText | SendLate, ports: Ports) -> None:
    """Tell an agent what came of their click, if Slack says where they clicked."""
    if message.channel is not None or message.response_url is not None:
        told = Whisper(text=words, user=message.by, channel=message.channel, response_url=message.response_url)
        await ports.publisher.publish(told)


async def _answer_resend(words: str, text: Sms, message: ResendText, ports: Ports) -> None:
    """Tell the agent who asked for it why a text is not sent again."""
    thread = await _thread(text, ports)
    if thread is not None:
        await _whisper(words, message.by, thread.channel, thread.ts, ports)
    else:
        await _tell_clicked(words, message, ports)


@actor(handles=DeliveryReported)
async def record_delivery(message: DeliveryReported, ports: Ports) -> None:
    """Move a text to the reported state; reports may come late, twice and in any order."""
    text, state = await ports.stores.texts.get(message.sms), reported(message.status)
    if text is None or text.direction is not Direction.OUTBOUND or state is None:
        why = "status" if state is None else "text"
        DROPPED.labels(why).inc()
        log.warning("Clerk can't use a delivery report", why=f"unknown {why}")
        return
    if text.sid != message.sid:
        for conversation in await ports.stores.texts.disown(message.sid, text.id, OUTCOME_UNKNOWN):
            await redraw(conversation, ports)
        await ports.stores.texts.set_sid(text, message.sid)
    if state in {State.FAILED, State.UNDELIVERED}:
        news = await fail(text, state, message.error_code, ports)
    else:
        await succeed(text, state, ports)
        if text.rank < State.QUEUED.rank:
            await tell_accepted(text, ports)
        over = {"words": None} if text.words == PUT_OFF else {}
        news = await ports.stores.texts.move(text, state, **over)
        if words := put_off(message.status):
            news = await ports.stores.texts.tell(text, words) or news
    if news or text.unshown is not None:
        await redraw(text.conversation, ports)
    if text.outbox is not None:
        await ports.publisher.publish(SendTexts(conversation=text.conversation))


def _document(
    message: SlackReplyPosted, conversation: Conversation, body: str, decision: ReplyDecision, now: datetime
) -> Sms:
    """A reply as a document."""
    waiting = decision.state is State.WAITING
    return Sms(
        id=outbound_id(message.channel, message.ts),
        conversation=conversation.id,
        line=conversation.line,
        contact=conversation.contact,
        direction=Direction.OUTBOUND,
        body=body,
        files=message.files,
        received_at=message.received_at,
        stored_at=now,
        correlation_id=correlation.get(),
        state=decision.state,
        rank=decision.state.rank,
        words=decision.words,
        author=message.user,
        channel=message.channel,
        ts=message.ts,
        after=message.after,
        edited=message.edited,
        outbox=conversation.id if waiting else None,
        due_at=message.received_at + SEND_WITHIN if waiting else None,
        unshown=conversation.id,
    )


async def _publish_effects(text: Sms, message: SlackReplyPosted, conversation: Conversation, ports: Ports) -> None:
    """Publish what follows from a reply; all of it may be repeated."""
    at = min(written_at(message.ts), message.received_at)
    if text.state is State.WAITING:
        wait = max(WAIT_FOR_EARLIER - (ports.now() - text.received_at), timedelta())
        wait = max(min(wait, WAIT_FOR_EARLIER), (text.retry_at or ports.now()) - ports.now())
        await ports.publisher.publish(SendTexts(conversation=text.conversation), delay=wait)
    ticket = await _ticket_of(text, conversation, ports)
    if ticket is not None and text.state in {State.WAITING, State.NOTE}:
        note = AddNote(text=without_prefix(text.body)) if text.state is State.NOTE else None
        order = ActOnTicket(
            ticket=ticket,
            command=note or Reply(),
            by=message.user,
            at=at,
            order=text.id,
            read=DebounceAsRead(line=conversation.line, debounce=conversation.debounce),
        )
        await ports.publisher.publish(order)  # which also brings Slack into line
    else:
        await redraw(text.conversation, ports)


async def _ticket_of(text: Sms, conversation: Conversation, ports: Ports) -> int | None:
    """The ticket that a reply is about: that of the last notification does, as a reply to a Closed one goes on."""
    if text.state is State.WAITING and conversation.debounce.ticket:
        return conversation.debounce.ticket
    ticket = await ports.stores.tickets.newest(text.conversation)
    return ticket.id if ticket else None


async def _tell_author(
    text: Sms, message: SlackReplyPosted, hour: SaidOfTheHour, ports: Ports, *, is_new: bool
) -> None:
    """Tell the agent in private what the reply's reaction does not say, and what there is to say of the hour."""
    if text.state is State.UNSENT:
        await _tell_once(f"buttons-only/{text.conversation}/{message.user}", BUTTONS_ONLY, message, ports)
        return
    size = segments(text.body)
    several = is_new and text.state is State.WAITING and size.count > 1 and not text.files
    words = f"This text is sent as {size.count} segments ({size.encoding})." if several else ""
    if words := "\n".join(filter(None, [words, hour.words])):
        told = Whisper(text=words, user=message.user, channel=message.channel, thread_ts=message.thread_ts)
        await ports.publisher.publish(told)
        if hour.once:
            await ports.stores.events.add(hour.once, told)


async def _reply_outside_conversation(message: SlackReplyPosted, ports: Ports) -> None:
    """A reply in no conversation's thread: below a notification, in a former thread, or in one not recorded yet.

    The worker that posted a thread's root may have died, or lost MongoDB, before it recorded the thread. The reply
    waits as long as that may be so, and is not Clerk's otherwise.
    """
    posts, id = ports.stores.posts, outbound_id(message.channel, message.ts)
    post = await posts.by_message(message.channel, message.thread_ts)
    conversation = await ports.stores.conversations.get(post.conversation) if post else None
    if conversation is not None and is_in_thread(message, conversation.thread):
        await ports.publisher.publish(message, delay=wait_for_thread(timedelta()))  # a worker has just recorded it
    elif (words := outside_notice(post, conversation)) is not None:
        await _tell_once(f"elsewhere/{id}", words, message, ports)
    elif post is not None or await posts.has_unrecorded_root(message.channel):
        waited = ports.now() - message.received_at
        if waited >= WAITS_UNTOLD:
            await _tell_once(f"waits/{id}", WAITING_FOR_THREAD, message, ports)
        await ports.publisher.publish(message, delay=wait_for_thread(waited))


async def _tell_line_removed(conversation: Conversation, message: SlackReplyPosted, ports: Ports) -> None:
    """Tell the author, once, that nothing is sent in the conversation of a line that was removed."""
    words = LINE_REMOVED.format(line=conversation.line)
    await _tell_once(f"line-removed/{outbound_id(message.channel, message.ts)}", words, message, ports)


async def _tell_once(once: str, words: str, message: SlackReplyPosted, ports: Ports) -> None:
    told = Whisper(text=words, user=message.user, channel=message.channel, thread_ts=message.thread_ts)
    await tell_once(once, told, ports)


async def _whisper(words: str, user: str, channel: str | None, thread_ts: str | None, ports: Ports) -> None:
    await ports.publisher.publish(Whisper(text=words, user=user, channel=channel, thread_ts=thread_ts))


async def _thread(text: Sms, ports: Ports) -> Thread | None:
    conversation = await ports.stores.conversations.get(text.conversation)
    return conversation.thread if conversation else None
