"""A ticket's clocks, changed with the ticket: what of a change they depend on, and what its history says. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from messages.calendar import Calendar
from messages.conversation import Arrival
from messages.deadlines.clocks import TicketClock
from messages.deadlines.policy import Policy
from messages.line import Line
from messages.opt_outs import OptOut
from messages.sms import Sms, State
from messages.ticket import Change, Entry, Status, Ticket
from workers.tickets.clocks.rules import (
    Answered,
    ClockRules,
    ClockState,
    ContactWrote,
    Event,
    Moved,
    OptedOut,
    Retargeted,
    Ticked,
    advance,
)

SPAM: Final = "spam"
"""The tag of a ticket without clocks."""

BREACHED: Final = "breached"
"""What a change of a ticket is about if a clock has fallen due: `after` is the clock's kind."""

ACCEPTED: Final = frozenset({State.QUEUED, State.SENT, State.DELIVERED})
FAILED: Final = frozenset({State.FAILED, State.UNDELIVERED, State.REFUSED})


def rules_of(line: Line | None, ticket: Ticket, calendar: Calendar | None) -> ClockRules:
    """The rules of a ticket's clocks; without its line there are none."""
    policy = line.policy if line is not None else Policy()
    return ClockRules(policy, ticket.priority, calendar, dropped=ticket.blocked or SPAM in ticket.tags)


def rules_key(line: str, policy: Policy, calendar: Calendar | None) -> str:
    """What names the versions of the rules of a line's clocks; while any clock of a ticket runs, the ticket has it."""
    hours = f"{calendar.id}/{calendar.version}" if calendar is not None else "/"
    return f"{line}/{policy.version if policy.targets else ''}/{hours}"


def with_clocks(
    read: Ticket | None,
    ticket: Ticket,
    rules: ClockRules,
    now: datetime,
    arrivals: Sequence[Arrival] = (),
    events: Sequence[Event] = (),
) -> Ticket:
    """A changed ticket with the clocks that follow; `read` is the ticket before the change, None if it has just begun.

    `arrivals` are the contact's texts, of which those that are new to it count, and `events` what else has happened.
    The same object if nothing of its clocks changes: so it is where the line has no policy. Of a blocked contact
    nothing is kept: nobody waits, and once they are unblocked, only their next text counts.
    """
    if not rules.policy.targets and not ticket.marks:
        return ticket
    state = ClockState(ticket.marks, ticket.clocks)
    for event in (*_events(read, ticket, now, arrivals), *events, Retargeted()):
        state = advance(state, event, rules, now)
    if ticket.blocked:
        state = ClockState()
    is_running = any(each.is_running for each in state.clocks)
    key = rules_key(ticket.line, rules.policy, rules.calendar) if is_running else None
    update = {"marks": state.marks, "clocks": state.clocks, "clocks_at": state.next_at, "rules": key}
    if all(getattr(ticket, name) == value for name, value in update.items()):
        return ticket
    return ticket.model_copy(update=update)


def _events(read: Ticket | None, ticket: Ticket, now: datetime, arrivals: Sequence[Arrival]) -> Iterator[Event]:
    """What has happened in a change."""
    if read is None:
        began_at = min([ticket.created_at, *(each.at for each in arrivals)])
        yield Moved(ticket.status, began_at, ticket.version)
    elif not ticket.marks:
        yield from _before_policy(read)
    else:
        yield from _out_of_wait(read)
    filed = ticket.first_text - 1 if read is None else read.last_text
    for each in arrivals:
        is_new = filed < each.seq <= ticket.last_text
        if is_new and each.waits:
            yield ContactWrote(each.seq, each.at, now)
        elif is_new and each.wish == OptOut.STOP:
            yield OptedOut(str(each.seq), each.at, now)
    if read is not None and ticket.status is not read.status:
        yield Moved(ticket.status, ticket.updated_at, ticket.version)


def _before_policy(read: Ticket) -> Iterator[Event]:
    """What had happened on a ticket whose line had no policy so far.

    Nobody knows when it was Pending: unless it is New, its resolution is not measured, as if it had begun paused.
    """
    is_new = read.status is Status.NEW
    yield Moved(Status.NEW if is_new else Status.PENDING, read.created_at, 0)
    if read.waits_since is not None:
        yield ContactWrote(0, read.waits_since, read.wait_filed_at or read.waits_since)
    if read.status in {Status.SOLVED, Status.CLOSED}:
        yield Moved(read.status, read.updated_at, read.version)


def _out_of_wait(read: Ticket) -> Iterator[Event]:
    """That the contact had opted out, if a clock of an earlier version runs on although it was found that nobody waits.

    So it is on tickets whose wait a migration has ended.
    """
    ended_at = read.wait_ended_at
    if ended_at is not None and any(each.kind.is_response and each.is_running for each in read.clocks):
        yield OptedOut(f"at {ended_at.isoformat()}", ended_at, ended_at)


def answers(ticket: Ticket, texts: Sequence[Sms]) -> Iterator[Answered]:
    """What the texts to the contact say of a ticket's running clocks: messages about them may be lost."""
    began = [each.began_at for each in ticket.clocks if each.kind.is_response and each.is_running]
    for text in texts:
        if text.is_of_team and began and text.written_at >= min(began) and text.state in {*ACCEPTED, *FAILED}:
            yield Answered(text.id, text.written_at, text.attempts, failed=text.state in FAILED)


def ticked(ticket: Ticket, rules: ClockRules, now: datetime, found: Sequence[Answered] = ()) -> Ticket:
    """The ticket on whose clocks is noted what has passed, with an entry for each that has fallen due.

    The same object if nothing has.
    """
    after = with_clocks(ticket, ticket, rules, now, events=(*found, Ticked()))
    if after is ticket:
        return ticket
    version, history = ticket.version + 1, ticket.history
    if breached := newly_breached(ticket, after):
        changes = tuple(Change(what=BREACHED, after=each.kind.value) for each in breached)
        history = (*history, Entry(version=version, changes=changes, by=None, at=now, why="clock"))
    return after.model_copy(update={"version": version, "updated_at": now, "history": history})


def newly_breached(before: Ticket, after: Ticket) -> list[TicketClock]:
    """The clocks that have fallen due by `after`, and had not by `before`."""
    known = {(each.kind, each.began_at) for each in before.clocks if each.breached_at is not None}
    return [each for each in after.clocks if each.breached_at is not None and (each.kind, each.began_at) not in known]


def concerns_alerts(before: Ticket | None, after: Ticket) -> bool:
    """Whether what the team is told of a ticket's clocks may change: one that has warned or fallen due has moved."""

    def told(ticket: Ticket | None) -> set[tuple[object, ...]]:
        return {
            (each.kind, each.began_at, each.warned_at, each.breached_at, each.stopped_at, each.due_at)
            for each in (ticket.clocks if ticket is not None else ())
            if each.warned_at is not None or each.breached_at is not None
        }

    return told(before) != told(after)
