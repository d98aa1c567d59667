"""What cannot be repeated: the states of an attempt at a post, a share of files, or a text to a contact. Pure.

A worker records an attempt before it calls the platform, and its outcome after. Between the two it may die, and the
answer may get lost. Then nobody knows whether the platform did it, and the attempt stays undecided until a lookup finds
it, or until the platform can't carry it out any more. Only then may a worker call again, and where a lookup can't tell,
a person decides.

- Only "nothing happened", said about the call just made, frees an attempt, and only one that was not undecided before.
- A lookup that could not be asked says nothing. It is never "not there".
- The time of the first call is kept: each lookup searches from there.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from workers.failures import Ambiguous, CallError, Permanent, Temporary

CALL_TIMEOUT: Final = timedelta(seconds=10)
"""How long a call that can't be repeated may take; then its answer counts as lost."""


MAY_WORK_FOR: Final = timedelta(minutes=1)
"""How long a platform may still work at a call that it has got, although nobody waits for its answer any more."""


class ClaimState(StrEnum):
    """How far an attempt has come."""

    FREE = "free"
    """Nobody has called the platform, or nothing came of it."""
    CLAIMED = "claimed"
    """A worker calls the platform now, or died while it did."""
    UNDECIDED = "undecided"
    """A call had no answer: the platform may have done it, or may yet do it."""
    REPEATABLE = "repeatable"
    """An earlier call had no answer, and the platform can't carry it out any more: look once more, then call again."""
    CLAIMED_AGAIN = "claimed again"
    """A worker calls the platform a second time, after an earlier call that had no answer."""
    FOUND = "found"
    """A lookup found it."""
    SETTLED = "settled"
    """The platform answered that it did it."""
    REFUSED = "refused"
    """The platform answered that it will not do it."""
    TOLD = "told"
    """It can't be told whether the platform did it; people were told so, and decide."""


class ClaimEvent(StrEnum):
    """What happens to an attempt."""

    BEGUN = "begun"
    """A worker is about to call the platform."""
    ANSWERED = "answered"
    """The platform answered that it did it."""
    REFUSED = "refused"
    """The platform refused the call for good."""
    NOT_DONE = "not done"
    """Nothing came of the call just made: the connection was refused, or the call throttled."""
    NO_ANSWER = "no answer"
    """The answer to the call just made was lost."""
    FOUND = "found"
    """A lookup found it."""
    NOT_FOUND = "not found"
    """A lookup answered, and it was not there (yet)."""
    LOOKUP_FAILED = "lookup failed"
    """The lookup itself failed: throttled, refused, not a member, unreachable."""
    LAPSED = "lapsed"
    """The platform can't carry out the undecided call any more."""
    GIVEN_UP = "given up"
    """Nobody can tell by a lookup, or nothing may be repeated without a person: people are told."""
    ORDERED = "ordered"
    """A person decided that it be done again."""
    REPAIRED = "repaired"
    """A person may have repaired the reason of a refusal."""


_S, _E = ClaimState, ClaimEvent

TABLE: Final = MappingProxyType(
    {
        _S.FREE: {
            _E.BEGUN: _S.CLAIMED,
            _E.ANSWERED: _S.SETTLED,
            _E.REFUSED: _S.REFUSED,
            _E.NOT_DONE: _S.FREE,
            _E.NO_ANSWER: _S.UNDECIDED,
            _E.FOUND: _S.FOUND,
            _E.NOT_FOUND: _S.FREE,
            _E.LOOKUP_FAILED: _S.FREE,
            _E.LAPSED: _S.FREE,
            _E.GIVEN_UP: _S.FREE,
            _E.ORDERED: _S.FREE,
            _E.REPAIRED: _S.FREE,
        },
        _S.CLAIMED: {
            _E.BEGUN: _S.CLAIMED_AGAIN,
            _E.ANSWERED: _S.SETTLED,
            _E.REFUSED: _S.REFUSED,
            _E.NOT_DONE: _S.FREE,
            _E.NO_ANSWER: _S.UNDECIDED,
            _E.FOUND: _S.FOUND,
            _E.NOT_FOUND: _S.CLAIMED,
            _E.LOOKUP_FAILED: _S.CLAIMED,
            _E.LAPSED: _S.REPEATABLE,
            _E.GIVEN_UP: _S.TOLD,
            _E.ORDERED: _S.CLAIMED,
            _E.REPAIRED: _S.CLAIMED,
        },
        _S.UNDECIDED: {
            _E.BEGUN: _S.CLAIMED_AGAIN,
            _E.ANSWERED: _S.SETTLED,
            _E.REFUSED: _S.UNDECIDED,
            _E.NOT_DONE: _S.UNDECIDED,
            _E.NO_ANSWER: _S.UNDECIDED,
            _E.FOUND: _S.FOUND,
            _E.NOT_FOUND: _S.UNDECIDED,
            _E.LOOKUP_FAILED: _S.UNDECIDED,
            _E.LAPSED: _S.REPEATABLE,
            _E.GIVEN_UP: _S.TOLD,
            _E.ORDERED: _S.UNDECIDED,
            _E.REPAIRED: _S.UNDECIDED,
        },
        _S.REPEATABLE: {
            _E.BEGUN: _S.CLAIMED_AGAIN,
            _E.ANSWERED: _S.SETTLED,
            _E.REFUSED: _S.REPEATABLE,
            _E.NOT_DONE: _S.REPEATABLE,
            _E.NO_ANSWER: _S.UNDECIDED,
            _E.FOUND: _S.FOUND,
            _E.NOT_FOUND: _S.REPEATABLE,
            _E.LOOKUP_FAILED: _S.REPEATABLE,
            _E.LAPSED: _S.REPEATABLE,
            _E.GIVEN_UP: _S.TOLD,
            _E.ORDERED: _S.REPEATABLE,
            _E.REPAIRED: _S.REPEATABLE,
        },
        _S.CLAIMED_AGAIN: {
            _E.BEGUN: _S.CLAIMED_AGAIN,
            _E.ANSWERED: _S.SETTLED,
            _E.REFUSED: _S.REFUSED,
            _E.NOT_DONE: _S.REPEATABLE,
            _E.NO_ANSWER: _S.UNDECIDED,
            _E.FOUND: _S.FOUND,
            _E.NOT_FOUND: _S.CLAIMED_AGAIN,
            _E.LOOKUP_FAILED: _S.CLAIMED_AGAIN,
            _E.LAPSED: _S.REPEATABLE,
            _E.GIVEN_UP: _S.TOLD,
            _E.ORDERED: _S.CLAIMED_AGAIN,
            _E.REPAIRED: _S.CLAIMED_AGAIN,
        },
        _S.FOUND: dict.fromkeys(_E, _S.FOUND),
        _S.SETTLED: dict.fromkeys(_E, _S.SETTLED),
        _S.REFUSED: {
            **dict.fromkeys(_E, _S.REFUSED),
            _E.ANSWERED: _S.SETTLED,
            _E.FOUND: _S.FOUND,
            _E.REPAIRED: _S.FREE,
        },
        _S.TOLD: {
            **dict.fromkeys(_E, _S.TOLD),
            _E.ANSWERED: _S.SETTLED,
            _E.FOUND: _S.FOUND,
            _E.ORDERED: _S.REPEATABLE,
        },
    }
)
"""The next state, for each state and event: a late event of another worker may come in any state."""

IN_DOUBT: Final = frozenset({_S.CLAIMED, _S.UNDECIDED, _S.CLAIMED_AGAIN, _S.REPEATABLE})
"""States in which the platform may have done it, and no one knows."""


@dataclass(frozen=True)
class Attempt:
    """An attempt: its state, the time of the first call, of the last one, and of the last one without an answer."""

    state: ClaimState = ClaimState.FREE
    first_at: datetime | None = None
    last_at: datetime | None = None
    lost_at: datetime | None = None

    @property
    def is_in_doubt(self) -> bool:
        """Whether the platform may have done it, and nobody knows."""
        return self.state in IN_DOUBT

    def after(self, event: ClaimEvent, now: datetime) -> "Attempt":
        """The attempt after an event; the time of the first call stays until nothing can have come of it."""
        state = TABLE[self.state][event]
        if state is ClaimState.FREE:
            return Attempt()
        if event is ClaimEvent.BEGUN and state in IN_DOUBT:
            return replace(self, state=state, first_at=self.first_at or now, last_at=now)
        if state in {ClaimState.UNDECIDED, ClaimState.REPEATABLE, ClaimState.TOLD}:
            lost = self.last_at if event is ClaimEvent.NO_ANSWER else self.lost_at or self.last_at
            return replace(self, state=state, lost_at=lost)
        return replace(self, state=state)


@dataclass(frozen=True)
class Patience:
    """How long to wait for what became of a call, from the call on.

    A call without an answer is looked up after `look_after`, and then less and less often. After `lapses_after`, the
    platform can't carry it out any more. `orphaned_after` is the same for a call whose worker died. `repeats` says
    whether a worker may then call again by itself. `tells_unasked` says that people are told if no lookup answered by
    then.
    """

    look_after: timedelta
    look_at_least_every: timedelta
    orphaned_after: timedelta
    lapses_after: timedelta
    repeats: bool
    tells_unasked: bool = False


class LookupAnswer(StrEnum):
    """What the lookup of an attempt in doubt says."""

    NOT_ASKED = "not asked"
    NO = "not there"
    FAILED = "could not be asked now"
    UNREADABLE = "can't be asked until a person changes something"


class NextStep(StrEnum):
    """What a worker does next about an attempt."""

    CALL = "call the platform"
    LOOK = "look it up"
    WAIT = "wait"
    TELL = "tell people"
    NOTHING = "nothing"


def next_step(attempt: Attempt, found: LookupAnswer, now: datetime, patience: Patience) -> NextStep:
    """What to do now; `found` is the answer of the lookup that was begun at `now`, if one was."""
    if attempt.state is ClaimState.FREE:
        return NextStep.CALL
    if not attempt.is_in_doubt:
        return NextStep.NOTHING
    if found is LookupAnswer.NOT_ASKED:
        return NextStep.LOOK if _age(attempt, now) >= patience.look_after else NextStep.WAIT
    if not has_lapsed(attempt, now, patience):
        return NextStep.WAIT
    match found:
        case LookupAnswer.NO:
            may_repeat = patience.repeats or attempt.state is ClaimState.REPEATABLE
            return NextStep.CALL if may_repeat else NextStep.TELL
        case LookupAnswer.UNREADABLE:
            return NextStep.TELL
        case _:
            return NextStep.TELL if patience.tells_unasked else NextStep.WAIT


def has_lapsed(attempt: Attempt, now: datetime, patience: Patience) -> bool:
    """Whether the platform can't carry out the last call any more."""
    return attempt.state is ClaimState.REPEATABLE or _age(attempt, now) >= _lapses_after(attempt, patience)


def look_again_in(attempt: Attempt, now: datetime, patience: Patience) -> timedelta:
    """How long until the next lookup: the older the call, the longer, but not beyond the moment it lapses."""
    age, lapses = _age(attempt, now), _lapses_after(attempt, patience)
    if age < patience.look_after:
        return patience.look_after - age
    wait = min(max(age / 2, patience.look_after), patience.look_at_least_every)
    return min(wait, lapses - age) if age < lapses else wait


def event_of(error: CallError) -> ClaimEvent:
    """What a failed call, which can't be repeated, means for the attempt."""
    if isinstance(error, Temporary):
        return ClaimEvent.NOT_DONE
    return ClaimEvent.REFUSED if isinstance(error, Permanent) else ClaimEvent.NO_ANSWER


_UNREADABLE: Final = frozenset({"missing_scope", "no_permission", "not_allowed_token_type", "access_denied"})
"""Errors that only concern who may read (https://docs.slack.dev/reference/methods/conversations.replies#errors)."""


def failed_lookup(error: CallError) -> LookupAnswer:
    """What a failed lookup says: never that the attempt is not there."""
    if isinstance(error, Temporary | Ambiguous) and error.code not in _UNREADABLE:
        return LookupAnswer.FAILED
    return LookupAnswer.UNREADABLE


def _is_called(attempt: Attempt) -> bool:
    """Whether the last call is in progress, or its worker died."""
    return attempt.state in {ClaimState.CLAIMED, ClaimState.CLAIMED_AGAIN}


def _lapses_after(attempt: Attempt, patience: Patience) -> timedelta:
    return patience.orphaned_after if _is_called(attempt) else patience.lapses_after


def _age(attempt: Attempt, now: datetime) -> timedelta:
    """How old the call is whose outcome is in doubt."""
    return now - ((attempt.last_at if _is_called(attempt) else attempt.lost_at) or now)
