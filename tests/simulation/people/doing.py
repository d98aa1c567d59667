"""People do what was drawn for them, and networks report it."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from gateway.app import Gateway
from messages.formats.thread_replies import ThreadReply
from tests import make
from tests.simulation.machines import SETTINGS, Schedule
from tests.simulation.people import requests
from tests.simulation.people.acts import AGENTS, PLAN_ORDERS, TYPED, Act
from tests.simulation.people.requests import WebhookCall, deliver
from tests.simulation.slack import WorkspaceMessage
from tests.simulation.troubles import TroubledDeployment
from tests.simulation.twilio import SentToContact
from tests.simulation.virtual_time import PROCESS, SimulatedProcess
from tests.simulation.witness import Witness
from workers.ports import ListedText

RESENDS_WITHIN: Final = 180.0
CLICKS_AGAIN: Final = 13.0
"""An agent whose Resend was refused clicks again after so many seconds."""
WAITS_FOR_BUTTON: Final = 20.0
FORMS: Final[Mapping[str, str]] = {
    "pick": "ticket.assign",
    "form": "ticket.reply",
    "menu": "ticket.snooze",
    "put_off": "ticket.snooze",
}
"""The buttons with which they pick somebody, or write a text, and the menu with which they put a ticket off."""

WAITS_FOR_THREAD: Final = 240.0
SLACK_RETRIES: Final = (0.0, 60.0, 300.0)
TWILIO_RETRIES: Final = (0.0, 1.0, 4.0)
SLACK_WAITS: Final = 3.0
TWILIO_WAITS: Final = 15.0


def agent_of(act: Act) -> str:
    """The agent who writes something."""
    return AGENTS[act.number % len(AGENTS)]


class InhabitedDeployment(TroubledDeployment):
    """A deployment with contacts and agents."""

    def __init__(self, schedule: Schedule, *, trace: bool = False) -> None:
        super().__init__(schedule, trace=trace)
        self.network.taken = self._report_progress
        self.requests: list[WebhookCall] = []
        self.written: dict[int, tuple[str, str]] = {}
        """The place of each reply in Slack, by its act's number."""
        self.resends: dict[str, str] = {}
        """Which text each agent asked to resend whose click was taken."""
        self._still: list[asyncio.Task[Any]] = []
        self.witness = Witness(self.server, schedule.faults, self.now, self.found_wrong)

    def _gateway(self) -> tuple[SimulatedProcess, Gateway] | None:
        """The gateway that a request goes to, if it lives."""
        names = ["g1", "g2"] if self.active.get("second gateway") else ["g1"]
        machine = self.gateways[self.dice.choice(names)]
        process = machine.process
        return (process, self.serving[machine.name]) if process is not None and process.alive else None

    async def _once(self, request: WebhookCall, within: float) -> bool:
        """Whether a gateway took a request."""
        if self.active.get("lost webhooks") and not request.path.endswith("interactions"):
            return False
        await asyncio.sleep(0.01 + 0.04 * self.dice.random())
        gateway = self._gateway()
        status = await deliver(request, *gateway, within) if gateway is not None else None
        if self.note is not None:
            self.note("people", f"{request.path} of {request.act.what} {request.act.number}: {status}")
        taken = status is not None and 200 <= status < 300
        if status is not None and not taken and status != 503:
            self.found_wrong("a gateway refused", f"{request.path}: {status}")
        if taken and request.taken_at is None:
            request.taken_at = self.loop.time()
        return taken

    async def send_until_taken(self, request: WebhookCall, delays: tuple[float, ...], within: float) -> None:
        """Make a request at these times, from now, until it is taken; perhaps once more."""
        self.requests.append(request)
        waited = 0.0
        for delay in delays:
            await asyncio.sleep(max(0.0, delay - waited))
            waited = max(waited, delay)
            if await self._once(request, within):
                break
        if self.active.get("late repeats") and request.path == "/twilio/sms":
            await asyncio.sleep(20 * self.dice.random())
            await self._once(request, within)
        again = "repeated clicks" if request.path.endswith("interactions") else "repeated webhooks"
        if self.active.get(again):
            await asyncio.sleep((self.amount[again] or 6) * self.dice.random())
            await self._once(request, within)

    async def _act(self, act: Act) -> None:
        await asyncio.sleep(act.at)
        match act.what:
            case "text":
                at = self.now().replace(microsecond=0)
                text = ListedText(requests.text_sid(act), act.contact, act.words, (), at)
                self.network.inbound.append((make.LINE, text))
                request = requests.text_request(act, SETTINGS, self.loop.time())
                await self.send_until_taken(request, TWILIO_RETRIES, TWILIO_WAITS)
            case "reply" | "note":
                await self._reply(act)
            case "delete" | "edit":
                await self._change(act)
            case "leave" | "rejoin":
                await self._change_account(act)
            case "take_back":
                await self._take_back(act)
            case _ if act.what in TYPED:
                await self._type(act)
            case _ if act.what in PLAN_ORDERS:
                await self._order_about_plan(act)
            case _:
                await self._click(act)

    async def _wait_for[T](
        self, look: Callable[[], T | None], every: float = 1.0, within: float = WAITS_FOR_THREAD
    ) -> T | None:
        for _ in range(int(within / every)):
            if (found := look()) is not None:
                return found
            await asyncio.sleep(every)
        return None

    def _of(self, contact: str, *kinds: str) -> list[WorkspaceMessage]:
        """Clerk's messages about a contact of some kinds."""
        own = f"{make.LINE}:{contact}/"
        return [each for each in self.slack.living() if each.post_id.startswith(own) and each.kind in kinds]

    async def _reply(self, act: Act) -> None:
        root = await self._wait_for(lambda: next(iter(self._of(act.contact, "root")), None))
        if root is None:
            return
        user, ts = agent_of(act), self.slack.new_ts()
        self.slack.replies.append((root.channel, ThreadReply(ts=ts, thread_ts=root.ts, user=user, text=act.words)))
        self.written[act.number] = root.channel, ts
        request = requests.reply_request(act, root.channel, root.ts, ts, user, SETTINGS, self.loop.time())
        await self.send_until_taken(request, SLACK_RETRIES, SLACK_WAITS)

    async def _change(self, act: Act) -> None:
        place = await self._wait_for(lambda: self.written.get(int(act.detail)))
        changed = place and self.slack.change(*place, act.words if act.what == "edit" else None)
        if place is None or changed is None:
            return
        request = requests.change_request(act, place[0], *changed, SETTINGS, self.loop.time())
        await self.send_until_taken(request, SLACK_RETRIES, SLACK_WAITS)

    async def _type(self, act: Act) -> None:
        """An agent types something after `/clerk`; of a ticket, once its thread has begun."""
        ticket = 0
        if act.what in {"snooze", "unsnooze"}:
            if await self._wait_for(lambda: next(iter(self._of(act.contact, "root")), None)) is None:
                return
            own = f"{make.LINE}:{act.contact}"
            tickets = self.server.collection("tickets").documents
            ticket = max((id for id, each in tickets.items() if each["conversation"] == own), default=0)
        request = requests.command_request(act, agent_of(act), ticket, SETTINGS, self.loop.time())
        await self.send_until_taken(request, (0.0,), SLACK_WAITS)

    async def _change_account(self, act: Act) -> None:
        """An account is deactivated, or active again."""
        if act.what == "leave":
            self.slack.deactivated.add(agent_of(act))
        else:
            self.slack.deactivated.discard(agent_of(act))
        request = requests.account_request(act, agent_of(act), SETTINGS, self.loop.time())
        await self.send_until_taken(request, SLACK_RETRIES, SLACK_WAITS)

    async def _take_back(self, act: Act) -> None:
        """An agent takes back a text that is in no message of theirs, if its post still offers it."""
        words = {f"{what} {act.detail}" for what in ("send", "form")}

        def button() -> tuple[WorkspaceMessage, Mapping[str, Any]] | None:
            for message in self._of(act.contact, "written"):
                for block in message.blocks:
                    for element in block.get("elements", ()):
                        if element.get("action_id") == "ticket.take_back" and any(
                            each in str(message.blocks) for each in words
                        ):
                            return message, element
            return None

        found = await self._wait_for(button, 0.1, WAITS_FOR_BUTTON)
        if found is None:
            return
        (message, element), user, at = found, f"U1{act.number:03d}", self.loop.time()
        request = requests.click_request(act, message.channel, message.ts, user, element, SETTINGS, at, closing=False)
        await self.send_until_taken(request, (0.0,), SLACK_WAITS)

    async def _click(self, act: Act) -> None:
        wanted = FORMS.get(act.what, act.detail)

        def button() -> tuple[WorkspaceMessage, Mapping[str, Any]] | None:
            for message in reversed(self._of(act.contact, "root", "card")):
                for block in message.blocks:
                    for element in block.get("elements", ()):
                        if element.get("action_id") == wanted:
                            return message, element
            return None

        found = await self._wait_for(button)
        if found is None:
            return
        message, element = found
        if wanted == "ticket.snooze":
            element = {**element, "options": requests.chosen(act, element["options"])}
        user, at = f"U1{act.number:03d}", self.loop.time()
        self.slack.triggers[f"trigger{act.number}"] = self.now()
        request = requests.click_request(
            act,
            message.channel,
            message.ts,
            user,
            element,
            SETTINGS,
            at,
            closing=bool(self.active.get("closing clicks")),
        )
        await self.send_until_taken(request, (0.0,), SLACK_WAITS)
        if wanted in {"ticket.assign", "ticket.reply"} or act.what == "put_off":
            await self._submit(act, user)

    async def _submit(self, act: Act, user: str) -> None:
        """An agent submits the modal that they opened, if it opened."""
        await asyncio.sleep(4)
        view = self.slack.opened.get(f"trigger{act.number}")
        if view is not None:
            submission = requests.submission_request(act, view, user, SETTINGS, self.loop.time())
            tries = (0.0, 4.0, 8.0) if self.active.get("repeated clicks") else (0.0,)
            await self.send_until_taken(submission, tries, SLACK_WAITS)

    async def _order_about_plan(self, act: Act) -> None:
        """An agent clicks a button below a planned text, if it has it."""

        def button() -> tuple[WorkspaceMessage, Mapping[str, Any]] | None:
            for message in self._of(act.contact, "planned"):
                for block in message.blocks:
                    for element in block.get("elements", ()):
                        if element.get("action_id") == act.what and f"trigger{act.detail}-" in element["value"]:
                            return message, element
            return None

        found = await self._wait_for(button)
        if found is None:
            return
        (message, element), user = found, f"U1{act.number:03d}"
        self.slack.triggers[f"trigger{act.number}"] = self.now()
        request = requests.click_request(
            act, message.channel, message.ts, user, element, SETTINGS, self.loop.time(), closing=False
        )
        await self.send_until_taken(request, (0.0,), SLACK_WAITS)
        if act.what == "planned.edit":
            await self._submit(act, user)

    async def _resend(self) -> None:
        """An agent clicks Resend wherever it is offered, and again for as long as it is."""
        next_click: dict[str, float] = {}
        while self.loop.time() < RESENDS_WITHIN:
            await asyncio.sleep(1)
            for message in self.slack.living():
                for block in message.blocks:
                    elements = [block.get("accessory") or {}, *block.get("elements", ())]
                    values = [each["value"] for each in elements if each.get("action_id") == "ticket.resend"]
                    at = self.loop.time()
                    if not values or at < next_click.get(message.ts, 0.0):
                        continue
                    next_click[message.ts] = at + CLICKS_AGAIN
                    act, user = self.schedule.acts[0], f"U2{len(self.resends):03d}"
                    request = requests.resend_request(act, user, values[0], message.channel, message.ts, SETTINGS, at)
                    if await self._once(request, SLACK_WAITS):
                        self.resends[user] = json.loads(values[0])["sms"]

    def _report_progress(self, text: SentToContact) -> None:
        async def report() -> None:
            acts = self.schedule.acts
            act = next((each for each in acts if each.words == text.sent.body), acts[0])
            path = text.callback.removeprefix(SETTINGS.url)
            for status in ("sent", "delivered"):
                await asyncio.sleep(0.2 + self.dice.random())
                request = requests.report_request(act, path, text.sent.sid, status, SETTINGS, self.loop.time())
                self.requests.append(request)
                await self._once(request, TWILIO_WAITS)

        self._begin(report())

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Begin what people and networks do: it belongs to no process."""
        token = PROCESS.set(None)
        try:
            self._still.append(self.loop.create_task(work))
        finally:
            PROCESS.reset(token)
