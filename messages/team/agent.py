"""An agent's hours, and whether they are away. Pure.

An agent is away for a time that they named, and outside their hours. They come back by themselves: being away is a time
that has not come yet, and nothing has to happen at that time. Slack's presence says nothing here: on a phone in a
pocket it is off.
"""

from dataclasses import dataclass
from datetime import datetime

from messages.base import Document, Moment, Order, QueueMessage
from messages.calendar import Calendar, is_open, next_opening


class Agent(Document):
    """An agent, known by their Slack user (`id`).

    `zone` is their time zone as Slack had it last; blank: unknown. `hours` is the id of the calendar of their hours;
    blank: always. They are away until `away_until`, for the reason `away_note`. They said so, or that they are back,
    at `since`; Clerk has `asked` them since whether they are back. `orders` are the newest orders that were carried
    out.

    Slack said at `account_at` that their account is `deactivated`, or active again. At `hand_on_at` the clock looks
    whether the lines' channels were told what they had in hand.
    """

    id: str
    zone: str = ""
    hours: str = ""
    away_until: Moment | None = None
    away_note: str = ""
    since: Moment | None = None
    asked: bool = False
    orders: tuple[str, ...] = ()
    deactivated: bool = False
    account_at: Moment | None = None
    hand_on_at: Moment | None = None


@dataclass(frozen=True)
class TimeAway:
    """That an agent is away: until when (None: for a year at least), and why, if they said it.

    With `deactivated` they are gone for good: their account is.
    """

    until: datetime | None
    note: str = ""
    deactivated: bool = False


def away(agent: Agent, calendar: Calendar | None, now: datetime) -> TimeAway | None:
    """Whether an agent is away, and until when; None if they are available.

    `calendar` is that of their hours, if there is one. Who comes back while it is closed is away until it opens.
    """
    if agent.deactivated:
        return TimeAway(None, deactivated=True)
    said = agent.away_until is not None and agent.away_until > now
    back = agent.away_until if said and agent.away_until is not None else now
    note = agent.away_note if said else ""
    if calendar is not None and not is_open(calendar, back):
        return TimeAway(next_opening(calendar, back), note)
    return TimeAway(back, note) if said else None


def available(agent: Agent, calendar: Calendar | None, now: datetime) -> bool:
    """Whether an agent is there: not away, and inside their hours."""
    return away(agent, calendar, now) is None


class GoAway(Order):
    """An agent typed at a time that they are away; `typed` is the rest of what they typed."""

    actor = "notifications.go_away"
    typed: str
    by: str
    at: Moment
    channel: str | None = None
    response_url: str | None = None
    order: str | None = None


class AccountChanged(QueueMessage):
    """Slack says that a user's account was deactivated at a time, or that it is active."""

    actor = "notifications.change_account"
    user: str
    deleted: bool
    at: Moment


class HandOn(QueueMessage):
    """Tell the lines' channels what a user had in hand whose account was deactivated."""

    actor = "slack.hand_on"
    user: str


class ComeBack(Order):
    """An agent said at a time that they are back: from what they said at `since`, if that is given."""

    actor = "notifications.come_back"
    by: str
    at: Moment
    since: Moment | None = None
    channel: str | None = None
    response_url: str | None = None
    order: str | None = None
