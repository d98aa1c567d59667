"""Decides about a text whose outcome nobody knows: what its document records, how long to look, what to say. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from messages.sms import Sms, State
from workers.claim import CALL_TIMEOUT, MAY_WORK_FOR, Attempt, ClaimState, LookupAnswer, Patience

ASK_PERSON_AFTER: Final = timedelta(seconds=20)
"""After this long without a sign of a text, a person must decide: a contact must not get it twice."""

RESEND_AFTER: Final = 2 * CALL_TIMEOUT + MAY_WORK_FOR
"""So long after a claim the provider can't be working at its call any more: the call begins within a lease, and the
provider has got it before we stop waiting for its answer."""

PATIENCE: Final = Patience(
    look_after=timedelta(),
    look_at_least_every=timedelta(seconds=2),
    orphaned_after=ASK_PERSON_AFTER,
    lapses_after=ASK_PERSON_AFTER,
    repeats=False,
    tells_unasked=True,
)

OUTCOME_UNKNOWN: Final = (
    "Clerk does not know whether this text was sent: the provider did not answer, and does not list it. "
    "Send it again only if a second copy would do no harm."
)
OUTCOME_NOT_ASKED: Final = (
    "Clerk does not know whether this text was sent: the provider did not answer, and its list of texts could not be "
    "asked. Resend asks it first, and sends only what it does not list."
)
LIST_SILENT: Final = (
    "Not sent again: the provider's list of texts can't be asked at the moment, so Clerk can't tell whether the "
    "contact has this text. Press Resend again in a minute."
)

TOO_EARLY: Final = (
    "Not sent again: the first attempt may still be under way at the provider, and the contact would get this text "
    "twice. Please try again in {seconds}."
)

_STATES: Final = {
    State.UNKNOWN: ClaimState.TOLD,
    State.FAILED: ClaimState.REFUSED,
    State.REFUSED: ClaimState.REFUSED,
    State.NOTE: ClaimState.REFUSED,
    State.UNSENT: ClaimState.REFUSED,
}


def attempt_of(text: Sms) -> Attempt:
    """The attempt that a text records; workers of earlier versions write only `claimed_at`, at each call."""
    if text.state not in {State.WAITING, State.SENDING}:
        return Attempt(_STATES.get(text.state, ClaimState.SETTLED) if text.state else ClaimState.FREE)
    first, lost = text.claimed_at or text.undecided_at, text.undecided_at
    if text.state is State.WAITING:
        return Attempt() if lost is None else Attempt(ClaimState.REPEATABLE, first, text.called_at, lost)
    first = first or text.received_at
    last = max(each for each in (first, lost, text.called_at) if each is not None)
    if lost is None:
        return Attempt(ClaimState.CLAIMED, first, last)
    return Attempt(ClaimState.CLAIMED_AGAIN if last > lost else ClaimState.UNDECIDED, first, last, lost)


LISTED_WITHIN: Final = timedelta(minutes=10)
"""How far the provider's time of a text may be from that of its call: clocks differ, and a slow provider is late."""


@dataclass(frozen=True)
class Doubt:
    """A text whose outcome is in doubt: its id, and the times of its first and its last call."""

    id: str
    first_at: datetime
    last_at: datetime

    def distance(self, at: datetime) -> timedelta | None:
        """How far a time is from the calls; None if it can't be that of this text."""
        gap = max(self.first_at - at, at - self.last_at, timedelta())
        return gap if gap <= LISTED_WITHIN else None


def paired(doubts: Sequence[Doubt], listed: Sequence[datetime]) -> Mapping[str, int]:
    """Which of the texts with equal words, listed at these times, is which of those in doubt, by the doubt's id.

    Calls and listed texts are in the same order. Of all pairings that keep it, the one with the most pairs is taken,
    and of these the one whose times fit best.
    """
    ordered = sorted(doubts, key=lambda doubt: (doubt.first_at, doubt.id))
    places = sorted(range(len(listed)), key=lambda place: listed[place])
    best: list[_Pairing] = [_Pairing()] * (len(places) + 1)
    for doubt in ordered:
        row = [best[0]]
        for number, place in enumerate(places):
            choices = [best[number + 1], row[number]]
            if (gap := doubt.distance(listed[place])) is not None:
                choices.append(best[number].plus(doubt.id, place, gap))
            row.append(min(choices, key=lambda each: (-len(each.pairs), each.gap)))
        best = row
    return dict(best[-1].pairs)


@dataclass(frozen=True)
class _Pairing:
    """Some pairs of doubts and listed texts, and how far their times are apart."""

    pairs: tuple[tuple[str, int], ...] = ()
    gap: timedelta = timedelta()

    def plus(self, id: str, place: int, gap: timedelta) -> "_Pairing":
        return _Pairing((*self.pairs, (id, place)), self.gap + gap)


def doubt_of(text: Sms) -> Doubt:
    """When the provider was called for a text."""
    calls = [each for each in (text.claimed_at, text.called_at, text.undecided_at) if each is not None]
    return Doubt(text.id, min(calls, default=text.received_at), max(calls, default=text.received_at))


def time_to_resend(text: Sms, now: datetime) -> timedelta:
    """How long until a person may send a text again; zero if the provider can't be working at its last call any more.

    A list without the text says nothing before: the provider may list it once it has worked through the call.
    """
    return min(max(doubt_of(text).last_at + RESEND_AFTER - now, timedelta()), RESEND_AFTER)


def objection_to_resend(found: LookupAnswer, text: Sms, now: datetime) -> str:
    """Why a text is not sent again that the lookup which was begun at `now` did not find; empty if it may be."""
    if found is not LookupAnswer.NO:
        return LIST_SILENT
    seconds = math.ceil(time_to_resend(text, now).total_seconds())
    return TOO_EARLY.format(seconds=f"{seconds} second{'s' * (seconds > 1)}") if seconds else ""


def words_for_person(found: LookupAnswer) -> str:
    """Why a person must decide about a text, in words."""
    return OUTCOME_UNKNOWN if found is LookupAnswer.NO else OUTCOME_NOT_ASKED
