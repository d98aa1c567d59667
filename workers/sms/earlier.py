"""Finds the replies that stand in the thread before one and are not known yet, so that it does not overtake them.

The gateway says which reply it saw before. One that has just started saw none: the reply before may be in the hands of
a worker that died, or its event may have met no gateway (Slack repeats it after a minute, and after five). Then the
thread is asked. So it is when the one that a gateway saw before does not come: it may be far behind in the queue.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from messages.conversation import Conversation
from messages.formats.thread_replies import ThreadReply, reply_posted
from messages.inbound import SlackReplyPosted
from messages.sms import Sms, outbound_id
from workers.ports import Permanent, Ports, Posted, SlackError, Throttled
from workers.sms.replies import SENDABLE_FOR, is_too_late, written_at

log = structlog.get_logger("clerk.sms")

LOOK_BACK: Final = timedelta(days=1)
ANSWER_WITHIN: Final = timedelta(seconds=3)
HOLD_AFTER_ARRIVAL: Final = timedelta(seconds=30)
"""How long after its event a reply is held back while Slack can't be asked."""
ATTEMPTS: Final = 3
"""How often Slack is asked at once about a reply that was in the queue for longer, and so is not held back."""


async def with_earlier(
    message: SlackReplyPosted, conversation: Conversation, ports: Ports
) -> Sequence[SlackReplyPosted] | None:
    """The reply, behind those that stand before it and are not known, in order; None: ask Slack again soon."""
    if message.after is not None or message.event_id is None:
        return [message]
    if await ports.stores.texts.get(outbound_id(message.channel, message.ts)) is not None:
        return [message]
    hold = ports.now() - message.received_at < HOLD_AFTER_ARRIVAL
    thread = Posted(message.channel, message.thread_ts)
    found = await _unknown(thread, message.ts, conversation, 1 if hold else ATTEMPTS, ports)
    if found is None:
        return None if hold else [message]
    for reply in found:
        if is_too_late(reply, ports.now()):  # it may still be in a queue, to be taken in as it was meant
            await ports.publisher.publish(reply, delay=SENDABLE_FOR)
    after = outbound_id(message.channel, found[-1].ts) if found else None
    return [*_still_sendable(found, ports), message.model_copy(update={"after": after})]


async def missing_before(
    text: Sms, conversation: Conversation, attempts: int, ports: Ports
) -> Sequence[SlackReplyPosted] | None:
    """Those that stand before a reply in the thread and are not known, in order; None if Slack gives no answer."""
    thread = conversation.thread
    if thread is None or text.ts is None:
        return []
    found = await _unknown(Posted(thread.channel, thread.ts), text.ts, conversation, attempts, ports)
    return None if found is None else _still_sendable(found, ports)


def _still_sendable(replies: Sequence[SlackReplyPosted], ports: Ports) -> list[SlackReplyPosted]:
    return [reply for reply in replies if not is_too_late(reply, ports.now())]


async def _unknown(
    thread: Posted, before: str, conversation: Conversation, attempts: int, ports: Ports
) -> Sequence[SlackReplyPosted] | None:
    """The replies between the last that is known and a moment (as `ts`), each after the one before it; None if Slack
    gives no answer.
    """
    known = await ports.stores.texts.newest_reply(conversation.id, before)
    since = f"{(written_at(before) - LOOK_BACK).timestamp():.6f}"
    try:
        written = await _written(thread, max(thread.ts, since, (known and known.ts) or ""), before, attempts, ports)
    except Permanent:
        return []
    if written is None:
        return None
    befores = [None, *(outbound_id(thread.channel, reply.ts) for reply in written)]
    found = [
        reply_posted(
            reply, thread.channel, api_url=ports.settings.slack_api_url, received_at=written_at(reply.ts)
        ).model_copy(update={"after": after})
        for reply, after in zip(written, befores, strict=False)
    ]
    for reply in found:
        log.info("a reply that is not known yet", sms=outbound_id(reply.channel, reply.ts))
    return found


async def _written(
    thread: Posted, after: str, before: str, attempts: int, ports: Ports
) -> Sequence[ThreadReply] | None:
    """What people wrote in a thread between two moments; None if Slack gives no answer, Permanent if it never will."""
    for _ in range(attempts):
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await ports.slack.replies_between(thread, after, before)
        except (SlackError, TimeoutError) as error:
            log.warning("the replies before one can't be listed", error=str(error) or type(error).__name__)
            if isinstance(error, Permanent):
                raise
            if isinstance(error, Throttled):
                break
    return None
