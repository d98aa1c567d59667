"""Whole deployments, simulated: no seed breaks a promise, each replays exactly, and what breaks one is shrunk."""

import os
import subprocess
import sys
from typing import override

import pytest

from tests.servers import ROOT
from tests.simulation.broker import SimulatedBroker
from tests.simulation.faults import HELD, DrawnFault
from tests.simulation.machines import Schedule
from tests.simulation.people.acts import Act
from tests.simulation.rules import WithoutLookups
from tests.simulation.seeds import schedule, shrunk, verdict
from tests.simulation.virtual_time import SimulatedProcess
from tests.simulation.world import SimulatedWorld

BATCHES = 10
SEEDS = 20
"""How many seeds a test tries: the same ones in each run, so that none fails by chance."""

CONTACT = "+15550002222"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_promise_holds_whatever_a_seed_draws(batch: int) -> None:
    for seed in range(batch * SEEDS + 1, (batch + 1) * SEEDS + 1):
        asked = schedule(seed, HELD)
        wrong = verdict(asked).wrong
        assert not wrong, f"seed {seed}:\n{asked}\n{wrong[0]}"


def test_a_seed_replays_byte_for_byte() -> None:
    asked = schedule(7, HELD)
    once, again = verdict(asked, trace=True), verdict(asked, trace=True)
    assert once.trace
    assert once == again


def test_a_seed_replays_byte_for_byte_in_another_process() -> None:
    def traced(hash_seed: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.simulation", "--first", "11", "--trace"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=ROOT)

    processes = [traced("1"), traced("2")]
    first, second = (process.communicate()[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert len(first.splitlines()) > 100
    assert first == second


DIES_AFTER_A_POST = Schedule(
    1,
    (Act(1, 1, "text", CONTACT), Act(3, 2, "text", CONTACT), Act(9, 3, "reply", CONTACT)),
    (
        DrawnFault(0.5, "dies after post", "w1", 4, 1),
        DrawnFault(0.5, "dies after post", "w2", 4, 1),
        DrawnFault(2, "slow broker", "", 5, 1),
        DrawnFault(8, "reordering", "", 5),
    ),
)


def test_a_worker_that_dies_after_its_post_is_no_reason_to_post_again() -> None:
    assert verdict(DIES_AFTER_A_POST).wrong == []


class CarelessBroker(SimulatedBroker):
    """A broker that delivers no message a second time, although nobody acknowledged it."""

    @override
    def take_back(self, process: SimulatedProcess) -> None:
        for each in [each for each in self.held if each.holder is process]:
            del self.held[each]


class WithoutRedelivery(SimulatedWorld):
    """A world in which a message is lost with its worker."""

    @override
    def new_broker(self) -> SimulatedBroker:
        return CarelessBroker(self.loop, self.dice, self.note)


def test_without_redelivery_some_seed_loses_what_was_taken() -> None:
    wrong: set[str] = set()
    for seed in range(1, 200):
        wrong |= {each.kind for each in verdict(schedule(seed, ("long stall", "crash")), kind=WithoutRedelivery).wrong}
        if wrong & {"reply lost", "note lost", "click unanswered"}:
            return
    raise AssertionError(f"no seed lost anything: {wrong}")


def test_without_lookups_a_post_is_made_twice_and_the_schedule_shrinks_to_what_that_takes() -> None:
    wrong = verdict(DIES_AFTER_A_POST, kind=WithoutLookups).wrong
    assert "posted twice" in {each.kind for each in wrong}
    smallest = shrunk(DIES_AFTER_A_POST, "posted twice", kind=WithoutLookups)
    assert [act.what for act in smallest.acts] == ["text"] * len(smallest.acts)
    assert {fault.kind for fault in smallest.faults} == {"dies after post"}
    assert len(str(smallest).splitlines()) <= 4
    assert "posted twice" in {each.kind for each in verdict(smallest, kind=WithoutLookups).wrong}
