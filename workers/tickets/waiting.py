"""Since when a ticket's contact waits for an answer. Pure.

They wait since their oldest text without an answer came, however late Clerk found it. An answer is what an agent wrote
after Clerk had filed that text: who wrote before can't have known of it. To a STOP, START or HELP the provider answers,
and of a contact who has opted out nobody can say that they wait: nobody may answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from messages.conversation import Arrival
from messages.opt_outs import OptOut
from messages.ticket import LastText, Ticket


def waiting(ticket: Ticket | None, came_at: datetime, now: datetime) -> dict[str, Any]:
    """Since when the contact waits, as fields of the ticket, once texts are filed whose first came at `came_at`."""
    came_at = min(came_at, now)
    if ticket is None or ticket.waiting_since is None or ticket.wait_ended_at is not None:
        return {"waiting_since": came_at, "wait_filed_at": now, "wait_ended_at": None}
    return {"waiting_since": min(came_at, ticket.waiting_since)}


def waiting_after(
    ticket: Ticket | None, arrivals: Sequence[Arrival], first: int, newest: LastText, now: datetime
) -> dict[str, Any]:
    """Since when the contact waits, as fields of the ticket, once the texts `first` to the newest are filed."""
    new = sorted((each for each in arrivals if first <= each.seq <= newest.seq), key=lambda each: each.seq)
    stop = max((each.seq for each in new if each.wish == OptOut.STOP), default=None)
    asking = [each.at for each in new if each.waits and each.seq > (stop or 0)]
    if asking:
        return waiting(ticket if stop is None else None, min(asking), now)
    if all(each.is_silent for each in new):
        return waiting(ticket, first_came(new, first, newest.seq) or newest.at, now)
    is_over = ticket is None or stop is not None or any(each.out for each in new)
    return {"wait_ended_at": now} if is_over else {}


def is_answered(ticket: Ticket, written_at: datetime) -> bool:
    """Whether what an agent wrote at a time answers the contact."""
    if ticket.waiting_since is None:
        return False
    return (ticket.wait_filed_at or ticket.waiting_since) <= written_at


def waits_on(before: Ticket | None, after: Ticket | None) -> bool:
    """Whether a contact who waited already has only written more: nothing that depends on the wait has changed."""
    if before is None or after is None or before.waits_since is None:
        return False
    same = ("id", "status", "priority", "assignees", "waits_since", "clocks", "snooze", "blocked")
    return all(getattr(before, name) == getattr(after, name) for name in same)


def waits_from(before: Ticket | None, after: Ticket) -> datetime | None:
    """From when on somebody waits on a ticket under which only texts were filed; None if nobody knows.

    A contact waits for an answer, and a ticket for somebody who is on it. What can't wait is to be looked at now.
    """
    is_new = before is None or before.id != after.id
    if after.cannot_wait or not (is_new or after.assignees):
        return None
    return after.waits_since or after.updated_at


def first_came(arrivals: Sequence[Arrival], first: int, last: int) -> datetime | None:
    """When the first of the texts `first`..`last` came; None if these are not all of them.

    A silent text waits for no answer, unless there is nothing else.
    """
    new = {each.seq: each for each in arrivals if first <= each.seq <= last}
    if len(new) < last - first + 1:
        return None
    texts = [each.at for each in new.values() if not each.is_silent]
    return min(texts or [each.at for each in new.values()])
