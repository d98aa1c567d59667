"""How calls of Slack and of the provider fail, and what a retry may do about each: one family for both. Pure.

A failed call is one of four kinds. *Permanent*: the platform refused it. *Temporary*, and among these *Throttled*:
nothing happened. *Ambiguous*: it may or may not have happened. The provider's errors are of these kinds, too, and carry
its number.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

PROXY_REFUSED: Final = 407
"""The HTTP status by which a proxy says that it passed nothing on: it wants other credentials
(https://www.rfc-editor.org/rfc/rfc9110#name-407-proxy-authentication-re)."""


@dataclass(frozen=True)
class Backoff:
    """How long to wait after a first failure, and at most; each wait is twice the one before."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(seconds=30)

    def wait(self, failures: int, share: float = 1.0) -> timedelta:
        """The wait after so many earlier failures: `share` (0 to 1) of the second half of the full wait is added."""
        full: timedelta = min(self.first * 2 ** min(failures, 30), self.longest)
        return full * (0.5 + min(max(share, 0.0), 1.0) / 2)


CALLS_AGAIN: Final = Backoff()
"""When to repeat a call of which nothing happened, unless the platform named a time."""


class CallError(Exception):
    """A call to Slack or to the provider failed; `code` is its error, without a phone number or a text."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


SlackError = CallError
"""What calls of Slack raise; those of the provider raise TextingError."""


class Permanent(CallError):
    """The platform refused: a retry can't succeed until a person changes something."""


class Temporary(CallError):
    """Nothing happened at the platform; a later retry may succeed, after `retry_after` if that is known."""

    def __init__(self, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.retry_after = retry_after


class Throttled(Temporary):
    """The platform ignored the call, and accepts no others for `retry_after`."""

    retry_after: timedelta

    def __init__(self, retry_after: timedelta, code: str = "ratelimited") -> None:
        super().__init__(code, retry_after)


class Ambiguous(CallError):
    """The platform may or may not have done it: check before a retry."""


class TextingError(CallError):
    """A call to the provider failed; `number` is its error's, if any; `detail` contains no phone number and no text."""

    def __init__(self, number: int | None, detail: str) -> None:
        super().__init__(detail if number is None else f"{number} ({detail})")
        self.number, self.detail = number, detail


class Refused(TextingError, Permanent):
    """The provider refused, and sent nothing; `number` tells whether the same call can succeed later."""


class TextingThrottled(TextingError, Temporary):
    """The provider ignored the call, and accepts no others for `retry_after`, if it said for how long."""

    def __init__(self, number: int | None, retry_after: timedelta | None = None) -> None:
        Temporary.__init__(self, "throttled" if number is None else f"{number} (throttled)", retry_after)
        self.number, self.detail = number, "throttled"


class Unreachable(TextingError, Temporary):
    """Nothing changed at the provider; a retry is safe."""


class Undecided(TextingError, Ambiguous):
    """The provider may or may not have sent the text: check before a retry."""


class TooLarge(TextingError, Permanent):
    """An attachment has more bytes than allowed."""
