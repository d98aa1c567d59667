"""Sends what is in a conversation's outbox: in order, one at a time, and nothing twice.

A text is claimed before the call to the provider and settled after it (`workers/claim.py`). A text that is already
claimed may have been sent: the worker looks for it among the provider's texts, and only a person sends it again.

The order is that of the replies in Slack. A reply waits a moment for earlier ones, until the thread's list has shown
those that are unknown (`workers/sms/earlier.py`), and longer for the one that its gateway saw before it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from messages.conversation import Conversation, SendingOutcome
from messages.formats.segments import segments
from messages.sms import Origin, Sms, State
from workers.claim import CALL_TIMEOUT, ClaimState, LookupAnswer, NextStep, failed_lookup, next_step
from workers.failures import CALLS_AGAIN, Refused, TextingError, TextingThrottled, Undecided, Unreachable
from workers.lease import Lease
from workers.mongo.conversations import OutboxNews
from workers.ports import Ports, SentText
from workers.sms.attempt import LISTED_WITHIN, PATIENCE, attempt_of, doubt_of, paired, words_for_person
from workers.sms.files import links
from workers.sms.may_send import Hold, Refuse, Send, at_call, is_late, words_of
from workers.sms.outcomes import fail, succeed, tell_accepted, tell_failed
from workers.sms.replies import put_off, reported

log = structlog.get_logger("clerk.sms")

WAIT_FOR_EARLIER: Final = timedelta(milliseconds=700)
"""How long a reply waits for one that was written earlier but comes later, through another gateway or worker."""

WAIT_FOR_PREDECESSOR: Final = timedelta(seconds=45)
"""How long a stored reply waits for the one before it, if that is lost or late."""

ASK_FOR: Final = timedelta(seconds=35)
"""How long a stored reply waits while Slack does not say what was written before it, or for an event that a message of
before an outage may still bring."""

ASKED_WITHIN: Final = ASK_FOR + timedelta(seconds=15)
"""After so long a reply is sent although nobody has recorded that Slack was asked: a worker may have died."""

LOOK_FOR_EARLIER: Final = timedelta(seconds=1)
LOOK_AGAIN: Final = timedelta(seconds=2)
LEAD_OF_LONG_TEXT: Final = timedelta(seconds=2)
"""How long the next text waits behind one of several segments, unless the provider says before that this is sent."""

AT_ONCE: Final = 2
"""How many of the texts that wait are read at once: whether there is more than one."""

LATELY: Final = 10
"""Among how many of the newest texts the last one that was sent is looked for."""

SEND_WITHIN: Final = timedelta(seconds=12)
"""After this long the clock finds a text without an outcome."""


class Sending:
    """Sends the texts in a conversation's outbox, under a lease."""

    def __init__(self, conversation: str, ports: Ports, lease: Lease[Conversation | None] | None = None) -> None:
        self._conversation, self._ports, self._lease = conversation, ports, lease
        self._texts = ports.stores.texts
        self._settled: str | None = None
        self._just_read: Conversation | None = None
        self._leased: Conversation | None = None
        self.has_sent = False
        """Whether the state of a text has changed since Slack was last told to show it."""
        self.is_told = False
        """Whether Slack was told to show what was sent."""
        self.is_done = False
        """Whether the only text in the outbox was sent."""
        self.news = OutboxNews()

    async def run(
        self,
        found: Sequence[Sms],
        conversation: Conversation,
        keep: Callable[[], Awaitable[bool]],
        fetch_earlier: Callable[[Sms], Awaitable[bool]],
    ) -> timedelta | None:
        """Send all that can be sent now; returns how long until the rest can be, None if nothing is left.

        `found` are the first texts in the outbox, as read just before, and `conversation` is as read with the lease.
        `keep` renews the outbox's lease if it may end soon, and says whether we still have it. `fetch_earlier` looks
        for the reply before one that has waited for it, and says whether to wait on.
        """
        self._just_read = self._leased = conversation
        self.is_done, self.news = False, OutboxNews()
        while found:
            text = found[0]
            is_ours = self._lease is not None and self._lease.lasts(CALL_TIMEOUT)
            if not is_ours:
                self._just_read = None
                if not await keep():
                    return LOOK_AGAIN
            now = self._ports.now()
            predecessor_unknown = text.after is not None and await self._texts.get(text.after) is None
            if (wait_first := self._time_to_wait(text, predecessor_unknown, now)) > timedelta():
                return wait_first
            if predecessor_unknown and text.state is State.WAITING:
                self._just_read = None
                if await fetch_earlier(text):
                    return LOOK_AGAIN
            if text.after is not None and await self._first() != text:
                found = await self._texts.outbox(self._conversation, AT_ONCE)
                continue  # the one before it has just been stored
            wait = await (self._send(text, now) if text.state is State.WAITING else self._check_outcome(text, now))
            if wait is not None:
                return wait
            if len(found) == 1 and self._settled == text.id:
                self.is_done = True  # who has stored another meanwhile comes for it, and it is seen at the release
                return None
            self._just_read = None
            found = await self._texts.outbox(self._conversation, AT_ONCE)
        return None

    async def _first(self) -> Sms | None:
        """The first text in the outbox."""
        found = await self._texts.outbox(self._conversation, 1)
        return found[0] if found else None

    def _time_to_wait(self, text: Sms, predecessor_unknown: bool, now: datetime) -> timedelta:
        """How long a text must wait: for the provider, for earlier texts, or for a predecessor that is unknown."""
        stored_at = text.stored_at or text.received_at
        waited, stored_for = now - min(text.received_at, stored_at), now - stored_at
        if (text.asking and stored_for < ASKED_WITHIN) or (predecessor_unknown and stored_for < WAIT_FOR_PREDECESSOR):
            return LOOK_FOR_EARLIER
        return max(WAIT_FOR_EARLIER - waited, (text.retry_at or now) - now)

    def _may_follow_long_text(self, conversation: Conversation | None, now: datetime) -> bool:
        """Whether a text of several segments was sent just now."""
        ends = [self.news.lead_until, conversation.lead_until if conversation else None]
        return any(each is not None and now < each for each in ends)

    async def _time_behind_long_text(self, text: Sms, now: datetime) -> timedelta:
        """How long a text waits, so that it does not reach the phone before a longer one that was sent just now.

        The provider promises no order: the parts of a long text take their time
        (https://help.twilio.com/articles/223134247).
        """
        newest = await self._texts.newest_sent(self._conversation, LATELY)
        last = next((each for each in newest if each.called_at is not None and each.id != text.id), None)
        if last is None or last.called_at is None or last.state is not State.QUEUED or segments(last.body).count < 2:
            return timedelta()
        return last.called_at + LEAD_OF_LONG_TEXT - now

    async def _send(self, text: Sms, now: datetime) -> timedelta | None:
        """Send a text that was not attempted; returns how long until the next try, None if the outcome is known."""
        ports = self._ports
        parties = await ports.stores.opt_outs.parties(text.line, text.contact, self._just_read)
        if self._may_follow_long_text(parties.conversation, now):
            wait_behind = await self._time_behind_long_text(text, now)
            if wait_behind > timedelta():
                return wait_behind
        verdict, standing = at_call(text, parties, now), parties.standing
        match verdict:
            case Hold(until=datetime() as until):
                await self._texts.hold(text, until)
                return None
            case Hold(why=why) | Refuse(why=why):
                words = words_of(why, text.origin, parties)
                late = is_late(verdict) and not text.origin.is_automatic
                await tell_failed(text, ports)
                await self._texts.move(text, State.REFUSED, words=words, late=late or None)
                return None
            case Send():
                pass
        if attempt_of(text).state is ClaimState.REPEATABLE:
            found = await self.look(text)
            if found is None:
                return None
            if found is not LookupAnswer.NO:
                return await self._check_later(text)
        claimed_at = ports.now()
        if not await self._texts.claim(text, claimed_at, now + SEND_WITHIN, standing.since):
            return None
        if self._lease is not None and not self._lease.lasts(CALL_TIMEOUT):
            log.warning("the outbox may be another worker's by now", sms=text.id)
            await self._texts.unclaim(text, ports.now(), ports.now() + SEND_WITHIN)
            return LOOK_AGAIN
        try:
            sent = await ports.texting.send(
                line=text.line,
                contact=text.contact,
                body=text.body,
                media=links(text.files, ports.settings, now),
                callback=f"{ports.settings.url}/twilio/status/{text.id}",
            )
        except Refused as error:
            claimed = {"claimed_at": claimed_at, "allowed_since": standing.since}
            await fail(text.model_copy(update=claimed), State.FAILED, error.number, ports)
        except (TextingThrottled, Unreachable) as error:
            return await self._put_off(text, error)
        except Undecided as error:
            log.warning("unknown whether a text was sent", sms=text.id, error=str(error))
            await self._texts.set_undecided(text, claimed_at, ports.now() + LOOK_AGAIN)
            return LOOK_AGAIN
        else:
            await self._settle(text.model_copy(update={"attempts": text.attempts + 1}), sent)
        return None

    async def _check_outcome(self, text: Sms, now: datetime) -> timedelta | None:
        """Find out the outcome of an attempted text; returns how long until the next check, None if it is known."""
        found = await self.look(text)
        if found is None:
            return None
        if next_step(attempt_of(text), found, now, PATIENCE) is not NextStep.TELL:
            return await self._check_later(text)
        log.error("unknown whether a text was sent", sms=text.id, list=found)
        await self._texts.move(text, State.UNKNOWN, words=words_for_person(found))
        return None

    async def look(self, text: Sms) -> LookupAnswer | None:
        """Look for an attempted text among the provider's: None if it was sent, which is then recorded."""
        try:
            sent = await self._find(text)
        except TextingError as error:
            log.warning("the provider does not list its texts", error=str(error))
            return failed_lookup(error)
        if sent is None:
            return LookupAnswer.NO
        log.info("found a text that had no answer", sms=text.id)
        await self._settle(text, sent)
        return None

    async def _check_later(self, text: Sms) -> timedelta:
        await self._texts.put_off(text, self._ports.now() + LOOK_AGAIN)
        return LOOK_AGAIN

    async def _find(self, text: Sms) -> SentText | None:
        """The provider's text that must be this one: it has the same words, and is not another text of ours.

        If several of ours with these words are in doubt, each gets the one that fits it best.
        A worker may have died after it recorded the sid and before it recorded the rest.
        """
        doubt = doubt_of(text)
        listed = await self._ports.texting.find(line=text.line, contact=text.contact, since=doubt.first_at)
        same = [each for each in listed if _words(each.body) == _words(text.body)]
        rivals = [each.sid for each in same if each.sid != text.sid]
        others = await self._texts.known_sids(rivals) if rivals else set()
        free = [each for each in reversed(same) if each.sid not in others]
        if not free or (own := next((each for each in free if each.sid == text.sid), None)) is not None:
            return own if free else None
        around = await self._texts.in_doubt(text, doubt.first_at - LISTED_WITHIN, doubt.last_at + LISTED_WITHIN)
        equal = [each for each in around if _words(each.body) == _words(text.body)]
        pairs = paired([doubt, *map(doubt_of, equal)], [each.at for each in free])
        return free[pairs[text.id]] if text.id in pairs else None

    async def _settle(self, text: Sms, sent: SentText) -> None:
        state = reported(sent.status) or State.QUEUED
        if state in {State.FAILED, State.UNDELIVERED}:
            await self._texts.set_sid(text, sent.sid)
            await fail(text, state, sent.error_code, self._ports)
            return
        await succeed(text, state, self._ports)
        if text.origin is Origin.AUTO:
            await self._record_automatic(text, sent.at)
        await tell_accepted(text, self._ports)
        self.has_sent, self._settled = True, text.id
        said = {"words": words} if (words := put_off(sent.status)) else {}
        is_news = await self._texts.move(text, state, sid=sent.sid, **said)
        if not is_news:
            await self._texts.set_sid(text, sent.sid)
        lead = self._ports.now() + LEAD_OF_LONG_TEXT if segments(text.body).count > 1 else self.news.lead_until
        self.news = OutboxNews(lead, (self._outcome(text) if is_news else None) or self.news.outcome)

    def _outcome(self, text: Sms) -> SendingOutcome | None:
        """The outcome of a text that was sent, if it is the newest; None if a pass must look: one before it failed."""
        known = self.news.outcome or (self._leased.outcome if self._leased else None)
        if self._leased is None or not text.is_of_team or (known and (known.failed or known.at > text.written_at)):
            return None
        return SendingOutcome(at=text.written_at)

    async def _record_automatic(self, text: Sms, at: datetime) -> None:
        """Record when the provider had an automatic text: who answers it at once may be a machine."""
        conversations = self._ports.stores.conversations
        if not await conversations.change_answering(text.conversation, lambda state: state.sent(text.id, at)):
            log.warning("not recorded when an automatic text was sent: others changed it each time", sms=text.id)

    async def _put_off(self, text: Sms, error: TextingThrottled | Unreachable) -> timedelta:
        """Put a text back that was certainly not sent, to wait for the provider."""
        wait = error.retry_after or CALLS_AGAIN.wait(text.attempts)
        log.warning("the provider postpones our texts", sms=text.id, error=str(error), seconds=wait.total_seconds())
        retry_at = self._ports.now() + wait
        await self._texts.unclaim(text, retry_at, retry_at + SEND_WITHIN)
        return wait


def _words(body: str) -> str:
    """A text as it is compared: the provider drops blanks around it."""
    return body.strip()
