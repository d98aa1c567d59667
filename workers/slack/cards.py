"""A ticket as a Slack message: the card with its buttons and menus, and its short forms. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)

from messages.conversation import Blocking, Contact
from messages.deadlines.priority import Priority
from messages.line import Line
from messages.sms import Sms
from messages.team.agent import TimeAway
from messages.ticket import Status, Ticket
from workers.markup import (
    away_words,
    came,
    clip_escaped,
    escape,
    listed,
    mention,
    named,
    unstyled,
    words_of,
)
from workers.shown.clocks import due_words
from workers.slack import snoozes
from workers.slack.block_notice import blocked
from workers.slack.blocks import Unshown, withheld
from workers.slack.elements import (
    FALLBACK,
    Rendered,
    contact_label,
    mrkdwn,
    plain,
    rendered,
    text_sections,
    unstyled_words,
    value_of,
)
from workers.slack.opt_out import opt_out

FIELD: Final = 650
REASON: Final = 400
"""How much a card says of the reason why a text failed."""

EXCERPT: Final = 200
"""How much of a text an older card keeps."""

NEWER: Final = "see the newest notification"

REMEMBERED: Final = 256
"""Of how many cards a process remembers the quick actions: their forty parts take longer to make than all others."""


@dataclass(frozen=True)
class Card:
    """The contents of a card: `newest` is its text, `more` counts the others, `permalink` leads to the thread.

    With `withheld`, Slack's error, it says that its text could not be shown. `failed` says why the last text to the
    contact failed, if it did. `planned` is the line about what is planned, in markup. `opted_out_since` is when the
    contact opted out of the line's texts, if they did. `blocking` says who has blocked the contact, if they are.
    `away` are the users named on the ticket who are away.
    """

    ticket: Ticket
    contact: Contact
    line: Line
    newest: Sms | None
    more: int
    permalink: str | None
    root: bool
    withheld: str | None = None
    failed: str = ""
    planned: str = ""
    opted_out_since: datetime | None = None
    blocking: Blocking | None = None
    away: Mapping[str, TimeAway] = field(default_factory=dict)


def card(card: Card) -> Rendered:
    """A ticket's card with Open, Assign and Hide."""
    ticket = card.ticket
    who = contact_label(card.contact)
    words = words_of(card.newest) if card.newest and card.withheld is None else "(text not shown)"
    nothing = [ContextBlock(elements=[plain("Nothing from the contact yet.")])] if not ticket.last_text else []
    blocks: list[Block | Mapping[str, Any]] = [
        HeaderBlock(text=plain(clip_escaped(who, 150))),
        ContextBlock(elements=[mrkdwn(_headline(card))]),
        *([ContextBlock(elements=[mrkdwn(" · ".join(due))])] if (due := due_words(ticket)) else []),
        *(ContextBlock(elements=[mrkdwn(warning)]) for warning in _warnings(card)),
        *(text_sections(card.newest) if card.withheld is None else _withheld_text(card)),
        *nothing,
        *([ContextBlock(elements=[mrkdwn(_arrival_line(card))])] if card.newest else []),
        *([ContextBlock(elements=[mrkdwn(card.planned)])] if card.planned else []),
        *opt_out(ticket.id, card.line, card.opted_out_since),
        *blocked(ticket.id, card.blocking),
        *snoozes.card_blocks(ticket),
        SectionBlock(fields=_fields(ticket, card.line, card.away)),
        ActionsBlock(block_id="ticket.actions", elements=_buttons(card)),
        _quick_actions(ticket.id, ticket.status, ticket.priority),
    ]
    more = f" (+{card.more} more)" if card.more else ""
    said = f"{who}: {words}{more}" if card.newest else who
    fallback = f"{said} · Ticket #{ticket.id} {ticket.status.label}"
    return rendered(clip_escaped(fallback, FALLBACK), blocks)


def collapsed(card: Card, hidden_by: str | None) -> Rendered:
    """A hidden root: one line, and a Show button."""
    ticket = card.ticket
    line = f"Ticket #{ticket.id} · {ticket.status.label} · {clip_escaped(unstyled(contact_label(card.contact)), 500)}"
    hidden = f" · hidden by {mention(hidden_by)}" if hidden_by else ""
    show = ButtonElement(text="Show", action_id="ticket.show", value=value_of(ticket=ticket.id))
    blocks = [
        ContextBlock(elements=[mrkdwn(f"{line}{hidden}")]),
        ActionsBlock(block_id="ticket.actions", elements=[show]),
    ]
    return rendered(line, blocks)


def superseded(card: Card, newer: str) -> Rendered:
    """A root below which the channel has a newer card: one line with a link to it, a Show and an Assign button."""
    ticket = card.ticket
    line = f"Ticket #{ticket.id} · {ticket.status.label} · {clip_escaped(unstyled(contact_label(card.contact)), 500)}"
    show = ButtonElement(text="Show", action_id="ticket.show", value=value_of(ticket=ticket.id))
    assign = ButtonElement(text="Assign", action_id="ticket.assign", value=value_of(ticket=ticket.id))
    blocks = [
        ContextBlock(elements=[mrkdwn(f"{line} · {_link_to(newer)}")]),
        ActionsBlock(block_id="ticket.actions", elements=[show, assign]),
    ]
    return rendered(line, blocks)


def shrunk(card: Card, newer: str) -> Rendered:
    """An older card: one line that says what it announced, and links to a newer one."""
    parts = [f"Ticket #{card.ticket.id}", clip_escaped(unstyled(contact_label(card.contact)), 500)]
    if card.newest is not None:
        more = f" (+{card.more} more)" if card.more > 0 else ""
        words = "(text not shown)" if card.withheld else clip_escaped(unstyled(words_of(card.newest)), EXCERPT)
        parts += [f"{words}{more}", came(card.newest)]
    line = " · ".join(parts)
    return rendered(line, [ContextBlock(elements=[mrkdwn(f"{line} · {_link_to(newer)}")])])


def _link_to(newer: str) -> str:
    """The link from an older card to a newer one; words alone if Slack gives no address."""
    return f"<{escape(newer)}|{NEWER}>" if newer else NEWER


def _withheld_text(card: Card) -> list[Block]:
    """What a card says instead of a text that Slack does not accept."""
    if card.newest is None or card.withheld is None:
        return []
    return [ContextBlock(elements=[mrkdwn(withheld(Unshown("A text", (card.newest.id,)), card.withheld).text)])]


def _headline(card: Card) -> str:
    ticket = card.ticket
    parts = [f"Ticket #{ticket.id}", f"on {unstyled_words(card.line.label)}"]
    if ticket.follows is not None:
        parts.append(f"follows #{ticket.follows}")
    return " · ".join(parts)


def _warnings(card: Card) -> list[str]:
    """What an agent must know before writing to the contact."""
    failed = clip_escaped(unstyled(card.failed), REASON)
    return [
        *([f":warning: *Last text to the contact* · {failed}"] if failed else []),
        *([f":palm_tree: {listed(nobody, FIELD)}"] if (nobody := _nobody_is_there(card)) else []),
    ]


def _nobody_is_there(card: Card) -> list[str]:
    """That each assignee is away, if they all are: anybody may take the ticket."""
    assignees = card.ticket.assignees
    if card.ticket.is_closed or not all(each in card.away for each in assignees):
        return []
    return [away_words(each, card.away[each]) for each in assignees]


def _arrival_line(card: Card) -> str:
    assert card.newest is not None
    at = came(card.newest)
    return f"{at} · *+{card.more} more*" if card.more > 0 else at


def _fields(ticket: Ticket, line: Line, away: Mapping[str, TimeAway]) -> list[MarkdownTextObject | PlainTextObject]:
    tags = listed((f"`{escape(tag)}`" for tag in ticket.tags), FIELD)
    notified = listed((named(each, away) for each in ticket.notify or (line.channel,)), FIELD)
    assignees = listed((named(each, away) for each in ticket.assignees), FIELD, none="nobody yet")
    return [
        mrkdwn(f"*Status*\n{ticket.status.label}"),
        mrkdwn(f"*Priority*\n{ticket.priority.label if ticket.priority is not Priority.NONE else '–'}"),
        mrkdwn(f"*Subject*\n{clip_escaped(unstyled(ticket.subject), FIELD) or '–'}"),
        mrkdwn(f"*Tags*\n{tags}"),
        mrkdwn(f"*Notified*\n{notified}"),
        mrkdwn(f"*On it*\n{assignees}"),
    ]


def _buttons(card: Card) -> list[ButtonElement]:
    value = value_of(ticket=card.ticket.id)
    return [
        ButtonElement(text="Open", action_id="ticket.open", value=value, url=card.permalink, style="primary"),
        ButtonElement(text="Reply", action_id="ticket.reply", value=value),
        ButtonElement(text="Assign", action_id="ticket.assign", value=value),
        ButtonElement(text="Hide", action_id="ticket.hide", value=value),
    ]


@lru_cache(maxsize=REMEMBERED)
def _quick_actions(ticket: int, status: Status, priority: Priority) -> Mapping[str, Any]:
    """The row of quick actions, as it is sent: what one click can still do to the ticket.

    Its block_id changes with what its menus show: Slack keeps a person's choice in a menu that has not changed.
    """
    elements: list[InteractiveElement] = []
    if status is not Status.CLOSED:
        take = ButtonElement(text="Take it", action_id="ticket.take", value=value_of(ticket=ticket))
        statuses = [each for each in Status if each is not Status.NEW or status is Status.NEW]
        elements += [take, _menu(ticket, "status", statuses, status)]
    priorities = [each for each in Priority if each is not Priority.NONE or priority is Priority.NONE]
    elements += [_menu(ticket, "priority", priorities, priority), *snoozes.menu(ticket, status)]
    return ActionsBlock(block_id=f"ticket.quick.{status}.{priority}", elements=elements).to_dict()


def _menu[S: (Status, Priority)](ticket: int, what: str, offered: Sequence[S], present: S) -> StaticSelectElement:
    """A menu that shows the present value."""
    options = {
        each: Option(
            value=value_of(ticket=ticket, **{what: each}),
            text=plain("No priority" if each is Priority.NONE else each.label),
        )
        for each in offered
    }
    return StaticSelectElement(
        action_id=f"ticket.{what}",
        placeholder=what.capitalize(),
        options=list(options.values()),
        initial_option=options[present],
    )
