"""The words with which a contact opts out of texts and in again; the provider answers them itself. Pure."""

from enum import StrEnum
from typing import Final


class OptOut(StrEnum):
    """What a contact asked of the provider."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


_KEYWORDS: Final = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), OptOut.STOP),
    **dict.fromkeys(("START", "YES", "UNSTOP"), OptOut.START),
    **dict.fromkeys(("HELP", "INFO"), OptOut.HELP),
}
"""The provider's words where nobody configured others.

https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering-
"""


def opt_out(body: str, opt_out_type: str | None) -> OptOut | None:
    """What a text asks of the provider, if it asks anything.

    `opt_out_type` is the webhook's OptOutType, which knows the words that the account configured
    (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out); without it a text asks if it is nothing but a
    keyword. YES opts in, but is also how people answer: it matters only for a contact who had opted out.
    """
    word = (opt_out_type or "").strip().upper()
    return OptOut(word) if word in OptOut else _KEYWORDS.get(body.strip().upper())


def notice_for(asked: OptOut | None, *, opted_out: bool) -> str:
    """What the thread is told about a contact's wish; nothing if it changes nothing."""
    if asked is OptOut.START and not opted_out:
        return ""
    return _NOTICES[asked] if asked else ""


_NOTICES: Final = {
    OptOut.STOP: "The contact has opted out of texts: nothing can be sent to them until they text START.",
    OptOut.START: "The contact has opted in again: texts can be sent to them.",
    OptOut.HELP: "The contact asked for help with a keyword, which the provider answers by itself.",
}
