"""Tells the tickets what became of the texts that people wrote: before it is recorded, so that no crash keeps it back.

A text that was accepted stops clocks, if its line has any. One that failed for good has answered nobody.
"""

from messages.deadlines.clocks import RecordAnswer
from messages.sms import Sms
from workers.ports import Ports


async def tell_accepted(text: Sms, ports: Ports) -> None:
    """Tell that the provider accepted a text; on a line without a policy nobody needs to know."""
    line = await ports.stores.lines.get(text.line) if text.is_of_team else None
    if line is not None and line.policy.targets:
        await ports.publisher.publish(_answer(text, ports))


async def tell_failed(text: Sms, ports: Ports) -> None:
    """Tell that a text will not arrive."""
    if text.is_of_team:
        await ports.publisher.publish(_answer(text, ports).model_copy(update={"failed": True}))


def _answer(text: Sms, ports: Ports) -> RecordAnswer:
    return RecordAnswer(
        conversation=text.conversation,
        order=text.id,
        written_at=text.written_at,
        at=ports.now(),
        tries=text.attempts,
    )
