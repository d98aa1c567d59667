"""Whatever an order is, and whatever happens before and after it: it is carried out once."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.priority import Priority
from messages.ticket import (
    AddNote,
    Command,
    Edit,
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
from workers.tickets.lifecycle import ACCEPTED_BEFORE, decide, receive

WORDS = st.sampled_from(["vip", "late"])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Take),
    st.builds(Reply),
    st.builds(TakeBack, reply=st.sampled_from(["b0", "b1", "b2", "s0", "s1"])),
    st.builds(AddNote, text=st.sampled_from(["asked", "called"])),
    st.builds(SetStatus, status=st.sampled_from(Status)),
    st.builds(SetPriority, priority=st.sampled_from(Priority)),
    st.builds(
        Edit,
        version=st.integers(1, 3),
        origin=st.just(CHANNEL),
        subject=st.none() | st.sampled_from(["", "blue one"]),
        status=st.none() | st.sampled_from(Status),
        priority=st.none() | st.sampled_from(Priority),
        tags=st.none() | make.distinct(WORDS, 2),
        assignees=st.none() | make.distinct(st.sampled_from([AGENT, "U2"]), 2),
        note=st.sampled_from(["", "asked"]),
    ),
)
LIVES = st.lists(st.one_of(COMMANDS, st.none()), max_size=8)


def lived(ticket: Ticket, life: Sequence[Command | None], prefix: str) -> Ticket:
    """A ticket after orders of others and (None) a contact's texts."""
    for number, step in enumerate(life):
        if step is None:
            ticket = receive(ticket, ticket.last_text + 1, at(number), SOLVED_FOR) or ticket
        else:
            ticket = decide(ticket, step, "U2", at(number), SOLVED_FOR, f"{prefix}{number}").ticket
    return ticket


@given(LIVES, COMMANDS, LIVES, st.integers(0, 100_000))
def test_an_order_that_comes_again_changes_nothing_whatever_it_changed_the_first_time(
    before: list[Any], command: Command, since: list[Any], later: int
) -> None:
    once = decide(lived(make.ticket(), before, "b"), command, AGENT, at(50), SOLVED_FOR, "order")
    ticket = lived(once.ticket, since, "s")
    again = decide(ticket, command, AGENT, at(later), SOLVED_FOR, "order")
    assert again.ticket is ticket
    assert again.refusals == once.refusals


@given(LIVES, COMMANDS)
def test_an_order_is_in_the_history_once_with_its_identity(before: list[Any], command: Command) -> None:
    if isinstance(command, TakeBack):
        return  # it may give an identity to the reply that is still to come, too, and the wait to a later one
    ticket = lived(make.ticket(), before, "b")
    after = decide(ticket, command, AGENT, at(50), SOLVED_FOR, "order").ticket
    assert after.version == ticket.version + 1
    assert [entry.version for entry in after.history if entry.order == "order"] == [after.version]
    assert after.history[:-1] == ticket.history
    plain = decide(ticket, command, AGENT, at(50), SOLVED_FOR).ticket
    ignored = {"version", "updated_at", "history"}
    assert after.model_dump(exclude=ignored) == plain.model_dump(exclude=ignored)


@given(LIVES, COMMANDS, COMMANDS)
def test_two_orders_at_one_moment_are_two_orders(before: list[Any], first: Command, second: Command) -> None:
    ticket = decide(lived(make.ticket(), before, "b"), first, AGENT, at(50), SOLVED_FOR, "one").ticket
    assert decide(ticket, second, AGENT, at(50), SOLVED_FOR, "two").ticket.version > ticket.version


def test_a_form_that_was_changed_and_saved_again_is_answered_that_the_first_counts() -> None:
    ticket = decide(make.ticket(), make.edit(note="asked"), AGENT, at(1), SOLVED_FOR, "view/V1/h").ticket
    again = decide(ticket, make.edit(note="asked twice"), AGENT, at(9), SOLVED_FOR, "view/V1/h")
    assert (again.ticket, again.refusals) == (ticket, (ACCEPTED_BEFORE,))


def test_a_reply_that_only_ends_the_contacts_wait_does_not_take_the_identity_of_the_order_before_it() -> None:
    taken = decide(make.ticket(), Take(), AGENT, at(1), SOLVED_FOR, "take").ticket
    waits = receive(taken, taken.last_text + 1, at(2), SOLVED_FOR)
    assert waits is not None
    ticket = decide(waits, Reply(), AGENT, at(3), SOLVED_FOR, "reply").ticket
    assert [entry.order for entry in ticket.history] == ["take", "reply"]
    assert decide(ticket, Take(), AGENT, at(1), SOLVED_FOR, "take").ticket is ticket


WAITING = make.ticket(status=Status.OPEN, assignees=(AGENT,), waiting_since=at(0))


@given(st.permutations(["reply 1", "reply 2", "take back 1", "take back 2"]), st.sampled_from([1, 2]))
def test_replies_and_what_takes_them_back_may_come_in_any_order_and_twice(orders: list[str], times: int) -> None:
    ticket = WAITING
    for number, each in enumerate(orders, 1):
        place = each[-1]
        command = TakeBack(reply=f"reply {place}") if each.startswith("take") else Reply()
        for _ in range(times):
            ticket = decide(ticket, command, AGENT, at(number), SOLVED_FOR, each).ticket
    assert (ticket.waiting_since, ticket.status) == (at(0), Status.OPEN)


@given(st.permutations(["reply 1", "reply 2", "take back 1"]))
def test_a_contact_whom_another_reply_answered_does_not_wait(orders: list[str]) -> None:
    ticket = WAITING
    for number, each in enumerate(orders, 1):
        command = TakeBack(reply="reply 1") if each.startswith("take") else Reply()
        ticket = decide(ticket, command, AGENT, at(number), SOLVED_FOR, each).ticket
    assert ticket.waiting_since is None


@given(st.sampled_from(Status))
def test_the_status_is_again_what_it_was_but_never_new(status: Status) -> None:
    ticket = make.ticket(status=status, assignees=(AGENT,), close_at=at(900) if status is Status.SOLVED else None)
    replied = decide(ticket, Reply(), AGENT, at(1), SOLVED_FOR, "reply").ticket
    after = decide(replied, TakeBack(reply="reply"), AGENT, at(2), SOLVED_FOR, "back").ticket
    kept = {Status.NEW: Status.OPEN}
    assert after.status is kept.get(status, status)
    assert (after.close_at is not None) == (status is Status.SOLVED)
    texted = receive(replied, replied.last_text + 1, at(2), SOLVED_FOR)
    if texted is not None:
        again = decide(texted, TakeBack(reply="reply"), AGENT, at(3), SOLVED_FOR, "back").ticket
        assert (again.status, again.waiting_since) == (texted.status, at(2)), "the contact has written since"
