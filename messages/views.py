"""What people ask to see: modals, tickets found by some words, a line's hours, which they may change. Pure."""

from messages.base import Moment, Order, QueueMessage
from messages.planned import When


class _OpensModal(Order):
    """A modal must open within three seconds of `received_at`; errors go to `response_url`, if given."""

    user: str
    trigger_id: str
    response_url: str | None = None
    received_at: Moment


class OpenReply(_OpensModal):
    """An agent clicked Reply on a card, in `channel`."""

    actor = "interactive.open_reply"
    ticket: int
    channel: str | None = None


class OpenPlanned(_OpensModal):
    """An agent clicked Edit on a planned text, in `channel`."""

    actor = "interactive.open_planned"
    planned: str
    channel: str | None = None


class OpenSnooze(_OpensModal):
    """An agent picked another time to snooze a ticket until, on a card in `channel`."""

    actor = "interactive.open_snooze"
    ticket: int
    channel: str | None = None


class OpenBlock(_OpensModal):
    """An agent clicked Block in a ticket's modal; `channel` is that of its line."""

    actor = "interactive.open_block"
    ticket: int
    channel: str | None = None


class SnoozeTyped(Order):
    """An agent typed a ticket's number after `/clerk snooze`, with a time, or (None) after `/clerk unsnooze`."""

    actor = "interactive.snooze_typed"
    ticket: int
    when: When | None = None
    note: str = ""
    by: str
    at: Moment
    channel: str
    response_url: str | None = None
    order: str | None = None


class OpenAwayForm(_OpensModal):
    """A person clicked Away in their Home."""

    actor = "interactive.open_away_form"
    channel: str | None = None


class OpenCloseForm(_OpensModal):
    """A person clicked Close now at a line in their Home."""

    actor = "interactive.open_close_form"
    line: str
    channel: str | None = None


class OpenSettings(_OpensModal):
    """An admin clicked Settings at a line in their Home."""

    actor = "interactive.open_settings"
    line: str
    channel: str | None = None


class ChangeLine(Order):
    """An admin saved the form with a line's settings: these fields they changed, and all of them it `showed`, in short.

    (`messages/line_settings/fields.py`)
    """

    actor = "interactive.change_line"
    line: str
    changes: dict[str, str]
    showed: dict[str, str]
    by: str
    at: Moment
    channel: str | None = None
    order: str | None = None


class OpenDashboard(_OpensModal):
    """An agent typed `/clerk` in a channel."""

    actor = "interactive.open_dashboard"
    channel: str


class OpenLater(_OpensModal):
    """An agent `typed` after `/clerk later` what can't be read; without a form, `words` say how to write it."""

    actor = "interactive.open_later"
    typed: str
    words: str
    channel: str


class PushSend(_OpensModal):
    """An agent clicked Send text in the dashboard, whose channel was `channel`."""

    actor = "interactive.push_send"
    channel: str


class ShowHome(QueueMessage):
    """Show a person the app's Home as it is now: these pages of its lists, and on top what they are told.

    They opened it when Slack had the view with the hash `opened`: a later one stays. With `markup`, what is `said` is
    in Slack's markup.
    """

    actor = "interactive.show_home"
    user: str
    said: str = ""
    markup: bool = False
    opened: str | None = None
    tickets: int = 0
    lines: int = 0


class FindTickets(Order):
    """An agent looks for tickets: the answer goes into the modal with the external id `view`, else to the agent.

    `page` counts from 0.
    """

    actor = "interactive.find"
    query: str
    user: str
    channel: str | None = None
    response_url: str | None = None
    view: str | None = None
    page: int = 0
    received_at: Moment


class ExplainClocks(Order):
    """A person asks by when a ticket is due, and why; the answer goes to them."""

    actor = "interactive.explain_clocks"
    ticket: int
    by: str
    at: Moment
    channel: str
    response_url: str | None = None


class _AboutHours(Order):
    """A person typed something about the hours of a channel's lines; the answer goes to them."""

    by: str
    at: Moment
    channel: str
    response_url: str | None = None


class ShowHours(_AboutHours):
    """Whether the channel's lines are open, and until when."""

    actor = "interactive.show_hours"


class CloseForAWhile(_AboutHours):
    """Close the channel's lines until what was typed, and say why; `order` is the identity of the order.

    Who did that in their Home named one `line`.
    """

    actor = "interactive.close_for_a_while"
    typed: str
    order: str
    line: str | None = None


class OpenAgain(_AboutHours):
    """End the closure of the channel's lines, or of the one `line`, that was there at `at`."""

    actor = "interactive.open_again"
    line: str | None = None
