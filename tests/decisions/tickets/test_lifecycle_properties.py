"""What holds for every ticket, every command and every pair of agents."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.priority import Priority
from messages.ticket import (
    TAGS_LIMIT,
    Command,
    Edit,
    Expire,
    Reply,
    SetPriority,
    SetStatus,
    Status,
    Take,
    TakeBack,
    Ticket,
)
from tests import make
from tests.make import AGENT, CHANNEL, SOLVED_FOR, at
from workers.tickets.lifecycle import as_of, decide, receive

PEOPLE = st.sampled_from(["U1", "U2", "U3", "U4"])
PLACES = st.sampled_from(["U1", "U2", CHANNEL, "C2"])
WORDS = st.sampled_from(["vip", "billing", "late", "lost"])
FIELDS = ("status", "priority", "subject", "tags", "notify", "assignees")


def _some(each: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return make.distinct(each, 4)


EDITS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "subject": st.sampled_from(["", "blue one", "refund"]),
        "status": st.sampled_from(Status),
        "priority": st.sampled_from(Priority),
        "tags": _some(WORDS),
        "new_tags": _some(WORDS),
        "notify": _some(PLACES),
        "assignees": _some(PEOPLE),
        "note": st.sampled_from(["", "called back"]),
    },
)
SIMPLE: st.SearchStrategy[Command] = st.one_of(
    st.builds(Take),
    st.builds(Reply),
    st.builds(TakeBack, reply=st.just("a reply")),
    st.builds(Expire),
    st.builds(SetStatus, status=st.sampled_from(Status)),
    st.builds(SetPriority, priority=st.sampled_from(Priority)),
)
STEPS = st.lists(st.one_of(SIMPLE, EDITS, st.just("text")), max_size=12)


def _submitted(shown: Ticket, **touched: Any) -> Edit:
    """The modal of a ticket, submitted with some fields changed and the others as they were shown."""
    untouched: dict[str, Any] = {
        "subject": shown.subject,
        "priority": shown.priority,
        "tags": shown.tags,
        "assignees": shown.assignees,
        "notify": shown.notify or (CHANNEL,),
        "status": shown.status,
    }
    if shown.is_closed:
        del untouched["assignees"], untouched["notify"], untouched["status"]
    return make.edit(version=shown.version, **{**untouched, **touched})


def _step(ticket: Ticket, step: Command | dict[str, Any] | str, seconds: int) -> Ticket:
    now = at(seconds)
    if isinstance(step, str):
        return receive(ticket, ticket.last_text + 1, now, SOLVED_FOR) or ticket
    command = _submitted(ticket, **step) if isinstance(step, dict) else step
    return decide(ticket, command, AGENT, now, SOLVED_FOR).ticket


def _lived(steps: Sequence[Any], ticket: Ticket | None = None, since: int = 0) -> list[Ticket]:
    versions = [ticket or make.ticket()]
    for number, step in enumerate(steps, since):
        versions.append(_step(versions[-1], step, number))
    return versions


@given(make.tickets(), st.one_of(SIMPLE, EDITS.map(lambda fields: make.edit(**fields))), st.none() | st.just(AGENT))
def test_every_command_on_every_ticket_gives_a_ticket_and_refusals_in_words(
    ticket: Ticket, command: Command, by: str | None
) -> None:
    decision = decide(ticket, command, by, at(0), SOLVED_FOR)
    assert all(refusal.strip() for refusal in decision.refusals)
    steps = {1, 2} if isinstance(command, TakeBack) else {1}
    assert decision.ticket is ticket or decision.ticket.version - ticket.version in steps
    assert Ticket.model_validate(decision.ticket.model_dump()) == decision.ticket
    assert len(decision.ticket.tags) <= TAGS_LIMIT


@given(STEPS)
def test_through_any_life_new_never_comes_back_closed_stays_and_a_priority_stays_set(steps: list[Any]) -> None:
    life = _lived(steps)
    for before, after in pairwise(life):
        assert after.status is not Status.NEW or before.status is Status.NEW
        assert before.status is not Status.CLOSED or after.status is Status.CLOSED
        assert after.priority is not Priority.NONE or before.priority is Priority.NONE
        if after.status is Status.SOLVED and before.status is not Status.SOLVED:
            assert after.assignees
        assert (after.close_at is not None) == (after.status is Status.SOLVED)


@given(STEPS)
def test_the_history_tells_every_change_and_every_earlier_version_can_be_read_back_from_it(steps: list[Any]) -> None:
    life = _lived(steps)
    end = life[-1]
    assert [entry.version for entry in end.history] == sorted({entry.version for entry in end.history})
    for version in life:
        past = as_of(end, version.version)
        assert {name: getattr(past, name) for name in FIELDS} == {name: getattr(version, name) for name in FIELDS}
    told = {(entry.version, change.what) for entry in end.history for change in entry.changes}
    for before, after in pairwise(life):
        for name in FIELDS:
            if getattr(before, name) != getattr(after, name):
                assert (after.version, name) in told
        if len(after.notes) > len(before.notes):
            assert (after.version, "note") in told


@given(STEPS)
def test_a_life_survives_being_stored_and_read_after_every_step(steps: list[Any]) -> None:
    ticket = make.ticket()
    for number, step in enumerate(steps):
        ticket = Ticket.model_validate(_step(ticket, step, number).model_dump(mode="json"))
    assert ticket.model_dump(mode="json") == _lived(steps)[-1].model_dump(mode="json")


@given(STEPS, STEPS)
def test_a_modal_that_was_left_as_shown_changes_nothing_whatever_happened_meanwhile(
    before: list[Any], meanwhile: list[Any]
) -> None:
    shown = _lived(before)[-1]
    now = _lived(meanwhile, shown, since=20)[-1]
    decision = decide(now, _submitted(shown), "U9", at(99), SOLVED_FOR)
    assert (decision.ticket, decision.refusals) == (now, ())
    assert decision.ticket is now


@given(STEPS, EDITS, EDITS)
def test_when_two_agents_edit_at_once_the_last_change_of_each_field_counts(
    before: list[Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Lists are merged: added people are on the list and removed ones are not, whatever the other agent changed."""
    shown = _lived(before)[-1]
    if shown.is_closed:
        return
    after_first = decide(shown, _submitted(shown, **first), "U8", at(50), SOLVED_FOR).ticket
    after_both = decide(after_first, _submitted(shown, **second), "U9", at(51), SOLVED_FOR).ticket
    subject = second.get("subject", shown.subject)
    assert after_both.subject == (subject if subject != shown.subject else after_first.subject)
    if second.get("priority", shown.priority) is shown.priority:
        assert after_both.priority is after_first.priority
    if not second.get("note"):
        assert after_both.notes == after_first.notes
    if after_first.is_closed:
        return
    solves = second.get("status", shown.status) is Status.SOLVED is not shown.status
    for name, default in (("notify", (CHANNEL,)), ("assignees", ())):
        was = set(getattr(shown, name) or default)
        wanted = set(second.get(name, was))
        met = set(getattr(after_first, name) or default)
        merged = (met - (was - wanted)) | (wanted - was)
        solver = {"U9"} if name == "assignees" and solves and not merged else set()
        assert set(getattr(after_both, name) or default) == (merged or set(default)) | solver
    tags = set(second.get("tags", shown.tags)) | set(second.get("new_tags", ()))
    kept = {tag for tag in after_first.tags if tag in tags or tag not in shown.tags}
    assert set(after_both.tags) == kept | (tags - set(shown.tags))


@given(STEPS, st.one_of(SIMPLE, EDITS), STEPS)
def test_an_order_delivered_again_changes_nothing_whatever_happened_since(
    before: list[Any], order: Command | dict[str, Any], since: list[Any]
) -> None:
    ticket = _lived(before)[-1]
    command = _submitted(ticket, **order) if isinstance(order, dict) else order
    once = decide(ticket, command, AGENT, at(20), SOLVED_FOR).ticket
    if once.history == ticket.history:
        return  # the order has no identity, and the history does not tell of it
    later = _lived(since, once, since=30)[-1]
    assert decide(later, command, AGENT, at(20), SOLVED_FOR).ticket is later
