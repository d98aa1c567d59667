"""What follows once it is known what became of a text: the tickets learn it, before it is recorded.

An answer that was accepted stops clocks, and one that failed for good has answered nobody. And the provider judges
which contacts have opted out: 21610 says so, a delivery says the opposite.
"""

from datetime import datetime
from typing import Final

from messages.deadlines.clocks import EndWait, RecordAnswer
from messages.line import Line
from messages.opt_outs import OptOutWords, Standing, blocked, is_toll_free, words_of
from messages.planned import LookAtPlanned
from messages.sms import Sms, State
from workers.lease import CLOCKS_APART
from workers.platforms.twilio.errors import ErrorKind, advice
from workers.ports import Ports
from workers.redraw import redraw

ARRIVES: Final = frozenset({State.SENT, State.DELIVERED})
"""The states in which the provider has let a text pass its list of opt-outs; Queued may still end in 21610."""


def _words_of(number: str, line: Line | None) -> OptOutWords:
    return words_of(number, line.opt_out if line else None, in_service=bool(line and line.pool))


async def fail(text: Sms, state: State, code: int | None, ports: Ports) -> bool:
    """Record that a text failed and what to do about it; False, and nothing changes, if that was recorded before."""
    found = advice(code)
    words = found.words
    if found.kind is ErrorKind.OPTED_OUT and text.rank < state.rank:
        # The wish that allowed the text was recorded before the call, whatever the clocks say.
        judged_at = _judged_at(text.claimed_at or ports.now())
        since = max(judged_at, text.allowed_since or judged_at)
        await _record(text, Standing(out=True, since=since), ports)
        words = blocked(_words_of(text.line, await ports.stores.lines.get(text.line)))
    if text.rank < state.rank:
        await tell_failed(text, ports)
    return await ports.stores.texts.move(text, state, error_code=code, words=words)


async def succeed(text: Sms, state: State, ports: Ports) -> None:
    """Record that a contact gets texts, as of the call that sent this one, if Clerk thought that they had opted out."""
    if state not in ARRIVES or text.claimed_at is None or text.rank >= state.rank:
        return
    known = await ports.stores.opt_outs.of(text.line, text.contact)
    judged_at = _judged_at(text.claimed_at)
    if known.out and known.since is not None and known.since < judged_at:
        await _record(text, Standing(out=False, since=judged_at), ports)


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


def _judged_at(called_at: datetime) -> datetime:
    """As of when a call shows what the contact wants: their own words may have come to a gateway whose clock is behind.

    A STOP or START that came at about the time of the call counts as the later one.
    """
    return called_at - CLOCKS_APART


async def _record(text: Sms, judged: Standing, ports: Ports) -> None:
    """Record the provider's judgement of a line, and so of its pool.

    But the network behind a toll-free number blocks it alone.
    """
    pool = "" if judged.out and is_toll_free(text.line) else None
    for conversation in await ports.stores.opt_outs.record(text.line, text.contact, judged, pool):
        await redraw(conversation, ports)
        await ports.publisher.publish(LookAtPlanned(conversation=conversation))
        if judged.out:
            await ports.publisher.publish(EndWait(conversation=conversation, at=ports.now()))
