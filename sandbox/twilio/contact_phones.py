"""Contacts' phones: their texts reach the app through Twilio, which itself answers STOP, START and HELP."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from sandbox.config import SandboxConfig
from sandbox.json_object import Json
from sandbox.record import Record
from sandbox.twilio.block_list import SERVICE, BlockList, is_toll_free
from sandbox.twilio.text_store import TextStore
from sandbox.twilio.webhooks import TwilioWebhooks

ANSWERS: Final = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
"""Twilio's own replies (https://help.twilio.com/articles/223134027)."""

NETWORK_ANSWERS: Final = {
    "STOP": 'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this number. '
    'Text back "unstop" to receive messages again.',
    "START": 'NETWORK MSG: You have replied "unstop" and will begin receiving messages again from this number.',
}
"""What the network behind a toll-free number replies (https://help.twilio.com/articles/360058144374)."""

TWIML_BYTES: Final = 64_000


class ContactPhones:
    """Sends contacts' texts as webhooks of the account's numbers."""

    def __init__(
        self,
        config: SandboxConfig,
        record: Record,
        texts: TextStore,
        webhooks: TwilioWebhooks,
        blocks: BlockList,
    ) -> None:
        self._config = config
        self._record = record
        self._texts = texts
        self._webhooks = webhooks
        self._blocks = blocks

    def sms_url(self) -> str:
        """The webhook URL of every number, with its connection overrides."""
        return f"{self._config.public_url.rstrip('/')}/twilio/sms#rc={self._config.twilio_retries}&rp=all"

    async def receive(
        self, contact: str, line: str, body: str, media: Sequence[Mapping[str, Any]] = (), sid: str | None = None
    ) -> httpx.Response:
        """Send a text from a contact; return the webhook's last answer.

        Each of `media` has a `content_type`, and `content` (bytes) or `data` (base64), which is stored, or a `url`.
        """
        kind = self._blocks.keyword(line, body)
        was_out = self._blocks.blocks(line, contact)
        if sid is None or sid not in self._texts.texts:
            sid = self._texts.add(contact, line, body, "inbound", "received", sid=sid, num_media=len(media))["sid"]
        urls = [self._media_url(sid, each) for each in media]
        self._record.change()
        self._blocks.obey(line, contact, kind)
        form = self._inbound(self._texts.texts[sid], urls, kind)
        answer = await self._webhooks.send(self.sms_url(), form, {"sid": sid})
        self._read_twiml(answer, line, contact)
        if kind is not None and was_out == (kind == "START"):
            answers = ANSWERS | NETWORK_ANSWERS if is_toll_free(line) else ANSWERS
            self._reply(line, contact, answers[kind])
        return answer

    def _media_url(self, sid: str, medium: Mapping[str, Any]) -> tuple[str, str]:
        if "url" in medium:
            return medium["url"], medium["content_type"]
        content = medium["content"] if "content" in medium else base64.b64decode(medium["data"])
        stored = self._texts.attach(sid, medium["content_type"], content)
        account = self._config.twilio_account_sid
        path = f"2010-04-01/Accounts/{account}/Messages/{sid}/Media/{stored.sid}"
        return f"{self._config.here}/twilio/{path}", stored.content_type

    def _inbound(self, text: Json, media: Sequence[tuple[str, str]], kind: str | None) -> dict[str, str]:
        """The form of an inbound text (https://www.twilio.com/docs/messaging/guides/webhook-request)."""
        form = {
            "ToCountry": "US",
            "ToState": "",
            "SmsMessageSid": text["sid"],
            "NumMedia": str(len(media)),
            "ToCity": "",
            "FromZip": "",
            "SmsSid": text["sid"],
            "FromState": "",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": text["body"],
            "FromCountry": "US",
            "To": text["to"],
            "ToZip": "",
            "NumSegments": text["num_segments"],
            "ReferralNumMedia": "0",
            "MessageSid": text["sid"],
            "AccountSid": text["account_sid"],
            "From": text["from"],
            "ApiVersion": "2010-04-01",
        }
        for number, (url, content_type) in enumerate(media):
            form[f"MediaUrl{number}"] = url
            form[f"MediaContentType{number}"] = content_type
        if text["to"] in self._blocks.service:
            form["MessagingServiceSid"] = SERVICE
            if self._blocks.advanced_opt_out and kind is not None:
                form["OptOutType"] = kind
        return form

    def _read_twiml(self, answer: httpx.Response, line: str, contact: str) -> None:
        """Act on the gateway's answer to a text as Twilio does: send the contact each message in it.

        https://www.twilio.com/docs/messaging/twiml
        """
        if not answer.is_success or not answer.content:
            return
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind == "text/plain":
            self._violation(12300, "a text/plain answer was sent to the contact")
            self._reply(line, contact, answer.text)
        elif kind not in {"text/xml", "application/xml"}:
            self._violation(12300, f"the answer to a text has the content type {kind or '(none)'}")
        elif len(answer.content) > TWIML_BYTES:
            self._violation(11750, "the answer to a text is over 64 kB")
        elif not re.search(r"<Response\s*/>|<Response>.*</Response>\s*$", answer.text, re.DOTALL):
            self._violation(12100, "the answer to a text is not TwiML")
        else:
            for body in re.findall(r"<Message[^>]*>(.*?)</Message>", answer.text, re.DOTALL):
                self._reply(line, contact, body)

    def _reply(self, line: str, contact: str, body: str) -> None:
        text = self._texts.add(line, contact, body, "outbound-reply", "sent")
        self._texts.move(text["sid"], "delivered")
        self._record.change()

    def _violation(self, code: int, detail: str) -> None:
        self._record.note("violation", api="twilio", error=str(code), details=[detail])
