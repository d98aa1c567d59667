"""A ticket's clocks as Slack shows them. Pure.

Slack itself says how long ago a time is, or how long it takes until then, whenever somebody looks: nothing needs to be
posted anew as time passes.
"""

from collections.abc import Iterable

from messages.deadlines.clocks import ClockMark, MarkKind, TicketClock
from messages.deadlines.lateness import rest_words
from messages.deadlines.turn import next_due
from messages.ticket import Ticket
from workers.markup import local_age, local_time


def due_words(ticket: Ticket) -> list[str]:
    """By when a ticket must be answered and solved, what pauses and what is late: one sentence a clock, in markup."""
    if ticket.is_closed:
        return []
    clocks = [each for each in ticket.clocks if each.stopped_at is None]
    return [
        f"{_sentence(each)}{_not_arrived(each, ticket.marks)}"
        for each in sorted(clocks, key=lambda each: not each.kind.is_response)
    ]


def due_in_short(ticket: Ticket) -> Iterable[str]:
    """Which of a ticket's clocks is late, or due next, in a few words; nothing if none is ever due."""
    if not ticket.is_closed and (clock := next_due(ticket.clocks)) is not None and clock.due_at is not None:
        was = "was " if clock.breached_at is not None else ""
        yield f"{_alarm(clock)}{_what(clock).lower()} {was}due {local_age(clock.due_at)}"


def is_late(ticket: Ticket) -> bool:
    """Whether one of a ticket's clocks runs on past its time, as far as somebody has noted that."""
    return any(each.is_running and each.breached_at is not None for each in ticket.clocks)


def _sentence(clock: TicketClock) -> str:
    if not clock.is_running:
        return f"{_alarm(clock)}{_what(clock)} pauses, {rest_words(clock.target - clock.ran)}"
    if clock.due_at is None:
        return f"{_what(clock)} never due: no opening in the calendar"
    was = "was " if clock.breached_at is not None else ""
    return f"{_alarm(clock)}{_what(clock)} {was}due {local_age(clock.due_at)} ({local_time(clock.due_at)})"


def _not_arrived(clock: TicketClock, marks: Iterable[ClockMark]) -> str:
    """That the last answer within a clock that runs on did not arrive, if there is one."""
    answers = [each for each in marks if each.kind is MarkKind.ANSWER and each.failed and each.at >= clock.began_at]
    if not answers or not clock.kind.is_response:
        return ""
    return f"; the answer of {local_time(max(each.at for each in answers))} did not arrive"


def _alarm(clock: TicketClock) -> str:
    return ":rotating_light: " if clock.breached_at is not None else ""


def _what(clock: TicketClock) -> str:
    return "Reply" if clock.kind.is_response else "Resolution"
