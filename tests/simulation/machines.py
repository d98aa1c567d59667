"""The machines of a simulation: what runs on them, what they reach, what was noted."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from gateway.app import Gateway
from gateway.arrivals.shared import SharedArrivals
from messages.process.settings import Settings
from tests import make
from tests.simulation.broker import SimulatedBroker, SimulatedPublisher, consume
from tests.simulation.documents.client import MemoryDatabase
from tests.simulation.documents.server import MemoryServer
from tests.simulation.faults import DrawnFault
from tests.simulation.people.acts import Act
from tests.simulation.people.shops import PLAIN, Shop
from tests.simulation.slack import SimulatedWorkspace, WiredSlack
from tests.simulation.twilio import PhoneNetwork, WiredTexting
from tests.simulation.virtual_time import SimulatedProcess, VirtualLoop
from tests.simulation.wires import BROKER, MONGO, SLACK, TWILIO, FaultyWire, Protocol
from workers import clock
from workers.mongo import Stores
from workers.ports import Ports
from workers.wiring import load_actors

THREADS: Final = 3
"""How many messages a worker handles at once, besides interactive ones."""
CLOCK_EVERY: Final = timedelta(seconds=15)

SETTINGS: Final = Settings(reconcile_seconds=30)


@dataclass(frozen=True)
class Schedule:
    """All that a seed decides beforehand; the seed also decides what happens by the way (latencies, choices)."""

    seed: int
    acts: tuple[Act, ...]
    faults: tuple[DrawnFault, ...]
    shop: Shop = PLAIN

    def __str__(self) -> str:
        lines = sorted([(each.at, str(each)) for each in self.acts] + [(each.at, str(each)) for each in self.faults])
        on = [] if self.shop == PLAIN else [f"on {self.shop}"]
        return "\n".join([*on, *(text for _, text in lines)])


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

    def __init__(self, name: str, world: "SimulatedDeployment") -> None:
        self.name, self.skew = name, 0.0
        self.process: SimulatedProcess | None = None
        self.wires: dict[Protocol, FaultyWire] = {}
        for protocol in (SLACK, TWILIO, MONGO, BROKER):
            self.wires[protocol] = FaultyWire(protocol, world.dice, world.note, kill=world.kill)


class SimulatedDeployment:
    """Gateways and workers on machines, the servers that they use, and what was noted."""

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
        self.workers = {name: Machine(name, self) for name in ("w1", "w2")}
        self.gateways = {name: Machine(name, self) for name in ("g1", "g2")}
        self.serving: dict[str, Gateway] = {}
        self.arrivals: dict[str, SharedArrivals] = {}
        self.active: dict[str, int] = {}
        self.amount: dict[str, float] = {}
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
        texts = self.arrivals[machine.name] = SharedArrivals(lambda: process.now().timestamp())
        self.serving[machine.name] = Gateway(SETTINGS, publisher, now=process.now, texts=texts)
        if not machine.wires[BROKER].cut:
            self.connect(machine)

    def connect(self, machine: Machine) -> None:
        """Have a gateway hear the others, and be heard."""
        self.arrivals[machine.name].opened(partial(self._say, machine))

    def _say(self, machine: Machine, note: bytes) -> None:
        """Have the other gateways hear a note of this one, unless they lose their connections before."""
        for other in self.gateways.values():
            process = other.process
            if other is not machine and process is not None and process.alive and not other.wires[BROKER].cut:
                least, most = BROKER.latency
                heard = self.loop.time() + least + (most - least) * self.dice.random()
                self.loop.call_at(max(heard, process.stopped_until), self._hear, other, process, note)

    def _hear(self, machine: Machine, process: SimulatedProcess, note: bytes) -> None:
        if process.alive and not machine.wires[BROKER].cut:
            self.arrivals[machine.name].hear(note)

    def kill(self, process: SimulatedProcess) -> None:
        """Have a process die between two awaits."""
        if process.alive:
            if self.note is not None:
                self.note(process.name, "dies")
            process.die()
            self.broker.take_back(process)
