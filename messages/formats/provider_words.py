"""The provider's words and what they are in Clerk: one table, for its webhooks and its API. Pure."""

from collections.abc import Mapping
from typing import Final

from messages.sms import State

STATES: Final[Mapping[str, State]] = {
    "accepted": State.QUEUED,
    "scheduled": State.QUEUED,
    "queued": State.QUEUED,
    "sending": State.QUEUED,
    "sent": State.SENT,
    "partially_delivered": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.UNDELIVERED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}
"""https://www.twilio.com/docs/messaging/api/message-resource#message-status-values"""

SCHEDULED: Final = "scheduled"
"""The provider has a text, and sends it later by itself
(https://www.twilio.com/docs/messaging/features/compliance-toolkit)."""

OPT_OUTS: Final = frozenset({"STOP", "START", "HELP"})
"""https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out"""


def delivery_state(word: str) -> State | None:
    """Our state for the provider's; None if the word is unknown.

    What it makes of a word it also makes of the state's own name, which messages of this version carry.
    """
    return STATES.get(word.strip().lower())


def reported_word(word: str) -> str | None:
    """What a delivery report carries to the workers: a state's value, or `SCHEDULED`; None if the word is unknown."""
    state = delivery_state(word)
    return SCHEDULED if word.strip().lower() == SCHEDULED else state and state.value


def opt_out_type(word: str) -> str | None:
    """STOP, START or HELP for a webhook's OptOutType; None if it has none, or an unknown one."""
    found = word.strip().upper()
    return found if found in OPT_OUTS else None
