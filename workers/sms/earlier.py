"""Finds the unknown replies before a reply in its thread, so that it does not overtake them.

No gateway can name them all. One that has just started knows none, one of several does not know what came through the
others, and an event that reached no gateway comes again after one minute and after five. A worker that died or stands
still may have had one, too. So the worker reads the thread from Slack for each reply that is to be sent, from the last
one on for which that was done. The reply itself is stored before that, so that no later one overtakes it.
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
from workers.failures import Permanent, SlackError, Throttled
from workers.ports import Ports, Posted
from workers.sms.replies import written_at

log = structlog.get_logger("clerk.sms")

LOOK_BACK: Final = timedelta(days=1)
ANSWER_WITHIN: Final = timedelta(seconds=3)
ATTEMPTS: Final = 3
"""How often in a row Slack is asked before a reply goes on without an answer."""


async def unknown_before(
    text: Sms, conversation: Conversation, attempts: int, ports: Ports
) -> Sequence[SlackReplyPosted] | None:
    """The unknown replies before a reply in the thread, in order; None if Slack does not answer."""
    thread = conversation.thread
    if thread is None or text.ts is None:
        return []
    return await _unknown(Posted(thread.channel, thread.ts), text.ts, conversation, attempts, ports)


async def _unknown(
    thread: Posted, before: str, conversation: Conversation, attempts: int, ports: Ports
) -> Sequence[SlackReplyPosted] | None:
    """The unknown replies before a moment (as `ts`), each with the one before it; None if Slack does not answer.

    What comes before the last reply that was to be sent is known, or is asked about by that one, which goes first.
    """
    known = await ports.stores.texts.newest_reply(conversation.id, before)
    since = f"{(written_at(before) - LOOK_BACK).timestamp():.6f}"
    try:
        written = await _written(thread, max(thread.ts, since, (known and known.ts) or ""), before, attempts, ports)
    except Permanent:
        return []
    if written is None:
        return None
    ids = [outbound_id(thread.channel, reply.ts) for reply in written]
    stored = await ports.stores.texts.known_replies(conversation.id, [reply.ts for reply in written]) if ids else set()
    befores = [None, *ids]
    found = [
        reply_posted(
            reply, thread.channel, api_url=ports.settings.slack_api_url, received_at=written_at(reply.ts)
        ).model_copy(update={"after": after})
        for reply, after in zip(written, befores, strict=False)
        if reply.ts not in stored
    ]
    for reply in found:
        log.info("found an unknown reply", sms=outbound_id(reply.channel, reply.ts))
    return found


async def _written(
    thread: Posted, after: str, before: str, attempts: int, ports: Ports
) -> Sequence[ThreadReply] | None:
    """People's replies in a thread between two moments; None if Slack does not answer, Permanent if it never will."""
    for _ in range(attempts):
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await ports.slack.replies_between(thread, after, before)
        except (SlackError, TimeoutError) as error:
            log.warning("Slack does not list the earlier replies", error=str(error) or type(error).__name__)
            if isinstance(error, Permanent):
                raise
            if isinstance(error, Throttled):
                break
    return None
