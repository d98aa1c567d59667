"""Each button of Clerk's is on a message that says when it is over, or whose click says so."""

from typing import Final

from messages.orders.clicks import ORDERS

CARDS: Final = "a pass keeps the newest card in each channel up to date, and older ones become one line"
THREAD: Final = "a pass keeps the line in the thread up to date"
ALERTS: Final = "the alert becomes one line once its cause is gone"
REPLACED: Final = "the answer to a click takes the place of the private message"
HOME: Final = "a click shows the Home anew"
ANSWERED: Final = "it is in a form or list that closes, or the click says what has become of it"

OVER: Final = {
    "ticket.open": CARDS,
    "ticket.assign": CARDS,
    "ticket.reply": CARDS,
    "ticket.hide": CARDS,
    "ticket.show": CARDS,
    "ticket.take": CARDS,
    "ticket.status": CARDS,
    "ticket.priority": CARDS,
    "ticket.opt_in": CARDS,
    "ticket.unblock": CARDS,
    "ticket.snooze": CARDS,
    "ticket.wake": CARDS,
    "ticket.resend": THREAD,
    "ticket.send_late": THREAD,
    "ticket.take_back": THREAD,
    "ticket.answer_again": THREAD,
    "ticket.snooze_again": THREAD,
    "planned.keep": THREAD,
    "planned.send_now": THREAD,
    "planned.cancel": THREAD,
    "planned.edit": THREAD,
    "alert.have": ALERTS,
    "ticket.undo_hide": REPLACED,
    "clerk.back": REPLACED,
    "home.show.0": HOME,
    "home.show.1": HOME,
    "home.away": HOME,
    "home.close": HOME,
    "home.open": HOME,
    "home.settings": HOME,
    "ticket.block": ANSWERED,
    "clerk.send": ANSWERED,
    "clerk.page.0": ANSWERED,
    "clerk.page.1": ANSWERED,
}
"""The table of docs/decisions/0008-slack-is-reconciled.md, by `action_id`."""


def test_of_each_button_the_table_says_what_becomes_of_it() -> None:
    assert OVER.keys() == ORDERS.keys()
