"""An alert as a Slack message, the line that it ends as, and the list that stands for many. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ContextBlock, SectionBlock

from messages.deadlines.alert import Alert, AlertCause, AlertEnd, AlertStage, AlertStorm, StormState
from messages.deadlines.lateness import late_words
from messages.deadlines.priority import Priority
from messages.team.agent import TimeAway
from messages.ticket import Ticket
from workers.markup import clip_escaped, escape, listed, local_age, local_time, mention, moment, named, unstyled
from workers.slack.elements import Rendered, mrkdwn, rendered, value_of

LISTED: Final = 15
WORDS: Final = 300


@dataclass(frozen=True)
class AlertCard:
    """An alert with its ticket, the contact's name, and the address of the thread, where there are any.

    `why` says why a text failed, as far as the alert is about that.
    """

    alert: Alert
    ticket: Ticket
    name: str = ""
    permalink: str | None = None
    why: str = ""
    away: Mapping[str, TimeAway] = field(default_factory=dict)


def card(card: AlertCard) -> Rendered:
    """An alert that stands."""
    alert, ticket = card.alert, card.ticket
    words = says(card)
    blocks: list[Block] = [SectionBlock(text=mrkdwn(f"{_sign(alert)} {_headline(card)}\n{words}"))]
    if alert.acted_by is not None and alert.acted_at is not None:
        blocks.append(
            ContextBlock(elements=[mrkdwn(f"{mention(alert.acted_by)} has it, {local_age(alert.acted_at)}.")])
        )
    have = ButtonElement(text="I have it", action_id="alert.have", value=value_of(alert=alert.id, ticket=ticket.id))
    buttons = [have]
    if not ticket.assignees:
        buttons.append(ButtonElement(text="Take it", action_id="ticket.take", value=value_of(ticket=ticket.id)))
    blocks.append(ActionsBlock(elements=buttons))
    return rendered(f"{_name(card)}: {words}", blocks)


def ended(card: AlertCard) -> Rendered:
    """The one line that says that an alert is over, and what ended it."""
    line = f"{_headline(card)}: {_ENDINGS[card.alert.end or AlertEnd.DROPPED](card.alert)}"
    return rendered(f"{_name(card)}: over", [ContextBlock(elements=[mrkdwn(line)])])


def storm_list(storm: AlertStorm, there: Sequence[AlertCard]) -> Rendered:
    """The list that stands for all alerts at a target, the most overdue first."""
    if storm.state is not StormState.RAGES or not there:
        line = f"None of the {storm.most} tickets is overdue any more."
        return rendered(line, [ContextBlock(elements=[mrkdwn(line)])])
    count = len({each.ticket.id for each in there})
    title = f"{count} ticket is overdue" if count == 1 else f"{count} tickets are overdue"
    blocks: list[Block] = [SectionBlock(text=mrkdwn(f":warning: *{title}*"))]
    blocks += [SectionBlock(text=mrkdwn(row(each))) for each in there[:LISTED]]
    if len(there) > LISTED:
        blocks.append(ContextBlock(elements=[mrkdwn(f"and {len(there) - LISTED} more: `/clerk` lists them.")]))
    return rendered(title, blocks)


def row(card: AlertCard) -> str:
    """An alert as a line of a list."""
    return f"{_headline(card)} · {says(card)}"


def says(card: AlertCard) -> str:
    """What an alert says, in a sentence."""
    return _SAYS[card.alert.cause](card)


def _sign(alert: Alert) -> str:
    return ":hourglass_flowing_sand:" if alert.stage is AlertStage.WARN else ":warning:"


def _name(card: AlertCard) -> str:
    return f"#{card.ticket.id} {clip_escaped(unstyled(card.name or card.ticket.contact), 120)}"


def _headline(card: AlertCard) -> str:
    ticket = card.ticket
    number = f"<{escape(card.permalink)}|#{ticket.id}>" if card.permalink else f"#{ticket.id}"
    about = [f"*{number}* {clip_escaped(unstyled(card.name or ticket.contact), 120)}"]
    if ticket.priority is not Priority.NONE:
        about.append(ticket.priority.label)
    if ticket.assignees:
        about.append(listed((named(each, card.away) for each in ticket.assignees), 300))
    return " · ".join(about)


def _due_at(card: AlertCard) -> datetime:
    """When the clock that an alert tells of falls due, or fell."""
    alert = card.alert
    if alert.stage is AlertStage.BREACH:
        return alert.since
    same = (each for each in card.ticket.clocks if each.kind == alert.cause.value and each.began_at == alert.began_at)
    return next((each.due_at for each in same if each.due_at is not None), alert.since)


def _clock(what: str) -> Callable[[AlertCard], str]:
    def say(card: AlertCard) -> str:
        verb = "is" if card.alert.stage is AlertStage.WARN else "was"
        return f"{what} {verb} due {local_time(_due_at(card))} ({local_age(_due_at(card))})."

    return say


def _unanswered(card: AlertCard) -> str:
    return f"The contact has waited for an answer since {local_time(card.alert.began_at)}."


def _unassigned(card: AlertCard) -> str:
    return f"Nobody has been on it since {local_time(card.alert.began_at)}."


def _snooze(card: AlertCard) -> str:
    note = card.ticket.snooze.note if card.ticket.snooze is not None else ""
    about = f" (“{clip_escaped(unstyled(note), WORDS)}”)" if note else ""
    by = f" by {mention(card.alert.owner)}" if card.alert.owner else ""
    return f"The time to which it was put off{by} has come: {local_time(card.alert.since)}{about}."


def _held(card: AlertCard) -> str:
    count = card.alert.count
    return "A planned text waits for a person." if count == 1 else f"{count} planned texts wait for a person."


def _called(card: AlertCard) -> str:
    return f"It can't wait, and the line is closed: the contact waits since {local_time(card.alert.began_at)}."


def _failed(card: AlertCard) -> str:
    why = f": {clip_escaped(unstyled(card.why), WORDS)}" if card.why else "."
    return f"The last text to the contact did not arrive{why}"


_SAYS: Final[Mapping[AlertCause, Callable[[AlertCard], str]]] = MappingProxyType(
    {
        AlertCause.FIRST_RESPONSE: _clock("The first answer"),
        AlertCause.NEXT_RESPONSE: _clock("The next answer"),
        AlertCause.RESOLUTION: _clock("The solution"),
        AlertCause.UNANSWERED: _unanswered,
        AlertCause.UNASSIGNED: _unassigned,
        AlertCause.SNOOZE_OVER: _snooze,
        AlertCause.HELD_TEXT: _held,
        AlertCause.ON_CALL: _called,
        AlertCause.FAILED_TEXT: _failed,
    }
)


def _done(verb: str) -> Callable[[Alert], str]:
    def say(alert: Alert) -> str:
        by = f" by {mention(alert.ended_by)}" if alert.ended_by else ""
        at = f" at {moment(alert.ended_at, '{time}')}" if alert.ended_at is not None else ""
        return f"{verb}{by}{at}{_late(alert.late)}"

    return say


def _late(late: timedelta | None) -> str:
    return "" if late is None else f", {late_words(late)}"


_ENDINGS: Final[Mapping[AlertEnd, Callable[[Alert], str]]] = MappingProxyType(
    {
        AlertEnd.ANSWERED: _done("Answered"),
        AlertEnd.SOLVED: _done("Solved"),
        AlertEnd.PAUSED: _done("Paused"),
        AlertEnd.ASSIGNED: lambda alert: f"{mention(alert.ended_by)} is on it" if alert.ended_by else "Assigned",
        AlertEnd.TAKEN_UP: _done("Taken up"),
        AlertEnd.SNOOZED: _done("Put off"),
        AlertEnd.SENT: lambda alert: "No text waits or is missing any more",
        AlertEnd.DROPPED: lambda alert: "No longer due",
    }
)
