"""What becomes of an attempt at what can't be repeated: its table, and every way that it can go."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import make
from workers.claim import (
    IN_DOUBT,
    TABLE,
    Attempt,
    ClaimEvent,
    ClaimState,
    LookupAnswer,
    NextStep,
    Patience,
    event_of,
    failed_lookup,
    has_lapsed,
    look_again_in,
    next_step,
)
from workers.failures import (
    Ambiguous,
    CallError,
    Permanent,
    Refused,
    Temporary,
    TextingThrottled,
    Throttled,
    Undecided,
    Unreachable,
)

PATIENCE = Patience(
    look_after=timedelta(seconds=1),
    look_at_least_every=timedelta(seconds=2),
    orphaned_after=timedelta(seconds=3),
    lapses_after=timedelta(seconds=3),
    repeats=True,
)
EVIDENCE = {ClaimEvent.ANSWERED: ClaimState.SETTLED, ClaimEvent.FOUND: ClaimState.FOUND}
DONE = {ClaimState.SETTLED, ClaimState.FOUND}


def at(tick: int) -> Attempt:
    """An attempt that was claimed then."""
    return Attempt().after(ClaimEvent.BEGUN, make.at(tick))


def test_the_table_has_a_row_for_each_state_and_event() -> None:
    assert {(state, event) for state, row in TABLE.items() for event in row} == set(product(ClaimState, ClaimEvent))


@pytest.mark.parametrize(("state", "event"), [*product(ClaimState, ClaimEvent)])
def test_each_row_keeps_the_rules(state: ClaimState, event: ClaimEvent) -> None:
    after = TABLE[state][event]
    if state in DONE:
        assert after is state, "what is done stays done"
    elif event in EVIDENCE:
        assert after is EVIDENCE[event], "evidence that it is done is believed in any state"
    if event in {ClaimEvent.NOT_FOUND, ClaimEvent.LOOKUP_FAILED}:
        assert after is state, "a lookup that does not find it changes nothing"
    if after is ClaimState.FREE and state is not ClaimState.FREE:
        freed = {(ClaimState.CLAIMED, ClaimEvent.NOT_DONE), (ClaimState.REFUSED, ClaimEvent.REPAIRED)}
        assert (state, event) in freed, "only the call just made frees an attempt, or a person"
    if state is ClaimState.TOLD:
        assert after in DONE | {ClaimState.TOLD} or event is ClaimEvent.ORDERED, "only a person orders it again"


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (Permanent("is_archived"), ClaimEvent.REFUSED),
        (Refused(21610, "http_400"), ClaimEvent.REFUSED),
        (Temporary("service_unavailable"), ClaimEvent.NOT_DONE),
        (Throttled(timedelta(seconds=3)), ClaimEvent.NOT_DONE),
        (Unreachable(None, "ClientConnectorError"), ClaimEvent.NOT_DONE),
        (TextingThrottled(20429, timedelta(seconds=3)), ClaimEvent.NOT_DONE),
        (Ambiguous("TimeoutError"), ClaimEvent.NO_ANSWER),
        (Undecided(None, "TimeoutError"), ClaimEvent.NO_ANSWER),
        (CallError("new"), ClaimEvent.NO_ANSWER),
    ],
)
def test_both_platforms_fail_in_one_family_of_ways(error: CallError, event: ClaimEvent) -> None:
    assert event_of(error) is event


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (Throttled(timedelta(seconds=3)), LookupAnswer.FAILED),
        (Temporary("ClientConnectorError"), LookupAnswer.FAILED),
        (Ambiguous("TimeoutError"), LookupAnswer.FAILED),
        (Temporary("token_revoked"), LookupAnswer.FAILED),
        (Temporary("missing_scope"), LookupAnswer.UNREADABLE),
        (Permanent("not_in_channel"), LookupAnswer.UNREADABLE),
        (Refused(20003, "http_401"), LookupAnswer.UNREADABLE),
    ],
)
def test_a_lookup_that_fails_never_says_that_it_is_not_there(error: CallError, found: LookupAnswer) -> None:
    assert failed_lookup(error) is found


def test_the_first_calls_time_is_kept_through_all_that_follows() -> None:
    attempt = at(0).after(ClaimEvent.NO_ANSWER, make.at(10))
    for event in (ClaimEvent.LOOKUP_FAILED, ClaimEvent.NOT_FOUND, ClaimEvent.LAPSED, ClaimEvent.BEGUN):
        attempt = attempt.after(event, make.at(20))
    assert (attempt.state, attempt.first_at) == (ClaimState.CLAIMED_AGAIN, make.at(0))
    assert attempt.after(ClaimEvent.NOT_DONE, make.at(21)).first_at == make.at(0)
    assert attempt.after(ClaimEvent.NO_ANSWER, make.at(21)).lost_at == make.at(20)


def test_a_second_call_that_did_nothing_may_be_tried_again_at_once() -> None:
    attempt = at(0).after(ClaimEvent.NO_ANSWER, make.at(0)).after(ClaimEvent.LAPSED, make.at(5))
    attempt = attempt.after(ClaimEvent.BEGUN, make.at(5)).after(ClaimEvent.NOT_DONE, make.at(5))
    assert next_step(attempt, LookupAnswer.NOT_ASKED, make.at(5), PATIENCE) is NextStep.LOOK
    assert next_step(attempt, LookupAnswer.NO, make.at(5), PATIENCE) is NextStep.CALL


@given(st.lists(st.tuples(st.sampled_from(ClaimEvent), st.integers(0, 5)), max_size=12), st.sampled_from(LookupAnswer))
def test_nothing_is_called_while_a_call_may_still_take_effect(
    events: list[tuple[ClaimEvent, int]], found: LookupAnswer
) -> None:
    attempt, tick = Attempt(), 0
    for event, waited in events:
        tick += waited
        attempt = attempt.after(event, make.at(tick))
    step = next_step(attempt, found, make.at(tick), PATIENCE)
    if attempt.state in IN_DOUBT and step is NextStep.CALL:
        assert found is LookupAnswer.NO
        assert has_lapsed(attempt, make.at(tick), PATIENCE)
    if attempt.state in IN_DOUBT and step is NextStep.WAIT:
        assert timedelta() < look_again_in(attempt, make.at(tick), PATIENCE) <= PATIENCE.lapses_after


# -- every way it can go -----------------------------------------------------------------------------------------------
# One thing to be done, one or two workers without any lease, a platform that takes effect late or never, answers that
# get lost, lookups that fail, workers that die. A call takes at most TIMEOUT, and takes effect at most EFFECT after it.

TIMEOUT, EFFECT = 1, 2


@dataclass(frozen=True)
class CallInProgress:
    """What a worker is in the middle of: a call or a lookup, since a tick, of an attempt as it read it."""

    what: str = "nothing"
    since: int = 0
    read: Attempt | None = None


@dataclass(frozen=True)
class Reached:
    """The world at a tick: the document, the workers, the platform, and how many faults are still to come."""

    tick: int
    attempt: Attempt
    workers: tuple[CallInProgress, ...]
    there: int
    coming: tuple[int, ...]
    faults: int
    refused: bool = False


@dataclass(frozen=True)
class Rules:
    """The protocol; a test breaks one rule at a time."""

    after: Callable[[Attempt, ClaimEvent, int], Attempt] = lambda attempt, event, tick: attempt.after(
        event, make.at(tick)
    )
    step: Callable[[Attempt, LookupAnswer, int], NextStep] = lambda attempt, found, tick: next_step(
        attempt, found, make.at(tick), PATIENCE
    )


def ways(now: Reached, rules: Rules) -> Iterator[Reached]:
    """Every moment that can follow."""
    for place, worker in enumerate(now.workers):
        for attempt, doing, more in of_worker(now, worker, rules):
            workers = (*now.workers[:place], doing, *now.workers[place + 1 :])
            yield replace(now, attempt=attempt, workers=workers, **more)
    if all(worker.what != "call" or now.tick < worker.since + TIMEOUT for worker in now.workers):
        tick = now.tick + 1
        due = sum(when <= tick for when in now.coming)
        left = tuple(when for when in now.coming if when > tick)
        yield replace(now, tick=tick, there=now.there + due, coming=left)


type Way = tuple[Attempt, CallInProgress, dict[str, Any]]
IDLE = CallInProgress()


def of_worker(now: Reached, worker: CallInProgress, rules: Rules) -> Iterator[Way]:
    """What a worker can do next, or what can happen to it."""
    match worker.what:
        case "nothing":
            step = rules.step(now.attempt, LookupAnswer.NOT_ASKED, now.tick)
            if step is NextStep.CALL:
                begun = rules.after(now.attempt, ClaimEvent.BEGUN, now.tick)
                yield begun, CallInProgress("call", now.tick, begun), {}
            elif step is NextStep.LOOK:
                yield now.attempt, CallInProgress("look", now.tick, now.attempt), {}
        case "look":
            yield from of_lookup(now, worker, rules)
        case _:
            yield from of_call(now, worker, rules)


def of_call(now: Reached, worker: CallInProgress, rules: Rules) -> Iterator[Way]:
    """The ends of a call: what came of it, and whether the worker gets to know it."""

    def noted(event: ClaimEvent) -> Attempt:
        return rules.after(now.attempt, event, now.tick)

    yield noted(ClaimEvent.ANSWERED), IDLE, {"there": now.there + 1}
    if not now.faults:
        return
    fewer = now.faults - 1
    yield noted(ClaimEvent.NOT_DONE), IDLE, {"faults": fewer}
    yield noted(ClaimEvent.REFUSED), IDLE, {"faults": fewer, "refused": True}
    for after in (noted(ClaimEvent.NO_ANSWER), now.attempt):  # the answer is lost, or the worker dies
        yield after, IDLE, {"faults": fewer}
        yield after, IDLE, {"faults": fewer, "there": now.there + 1}
        for late in range(1, EFFECT + 1):
            if worker.since + late > now.tick:
                yield after, IDLE, {"faults": fewer, "coming": (*now.coming, worker.since + late)}


def of_lookup(now: Reached, worker: CallInProgress, rules: Rules) -> Iterator[Way]:
    """The ends of a lookup; each write compares what was read."""
    truth = rules.after(now.attempt, ClaimEvent.FOUND, now.tick) if now.there else None
    failed = (LookupAnswer.FAILED, LookupAnswer.UNREADABLE) if now.faults else ()
    for found in (LookupAnswer.NO, *failed):
        faults = {"faults": now.faults - (found is not LookupAnswer.NO)}
        if found is LookupAnswer.NO and truth is not None:
            yield truth, IDLE, {}
            continue
        assert worker.read is not None
        step = rules.step(worker.read, found, worker.since)
        event = ClaimEvent.NOT_FOUND if found is LookupAnswer.NO else ClaimEvent.LOOKUP_FAILED
        if worker.read != now.attempt:
            yield now.attempt, IDLE, faults
        elif step is NextStep.CALL:
            lapsed = rules.after(now.attempt, ClaimEvent.LAPSED, now.tick)
            begun = rules.after(lapsed, ClaimEvent.BEGUN, now.tick)
            yield begun, CallInProgress("call", now.tick, begun), faults
        elif step is NextStep.TELL:
            yield rules.after(now.attempt, ClaimEvent.GIVEN_UP, now.tick), IDLE, faults
        else:
            yield rules.after(now.attempt, event, now.tick), IDLE, faults


def explored(rules: Rules, workers: int, ticks: int, faults: int) -> Iterator[Reached]:
    """Every moment that can be reached."""
    first = Reached(0, Attempt(), (IDLE,) * workers, 0, (), faults)
    known, left = {first}, [first]
    while left:
        now = left.pop()
        yield now
        if now.tick < ticks:
            for each in ways(now, rules):
                if each not in known:
                    known.add(each)
                    left.append(each)


def quiet_end(now: Reached, rules: Rules) -> Reached:
    """What becomes of the world if nothing else fails."""
    now = replace(now, faults=0)
    for _ in range(3 * PATIENCE.lapses_after.seconds):
        for _ in range(2 * len(now.workers)):
            acted = [each for each in ways(now, rules) if each.tick == now.tick]
            now = acted[0] if acted else now
        now = [*ways(now, rules)][-1]
    return now


@pytest.mark.parametrize(("workers", "ticks", "faults"), [(1, 9, 3), (2, 5, 2)])
def test_however_it_goes_it_is_done_at_most_once_and_never_lost_in_silence(
    workers: int, ticks: int, faults: int
) -> None:
    rules, seen, ends = Rules(), set(), set()
    quiet_ends: dict[Reached, Reached] = {}
    for now in explored(rules, workers, ticks, faults):
        seen.add(now.attempt.state)
        assert now.there + len(now.coming) <= 1, f"twice: {now}"
        if now.attempt.state in DONE:
            assert now.there == 1, f"said to be there, and is not: {now}"
        quiet = replace(now, faults=0)
        end = quiet_ends[quiet] if quiet in quiet_ends else quiet_ends.setdefault(quiet, quiet_end(quiet, rules))
        ends.add(end.attempt.state)
        assert end.attempt.state in DONE or end.attempt.state in {ClaimState.REFUSED, ClaimState.TOLD}, f"lost: {now}"
        assert end.there == 1 or end.attempt.state in {ClaimState.REFUSED, ClaimState.TOLD}, f"lost: {now}"
        assert end.attempt.state is not ClaimState.REFUSED or end.refused
    assert seen >= set(ClaimState) - {ClaimState.REPEATABLE}
    assert ends == {ClaimState.SETTLED, ClaimState.FOUND, ClaimState.REFUSED, ClaimState.TOLD}


def forgets_at_a_failed_lookup(attempt: Attempt, event: ClaimEvent, tick: int) -> Attempt:
    """The attempt is free again when its lookup fails."""
    return Attempt() if event is ClaimEvent.LOOKUP_FAILED else attempt.after(event, make.at(tick))


def calls_again_soon(attempt: Attempt, found: LookupAnswer, tick: int) -> NextStep:
    """What is not there after a moment counts as never done."""
    hasty = replace(PATIENCE, lapses_after=timedelta(seconds=1))
    return next_step(attempt, found, make.at(tick), hasty)


def does_not_wait_for_the_dead(attempt: Attempt, found: LookupAnswer, tick: int) -> NextStep:
    """Whoever takes over calls again at once."""
    hasty = replace(PATIENCE, orphaned_after=timedelta(seconds=1))
    return next_step(attempt, found, make.at(tick), hasty)


def takes_silence_for_no(attempt: Attempt, found: LookupAnswer, tick: int) -> NextStep:
    """A lookup that could not be asked counts as "not there"."""
    heard = LookupAnswer.NO if found is not LookupAnswer.NOT_ASKED else found
    return next_step(attempt, heard, make.at(tick), PATIENCE)


def does_not_look(attempt: Attempt, found: LookupAnswer, tick: int) -> NextStep:
    """A lost call is made again without a look."""
    if attempt.is_in_doubt and has_lapsed(attempt, make.at(tick), PATIENCE):
        return NextStep.CALL
    return next_step(attempt, found, make.at(tick), PATIENCE)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(after=forgets_at_a_failed_lookup),
        Rules(step=calls_again_soon),
        Rules(step=does_not_wait_for_the_dead),
        Rules(step=takes_silence_for_no),
        Rules(step=does_not_look),
    ],
)
def test_each_rule_is_needed(rules: Rules) -> None:
    assert any(now.there > 1 for now in explored(rules, workers=1, ticks=9, faults=3))
