"""Decides about a text whose outcome nobody knows: what its document records, how long to look, what to say. Pure."""

from datetime import timedelta
from typing import Final

from messages.sms import Sms, State
from workers.claim import Attempt, ClaimState, LookupAnswer, Patience

ASK_PERSON_AFTER: Final = timedelta(seconds=20)
"""After this long without a sign of a text, a person must decide: a contact must not get it twice."""

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


def words_for_person(found: LookupAnswer) -> str:
    """Why a person must decide about a text, in words."""
    return OUTCOME_UNKNOWN if found is LookupAnswer.NO else OUTCOME_NOT_ASKED
