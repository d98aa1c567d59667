"""The exceptions for the provider's unsuccessful HTTP answers. Pure.

https://www.twilio.com/docs/usage/twilios-response
"""

import json
from datetime import timedelta
from typing import Final

from workers.failures import PROXY_REFUSED, Refused, TextingError, TextingThrottled, Undecided, Unreachable
from workers.platforms.twilio.errors import ErrorKind, advice

_LONGEST: Final = timedelta(hours=1)


def error_for(status: int, body: str, retry_after: str | None) -> TextingError:
    """The exception for a status and body; `retry_after` is the header.

    20429 “was never processed and is always safe to retry”, and the same is true for the other temporary refusals;
    after a 5xx the outcome is unknown. A limit on requests is over within seconds: such a refusal names a wait only if
    the header does, other limits have their own. The exception omits the body's words, which may contain the contact's
    number.
    """
    code = _code(body)
    given = advice(code)
    if status == 429 or given.kind is ErrorKind.LATER:
        return TextingThrottled(code, _wait(retry_after or "") or given.wait)
    if status == PROXY_REFUSED:
        return Unreachable(code, f"http_{status}")
    if status >= 500 or status == 408:
        return Undecided(code, f"http_{status}")
    return Refused(code, f"http_{status}")


def _code(body: str) -> int | None:
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = error.get("code") if isinstance(error, dict) else None
    return code if type(code) is int else None


def _wait(retry_after: str) -> timedelta | None:
    if not (retry_after.isascii() and retry_after.isdigit()):
        return None
    return min(timedelta(seconds=int(retry_after[:9])), _LONGEST)
