"""Finds the replies that stand in the thread before one and are not known yet, so that it does not overtake them.

The gateway says which reply it saw before. One that has just started saw none: the reply before may be in the hands of
a worker that died, or its event may have met no gateway (Slack repeats it after a minute, and after five). Then the
thread is asked.
"""

from datetime import timedelta
from typing import Final

import structlog

from messages.conversation import Conversation
from messages.inbound import SlackReplyPosted
from messages.sms import outbound_id
from messages.thread_replies import posted
from workers.ports import Permanent, Ports, Posted, SlackError
from workers.sms.replies import STILL_MEANT, is_too_late, written_at

log = structlog.get_logger("clerk.sms")

LOOK_BACK: Final = timedelta(days=1)
ASK_FOR: Final = timedelta(seconds=6)
"""How long a reply is held back while Slack can't be asked."""


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
    try:
        written = await ports.slack.written(Posted(message.channel, message.thread_ts), after, message.ts)
    except SlackError as error:
        log.warning("the replies before one can't be listed", error=error.code)
        hold = not isinstance(error, Permanent) and ports.now() - message.received_at < ASK_FOR
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
