"""An earlier version is replaced by this one, process by process, while texts, clicks and replies come.

The code of the earlier version comes from the history of the repository, and runs on what is installed now.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.deployment import Deployment, World, field, new_contact
from tests.servers import ROOT, WORKER, BackingServer, Program, answers, database, depths, empty, vhost, wait_until
from tests.system.earlier import RELEASED, missing, unpacked
from tests.system.helpers import reply, sent

EVERY = 0.5
"""Seconds between two texts of a contact: so many that some come at each moment of a replacement."""

AHEAD = 3

PARTS = {"gateway": ("gateway",), "worker": ("worker", "--processes", "1"), "clock": ("clock",)}


class Texters(threading.Thread):
    """Some contacts, who text in turn until they are told to stop; `said` has what Clerk took."""

    def __init__(self, world: World, contacts: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.said: dict[str, list[str]] = {contact: [] for contact in contacts}
        self._world, self._done = world, threading.Event()

    def run(self) -> None:
        """Text, but never be more than a few texts ahead of what is in a thread: a busy machine would fall behind."""
        while not self._done.wait(EVERY):
            for contact, bodies in self.said.items():
                if len(bodies) < len(self._world.texts_in_thread(contact)) + AHEAD:
                    bodies.append(f"text {len(bodies) + 1}")
                    self._world.text(contact, bodies[-1])

    def stop(self) -> None:
        """Return once nobody texts any more."""
        self._done.set()
        self.join(60)


class Rolling:
    """A deployment whose processes can be of this version or of an earlier one."""

    def __init__(self, stack: ExitStack, clerk: Deployment, earlier: Path) -> None:
        self.clerk, self.world, self.folders = clerk, clerk.world, {"earlier": earlier, "now": ROOT}
        self.running: dict[tuple[str, str], Program] = {}
        self._stack = stack

    def start(self, kind: str, version: str) -> None:
        """Start a process, and return once it works."""
        folder = self.folders[version]
        settings = {**self.clerk.environment, "PYTHONPATH": str(folder)}
        program = Program(f"rolling-{kind}-{version}", ["-m", "ops", *PARTS[kind]], settings, folder)
        before = program.output().count('"consuming"') if program.log.exists() else 0
        self._stack.callback(program.stop)
        self.running[kind, version] = program.start()
        if kind == "gateway":
            wait_until(lambda: answers(f"{self.clerk.gateway_url}/readyz"), f"the gateway of {version} is ready", 60)
        if kind == "worker":
            both = before + 2
            wait_until(lambda: program.output().count('"consuming"') >= both, f"the worker of {version} consumes", 90)

    def end(self, kind: str, version: str) -> None:
        """End a process as an operator does."""
        assert self.running.pop((kind, version)).terminate() == 0

    def works(self, stage: str, contact: str) -> None:
        """An agent takes a contact's ticket, another one answers: both are done, and the answer once."""
        self.world.click(self.world.cards(contact)[-1], "ticket.take", "U0BEN")
        reply(self.world, self.world.roots(contact)[-1], f"answer {stage}")
        wait_until(lambda: f"answer {stage}" in sent(self.world, contact), f"the answer, {stage}", 60)

    def has_shown(self, contact: str, bodies: list[str]) -> bool:
        """Whether a contact's thread has these texts, each once and in order."""
        return self.world.texts_in_thread(contact) == bodies

    def shows(self, contact: str) -> bool:
        """Whether the newest card says who took the ticket."""
        card = self.world.cards(contact)[-1]
        return "U0BEN" in field(card, "On it")

    def dead_letters(self) -> dict[str, int]:
        """How many there are, by queue."""
        found = depths(self.clerk.environment["CLERK_AMQP_URL"])
        return {name: count for name, count in found.items() if name.endswith(".XQ") and count}


@pytest.fixture
def rolling(
    request: pytest.FixtureRequest, rabbit: BackingServer, mongo: BackingServer, tmp_path: Path
) -> Iterator[Rolling]:
    """A deployment of an earlier version: one gateway, one worker, the clock. The stand-ins are of this one."""
    if why := missing(request.param):
        pytest.skip(why)
    own = vhost(rabbit, f"rolling{WORKER}")
    empty(own.url)
    clerk = Deployment("rolling", own.url, database(mongo.url, f"rolling{WORKER}"))
    with ExitStack() as stack:
        stack.callback(clerk.world.close)
        stack.callback(clerk.sandbox.stop)
        clerk.sandbox.start()
        wait_until(lambda: answers(f"{clerk.sandbox_url}/state"), "the sandbox serves", 60)
        rolling = Rolling(stack, clerk, unpacked(request.param, tmp_path / "earlier"))
        for kind in PARTS:
            (ROOT / "test-artefacts" / f"rolling-{kind}-earlier.log").unlink(missing_ok=True)
            (ROOT / "test-artefacts" / f"rolling-{kind}-now.log").unlink(missing_ok=True)
            rolling.start(kind, "earlier")
        yield rolling


@pytest.mark.parametrize("rolling", [RELEASED["0.1.0"]], ids=["from 0.1.0"], indirect=True)
def test_whatever_comes_while_an_earlier_version_is_replaced_is_handled_once_and_leaves_no_dead_letter(
    rolling: Rolling,
) -> None:
    world, contacts = rolling.world, [new_contact() for _ in range(3)]
    for contact in contacts:
        world.text(contact, "before")
    for contact in contacts:
        world.card(contact)
    texting = Texters(world, contacts)
    texting.start()
    rolling.works("of the earlier version", contacts[0])
    rolling.start("worker", "now")
    rolling.works("while workers of both versions run", contacts[1])
    rolling.end("gateway", "earlier")
    rolling.start("gateway", "now")
    rolling.works("to an earlier worker, from a gateway of now", contacts[2])
    rolling.end("worker", "earlier")
    rolling.end("clock", "earlier")
    rolling.start("clock", "now")
    rolling.works("of this version", contacts[0])
    texting.stop()
    for contact, bodies in texting.said.items():
        expected = ["before", *bodies]
        wait_until(partial(rolling.has_shown, contact, expected), f"all texts of {contact}", 60)
        assert len(world.roots(contact)) == 1
        assert len(bodies) > 5
    assert sent(world, contacts[0]) == ["answer of the earlier version", "answer of this version"]
    assert sent(world, contacts[1]) == ["answer while workers of both versions run"]
    assert sent(world, contacts[2]) == ["answer to an earlier worker, from a gateway of now"]
    for contact in contacts:
        wait_until(partial(rolling.shows, contact), f"the card of {contact}", 60)
    assert rolling.dead_letters() == {}
    assert world.violations() == []
