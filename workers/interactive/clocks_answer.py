"""What a person is told about the clocks of a ticket. Pure."""

from datetime import datetime
from typing import Final

from messages.deadlines.lateness import length
from messages.deadlines.priority import Priority
from messages.ticket import Ticket
from workers.markup import listed, local_time
from workers.shown.clock_life import ClockLife, ClockNow, ClockStep

LONGEST: Final = 2900
"""How long an answer may be, so that it fits in one block (https://docs.slack.dev/reference/block-kit/blocks)."""

NEWEST: Final = 20
"""How many of the last things that happened are told; `clerk sla explain` tells all."""

NOT_THERE: Final = "There is no ticket #{ticket} that you can see."
NOT_TOLD: Final = (
    "Slack does not say at the moment whether you can see the channel of ticket #{ticket}. Type it again in a minute."
)
NO_CLOCKS: Final = "Nothing is due: the line has no targets for this ticket."


def told(ticket: Ticket, life: ClockLife, now: datetime) -> str:
    """The clocks of a ticket, and the last of what happened to them, in the reader's own time."""
    priority = f" · {ticket.priority.label}" if ticket.priority is not Priority.NONE else ""
    head = f"*#{ticket.id}* · {ticket.status.label}{priority}"
    if not life.clocks:
        return f"{head}\n{NO_CLOCKS}"
    clocks = [_clock(each) for each in life.clocks[-NEWEST:]]
    return listed([head, *clocks, *(_step(each, now) for each in life.steps[-NEWEST:])], LONGEST, "\n")


def _clock(shown: ClockNow) -> str:
    due = f", due {local_time(shown.clock.due_at)}" if shown.clock.due_at is not None else ""
    late = ":rotating_light: " if shown.is_late else ""
    within, ran = length(shown.clock.target), length(shown.ran) if shown.ran else "nothing"
    return f"• {late}*{shown.label}* within {within}: {shown.state}{due}; it has used {ran}"


def _step(step: ClockStep, now: datetime) -> str:
    about = f"{step.clock}: " if step.clock else ""
    return f"{local_time(step.at)} · {about}{step.what}"
