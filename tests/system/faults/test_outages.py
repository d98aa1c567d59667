"""What happens to a deployment: the broker restarts or is full, MongoDB is down, a worker gets SIGTERM."""

import os
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.deployment import LINE, clerk_command, new_contact
from tests.servers import Program, answers, asked, depths, descendants, end, wait_until
from tests.system.helpers import Place

OWN_LINE, OWN_CHANNEL = "+15550005555", "C0GENERAL"


def texted(place: Place, contact: str, *bodies: str, line: str = LINE) -> None:
    """A contact's texts; Twilio repeats each webhook until the gateway takes it."""
    for body in bodies:
        wait_until(
            lambda body=body: (
                place.clerk.world.do("text", **{"from": contact, "to": line, "body": body})[  # type: ignore[misc]
                    "status"
                ]
                == 200
            ),
            f"{body} is taken",
        )


def text_is_shown(place: Place) -> None:
    """Wait until a new contact's text is in its thread."""
    contact = new_contact()
    texted(place, contact, "one")
    wait_until(lambda: place.clerk.world.texts_in_thread(contact) == ["one"], "the text", 90)


def test_a_restart_of_rabbitmq_loses_no_text_and_needs_no_restart_of_clerk(place: Place) -> None:
    contact = new_contact()
    texted(place, contact, "before")
    place.clerk.world.card(contact)
    place.clerk.workers[0].stop()
    texted(place, contact, "one", "two")
    place.rabbit.stop()
    url = f"{place.clerk.gateway_url}/readyz"
    wait_until(lambda: asked(url).status_code == 503, "the gateway says that it can't")
    place.rabbit.start()
    place.clerk.workers[0].start()
    wait_until(lambda: answers(url), "the gateway is ready again")
    texted(place, contact, "after")
    wait_until(lambda: len(place.clerk.world.texts_in_thread(contact)) >= 4, "all texts", 120)
    assert place.clerk.world.texts_in_thread(contact) == ["before", "one", "two", "after"]


def test_workers_survive_the_loss_of_rabbitmq(place: Place) -> None:
    contact = new_contact()
    texted(place, contact, "one")
    place.rabbit.kill()
    place.rabbit.start()
    wait_until(lambda: answers(f"{place.clerk.gateway_url}/readyz"), "the gateway is ready again")
    texted(place, contact, "two")
    wait_until(lambda: place.clerk.world.texts_in_thread(contact) == ["one", "two"], "both texts", 120)


def test_a_broker_that_takes_nothing_delays_and_loses_nothing(place: Place) -> None:
    """RabbitMQ's memory alarm: https://www.rabbitmq.com/docs/alarms"""
    contact, late = new_contact(), new_contact()
    texted(place, contact, "one")
    place.clerk.world.card(contact)
    place.rabbit.control("set_vm_memory_high_watermark", "absolute", "1")
    try:
        asked = {"from": late, "to": "+15550001111", "body": "late", "sid": "SM" + "ab" * 16}
        first = wait_until(lambda: (a := place.clerk.world.do("text", **asked))["status"] == 503 and a, "503", 60)
        assert "try again" in str(first)
    finally:
        place.rabbit.control("set_vm_memory_high_watermark", "0.4")
    wait_until(lambda: place.clerk.world.do("text", **asked)["status"] == 200, "the text is taken")
    texted(place, contact, "two")
    wait_until(lambda: place.clerk.world.texts_in_thread(contact) == ["one", "two"], "both texts", 120)
    wait_until(lambda: place.clerk.world.texts_in_thread(late) == ["late"], "the late one", 120)


def test_texts_are_taken_without_mongodb_and_shown_when_it_is_back(place: Place) -> None:
    contact = new_contact()
    texted(place, contact, "one")
    place.clerk.world.card(contact)
    wait_until(lambda: place.clerk.world.texts_in_thread(contact) == ["one"], "the first text", 60)
    place.mongo.cut()
    try:
        texted(place, contact, "two", "three")
        assert place.clerk.world.texts_in_thread(contact) == ["one"]
        retried = wait_until(lambda: '"outcome":"retried"' in place.clerk.workers[0].output(), "actors back off", 120)
        assert retried
    finally:
        place.mongo.mend()
    wait_until(lambda: place.clerk.world.texts_in_thread(contact) == ["one", "two", "three"], "all texts", 180)
    assert not any(count for name, count in depths(place.rabbit.url).items() if name.endswith(".XQ"))


@pytest.mark.parametrize("signalled", ["the supervisor", "each of its processes"])
def test_a_worker_finishes_its_current_messages_after_sigterm(place: Place, signalled: str) -> None:
    contact = new_contact()
    world, worker = place.clerk.world, place.clerk.workers[0]
    below = wait_until(lambda: _all_below(worker), "its processes run", 60)
    # Use a channel with no other posts, so that no post left over from an earlier test hangs instead.
    clerk_command(place.clerk, "lines", "add", OWN_LINE, "--channel", OWN_CHANNEL)
    world.do("faults", api="slack", method="chat.postMessage", channel=OWN_CHANNEL, kind="hang", seconds=3)
    texted(place, contact, "one", line=OWN_LINE)
    wait_until(lambda: not world.state()["faults"], "a post hangs", 60)
    for pid in below if signalled == "each of its processes" else []:
        os.kill(pid, signal.SIGTERM)
    assert worker.terminate() == 0
    assert "did not end in time" not in worker.output()
    assert len(world.cards(contact, OWN_CHANNEL)) == 1
    worker.start()
    wait_until(lambda: world.texts_in_thread(contact, OWN_CHANNEL) == ["one"], "the text", 90)
    assert len(world.cards(contact, OWN_CHANNEL)) == 1


def test_a_killed_worker_command_leaves_no_consumers_behind(place: Place) -> None:
    worker = place.clerk.workers[0]
    children = wait_until(lambda: _all_below(worker), "its processes run", 60)
    os.kill(worker.pid, signal.SIGKILL)
    worker.stop()
    wait_until(lambda: not _still_run(children), "they all end", 60)
    worker.start()
    text_is_shown(place)


def test_workers_end_with_the_command_that_started_them_without_their_supervisor(place: Place) -> None:
    """Otherwise a process would keep running, and keep its unacknowledged messages, until a write to its log fails."""
    worker = place.clerk.workers[0]
    wait_until(lambda: _all_below(worker), "its processes run", 60)
    served = {child: command for command in _commands(worker) for child in descendants(command)}
    assert len(served) >= 2
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        end(served.values())
        wait_until(lambda: not _still_run(served), "they all end", 60)
    finally:
        worker.kill()
    worker.start()
    text_is_shown(place)


def test_workers_are_started_again_when_their_commands_are_killed(place: Place) -> None:
    worker = place.clerk.workers[0]
    served = wait_until(lambda: _all_below(worker), "its processes run", 60)
    end(_commands(worker))
    wait_until(lambda: not _still_run(served), "what they started ends", 60)
    text_is_shown(place)
    assert '"event":"worker died, starting it again"' in worker.output()


def _all_below(worker: Program) -> list[int]:
    """The processes below a `clerk worker`, once both commands have started theirs; none before."""
    commands = _commands(worker)
    below = [*descendants(worker.pid)]
    return below if len(commands) == 2 and all([*descendants(command)] for command in commands) else []


def _commands(worker: Program) -> list[int]:
    """The `dramatiq` commands of a `clerk worker`."""
    below = [*descendants(worker.pid)]
    return [pid for pid in below if not any(pid in descendants(other) for other in below)]


def _still_run(pids: Iterable[int]) -> bool:
    return any(Path(f"/proc/{pid}/exe").exists() for pid in pids)
