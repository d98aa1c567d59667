"""The gate before a contact: each cause with each origin, their order, and what quiet hours spare."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from typing import Final

import pytest

from messages.line import Quiet
from messages.sms import Origin
from workers.sms.may_send import (
    CAUSES,
    TABLE,
    Cause,
    ContactFacts,
    Hold,
    LineFacts,
    Refuse,
    Send,
    TextFacts,
    Verdict,
    may_send,
)

NOW: Final = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
MORNING: Final = NOW + timedelta(hours=5)
SECOND: Final = timedelta(seconds=1)

ORIGINS: Final = (Origin.AGENT, Origin.PLANNED, Origin.AUTO, Origin.SURVEY)

EXPECTED: Final[Mapping[Cause, tuple[str, str, str, str]]] = {
    Cause.OPTED_OUT: ("refused", "refused", "refused", "refused"),
    Cause.BLOCKED: ("refused", "refused", "refused", "refused"),
    Cause.LINE_REMOVED: ("refused", "refused", "refused", "refused"),
    Cause.LOOP: ("sent", "sent", "refused", "refused"),
    Cause.STALE: ("refused", "held", "refused", "refused"),
    Cause.QUIET_HELD: ("held until morning", "held until morning", "held until morning", "held until morning"),
    Cause.QUIET_TOLD: ("told", "held until morning", "held until morning", "held until morning"),
    Cause.BUDGET: ("sent", "sent", "refused", "refused"),
}
"""What becomes of a text of an agent, a planned one, an automatic one, and a survey."""

ALONE: Final[Mapping[Cause, tuple[TextFacts, ContactFacts, LineFacts]]] = {
    Cause.OPTED_OUT: (TextFacts(), ContactFacts(opted_out=True), LineFacts()),
    Cause.BLOCKED: (TextFacts(), ContactFacts(blocked=True), LineFacts()),
    Cause.LINE_REMOVED: (TextFacts(), ContactFacts(), LineFacts(exists=False)),
    Cause.LOOP: (TextFacts(), ContactFacts(machine_until=NOW + SECOND), LineFacts()),
    Cause.STALE: (TextFacts(sendable_until=NOW - SECOND), ContactFacts(), LineFacts()),
    Cause.QUIET_HELD: (TextFacts(), ContactFacts(quiet_until=MORNING), LineFacts(quiet=Quiet.HOLD)),
    Cause.QUIET_TOLD: (TextFacts(), ContactFacts(quiet_until=MORNING), LineFacts(quiet=Quiet.WARN)),
    Cause.BUDGET: (TextFacts(), ContactFacts(over_budget=True), LineFacts()),
}
"""Facts in which there is one cause and no other."""

CELLS: Final = [(cause, origin, EXPECTED[cause][place]) for cause in Cause for place, origin in enumerate(ORIGINS)]
PAIRS: Final = [pair for pair in combinations(Cause, 2) if set(pair) != {Cause.QUIET_HELD, Cause.QUIET_TOLD}]
QUIET: Final = list(product((Cause.QUIET_HELD, Cause.QUIET_TOLD), Origin))


def in_words(verdict: Verdict, cause: Cause) -> str:
    match verdict:
        case Send(told=None, until=None):
            return "sent"
        case Send(told=told, until=until):
            assert (told, until) == (cause, MORNING)
            return "told"
        case Hold(until=until, why=why):
            assert why is cause
            return "held" if until is None else "held until morning" if until == MORNING else "held too long"
        case Refuse(why=why):
            assert why is cause
            return "refused"


def facts_of(*causes: Cause, origin: Origin) -> tuple[TextFacts, ContactFacts, LineFacts]:
    """Facts in which there are all of these causes."""
    merged: list[dict[str, object]] = [{}, {}, {}]
    for cause in causes:
        for into, given in zip(merged, ALONE[cause], strict=True):
            into.update({name: value for name, value in vars(given).items() if value != getattr(type(given)(), name)})
    text, contact, line = merged
    return (
        replace(TextFacts(origin=origin), **text),  # type: ignore[arg-type]  # fields of the class itself
        replace(ContactFacts(), **contact),  # type: ignore[arg-type]  # as above
        replace(LineFacts(), **line),  # type: ignore[arg-type]  # as above
    )


@pytest.mark.parametrize(("cause", "origin", "expected"), CELLS)
def test_each_cause_does_this_to_a_text_of_each_origin(cause: Cause, origin: Origin, expected: str) -> None:
    assert in_words(may_send(*facts_of(cause, origin=origin), NOW), cause) == expected


def test_every_cause_and_origin_is_in_the_table() -> None:
    assert list(TABLE) == list(CAUSES) == list(Cause) == list(EXPECTED)
    assert all(set(row) == set(Origin) == set(ORIGINS) for row in TABLE.values())


@pytest.mark.parametrize("origin", Origin)
def test_without_a_cause_every_text_is_sent(origin: Origin) -> None:
    assert may_send(TextFacts(origin=origin), ContactFacts(), LineFacts(), NOW) == Send()


@pytest.mark.parametrize(("pair", "origin"), list(product(PAIRS, Origin)))
def test_of_two_causes_the_first_that_stops_the_text_decides(pair: tuple[Cause, Cause], origin: Origin) -> None:
    outcomes = [EXPECTED[cause][ORIGINS.index(origin)] for cause in pair]
    stops = [each not in {"sent", "told"} for each in outcomes]
    decides = (
        pair[0] if stops[0] else pair[1] if stops[1] else pair[outcomes.index("told") if "told" in outcomes else 0]
    )
    verdict = may_send(*facts_of(*pair, origin=origin), NOW)
    assert in_words(verdict, decides) == outcomes[pair.index(decides)]


@pytest.mark.parametrize(("cause", "origin"), QUIET)
def test_quiet_hours_spare_what_is_exempt(cause: Cause, origin: Origin) -> None:
    text, contact, line = facts_of(cause, origin=origin)
    assert may_send(replace(text, exempt=True), contact, line, NOW) == Send()


@pytest.mark.parametrize(("cause", "origin"), QUIET)
def test_quiet_hours_say_nothing_to_a_person_who_answers_at_once(cause: Cause, origin: Origin) -> None:
    text, contact, line = facts_of(cause, origin=origin)
    verdict = may_send(text, replace(contact, lately=True), line, NOW)
    assert verdict == (Send() if origin is Origin.AGENT else Hold(MORNING, cause))


@pytest.mark.parametrize("origin", Origin)
def test_nobody_is_told_of_the_hour_where_the_contact_is_if_that_is_unknown(origin: Origin) -> None:
    text, contact, line = facts_of(Cause.QUIET_TOLD, origin=origin)
    verdict = may_send(text, replace(contact, assumed=True), line, NOW)
    assert verdict == (Send() if origin is Origin.AGENT else Hold(MORNING, Cause.QUIET_TOLD))


@pytest.mark.parametrize(("cause", "origin"), QUIET)
def test_quiet_hours_that_are_off_or_over_do_nothing(cause: Cause, origin: Origin) -> None:
    text, contact, line = facts_of(cause, origin=origin)
    assert may_send(text, contact, replace(line, quiet=Quiet.OFF), NOW) == Send()
    assert may_send(text, contact, line, MORNING) == Send()


@pytest.mark.parametrize("origin", Origin)
def test_a_text_may_be_sent_up_to_its_last_moment(origin: Origin) -> None:
    assert may_send(TextFacts(origin=origin, sendable_until=NOW), ContactFacts(), LineFacts(), NOW) == Send()
