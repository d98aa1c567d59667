"""How calls of Slack and of the provider fail, and what a retry may do about each. Pure."""

from datetime import timedelta


class SlackError(Exception):
    """A call to Slack failed; `code` is Slack's error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Permanent(SlackError):
    """A retry can't succeed until a person changes something."""


class Temporary(SlackError):
    """Nothing happened at Slack; a later retry may succeed, after `retry_after` if that is known."""

    def __init__(self, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.retry_after = retry_after


class Throttled(Temporary):
    """Slack accepts no calls for `retry_after`."""

    retry_after: timedelta

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("ratelimited", retry_after)


class Ambiguous(SlackError):
    """Slack may or may not have done it: check before a retry."""


class TextingError(Exception):
    """A call to the provider failed; `code` is the provider's, if any; `detail` contains no number and no text."""

    def __init__(self, code: int | None, detail: str) -> None:
        super().__init__(detail if code is None else f"{code} ({detail})")
        self.code, self.detail = code, detail


class Refused(TextingError):
    """The provider refused, and sent nothing; `code` tells whether the same call can succeed later."""


class TextingThrottled(TextingError):
    """The provider ignored the call, and accepts no others for `retry_after`."""

    def __init__(self, code: int | None, retry_after: timedelta) -> None:
        super().__init__(code, "throttled")
        self.retry_after = retry_after


class Unreachable(TextingError):
    """Nothing changed at the provider; a retry is safe."""


class Undecided(TextingError):
    """The provider may or may not have sent the text: check before a retry."""


class TooLarge(TextingError):
    """An attachment has more bytes than allowed."""
