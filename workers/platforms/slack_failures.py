"""The exceptions for Slack's unsuccessful answers. Pure.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from datetime import timedelta
from typing import Final

from workers.failures import PROXY_REFUSED, Ambiguous, CallError, Permanent, Temporary, Throttled

THROTTLED: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
TEMPORARY: Final = frozenset({"service_unavailable", "request_timeout", "team_added_to_org"})
AMBIGUOUS: Final = frozenset({"fatal_error", "internal_error"})
"""“It's possible some aspect of the operation succeeded” (https://docs.slack.dev/reference/methods/chat.postMessage)."""

FOR_AN_ADMIN: Final = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""The message is fine: it waits until an admin has repaired the app."""

ADMIN_RETRY_AFTER: Final = timedelta(minutes=5)
A_WHILE: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=10)
"""How long Clerk waits at most, whatever Retry-After says."""

ABOUT_THE_CHANNEL: Final = frozenset(
    {
        "account_inactive",
        "cannot_dm_bot",
        "channel_is_archived",
        "channel_not_found",
        "external_channel_migrating",
        "invalid_channel",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "not_in_channel",
        "posting_to_channel_denied",
        "team_access_not_granted",
        "team_not_found",
        "user_disabled",
        "user_not_found",
    }
)
"""Refusals of any message to a channel or person, until a person changes something there."""

THREAD_LOCKED: Final = frozenset({"restricted_action_thread_locked", "thread_locked"})
"""Answers to a reply in a thread that an admin has locked."""

NO_SUCH_THREAD: Final = frozenset(
    {"thread_not_found", "cannot_reply_to_message", "message_not_found", "invalid_thread_ts", *THREAD_LOCKED}
)
"""Answers to a reply whose thread takes none any more: which one Slack gives depends on how its first message went."""


def is_about_the_message(code: str) -> bool:
    """Whether Slack refused this message, and may accept another in its place (invalid_blocks, msg_too_long, DLP)."""
    return code not in ABOUT_THE_CHANNEL and not code.startswith("restricted_action")


def is_lasting(error: CallError) -> bool:
    """Whether a person who waits must be told: Slack refused, or an admin must repair the app first."""
    return isinstance(error, Permanent) or error.code in FOR_AN_ADMIN


def error_for(code: str, status: int, wait: timedelta | None) -> CallError:
    """The exception for a failed call; `code` is Slack's `error`, `status` the HTTP status."""
    if status == 429 or code in THROTTLED:
        return Throttled(wait or A_WHILE)
    if code in FOR_AN_ADMIN:
        return Temporary(code, ADMIN_RETRY_AFTER)
    if code in TEMPORARY:
        return Temporary(code)
    if status == PROXY_REFUSED:
        return Temporary(f"http_{status}")
    if code in AMBIGUOUS or status >= 500 or not code:
        return Ambiguous(code or f"http_{status}")
    return Permanent(code)


def retry_after(header: str | None) -> timedelta | None:
    """The wait that a Retry-After header orders, at most LONGEST_WAIT: what is tried too early is throttled again."""
    if not header or not (header.isascii() and header.isdigit()):
        return None
    return min(timedelta(seconds=int(header[:9])), LONGEST_WAIT)
