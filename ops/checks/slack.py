"""Slack: the token, its scopes, and the channel of every line."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx

from messages.line import Line
from messages.process.settings import Settings
from ops.checks import alerts
from ops.checks.finding import Finding, advice, bad, good, skipped
from ops.checks.outward import outward_client

SCOPES: Final = (
    "chat:write",
    "chat:write.public",
    "chat:write.customize",
    "commands",
    "channels:history",
    "groups:history",
    "im:history",
    "im:write",
    "channels:read",
    "groups:read",
    "users:read",
    "files:read",
    "files:write",
    "reactions:write",
)
"""The scopes that docs/slack-app.yaml requests."""

CUSTOMIZE: Final = "chat:write.customize"
"""The one scope without which Clerk does all it does, only less plainly."""

REINSTALL: Final = (
    "At https://api.slack.com/apps, open the app, OAuth & Permissions. Add them under Bot Token Scopes, press "
    "Reinstall to Workspace, and set CLERK_SLACK_BOT_TOKEN if the token changed."
)
_REPLACE: Final = (
    "Copy the Bot User OAuth Token (xoxb-…) from https://api.slack.com/apps, OAuth & Permissions, to "
    "CLERK_SLACK_BOT_TOKEN; if the app was removed from the workspace, install it again."
)

_NETWORK: Final = "Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and CLERK_SLACK_API_URL."
_NO_SLACK: Final = "no_slack"
"""The field that tells an answer which is not Slack's, but a proxy's or another server's."""

_HOME_ON: Final = (
    "At https://api.slack.com/apps, open the app: App Home, switch on the Home Tab; Event Subscriptions, Subscribe to "
    "bot events, add app_home_opened. Then click Clerk under Apps in Slack's sidebar, and Home."
)
_HOURS: Final = "Give it hours: clerk lines set LINE --calendar NAME (clerk calendars add)."


def check(settings: Settings, lines: Sequence[Line], dates: dict[str, str]) -> Iterator[Finding]:
    """What Slack says about the token and about every line's channel; puts the Date of its answer into `dates`."""
    token = settings.slack_bot_token.get_secret_value()
    base = settings.slack_api_url.rstrip("/") + "/"
    with outward_client(settings, base, headers={"authorization": f"Bearer {token}"}) as client:
        try:
            answer = client.post("auth.test")
            fields = _answer_fields(answer)
            dates["Slack"] = answer.headers.get("date", "")
            if not fields.get("ok"):
                yield _no_token(fields, base)
                return
            yield good("Slack token", f"{fields.get('user')} in the workspace {fields.get('team')}")
            yield of_scopes(answer.headers.get("x-oauth-scopes"))
            for line in lines:
                yield of_channel(
                    line, _answer_fields(client.get("conversations.info", params={"channel": line.channel}))
                )
                for user in line.on_call:
                    yield of_on_call(line, user, _answer_fields(client.get("users.info", params={"user": user})))
                for target in line.alerts.escalation:
                    method, arguments = alerts.question(target)
                    yield alerts.of_target(line, target, _answer_fields(client.get(method, params=arguments)))
        except httpx.HTTPError as error:
            yield bad("Slack", f"{base} can't be reached: {error or type(error).__name__}", _NETWORK)


def _no_token(fields: dict[str, Any], base: str) -> Finding:
    """Why the token is of no use, or that something else than Slack answers."""
    if _NO_SLACK in fields:
        return bad("Slack", f"{base} does not answer as Slack does: {fields['error']}", _NETWORK)
    return bad("Slack token", f"Slack answers {fields.get('error')}", _REPLACE)


def channel_of(line: Line, settings: Settings) -> Finding:
    """What Slack says about the channel of one line."""
    token = settings.slack_bot_token.get_secret_value()
    base = settings.slack_api_url.rstrip("/") + "/"
    with outward_client(settings, base, headers={"authorization": f"Bearer {token}"}) as client:
        try:
            answer = client.get("conversations.info", params={"channel": line.channel})
        except httpx.HTTPError as error:
            found = f"Slack can't be asked about {line.channel}: {error or type(error).__name__}"
            return skipped(f"channel of {line.id}", found, "See clerk doctor.")
        return of_channel(line, _answer_fields(answer))


def of_scopes(header: str | None) -> Finding:
    """The scopes of a token, from the header of any answer (https://docs.slack.dev/apis/web-api). Pure."""
    if header is None:
        return skipped("Slack scopes", "Slack did not say which scopes the token has")
    has = {scope.strip() for scope in header.split(",")}
    missing = [scope for scope in SCOPES if scope not in has]
    if missing == [CUSTOMIZE]:
        found = f"missing: {CUSTOMIZE}. Contacts' words are in the threads under Clerk's name, not under theirs"
        return advice("Slack scopes", found, REINSTALL)
    if missing:
        return bad("Slack scopes", f"missing: {', '.join(missing)}", REINSTALL)
    return good("Slack scopes", f"the token has all {len(SCOPES)}")


def of_channel(line: Line, fields: dict[str, Any]) -> Finding:
    """What conversations.info says about a line's channel (https://docs.slack.dev/reference/methods). Pure."""
    check, elsewhere = f"channel of {line.id}", f"clerk lines set {line.id} --channel C…"
    if not fields.get("ok"):
        error = fields.get("error")
        if error == "channel_not_found":
            todo = f"If it is private, type /invite @clerk there. If it no longer exists: {elsewhere}"
            return bad(check, f"{line.channel} does not exist, or the bot can't see it", todo)
        return skipped(check, f"Slack answers {error} for {line.channel}", "Try again in a minute.")
    channel = fields.get("channel", {})
    name = f"#{channel.get('name', line.channel)}"
    if channel.get("is_archived"):
        return bad(check, f"{name} is archived", f"Unarchive it in Slack, or: {elsewhere}")
    if not channel.get("is_member"):
        todo = (
            f"Type /invite @clerk in {name}: without it, replies in threads do not reach the gateway, and Clerk can't "
            "look up a post whose answer from Slack was lost."
        )
        return bad(check, f"the bot is not in {name}", todo)
    return good(check, f"{name}, and the bot is in it")


def of_home(refused: str | None) -> Finding:
    """What became of the last Home that Clerk showed; None: nobody has opened one. Pure.

    No app can ask whether it has a Home tab, or to which events it subscribes.
    """
    if refused is None:
        return skipped("Slack Home", "nobody has opened it: only then Slack says whether it is on", _HOME_ON)
    if refused:
        return bad("Slack Home", f"Slack answers {refused}: the app has no Home tab", _HOME_ON)
    return good("Slack Home", "it was shown to whoever opened it last")


def of_on_call(line: Line, user: str, fields: dict[str, Any]) -> Finding:
    """What users.info says of who is on call (https://docs.slack.dev/reference/methods/users.info). Pure."""
    check, elsewhere = f"{user}, on call for {line.id}", f"clerk lines set {line.id} --on-call U…,U… (or none)"
    if not fields.get("ok"):
        if fields.get("error") in {"user_not_found", "user_not_visible"}:
            return bad(check, "there is no such account, or Clerk can't see it", elsewhere)
        return skipped(check, f"Slack answers {fields.get('error')}", "Try again in a minute.")
    account = fields.get("user", {})
    if account.get("deleted"):
        return bad(check, "the account is deactivated, and gets no messages", elsewhere)
    if account.get("is_bot"):
        return bad(check, "it is an app, not a person", elsewhere)
    if not line.calendar:
        return advice(check, "the line has no hours, so it is never closed: nobody is called", _HOURS)
    return good(check, f"{account.get('name', user)} has an account")


def _answer_fields(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == 429:
        return {"ok": False, "error": f"429, try again in {answer.headers.get('retry-after', '?')} s"}
    try:
        found = answer.json()
    except ValueError:
        return {"ok": False, "error": f"HTTP {answer.status_code} without JSON", _NO_SLACK: True}
    return found if isinstance(found, dict) else {"ok": False, "error": "JSON, but no object"}
