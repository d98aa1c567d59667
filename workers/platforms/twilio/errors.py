"""Explains the provider's error codes to the agent who wrote the text. Pure.

The codes are those of https://www.twilio.com/docs/api/errors; Twilio warns that they change, so an unknown code is
shown as it is, and counts as final.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class ErrorKind(StrEnum):
    """The kind of failure, which decides what can be done."""

    OPTED_OUT = "opted_out"
    """The contact has opted out: nothing can be sent until they text START."""
    NUMBER = "number"
    """This number can't be texted."""
    CONTENT = "content"
    """This text can't be sent: another one can."""
    ADMIN = "admin"
    """Nothing can be sent until an admin has acted."""
    LATER = "later"
    """The same text can be sent after `wait`, or soon."""
    DELIVERY = "delivery"
    """This text is lost, or may be; a person decides whether to send it again."""
    UNKNOWN = "unknown"
    """An unknown code: final."""


@dataclass(frozen=True)
class Advice:
    """What happened and what to do, in words for an agent; only LATER may have `wait`."""

    kind: ErrorKind
    words: str
    wait: timedelta | None = None


def advice(code: int | None) -> Advice:
    """The explanation of a code; None is a failure without a code."""
    if code is None:
        return Advice(
            ErrorKind.UNKNOWN, "The text failed, and Twilio did not say why. Ask an admin before you send it again."
        )
    return _ADVICE.get(code) or Advice(
        ErrorKind.UNKNOWN,
        f"The text failed with Twilio's error {code} (https://www.twilio.com/docs/errors/{code}). "
        "Ask an admin before you send it again.",
    )


_ADVICE: Final = {
    # -- the contact
    21610: Advice(
        ErrorKind.OPTED_OUT,
        "The contact has opted out of texts from this line. Reach them another way; they can opt in again by texting "
        "START to the line.",
    ),
    # -- the number
    21211: Advice(ErrorKind.NUMBER, "This is not a valid phone number. Check it with the contact."),
    21265: Advice(ErrorKind.NUMBER, "This is a short code, which can't be texted from a line. Ask for another number."),
    21266: Advice(ErrorKind.NUMBER, "The text was addressed to the line itself. Check the contact's number."),
    21268: Advice(
        ErrorKind.NUMBER, "This is a premium or service number, which can't be texted. Ask for another number."
    ),
    21612: Advice(
        ErrorKind.NUMBER, "Texts can't be sent from this line to this number. Reach the contact another way."
    ),
    21614: Advice(ErrorKind.NUMBER, "This number can't receive texts. Ask the contact for a mobile number."),
    21635: Advice(
        ErrorKind.NUMBER, "This is a landline, which can't receive texts. Ask the contact for a mobile number."
    ),
    30005: Advice(ErrorKind.NUMBER, "This number is unknown or no longer in service. Check it with the contact."),
    30006: Advice(
        ErrorKind.NUMBER,
        "This is a landline, or its carrier takes no texts. Call, or ask the contact for a mobile number.",
    ),
    # -- the text
    11751: Advice(ErrorKind.CONTENT, "The files are too large to be sent as a text. Send smaller ones, or a link."),
    12300: Advice(ErrorKind.CONTENT, "A file is of a type that can't be sent as a text. Send another type, or a link."),
    21602: Advice(ErrorKind.CONTENT, "The text was empty. Write a text or attach a file."),
    21617: Advice(ErrorKind.CONTENT, "The text is longer than 1,600 characters. Shorten it, or send it in parts."),
    21620: Advice(ErrorKind.CONTENT, "A file could not be attached: its address is not valid. Attach it again."),
    21623: Advice(ErrorKind.CONTENT, "There are too many files for one text: ten at most. Send them in several texts."),
    21658: Advice(ErrorKind.CONTENT, "The text is longer than 1,600 characters. Shorten it, or send it in parts."),
    30004: Advice(
        ErrorKind.CONTENT,
        "The text was blocked by the contact or their carrier. Don't send it again: that makes more blocking likely. "
        "Reach the contact another way.",
    ),
    30007: Advice(
        ErrorKind.CONTENT,
        "The carrier took the text for spam and filtered it. Don't send it again: that makes more filtering likely. "
        "Write it differently, without links.",
    ),
    30011: Advice(ErrorKind.CONTENT, "Files can't be sent to this number. Send the text without them, or with a link."),
    30019: Advice(
        ErrorKind.CONTENT, "The files are too large for the contact's carrier. Send smaller ones, or a link."
    ),
    # -- the account and its lines
    10001: Advice(
        ErrorKind.ADMIN, "The Twilio account is not active. An admin must look at the account in Twilio's console."
    ),
    20003: Advice(
        ErrorKind.ADMIN,
        "Twilio does not accept Clerk's credentials. An admin must check CLERK_TWILIO_ACCOUNT_SID and "
        "CLERK_TWILIO_AUTH_TOKEN, and that the account is not suspended.",
    ),
    20005: Advice(
        ErrorKind.ADMIN, "The Twilio account is not active. An admin must look at the account in Twilio's console."
    ),
    20404: Advice(
        ErrorKind.ADMIN,
        "Twilio does not know the account. An admin must check CLERK_TWILIO_ACCOUNT_SID and CLERK_TWILIO_API_URL.",
    ),
    21408: Advice(
        ErrorKind.ADMIN,
        "Texts to this contact's country are not enabled. An admin can enable them in Twilio's console, under "
        "Messaging, Geo permissions.",
    ),
    11200: Advice(
        ErrorKind.ADMIN,
        "The provider could not fetch a file from Clerk. An admin must check that CLERK_PUBLIC_URL can be reached from "
        "the internet; then send it again.",
    ),
    21601: Advice(
        ErrorKind.ADMIN, "The line can't send texts. An admin must check the number's capabilities at Twilio."
    ),
    21603: Advice(ErrorKind.ADMIN, "Twilio got no line to send the text from. An admin must check the lines."),
    21606: Advice(
        ErrorKind.ADMIN,
        "The line can't send texts to this number. An admin must check that it belongs to the Twilio account and "
        "can send texts.",
    ),
    21608: Advice(
        ErrorKind.ADMIN,
        "A trial account texts only verified numbers. An admin must verify this number or upgrade the Twilio account.",
    ),
    21609: Advice(
        ErrorKind.ADMIN,
        "Twilio can't reach Clerk at the address it was given for delivery reports. An admin must check "
        "CLERK_PUBLIC_URL.",
    ),
    21659: Advice(ErrorKind.ADMIN, "The line is not a Twilio number. An admin must check the lines."),
    21660: Advice(ErrorKind.ADMIN, "The line does not belong to the Twilio account. An admin must check the lines."),
    21661: Advice(
        ErrorKind.ADMIN, "The line can't send texts. An admin must check the number's capabilities at Twilio."
    ),
    21703: Advice(
        ErrorKind.ADMIN, "The line's Messaging Service has no numbers to send from. An admin must add one at Twilio."
    ),
    21704: Advice(
        ErrorKind.ADMIN, "The line's Messaging Service has no numbers to send from. An admin must add one at Twilio."
    ),
    30047: Advice(
        ErrorKind.DELIVERY,
        "The provider put this text off because it was night for the contact, and then failed to send it. "
        "Send it again by day.",
    ),
    30002: Advice(
        ErrorKind.ADMIN, "The Twilio account was suspended before the text was sent. An admin must contact Twilio."
    ),
    30018: Advice(
        ErrorKind.ADMIN,
        "The contact's carrier takes texts from registered senders only. An admin must register the line.",
    ),
    30024: Advice(
        ErrorKind.ADMIN,
        "The line is not set up at the contact's carrier. An admin must look at its registration at Twilio.",
    ),
    30032: Advice(
        ErrorKind.ADMIN, "The line is a toll-free number that has not been verified. An admin must verify it at Twilio."
    ),
    30033: Advice(ErrorKind.ADMIN, "The line's A2P campaign is suspended. An admin must contact Twilio."),
    30034: Advice(
        ErrorKind.ADMIN,
        "The line is not registered for texts to US numbers (A2P 10DLC). An admin must register it at Twilio.",
    ),
    # -- the moment
    20429: Advice(
        ErrorKind.LATER,
        "Twilio accepts no more requests for the moment. Send the text again in a minute.",
    ),
    21611: Advice(
        ErrorKind.LATER,
        "The line's queue at Twilio is full. Send the text again in ten minutes.",
        timedelta(minutes=10),
    ),
    30022: Advice(
        ErrorKind.LATER,
        "The line sent faster than the carrier allows. Send the text again in five minutes.",
        timedelta(minutes=5),
    ),
    30023: Advice(
        ErrorKind.LATER,
        "The line has reached the carrier's limit for today. Send the text again after midnight, Pacific time.",
        timedelta(hours=6),
    ),
    30027: Advice(
        ErrorKind.LATER,
        "The line has reached T-Mobile's limit for today. Send the text again after midnight, Pacific time.",
        timedelta(hours=6),
    ),
    # -- this text
    20500: Advice(
        ErrorKind.DELIVERY,
        "Twilio had an internal error, and may or may not have sent the text. Send it again only if a second "
        "copy would do no harm.",
    ),
    20503: Advice(
        ErrorKind.DELIVERY,
        "Twilio was not available, and may or may not have sent the text. Send it again only if a second copy "
        "would do no harm.",
    ),
    30001: Advice(
        ErrorKind.DELIVERY, "The text waited too long in Twilio's queue, and Twilio gave up. Send it again later."
    ),
    30003: Advice(
        ErrorKind.DELIVERY,
        "The contact's phone could not be reached: it may be off or without a network. Send the text again later; if "
        "that fails as well, check the number.",
    ),
    30008: Advice(
        ErrorKind.DELIVERY, "The carrier did not deliver the text and did not say why. Send it again, perhaps shorter."
    ),
    30017: Advice(
        ErrorKind.DELIVERY, "The carrier's network was congested and the text was lost. Send it again later."
    ),
    30036: Advice(
        ErrorKind.DELIVERY,
        "The text could not be delivered in time, and Twilio gave up. Send it again if it still matters.",
    ),
    30410: Advice(
        ErrorKind.DELIVERY,
        "The carrier did not answer in time. Twilio did not try again, because the contact might get the text twice. "
        "Send it again later.",
    ),
}
