"""Finds the replies that stand in the thread before one and are not known yet, so that it does not overtake them.

The gateway says which reply it saw before. One that has just started saw none: the reply before may be in the hands of
a worker that died, or its event may have met no gateway (Slack repeats it after a minute, and after five). Then the
thread is asked.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from messages.conversation import Conversation
from messages.inbound import SlackReplyPosted
from messages.sms import outbound_id
from messages.thread_replies import Reply, posted
from workers.ports import Permanent, Ports, Posted, SlackError, Throttled
from workers.sms.replies import STILL_MEANT, is_too_late, written_at

log = structlog.get_logger("clerk.sms")

LOOK_BACK: Final = timedelta(days=1)
ANSWER_WITHIN: Final = timedelta(seconds=3)
ASK_FOR: Final = timedelta(seconds=30)
"""How long after its event a reply is held back while Slack can't be asked."""
LOOKS: Final = 3
"""How often Slack is asked at once about a reply that was in the queue for longer, and so is not held back."""


async def after_earlier(message: SlackReplyPosted, conversation: Conversation, ports: Ports) -> SlackReplyPosted | None:
    """The reply, after the one before it, which is taken in too if it was not known; None: ask Slack again soon."""
    texts = ports.stores.texts
    if message.after is not None or message.event_id is None:
        return message
    if await texts.get(outbound_id(message.channel, message.ts)) is not None:
        return message
    known = await texts.newest_reply(conversation.id, message.ts)
    since = f"{(written_at(message.ts) - LOOK_BACK).timestamp():.6f}"
    after = max(message.thread_ts, since, (known and known.ts) or "")
    hold = ports.now() - message.received_at < ASK_FOR
    thread = Posted(message.channel, message.thread_ts)
    try:
        written = await _written(thread, after, message.ts, 1 if hold else LOOKS, ports)
    except Permanent:
        return message
    if written is None:
        return None if hold else message
    before: str | None = None
    for reply in written:
        found = posted(
            reply, message.channel, api_url=ports.settings.slack_api_url, received_at=written_at(reply.ts)
        ).model_copy(update={"after": before})
        # One that is late may still be in a queue, to be taken in as it was meant.
        late = is_too_late(found, ports.now())
        await ports.publisher.publish(found, delay=STILL_MEANT if late else None)
        log.info("a reply that is not known yet", sms=(before := outbound_id(found.channel, found.ts)))
    return message.model_copy(update={"after": before})


async def _written(thread: Posted, after: str, before: str, looks: int, ports: Ports) -> Sequence[Reply] | None:
    """What people wrote in a thread between two moments; None if Slack gives no answer, Permanent if it never will."""
    for _ in range(looks):
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await ports.slack.written(thread, after, before)
        except (SlackError, TimeoutError) as error:
            log.warning("the replies before one can't be listed", error=str(error) or type(error).__name__)
            if isinstance(error, Permanent):
                raise
            if isinstance(error, Throttled):
                break
    return None
