"""Twilio's refusals, with the error codes that the stand-in uses (https://www.twilio.com/docs/api/errors)."""

from typing import Final

from starlette.responses import JSONResponse, Response

MESSAGES: Final = {
    20001: "Invalid parameter",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service unavailable",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Number",
    21266: "'To' and 'From' number cannot be the same",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21623: "Number of media files exceeds allowed limit",
    11200: "HTTP retrieval failure",
    11751: "Media exceeds messaging provider size limit",
    12300: "Invalid Content-Type",
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30032: "Toll-free number has not been verified",
    30034: "US A2P 10DLC - message from an unregistered number",
}
_STATUSES: Final = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}
UNDELIVERED: Final = frozenset({30003, 30004, 30005, 30006, 30008})
"""With these codes a sent text ends as undelivered; with others it fails before it is sent."""


class TwilioRefusal(Exception):
    """Twilio refuses a request; `code` says why."""

    def __init__(self, code: int, about: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.about = about


def error_answer(code: int, about: str = "") -> Response:
    """The answer to a refused request (https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions)."""
    status = _STATUSES.get(code, 400)
    message = MESSAGES.get(code, f"Error {code}")
    body = {
        "code": code,
        "message": f"{message}: {about}" if about else message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {"www-authenticate": 'Basic realm="Twilio API"'} if status == 401 else None
    return JSONResponse(body, status, headers)
