"""The digest as a Slack message. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from slack_sdk.models.blocks import Block, ContextBlock, SectionBlock

from messages.deadlines.priority import Priority
from messages.team.agent import TimeAway
from messages.ticket import Ticket
from workers.markup import clip_escaped, escape, listed, local_age, local_time, named, unstyled
from workers.shown.clocks import due_in_short, is_late
from workers.slack.elements import Rendered, mrkdwn, rendered

LISTED: Final = 15
EXCERPT: Final = 80


@dataclass(frozen=True)
class Waiting:
    """A ticket whose contact waits: the contact's name, and the address of the thread, where there are any."""

    ticket: Ticket
    name: str
    permalink: str | None


def digest(waiting: Sequence[Waiting], away: Mapping[str, TimeAway]) -> Rendered:
    """What came while a line was closed and waits for an answer, in the order of their turns; at least one."""
    title = _title([each.ticket for each in waiting])
    blocks: list[Block] = [SectionBlock(text=mrkdwn(f"*{title}*"))]
    blocks += [SectionBlock(text=mrkdwn(_row(each, away))) for each in waiting[:LISTED]]
    if len(waiting) > LISTED:
        blocks.append(ContextBlock(elements=[mrkdwn(f"and {len(waiting) - LISTED} more: `/clerk` lists them.")]))
    return rendered(title, blocks)


def _title(tickets: Sequence[Ticket]) -> str:
    count = len({each.conversation for each in tickets})
    urgent = sum(each.priority is Priority.URGENT for each in tickets)
    parts = [f"{count} conversation{'' if count == 1 else 's'}"]
    if urgent:
        parts.append(f"{urgent} urgent")
    if late := sum(is_late(each) for each in tickets):
        parts.append(f"{late} late")
    if since := min((each.waits_since for each in tickets if each.waits_since is not None), default=None):
        parts.append(f"{'oldest ' if count > 1 else ''}since {local_time(since)}")
    return f"While you were closed: {', '.join(parts)}"


def _row(row: Waiting, away: Mapping[str, TimeAway]) -> str:
    ticket = row.ticket
    number = f"<{escape(row.permalink)}|#{ticket.id}>" if row.permalink else f"#{ticket.id}"
    about = [f"*{number}* {clip_escaped(unstyled(row.name or ticket.contact), 120)}"]
    if ticket.priority is not Priority.NONE:
        about.append(ticket.priority.label)
    about += due_in_short(ticket)
    if ticket.assignees:
        about.append(listed((named(each, away) for each in ticket.assignees), 300))
    if ticket.newest is not None:
        words = clip_escaped(unstyled(ticket.newest.words), EXCERPT)
        about.append(f"“{words}” {local_age(ticket.newest.at)}")
    return " · ".join(about)
