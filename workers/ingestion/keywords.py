"""The keywords by which a contact opts out and in again, which the provider itself answers. Pure."""

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
"""The provider's default keywords.

https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering-
"""


def opt_out(body: str, opt_out_type: str | None) -> OptOut | None:
    """The keyword request in a text, if there is one.

    `opt_out_type` is the webhook's OptOutType, which respects the account's own keywords
    (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out); without it only a text that is one keyword
    counts. YES opts in, but is also a usual answer: it matters only for a contact who has opted out.
    """
    word = (opt_out_type or "").strip().upper()
    return OptOut(word) if word in OptOut else _KEYWORDS.get(body.strip().upper())


def notice_for(asked: OptOut | None, *, opted_out: bool) -> str:
    """The notice for the thread about a contact's keyword; empty if nothing changes."""
    if asked is OptOut.START and not opted_out:
        return ""
    return _NOTICES[asked] if asked else ""


_NOTICES: Final = {
    OptOut.STOP: "The contact has opted out. Clerk can't send them texts until they text START.",
    OptOut.START: "The contact has opted in again. You can send them texts.",
    OptOut.HELP: "The contact sent a keyword that asks for help. The provider answers it.",
}
