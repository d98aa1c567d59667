"""The digest of a line that opens, and what came while Clerk was away, as Slack messages. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from slack_sdk.models.blocks import Block, ContextBlock, SectionBlock

from messages.deadlines.interruption import Interruption
from messages.deadlines.priority import Priority
from messages.planned import Planned
from messages.team.agent import TimeAway
from messages.ticket import Ticket
from workers.markup import (
    clip_escaped,
    escape,
    listed,
    local_age,
    local_time,
    mention,
    named,
    unstyled,
    words_and_files,
)
from workers.shown.clocks import due_in_short, is_late
from workers.slack.alerts.card import AlertCard
from workers.slack.alerts.card import row as late_row
from workers.slack.elements import Rendered, mrkdwn, rendered

LISTED: Final = 15
EXCERPT: Final = 80


@dataclass(frozen=True)
class Waiting:
    """A ticket whose contact waits: the contact's name, and the address of the thread, where there are any."""

    ticket: Ticket
    name: str
    permalink: str | None


def digest(waiting: Sequence[Waiting], away: Mapping[str, TimeAway], alerts: Sequence[AlertCard] = ()) -> Rendered:
    """What came while a line was closed and waits for an answer, in the order of their turns, and what is late.

    There is one of them at least. That somebody waits too long, who is among the first already, is not said twice.
    """
    above = {each.ticket.id for each in waiting[:LISTED]}
    late = [each for each in alerts if not (each.alert.cause.is_about_waiting and each.ticket.id in above)]
    count = len({each.ticket.id for each in late})
    overdue = f"{counted(count, 'ticket')} {'is' if count == 1 else 'are'} overdue"
    title = _title([each.ticket for each in waiting]) if waiting else f"You are open: {overdue}"
    blocks: list[Block] = [SectionBlock(text=mrkdwn(f"*{title}*")), *_rows(waiting, away)]
    if waiting and late:
        blocks.append(SectionBlock(text=mrkdwn(f":warning: *Besides, {overdue}*")))
    return rendered(title, [*blocks, *_listed([late_row(each) for each in late])])


def interruption(
    found: Interruption,
    waiting: Sequence[Waiting],
    away: Mapping[str, TimeAway],
    texts: int,
    held: Sequence[Planned],
) -> Rendered:
    """What came while Clerk was away, and which planned texts were to leave then and wait for a person."""
    urgent = sum(each.ticket.priority is Priority.URGENT for each in waiting)
    parts = [
        *([f"{counted(texts, 'text')} in {counted(len(waiting), 'conversation')}"] if waiting else []),
        *([f"{urgent} urgent"] if urgent else []),
        *([f"{counted(len(held), 'planned text')} held"] if held else []),
    ]
    title = f"Clerk was away {local_time(found.since)} to {local_time(found.until)}: {', '.join(parts)}"
    plans: list[Block] = [SectionBlock(text=mrkdwn(_held(each))) for each in held[:LISTED]]
    return rendered(title, [SectionBlock(text=mrkdwn(f"*{title}*")), *_rows(waiting, away), *plans])


def _rows(waiting: Sequence[Waiting], away: Mapping[str, TimeAway]) -> list[Block]:
    return _listed([_row(each, away) for each in waiting])


def _listed(rows: Sequence[str]) -> list[Block]:
    """The first rows, and the number of the others."""
    blocks: list[Block] = [SectionBlock(text=mrkdwn(each)) for each in rows[:LISTED]]
    if len(rows) > LISTED:
        blocks.append(ContextBlock(elements=[mrkdwn(f"and {len(rows) - LISTED} more: `/clerk` lists them.")]))
    return blocks


def _held(planned: Planned) -> str:
    words = clip_escaped(unstyled(words_and_files(planned.body, planned.files)), EXCERPT)
    what = f"what {mention(planned.by)} planned for {local_time(planned.due_at)} to {escape(planned.contact)}"
    return f":double_vertical_bar: Held: {what}: “{words}”"


def counted(count: int, what: str) -> str:
    """A number of things in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _title(tickets: Sequence[Ticket]) -> str:
    count = len({each.conversation for each in tickets})
    urgent = sum(each.priority is Priority.URGENT for each in tickets)
    parts = [counted(count, "conversation")]
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
