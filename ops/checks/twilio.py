"""Twilio: the credentials, and where Twilio sends the texts of every line."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urldefrag

import httpx

from messages.line import Line
from messages.process.settings import Settings
from ops.checks.finding import Finding, advice, bad, good
from ops.checks.outward import outward_client

OVERRIDES: Final = "#rc=5&rp=all"
"""Asks Twilio to try five times after any failure: by default it does not repeat a webhook that was answered 503
(https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides)."""

_CREDENTIALS: Final = (
    "Copy Account SID and Auth Token (not an API key) from https://console.twilio.com to CLERK_TWILIO_ACCOUNT_SID and "
    "CLERK_TWILIO_AUTH_TOKEN."
)


def check(settings: Settings, lines: Sequence[Line], dates: dict[str, str]) -> Iterator[Finding]:
    """What Twilio says about the account and about every line's number; puts the Date of its answer into `dates`."""
    sid, base = settings.twilio_account_sid, settings.twilio_api_url.rstrip("/")
    account = f"{base}/2010-04-01/Accounts/{sid}"
    auth = (sid, settings.twilio_auth_token.get_secret_value())
    with outward_client(settings, base, auth=auth) as client:
        try:
            answer = client.get(f"{account}.json")
            dates["Twilio"] = answer.headers.get("date", "")
            page = answer.headers.get("content-type", "").startswith("text/html")  # of a proxy: Twilio sends none
            if answer.status_code == 401 or (answer.status_code in {403, 404} and not page):
                yield bad("Twilio account", f"Twilio answers {answer.status_code} for {sid}", _CREDENTIALS)
                return
            answer.raise_for_status()
            status = answer.json().get("status")
            if status == "active":
                yield good("Twilio account", f"{sid} is active")
            else:
                yield bad("Twilio account", f"{sid} is {status}", "Look at https://console.twilio.com for the reason.")
            for line in lines:
                found = client.get(f"{account}/IncomingPhoneNumbers.json", params={"PhoneNumber": line.id})
                found.raise_for_status()
                yield from of_number(line, found.json().get("incoming_phone_numbers", []), settings.url)
        except (httpx.HTTPError, ValueError) as error:
            todo = "Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and CLERK_TWILIO_API_URL."
            yield bad("Twilio", f"{base} did not answer as it should: {error or type(error).__name__}", todo)


def of_number(line: Line, numbers: Sequence[dict[str, Any]], public_url: str) -> Iterator[Finding]:
    """What the account's numbers show about a line. Pure."""
    check, wanted = f"number {line.id}", f"{public_url}/twilio/sms"
    where = f"Set it at https://console.twilio.com, Phone Numbers, {line.id}, Messaging"
    number = next((each for each in numbers if each.get("phone_number") == line.id), None)
    if number is None:
        todo = "Buy it or move it to this account, correct CLERK_TWILIO_ACCOUNT_SID, or: clerk lines remove " + line.id
        yield bad(check, "is not a number of this account", todo)
        return
    address, overrides = urldefrag(str(number.get("sms_url") or ""))
    if address.rstrip("/") != wanted:
        yield bad(check, f"its texts go to {address or 'nowhere'}", f"{where}, to {wanted}{OVERRIDES} (HTTP POST).")
        return
    if str(number.get("sms_method", "POST")).upper() != "POST":
        yield bad(check, "its webhook is called with GET", f"{where}: HTTP POST.")
        return
    yield good(check, f"its texts go to {wanted}")
    if "rp=all" not in overrides or "rc=" not in overrides:
        found = "Twilio does not try again when the gateway is down for a moment"
        yield advice(check, found, f"{where}, to {wanted}{OVERRIDES}")
    if not number.get("sms_fallback_url"):
        yield advice(check, "no fallback URL", f"{where}, Primary handler fails: {wanted} too (docs/operations.md).")
