"""What somebody had in hand whose account was deactivated, as a Slack message. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from slack_sdk.models.blocks import Block, ButtonElement, ContextBlock, SectionBlock

from messages.deadlines.priority import Priority
from messages.ticket import Status, Ticket
from workers.markup import clip_escaped, escape, local_age, mention, unstyled
from workers.slack.elements import Rendered, mrkdwn, rendered, value_of

LISTED: Final = 15
EXCERPT: Final = 80

OPEN: Final = frozenset(Status) - {Status.SOLVED, Status.CLOSED}


def in_hand(tickets: Iterable[Ticket], user: str, line: str) -> list[Ticket]:
    """The tickets of a line that a user is on and that are not over, from the oldest."""
    found = (each for each in tickets if each.line == line and each.status in OPEN and user in each.assignees)
    return sorted(found, key=lambda each: each.id)


def left_in_hand(user: str, tickets: Sequence[Ticket], planned: int) -> Rendered:
    """What somebody who is gone was on, each with a button to hand it on; `planned` texts of theirs are held."""
    title = f"The account of {mention(user)} was deactivated. {_count(tickets, planned)}"
    blocks: list[Block] = [SectionBlock(text=mrkdwn(title))]
    for each in tickets[:LISTED]:
        button = ButtonElement(text="Hand on", action_id="ticket.assign", value=value_of(ticket=each.id))
        blocks.append(SectionBlock(text=mrkdwn(_row(each, user)), accessory=button))
    if len(tickets) > LISTED:
        blocks.append(ContextBlock(elements=[mrkdwn(f"and {len(tickets) - LISTED} more: `/clerk` lists them.")]))
    return rendered(title, blocks)


def _count(tickets: Sequence[Ticket], planned: int) -> str:
    """How much there is to be handed on, in sentences."""
    said = []
    if tickets:
        said.append(f"They are on {len(tickets)} open ticket{'' if len(tickets) == 1 else 's'}: who goes on?")
    if planned:
        texts = "1 text that they planned is" if planned == 1 else f"{planned} texts that they planned are"
        said.append(f"{texts} held: decide in the conversation's thread.")
    return " ".join(said)


def _row(ticket: Ticket, user: str) -> str:
    about = [f"*#{ticket.id}* {escape(ticket.contact)}", ticket.status.label]
    if ticket.priority is not Priority.NONE:
        about.append(ticket.priority.label)
    if ticket.subject:
        about.append(clip_escaped(unstyled(ticket.subject), 200))
    if ticket.newest is not None:
        about.append(f"“{clip_escaped(unstyled(ticket.newest.words), EXCERPT)}” {local_age(ticket.newest.at)}")
    if others := [mention(each) for each in ticket.assignees if each != user][:5]:
        about.append(f"with {' '.join(others)}")
    return " · ".join(about)
