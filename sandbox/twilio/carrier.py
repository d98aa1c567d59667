"""The phone network behind Twilio: it delivers texts to contacts and reports each status."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
from pydantic import BaseModel

from sandbox.background_tasks import BackgroundTasks
from sandbox.config import SandboxConfig
from sandbox.json_object import Json
from sandbox.record import Record
from sandbox.twilio.block_list import BlockList
from sandbox.twilio.refusals import UNDELIVERED, TwilioRefusal
from sandbox.twilio.text_store import TextStore
from sandbox.twilio.webhooks import TwilioWebhooks

MEDIA_BYTES: Final = 5_000_000
POLL_SECONDS: Final = 0.2
"""Seconds between two attempts to reach a gateway that is still starting."""


class CarrierBehaviour(BaseModel):
    """How the network treats the texts to a number.

    `held` keeps them queued until they are released. `twice` sends status callbacks twice, `shuffled` in the wrong
    order. The next `fail_times` texts are accepted and then fail with `fail_code`; the next `reject_times` texts are
    refused at once with `reject_code`.
    """

    held: bool = False
    twice: bool = False
    shuffled: bool = False
    fail_code: int = 30003
    fail_times: int = 0
    reject_code: int = 21614
    reject_times: int = 0


@dataclass(frozen=True)
class PendingDelivery:
    """A text on its way: the URLs of its media, and the URL of its status callback."""

    media: tuple[str, ...]
    callback: str


class Carrier:
    """Delivers texts to contacts, but to those that `blocks` names.

    `handling` is by number; "" is for every number without an entry of its own.
    """

    def __init__(
        self, config: SandboxConfig, record: Record, http: httpx.AsyncClient, texts: TextStore, webhooks: TwilioWebhooks
    ) -> None:
        self._config = config
        self._record = record
        self._http = http
        self._texts = texts
        self._webhooks = webhooks
        self.background = BackgroundTasks()
        self.handling: dict[str, CarrierBehaviour] = {"": CarrierBehaviour()}
        self.blocks = BlockList(config.service, advanced_opt_out=config.advanced_opt_out)
        self.under_way: dict[str, PendingDelivery] = {}
        self._released: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def of(self, number: str) -> CarrierBehaviour:
        """How texts to a number are treated."""
        return self.handling.get(number) or self.handling[""]

    def refuse(self, line: str, to: str) -> None:
        """Raise TwilioRefusal if the network does not take a text to this number."""
        if self.blocks.blocks(line, to):
            raise TwilioRefusal(21610)
        handling = self.of(to)
        if handling.reject_times > 0:
            handling.reject_times -= 1
            raise TwilioRefusal(handling.reject_code)

    def send(self, sid: str, media: Sequence[str], callback: str, cause: int) -> None:
        """Start to deliver an accepted text."""
        self.under_way[sid] = PendingDelivery(tuple(media), callback)
        self.background.start(self._carry(sid, cause))

    def resume(self) -> None:
        """Continue the deliveries from before a restart, once the gateway answers."""
        if self.under_way:
            self.background.start(self._resume([*self.under_way]))

    def release(self, number: str = "") -> None:
        """Release the held texts to a number, or to all numbers if none is named."""
        for name, handling in self.handling.items():
            if number in {"", name}:
                handling.held = False
        for name, event in self._released.items():
            if number in {"", name}:
                event.set()

    async def settled(self) -> None:
        """Wait until every text has its final status and every callback was sent."""
        await self.background.settled()

    async def _resume(self, sids: Sequence[str]) -> None:
        while True:
            try:
                await self._http.get(f"{self._config.gateway_url}/healthz", timeout=5)
                break
            except httpx.TransportError:
                await asyncio.sleep(POLL_SECONDS)
        for sid in sids:
            self.background.start(self._continue(sid))

    async def _continue(self, sid: str) -> None:
        """Send a text's current status again, as its callback may be lost, and continue its delivery."""
        text, callback = self._texts.texts[sid], self.under_way[sid].callback
        if callback and text["status"] not in {"accepted", "queued", "sending"}:
            await self._send_callbacks(callback, [self._status(text)], None)
        await self._carry(sid)

    async def _carry(self, sid: str, cause: int | None = None) -> None:
        await self._deliver(sid, self.under_way[sid], cause)
        del self.under_way[sid]
        self._record.change()

    async def _deliver(self, sid: str, delivery: PendingDelivery, cause: int | None) -> None:
        text = self._texts.texts[sid]
        handling = self.of(text["to"])
        if handling.held:
            self._released[text["to"]].clear()
            await self._released[text["to"]].wait()
        code = await self._fetch(sid, () if text["media"] else delivery.media)
        if code is None and handling.fail_times > 0:
            handling.fail_times -= 1
            code = handling.fail_code
        forms: list[dict[str, str]] = []
        for wait, status in self._remaining_statuses(text, code):
            await asyncio.sleep(wait)
            if text["status"] == "canceled":
                return
            final = status in {"failed", "undelivered"}
            self._texts.move(sid, status, code if final else None)
            self._record.change()
            if delivery.callback and status != "sending":
                forms += [self._status(text)] * (2 if handling.twice else 1)
                if not handling.shuffled:
                    await self._send_callbacks(delivery.callback, forms, cause)
                    forms = []
        await self._send_callbacks(delivery.callback, forms[::-1], cause)

    def _remaining_statuses(self, text: Json, code: int | None) -> list[tuple[float, str]]:
        """The statuses still ahead of a text, each after the seconds to wait before it."""
        sending, sent, delivered = self._config.statuses
        course = [(0.0, "accepted"), (0.0, "queued"), (sending, "sending"), (sent, "sent"), (delivered, "delivered")]
        if code in UNDELIVERED:
            course[-1] = (delivered, "undelivered")
        elif code is not None:
            course[2:] = [(sending, "failed")]
        done = next((place for place, (_, status) in enumerate(course) if status == text["status"]), len(course))
        return course[done + 1 :]

    async def _send_callbacks(self, callback: str, forms: Sequence[Mapping[str, str]], cause: int | None) -> None:
        for form in forms:
            ids = {"sid": form["MessageSid"], "status": form["MessageStatus"]}
            await self._webhooks.send(callback, form, ids, cause)

    def _status(self, text: Json) -> dict[str, str]:
        """A status callback (https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks)."""
        form = {
            "AccountSid": text["account_sid"],
            "ApiVersion": "2010-04-01",
            "MessageSid": text["sid"],
            "SmsSid": text["sid"],
            "MessageStatus": text["status"],
            "SmsStatus": text["status"],
            "From": text["from"],
            "To": text["to"],
        }
        if text["error_code"] is not None:
            form["ErrorCode"] = str(text["error_code"])
        if text["status"] in {"delivered", "undelivered"}:
            form["RawDlrDoneDate"] = self._texts.now().strftime("%y%m%d%H%M")
        return form

    async def _fetch(self, sid: str, urls: Sequence[str]) -> int | None:
        """Fetch a text's media for the phone; return an error code if that fails."""
        size = 0
        for url in urls:
            call = self._record.begin()
            try:
                answer = await self._http.get(self._webhooks.route(url), follow_redirects=True, timeout=10)
            except httpx.HTTPError as error:
                answer = httpx.Response(502, text=type(error).__name__)
            size += len(answer.content)
            kind = answer.headers.get("content-type", "").partition(";")[0]
            code = 11200 if answer.status_code != 200 else 12300 if "/" not in kind else None
            code = 11751 if code is None and size > MEDIA_BYTES else code
            outcome = "ok" if code is None else str(code)
            status = answer.status_code
            self._record.note("twilio", call, method="fetch", status=status, outcome=outcome, ids={"sid": sid})
            if code is not None:
                return code
            self._texts.attach(sid, kind, answer.content)
        return None
