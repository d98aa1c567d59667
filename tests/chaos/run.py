"""One run of the fault suite: deploy, storm, wait until all is quiet, judge, and see that all has ended."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos.disturbances import Wiring
from tests.chaos.script import Scale
from tests.chaos.storm import Storm, resend_unknown
from tests.chaos.timed import TimedStorm
from tests.chaos.verdict import StoredDocuments, beyond, faults, waits
from tests.deployment import Deployment
from tests.servers import PrivateRabbit, database, empty, free_port, mongodb, wait_until

SAY_EVERY: Final = 60.0
"""Seconds between two words about what a storm is still waiting for."""


@dataclass(frozen=True)
class StormOutcome:
    """Figures of what happened, and the faults in words."""

    figures: dict[str, int]
    faults: list[str]


def run(seed: int, scale: Scale, say: Callable[[str], None] = print) -> StormOutcome:
    """Run the storm of this seed over a separate deployment: broker, MongoDB, sandbox, gateway, workers, clock."""
    flags = ("--event-retries", "0.5,2,5,10,20,40,60,60,60,60")
    with ExitStack() as stack:
        node, mongo = stack.enter_context(PrivateRabbit()), stack.enter_context(mongodb())
        url = database(mongo.url, f"chaos{seed}")
        empty(node.url)
        sandbox_port = free_port()
        wiring = stack.enter_context(Wiring(seed, sandbox_port, url, node.url))
        timed = TimedStorm(scale.timed)

        def restart() -> None:
            node.stop()
            node.start()

        deployment = Deployment(
            "chaos",
            wiring.rabbit.url,
            wiring.mongo.url,
            workers=2,
            flags=flags,
            sandbox_port=sandbox_port,
            gateways=2,
            balancer=wiring.balancer,
            settings={"CLERK_MANAGEMENT_URL": node.management, **timed.settings, **wiring.settings},
        )
        with deployment as clerk:
            storm = Storm(clerk, wiring, node.url, seed, scale, restart, timed)
            started = time.monotonic()
            storm.poison()
            timed.prepare(clerk)
            storm.rage()
            say(f"the storm is over after {time.monotonic() - started:.0f} s; waiting until all is quiet")
            found = _calm(clerk, storm, node.url, url, 120 + scale.texts + scale.replies, say)
            storm.figures["seconds"] = round(time.monotonic() - started)
            _count_waits(storm, waits(clerk.world, StoredDocuments(url)))
        return StormOutcome(dict(storm.figures), found + _left_running(clerk))


def _calm(
    clerk: Deployment, storm: Storm, amqp_url: str, mongo_url: str, within: float, say: Callable[[str], None]
) -> list[str]:
    """The faults that remain once there are none, or at the latest after `within` seconds. It says some meanwhile."""
    resent: dict[str, str] = {}
    pressed: dict[str, float] = {}
    found: list[str] = []
    said = time.monotonic()

    def calm() -> bool:
        nonlocal said
        documents = StoredDocuments(mongo_url)
        resend_unknown(clerk, resent, pressed)
        storm.figures["resends by hand"] = len(resent)
        poisoned = next(count for name, count in storm.figures.items() if name.endswith(".XQ"))
        found[:] = faults(clerk.world, amqp_url, documents, storm.contacts, poisoned, set(resent.values()))
        found.extend(storm.timed.faults(clerk.world.state(), mongo_url))
        if found and time.monotonic() > said + SAY_EVERY:
            said = time.monotonic()
            say(f"{len(found)} things are not yet as they should be, such as: {'; '.join(found[:3])}")
        return not found

    with suppress(AssertionError):  # what is still wrong then is the outcome
        wait_until(calm, "nothing is wrong", within, every=1.0)
    return found


def _count_waits(storm: Storm, waited: Sequence[tuple[float, float]]) -> None:
    """Note how long texts took to their threads: most of them, and the last."""
    if not waited:
        return
    took = sorted(shown - came for came, shown in waited)
    left = max(beyond(each, storm.disturbed) for each in waited)
    storm.figures["seconds until half of the texts were in their threads"] = round(took[len(took) // 2])
    storm.figures["seconds until 99 of 100 were"] = round(took[len(took) * 99 // 100])
    storm.figures["seconds until the last was"] = round(took[-1])
    storm.figures["seconds of one's wait in which nothing was disturbed, at most"] = round(left)


def _left_running(clerk: Deployment) -> list[str]:
    """The processes that still write to a log of the deployment some time after all were asked to end, in words."""
    logs = [process.log for process in clerk.processes]

    def left() -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                if any((process / "fd" / "1").samefile(log) for log in logs):
                    title = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found.append(f"process {process.name} is left: {title.strip()}")
        return found

    with suppress(AssertionError):  # what is left then is the outcome
        wait_until(lambda: not left(), "all have ended", 30)
    return left()
