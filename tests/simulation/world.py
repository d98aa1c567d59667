"""One simulation: machines, servers and people on one virtual clock, the faults of a schedule, and the verdict."""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from gateway.app import Gateway
from messages.formats.thread_replies import ThreadReply
from messages.process.settings import Settings
from messages.sms import Sms
from tests import make
from tests.simulation import people
from tests.simulation.broker import SimulatedBroker, SimulatedPublisher, consume
from tests.simulation.documents import MemoryDatabase, MemoryServer
from tests.simulation.faults import DrawnFault
from tests.simulation.people import AGENTS, Act, WebhookCall, deliver
from tests.simulation.slack import SimulatedWorkspace, WiredSlack, WorkspaceMessage
from tests.simulation.twilio import PhoneNetwork, SentToContact, WiredTexting
from tests.simulation.virtual_time import PROCESS, NothingLeftToHappen, SimulatedProcess, VirtualLoop
from tests.simulation.wires import (
    BROKER,
    LOOKUPS_FAIL,
    MONGO,
    SLACK,
    TWILIO,
    WRITES_FAIL,
    Death,
    FaultyWire,
    Protocol,
)
from workers import clock
from workers.mongo import Stores
from workers.ports import ListedText, Ports
from workers.wiring import load_actors

THREADS: Final = 3
"""How many messages a worker handles at once, besides interactive ones."""
CLOCK_EVERY: Final = timedelta(seconds=15)
QUIET_WITHIN: Final = 1800.0
"""So long after the last fault and the last act everything must be quiet."""
LOOK_EVERY: Final = 5.0
RESENDS_WITHIN: Final = 180.0
WAITS_FOR_THREAD: Final = 240.0
SLACK_RETRIES: Final = (0.0, 60.0, 300.0)
TWILIO_RETRIES: Final = (0.0, 1.0, 4.0)
SLACK_WAITS: Final = 3.0
TWILIO_WAITS: Final = 15.0

SETTINGS: Final = Settings(reconcile_seconds=30)
LINE: Final = make.line(window=timedelta(seconds=15), cap=timedelta(seconds=40))


@dataclass(frozen=True)
class Schedule:
    """All that a seed decides beforehand; the seed also decides what happens by the way (latencies, choices)."""

    seed: int
    acts: tuple[Act, ...]
    faults: tuple[DrawnFault, ...]

    def __str__(self) -> str:
        lines = sorted([(each.at, str(each)) for each in self.acts] + [(each.at, str(each)) for each in self.faults])
        return "\n".join(text for _, text in lines)


@dataclass(frozen=True)
class Wrong:
    """A broken promise: in a word, and what it was about."""

    kind: str
    what: str
    at: float

    def __str__(self) -> str:
        return f"{self.at:.2f} s: {self.kind}: {self.what}"


@dataclass
class Judgement:
    """What was wrong, what happened (if it was asked for), and how long it took in virtual seconds."""

    wrong: list[Wrong] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Machine:
    """A machine: its wires and its clock stay when its process dies."""

    def __init__(self, name: str, world: "SimulatedWorld") -> None:
        self.name, self.skew = name, 0.0
        self.process: SimulatedProcess | None = None
        self.wires: dict[Protocol, FaultyWire] = {}
        for protocol in (SLACK, TWILIO, MONGO, BROKER):
            self.wires[protocol] = FaultyWire(protocol, world.dice, world.note, kill=world.kill)


class SimulatedWorld:
    """Everything that there is in a simulation."""

    def __init__(self, schedule: Schedule, *, trace: bool = False) -> None:
        load_actors()
        self.schedule = schedule
        self.dice = random.Random(schedule.seed)
        self.verdict = Judgement()
        self.loop = VirtualLoop()
        self.loop.set_exception_handler(lambda loop, context: None)  # dead processes leave futures behind
        self.note: Callable[[str, str], None] | None = self._write_down if trace else None
        self.server = MemoryServer()
        self.broker = self.new_broker()
        self.slack = SimulatedWorkspace(self.now, self.found_wrong)
        self.network = PhoneNetwork(self.now, self.found_wrong)
        self.network.taken = self._report_progress
        self.requests: list[WebhookCall] = []
        self.written: dict[int, tuple[str, str]] = {}
        """The place of each reply in Slack, by its act's number."""
        self.workers = {name: Machine(name, self) for name in ("w1", "w2")}
        self.gateways = {name: Machine(name, self) for name in ("g1", "g2")}
        self._serving: dict[str, Gateway] = {}
        self.active: dict[str, int] = {}
        self.amount: dict[str, float] = {}
        self._still: list[asyncio.Task[Any]] = []
        self.stores = self._stores(None)

    def new_broker(self) -> SimulatedBroker:
        """The broker of this world."""
        return SimulatedBroker(self.loop, self.dice, self.note)

    # -- time and notes -------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The true time."""
        return make.NOW + timedelta(seconds=self.loop.time())

    def found_wrong(self, kind: str, what: str) -> None:
        """Note a broken promise."""
        self.verdict.wrong.append(Wrong(kind, what, self.loop.time()))
        if self.note is not None:
            self.note("checker", f"{kind}: {what}")

    def _write_down(self, who: str, what: str) -> None:
        self.verdict.trace.append(f"{self.loop.time():.6f} {who} {what}")

    # -- machines -------------------------------------------------------------------------------------------------

    def _stores(self, process: SimulatedProcess | None) -> Stores:
        if process is None:
            return Stores("", connect=lambda url: MemoryDatabase(self.server))  # type: ignore[arg-type, return-value]
        wire = self.workers[process.name].wires[MONGO]

        async def through(what: str, operation: Callable[[], Any]) -> Any:
            return await wire.call(process, what, operation, reads=what.startswith(("find ", "find_one ", "count ")))

        return Stores("", connect=lambda url: MemoryDatabase(self.server, through))  # type: ignore[arg-type, return-value]

    def _process(self, machine: Machine) -> SimulatedProcess:
        machine.process = SimulatedProcess(machine.name, self.loop, lambda time: machine.skew)
        return machine.process

    def start_worker(self, machine: Machine) -> None:
        """Begin a worker with its clock."""
        process = self._process(machine)
        ports = self.ports(machine, process)
        for thread in range(THREADS + 1):
            self._watch(process.start(consume(process, self.broker, ports, interactive=thread == 0)), machine.name)
        self._watch(process.start(clock.run(ports, CLOCK_EVERY)), f"the clock of {machine.name}")

    def ports(self, machine: Machine, process: SimulatedProcess) -> Ports:
        """What a worker's actors may use."""
        wires = machine.wires
        return Ports(
            settings=SETTINGS,
            stores=self._stores(process),
            publisher=SimulatedPublisher(process, self.broker, wires[BROKER]),
            slack=self.slack_client(process, wires[SLACK]),
            texting=WiredTexting(process, self.network, wires[TWILIO]),
            now=process.now,
        )

    def slack_client(self, process: SimulatedProcess, wire: FaultyWire) -> WiredSlack:
        """A process's client of Slack."""
        return WiredSlack(process, self.slack, wire)

    def _watch(self, task: asyncio.Task[Any], what: str) -> None:
        """Note it if a task that never ends does."""

        def ended(task: asyncio.Task[Any]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                self.found_wrong("a task died", f"{what}: {error!r}")

        task.add_done_callback(ended)

    def start_gateway(self, machine: Machine) -> None:
        """Begin a gateway, which remembers nothing."""
        process = self._process(machine)
        publisher = SimulatedPublisher(process, self.broker, machine.wires[BROKER])
        self._serving[machine.name] = Gateway(SETTINGS, publisher, now=process.now)

    def kill(self, process: SimulatedProcess) -> None:
        """Have a process die between two awaits."""
        if process.alive:
            if self.note is not None:
                self.note(process.name, "dies")
            process.die()
            self.broker.take_back(process)

    # -- faults ---------------------------------------------------------------------------------------------------

    def _machines(self, where: str) -> list[Machine]:
        every = {**self.workers, **self.gateways}
        return [every[where]] if where else list(every.values())

    def begin(self, fault: DrawnFault) -> None:
        """Have a fault begin, and end in its time."""
        if self.note is not None:
            self.note("fault", f"{fault.kind} {fault.where}")
        self.active[fault.kind] = self.active.get(fault.kind, 0) + 1
        self.amount[fault.kind] = fault.amount
        for machine in self._machines(fault.where):
            self._turn(fault, machine, 1)
        if fault.lasts:
            self.loop.call_later(fault.lasts, self._end, fault)

    def _end(self, fault: DrawnFault) -> None:
        if self.note is not None:
            self.note("fault", f"the end of {fault.kind} {fault.where}")
        self.active[fault.kind] -= 1
        for machine in self._machines(fault.where):
            self._turn(fault, machine, -1)

    def _turn(self, fault: DrawnFault, machine: Machine, by: int) -> None:
        """Turn a fault on (`by` is 1) or off (-1) at a machine."""
        wires, kind, beginning = machine.wires, fault.kind, by > 0
        match kind.split():
            case ["crash"]:
                self._crash(machine, beginning)
            case ["dies", when, what]:
                self._doom(fault, machine, when, what, beginning)
            case [_, "stall"]:
                if beginning and machine.process is not None:
                    machine.process.stopped_until = self.loop.time() + fault.lasts
            case [*_, "skew"]:
                machine.skew += by * fault.amount
            case ["redelivery"]:
                if machine.process is not None:
                    self.broker.take_back(machine.process)
            case ["broker", "away"]:
                self._cut(wires[BROKER], by)
                if beginning and machine.process is not None:
                    self.broker.take_back(machine.process)
            case ["broker", "answers", "lost"]:
                wires[BROKER].silent += by
            case ["mongo", "away"] | ["long", "mongo", "outage"]:
                self._cut(wires[MONGO], by)
            case ["mongo", "answers", "lost"]:
                wires[MONGO].resets += by
            case ["slow", "mongo"]:
                wires[MONGO].slow_down(fault.amount, by)
            case ["stalled", "mongo"]:
                wires[MONGO].slow_down(fault.lasts, by)
            case ["slack", "away"]:
                wires[SLACK].cut += by
            case ["slack", "cut"]:
                self._cut(wires[SLACK], by)
            case ["slack", "answers", "lost"]:
                wires[SLACK].silent += by
            case [*_, "slow", "slack"] | ["nearly", "timed", "out", "slack"]:
                wires[SLACK].slow_down(fault.amount, by)
            case ["twilio", "away"]:
                self._cut(wires[TWILIO], by)
            case ["twilio", "answers", "lost"]:
                wires[TWILIO].silent += by
            case [*_, "slow", "twilio"]:
                wires[TWILIO].slow_down(fault.amount, by)
            case _ if kind in LOOKUPS_FAIL:
                wire = wires[TWILIO if kind.startswith("twilio") else SLACK]
                self._toggle(wire.lookups_fail, kind, LOOKUPS_FAIL[kind])
            case _ if kind in WRITES_FAIL:
                wire = wires[TWILIO if kind.startswith("twilio") else SLACK]
                self._toggle(wire.fails, kind, lambda: WRITES_FAIL[kind](fault.amount))
            case ["poison"]:
                self.slack.poison = next((each.words for each in self.schedule.acts if each.what == "text"), None)
            case ["bad", "document"]:
                bad = {
                    "_id": "bad",
                    "conversation": "?",
                    "place": "?/bad",
                    "direction": "sideways",
                    "due_at": self.now(),
                }
                if "bad" not in self.server.collection("sms").documents:
                    self.server.collection("sms").insert(bad)
            case _:
                self.broker.lose = self.active.get("lost wake ups", 0)
                self.broker.repeat = self.active.get("repeated messages", 0)
                self.broker.reorder = self.active.get("reordering", 0)
                self.broker.slow = self.amount["slow broker"] if self.active.get("slow broker") else 0.0

    def _cut(self, wire: FaultyWire, by: int) -> None:
        wire.cut += by
        wire.resets += by

    def _toggle(self, fails: dict[str, Callable[[], Exception]], kind: str, error: Callable[[], Exception]) -> None:
        if self.active[kind]:
            fails[kind] = error
        else:
            fails.pop(kind, None)

    def _crash(self, machine: Machine, beginning: bool) -> None:
        if beginning and machine.process is not None:
            self.kill(machine.process)
        elif not beginning:
            self._restart(machine)

    def _restart(self, machine: Machine) -> None:
        if machine.process is not None and machine.process.alive:
            return
        if machine.name in self.gateways:
            self.start_gateway(machine)
        else:
            self.start_worker(machine)

    def _doom(self, fault: DrawnFault, machine: Machine, when: str, what: str, beginning: bool) -> None:
        """Have a process die at its next calls; when the fault ends it lives again, or is spared."""
        protocol = {"post": SLACK, "send": TWILIO, "write": MONGO, "publish": BROKER}[what]
        deaths = machine.wires[protocol].deaths
        if beginning:
            called = "" if what == "write" else what
            deaths.append(Death(called, int(fault.amount), when == "after"))
        else:
            deaths.clear()
            self._restart(machine)

    # -- people ---------------------------------------------------------------------------------------------------

    def _gateway(self) -> tuple[SimulatedProcess, Gateway] | None:
        """The gateway that a request goes to, if it lives."""
        names = ["g1", "g2"] if self.active.get("second gateway") else ["g1"]
        machine = self.gateways[self.dice.choice(names)]
        process = machine.process
        return (process, self._serving[machine.name]) if process is not None and process.alive else None

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
                text = ListedText(people.text_sid(act), act.contact, act.words, (), at)
                self.network.inbound.append((make.LINE, text))
                request = people.text_request(act, SETTINGS, self.loop.time())
                await self.send_until_taken(request, TWILIO_RETRIES, TWILIO_WAITS)
            case "reply" | "note":
                await self._reply(act)
            case "delete" | "edit":
                await self._change(act)
            case _:
                await self._click(act)

    async def _wait_for[T](self, look: Callable[[], T | None]) -> T | None:
        for _ in range(int(WAITS_FOR_THREAD)):
            if (found := look()) is not None:
                return found
            await asyncio.sleep(1)
        return None

    def _of(self, contact: str, *kinds: str) -> list[WorkspaceMessage]:
        """Clerk's messages about a contact of some kinds."""
        own = f"{make.LINE}:{contact}/"
        return [each for each in self.slack.living() if each.post_id.startswith(own) and each.kind in kinds]

    async def _reply(self, act: Act) -> None:
        root = await self._wait_for(lambda: next(iter(self._of(act.contact, "root")), None))
        if root is None:
            return
        user, ts = AGENTS[act.number % len(AGENTS)], self.slack.new_ts()
        self.slack.replies.append((root.channel, ThreadReply(ts=ts, thread_ts=root.ts, user=user, text=act.words)))
        self.written[act.number] = root.channel, ts
        request = people.reply_request(act, root.channel, root.ts, ts, user, SETTINGS, self.loop.time())
        await self.send_until_taken(request, SLACK_RETRIES, SLACK_WAITS)

    async def _change(self, act: Act) -> None:
        place = await self._wait_for(lambda: self.written.get(int(act.detail)))
        changed = place and self.slack.change(*place, act.words if act.what == "edit" else None)
        if place is None or changed is None:
            return
        request = people.change_request(act, place[0], *changed, SETTINGS, self.loop.time())
        await self.send_until_taken(request, SLACK_RETRIES, SLACK_WAITS)

    async def _click(self, act: Act) -> None:
        def button() -> tuple[WorkspaceMessage, Mapping[str, Any]] | None:
            for message in reversed(self._of(act.contact, "root", "card")):
                for block in message.blocks:
                    for element in block.get("elements", ()):
                        if element.get("action_id") == act.detail:
                            return message, element
            return None

        found = await self._wait_for(button)
        if found is None:
            return
        message, element = found
        user, at = f"U1{act.number:03d}", self.loop.time()
        self.slack.triggers[f"trigger{act.number}"] = self.now()
        request = people.click_request(
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
        if act.detail != "ticket.assign":
            return
        await asyncio.sleep(4)
        view = self.slack.opened.get(f"trigger{act.number}")
        if view is not None:
            submission = people.submission_request(act, view, user, SETTINGS, self.loop.time())
            tries = (0.0, 4.0, 8.0) if self.active.get("repeated clicks") else (0.0,)
            await self.send_until_taken(submission, tries, SLACK_WAITS)

    async def _resend(self) -> None:
        """An agent clicks Resend wherever it is offered, once."""
        clicked: set[str] = set()
        while self.loop.time() < RESENDS_WITHIN:
            await asyncio.sleep(1)
            for message in self.slack.living():
                for block in message.blocks:
                    elements = [block.get("accessory") or {}, *block.get("elements", ())]
                    values = [each["value"] for each in elements if each.get("action_id") == "ticket.resend"]
                    if not values or message.ts in clicked:
                        continue
                    clicked.add(message.ts)
                    sms, at = json.loads(values[0])["sms"], self.loop.time()
                    act = self.schedule.acts[0]
                    request = people.resend_request(act, sms, message.channel, message.ts, SETTINGS, at)
                    await self._once(request, SLACK_WAITS)

    def _report_progress(self, text: SentToContact) -> None:
        async def report() -> None:
            act = next(each for each in self.schedule.acts if each.words == text.sent.body)
            path = text.callback.removeprefix(SETTINGS.url)
            for status in ("sent", "delivered"):
                await asyncio.sleep(0.2 + self.dice.random())
                request = people.report_request(act, path, text.sent.sid, status, SETTINGS, self.loop.time())
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

    # -- from the beginning to the end ------------------------------------------------------------------------------

    def run(self) -> Judgement:
        """Have everything happen; what was wrong."""
        before = random.getstate()
        random.seed(self.schedule.seed)  # the jitter of Dramatiq's retries
        try:
            with _silence():
                self.loop.run_until_complete(self._happen())
        except NothingLeftToHappen:
            self.found_wrong("not quiet", "nothing happens any more")
        finally:
            random.setstate(before)
            self._close()
        self.verdict.seconds = self.loop.time()
        return self.verdict

    async def _happen(self) -> None:
        await self.stores.prepare()
        changes = any(each.what in {"delete", "edit"} for each in self.schedule.acts)
        await self.stores.lines.add(LINE.model_copy(update={"hold": timedelta(seconds=3)}) if changes else LINE)
        long_ago = make.NOW - timedelta(hours=1)
        await self.stores.inboxes.take(LINE.id, long_ago, make.NOW)  # Clerk looks for no text from before that
        for machine in self.gateways.values():
            self.start_gateway(machine)
        for machine in self.workers.values():
            self.start_worker(machine)
        for fault in self.schedule.faults:
            self.loop.call_at(fault.at, self.begin, fault)
        for act in self.schedule.acts:
            self._begin(self._act(act))
        if any(each.kind == "resends" for each in self.schedule.faults):
            self._begin(self._resend())
        await asyncio.sleep(max((each.at + each.lasts for each in self.schedule.faults), default=0.0) + 1)
        while self._still:
            working, self._still = self._still, []
            await asyncio.gather(*working)
        until = self.loop.time() + QUIET_WITHIN
        while (left := self._unquiet()) and self.loop.time() < until:  # noqa: ASYNC110 - time is virtual here
            await asyncio.sleep(LOOK_EVERY)
        if left:
            self.found_wrong("not quiet", left)

    def _unquiet(self) -> str:
        """What is still to be done; empty if nothing is."""
        documents = self.server.collection
        for name, fields in _OPEN_WORK.items():
            for each in documents(name).documents.values():
                if each["_id"] == "bad":
                    continue
                for field_ in fields:
                    outer, _, inner = field_.partition(".")
                    if (each.get(outer) or {}).get(inner) if inner else each.get(outer):
                        return f"{name} {each['_id']} has {field_}"
        known = documents("sms").documents
        missing = [text.sid for _, text in self.network.inbound if text.sid not in known]
        if missing:
            return f"texts that are not stored: {missing}"
        return "" if self.broker.is_empty else "the queues"

    def _close(self) -> None:
        for machine in (*self.workers.values(), *self.gateways.values()):
            if machine.process is not None:
                machine.process.die()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        with _silence():
            self.loop.run_until_complete(asyncio.sleep(0))
            for _ in range(20):
                if not asyncio.all_tasks(self.loop):
                    break
                self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def texts(self) -> Mapping[str, Sms]:
        """The stored texts, by id."""
        found = self.server.collection("sms").documents
        return {id: Sms.model_validate({**each, "id": id}) for id, each in found.items() if id != "bad"}


_OPEN_WORK: Final[Mapping[str, tuple[str, ...]]] = {
    "sms": ("due_at", "outbox", "unshown"),
    "tickets": ("due_at",),
    "conversations": ("redraw.due_at", "debounce.due_at"),
}
"""The fields that say that something is still to be done."""


@contextmanager
def _silence() -> Iterator[None]:
    """Have nobody log: a trace says what happens."""
    before, disabled = structlog.get_config(), logging.root.manager.disable
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(disabled)
