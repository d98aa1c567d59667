"""Whom lines' alerts reach, as far as Slack knows them, and what of these settings does nothing. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from messages.deadlines.alert_words import inert
from messages.line import Line
from ops.checks.finding import Finding, advice, bad, good, skipped


def check(lines: Sequence[Line]) -> Iterator[Finding]:
    """The settings about alerts that do nothing."""
    for line in lines:
        for each in inert(line.alerts):
            yield advice(f"alerts of {line.id}", each, f"clerk lines set {line.id} --alert escalation=U0123ABCD")


def question(target: str) -> tuple[str, Mapping[str, str]]:
    """The method that Slack is asked for a user or channel, and its arguments."""
    is_user = target[:1] in {"U", "W"}
    return ("users.info", {"user": target}) if is_user else ("conversations.info", {"channel": target})


def of_target(line: Line, target: str, fields: Mapping[str, Any]) -> Finding:
    """What users.info or conversations.info says of whom a line tells of what is late.

    https://docs.slack.dev/reference/methods/users.info, https://docs.slack.dev/reference/methods/conversations.info
    """
    about, todo = f"escalation of {line.id}", f"clerk lines set {line.id} --alert escalation=…, without {target}"
    if not fields.get("ok"):
        error = str(fields.get("error"))
        if error in {"user_not_found", "user_not_visible", "channel_not_found"}:
            return bad(about, f"{target} does not exist, or the bot can't see it", todo)
        return skipped(about, f"Slack answers {error} for {target}", "Try again in a minute.")
    user, channel = fields.get("user", {}), fields.get("channel", {})
    if user.get("deleted"):
        return bad(about, f"the account of {target} is deactivated", todo)
    if user.get("is_bot"):
        return bad(about, f"{target} is a bot, which reads nothing", todo)
    if channel.get("is_archived"):
        return bad(about, f"{target} is archived", todo)
    if channel and not channel.get("is_member"):
        return bad(about, f"the bot is not in {target}", f"Type /invite @clerk there, or {todo}")
    return good(about, f"{target} can be told")
