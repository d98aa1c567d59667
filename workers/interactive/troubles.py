"""Why a form did not open, in words for the person who waits for it: what is wrong, and whether to try again. Pure.

https://docs.slack.dev/reference/methods/views.open#errors
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from workers.failures import Ambiguous, CallError, Permanent, Temporary, Throttled
from workers.platforms.slack_failures import FOR_AN_ADMIN


class Trouble(StrEnum):
    """What keeps a form from opening."""

    LATE = "Clerk was too slow, so Slack did not open the form. Please {again}."
    ACCESS = (
        "Slack no longer accepts Clerk's access ({code}). To {again} does not help. Please tell an admin: "
        "`clerk doctor` says what to do."
    )
    FORM = (
        "Slack did not accept Clerk's form ({code}). That is a fault in Clerk. To {again} does not help. Please tell "
        "an admin."
    )
    THROTTLED = "Slack has too much to do for Clerk now, so it did not open the form. Please {again} in {seconds}."
    SLACK = "Slack failed at opening the form ({code}). Please {again} in a moment."
    DOCUMENTS = (
        "Clerk can't read its documents now: MongoDB does not answer. Please {again} in a minute. If it lasts, tell an "
        "admin: `clerk doctor` says what is wrong."
    )


CLICK: Final = "click again"
TYPE: Final = "type the command again"
SUBMIT: Final = "search again"
LOOK: Final = "look again"

TRIGGER_OVER: Final = frozenset(
    {"expired_trigger_id", "invalid_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged"}
)
"""Slack's words for a trigger that was used or is older than three seconds."""

ALREADY_OPEN: Final = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
"""An earlier delivery of the same click opened the form."""


NO_ACCESS: Final = FOR_AN_ADMIN | {"accesslimited", "team_access_not_granted", "team_not_found"}
"""Refusals of the app itself, whatever the form."""


def trouble(error: CallError) -> Trouble:
    """The kind of Slack's refusal."""
    if error.code in TRIGGER_OVER:
        return Trouble.LATE
    if error.code in NO_ACCESS:
        return Trouble.ACCESS
    if isinstance(error, Throttled):
        return Trouble.THROTTLED
    return Trouble.FORM if isinstance(error, Permanent) else Trouble.SLACK


def words(kind: Trouble, again: str, code: str = "", wait: timedelta | None = None) -> str:
    """What the person is told: `again` says how they try again, `code` is Slack's error."""
    seconds = max(1, round(wait.total_seconds())) if wait is not None else 30
    told = "1 second" if seconds == 1 else f"{seconds} seconds"
    return kind.value.format(again=again, code=code or "no answer", seconds=told)


def refusal(error: CallError, again: str) -> str:
    """What the person is told about Slack's refusal."""
    wait = error.retry_after if isinstance(error, Temporary) else None
    code = "no answer in time" if isinstance(error, Ambiguous) and error.code == "TimeoutError" else error.code
    return words(trouble(error), again, code, wait)


def section(mrkdwn: str) -> dict[str, Any]:
    """The words as a block."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn, "verbatim": True}}


def modal(mrkdwn: str, external_id: str) -> dict[str, Any]:
    """A modal that says the words, in the place of one that waits for something."""
    title, close = ({"type": "plain_text", "text": text, "emoji": False} for text in ("Found", "Back"))
    blocks = [section(mrkdwn)]
    return {"type": "modal", "external_id": external_id, "title": title, "close": close, "blocks": blocks}
