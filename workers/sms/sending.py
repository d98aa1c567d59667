"""Sends what is in a conversation's outbox: in order, one at a time, and nothing twice.

A text is claimed before the provider is called and settled after. One that is found claimed may have been sent, so it
is looked for among the provider's texts, and never sent again but by a person.

The order is that in which Slack shows the replies. A reply waits a moment for earlier ones, and longer for the one that
stands before it, as its gateway saw them arrive or as the thread's list has them (`workers/sms/earlier.py`).
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.sms import Sms, State
from workers.platforms.twilio.errors import ErrorKind, advice
from workers.ports import Ports, Refused, SentText, TextingError, TextingThrottled, Undecided, Unreachable
from workers.sms.files import links
from workers.sms.replies import NOT_KNOWN, OPTED_OUT, reported

log = structlog.get_logger("clerk.sms")

IN_ORDER: Final = timedelta(milliseconds=700)
"""How long a reply waits for one that was written before it and comes after it, by another gateway or worker."""

WAIT_FOR_PREDECESSOR: Final = timedelta(seconds=45)
"""How long a reply, once it is off the queue, waits for the one before it, should that one be lost or late."""

LOOK_FOR_EARLIER: Final = timedelta(seconds=1)
LOOK_AGAIN: Final = timedelta(seconds=2)
QUIET: Final = timedelta(seconds=20)
"""After this long without a sign of a text, people are asked."""

SEND_WITHIN: Final = timedelta(seconds=12)
"""After this long the clock looks after a text that is not decided."""

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(minutes=5)


class Sending:
    """What is done with a conversation's outbox."""

    def __init__(self, conversation: str, ports: Ports) -> None:
        self._conversation, self._ports = conversation, ports
        self._texts = ports.stores.texts

    async def run(
        self, keep: Callable[[], Awaitable[bool]], fetch_earlier: Callable[[Sms], Awaitable[bool]]
    ) -> timedelta | None:
        """Send all that can be sent now; how long until the rest can be, None if nothing is left.

        `keep` renews the outbox's lease, and says whether it is still ours. `fetch_earlier` looks for the reply before
        one for which it was waited in vain, and says whether to wait for it still.
        """
        while text := await self._first():
            if not await keep():
                return LOOK_AGAIN
            now = self._ports.now()
            predecessor_unknown = text.after is not None and await self._texts.get(text.after) is None
            if (wait_first := self._time_to_wait(text, predecessor_unknown, now)) > timedelta():
                return wait_first
            if predecessor_unknown and text.state is State.WAITING and await fetch_earlier(text):
                return LOOK_AGAIN
            if text.after is not None and await self._first() != text:
                continue  # the one before it was stored just now
            wait = await (self._send(text, now) if text.state is State.WAITING else self._check_outcome(text, now))
            if wait is not None:
                return wait
        return None

    async def _first(self) -> Sms | None:
        """The first text of those that are in the outbox."""
        found = await self._texts.outbox(self._conversation, 1)
        return found[0] if found else None

    def _time_to_wait(self, text: Sms, predecessor_unknown: bool, now: datetime) -> timedelta:
        """How long a text must wait for the provider, and for texts that were written before it; an `orphan` for one
        that is not known.
        """
        waited = now - text.received_at
        patient = now - (text.stored_at or text.received_at) < WAIT_FOR_PREDECESSOR
        if predecessor_unknown and patient:
            return LOOK_FOR_EARLIER
        return max(IN_ORDER - waited, (text.retry_at or now) - now)

    async def _send(self, text: Sms, now: datetime) -> timedelta | None:
        """Send a text that was not attempted yet; how long to wait until the next try, None once it is decided."""
        ports = self._ports
        contact = await ports.stores.contacts.get(text.contact)
        if contact is not None and contact.opted_out:
            await self._texts.move(text, State.REFUSED, words=OPTED_OUT)
            return None
        if not await self._texts.claim(text, now, now + SEND_WITHIN):
            return None
        try:
            sent = await ports.texting.send(
                line=text.line,
                contact=text.contact,
                body=text.body,
                media=links(text.files, ports.settings, now),
                callback=f"{ports.settings.url}/twilio/status/{text.id}",
            )
        except Refused as error:
            await fail(text, State.FAILED, error.code, ports)
        except (TextingThrottled, Unreachable) as error:
            return await self._put_off(text, error)
        except Undecided as error:
            log.warning("nobody knows whether a text was sent", sms=text.id, error=str(error))
            return await self._check_later(text)
        else:
            await self._settle(text, sent)
        return None

    async def _check_outcome(self, text: Sms, now: datetime) -> timedelta | None:
        """Find out what became of a text that was attempted; how long until the next look, None once that is known."""
        since = text.claimed_at or text.received_at
        if await self.adopt(text):
            return None
        if now - since < QUIET:
            return await self._check_later(text)
        log.error("nobody knows whether a text was sent", sms=text.id)
        await self._texts.move(text, State.UNKNOWN, words=NOT_KNOWN)
        return None

    async def adopt(self, text: Sms) -> bool:
        """Whether a text that was attempted is among the provider's, and so was sent; that is noted then."""
        sent = await self._find(text)
        if sent is None:
            return False
        log.info("found a text whose answer never came", sms=text.id)
        await self._settle(text, sent)
        return True

    async def _check_later(self, text: Sms) -> timedelta:
        await self._texts.put_off(text, self._ports.now() + LOOK_AGAIN)
        return LOOK_AGAIN

    async def _find(self, text: Sms) -> SentText | None:
        """The provider's text that must be this one: the oldest with its words that is no other text of ours.

        A worker may have died after it had noted the sid, and before it noted the rest.
        """
        since = text.claimed_at or text.received_at
        try:
            listed = await self._ports.texting.find(line=text.line, contact=text.contact, since=since)
        except TextingError as error:
            log.warning("the provider's texts can't be listed", error=str(error))
            return None
        same = [each for each in listed if each.body.strip() == text.body.strip()]
        rivals = [each.sid for each in same if each.sid != text.sid]
        others = await self._texts.known_sids(rivals) if rivals else set()
        return next((each for each in reversed(same) if each.sid not in others), None)

    async def _settle(self, text: Sms, sent: SentText) -> None:
        state = reported(sent.status) or State.QUEUED
        await self._texts.set_sid(text, sent.sid)
        if state in {State.FAILED, State.UNDELIVERED}:
            await fail(text, state, sent.error_code, self._ports)
        else:
            await self._texts.move(text, state)

    async def _put_off(self, text: Sms, error: TextingThrottled | Unreachable) -> timedelta:
        """Have a text that surely was not sent wait for the provider."""
        wait: timedelta = min(FIRST_RETRY * 2 ** min(text.attempts, 10), LONGEST_RETRY)
        if isinstance(error, TextingThrottled):
            wait = error.retry_after
        log.warning("the provider puts us off", sms=text.id, error=str(error), seconds=wait.total_seconds())
        retry_at = self._ports.now() + wait
        await self._texts.unclaim(text, retry_at, retry_at + SEND_WITHIN)
        return wait


async def fail(text: Sms, state: State, code: int | None, ports: Ports) -> bool:
    """Record that a text failed and what to do about it; whether that is news."""
    found = advice(code)
    if found.kind is ErrorKind.OPTED_OUT:
        await ports.stores.contacts.set_opted_out(text.contact, True, text.claimed_at or ports.now())
    return await ports.stores.texts.move(text, state, error_code=code, words=found.words)
