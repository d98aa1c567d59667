"""What each fault does to the machines while it lasts."""

from collections.abc import Callable

from tests.simulation.faults import DrawnFault
from tests.simulation.machines import Machine, SimulatedDeployment
from tests.simulation.wires import (
    BROKER,
    LOOKUPS_FAIL,
    MONGO,
    SLACK,
    TWILIO,
    WRITES_FAIL,
    Death,
    FaultyWire,
    StallAtClaim,
)


class TroubledDeployment(SimulatedDeployment):
    """A deployment in which faults begin and end."""

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
            case ["stalls", "at", "claim"]:
                if beginning:
                    wires[MONGO].stalls.append(StallAtClaim(int(fault.amount), fault.lasts))
                else:
                    wires[MONGO].stalls.clear()
            case [_, "stall"]:
                if beginning and machine.process is not None:
                    machine.process.stopped_until = self.loop.time() + fault.lasts
            case ["held", "in", "hand"]:
                if beginning and machine.process is not None:
                    machine.process.holds_until = self.loop.time() + fault.lasts
            case [*_, "skew"]:
                machine.skew += by * fault.amount
            case ["redelivery"]:
                if machine.process is not None:
                    self.broker.take_back(machine.process)
            case ["broker", "away"]:
                self._cut(wires[BROKER], by)
                self._hears_others(machine)
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

    def _hears_others(self, machine: Machine) -> None:
        """A gateway hears the others while it has a connection to the broker; it knows when it has a new one."""
        if machine.name not in self.arrivals:
            return
        if machine.wires[BROKER].cut:
            self.arrivals[machine.name].closed()
        elif machine.process is not None and machine.process.alive:
            self.connect(machine)

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
