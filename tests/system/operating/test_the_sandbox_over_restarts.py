"""`clerk run` without other servers, ended and started again: conversations continue where they were."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deployment import CHANNEL, World, new_contact
from tests.servers import Program, answers, free_port, wait_until

AT_THE_END = (b'"delivered"', b"white_check_mark")
"""What the sandbox has last of a reply."""


@pytest.mark.parametrize("end", [Program.terminate, Program.kill], ids=["SIGTERM", "SIGKILL"])
def test_a_conversation_continues_in_its_thread_after(end: Callable[[Program], object], tmp_path: Path) -> None:
    port, contact = free_port(), new_contact()
    settings = {"CLERK_DATA_DIR": str(tmp_path), "CLERK_LOG_FORMAT": "json"}
    process = Program("kept-clerk-run", ["-m", "ops", "run", "--port", str(port)], settings)
    process.log.unlink(missing_ok=True)
    world = World(f"http://127.0.0.1:{port}/sandbox")

    def start() -> None:
        process.start()
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "clerk run is ready")

    def texts() -> list[str]:
        return world.texts_in_thread(contact)

    start()
    try:
        world.text(contact, "before")
        card = world.card(contact)
        wait_until(lambda: texts() == ["before"], "the text in its thread")
        world.do("reply", user="U0ADA", channel=CHANNEL, thread_ts=card["ts"], text="hello")
        wait_until(lambda: fates(world, contact) == ["delivered"], "the reply is delivered")
        kept = tmp_path / "sandbox" / "state.json"
        wait_until(lambda: kept.exists() and all(each in kept.read_bytes() for each in AT_THE_END), "kept")
        end(process)
        start()
        assert [each["ts"] for each in world.cards(contact)] == [card["ts"]]
        assert fates(world, contact) == ["delivered"]
        world.text(contact, "after")
        wait_until(lambda: texts() == ["before", "after"], "both texts in the one thread")
        assert world.violations() == []
    finally:
        process.stop()
        world.close()
    assert process.status == 0


def fates(world: World, contact: str) -> list[str]:
    """The delivery states of the texts to a contact."""
    return [each["status"] for each in world.state()["texts"] if each["to"] == contact]
