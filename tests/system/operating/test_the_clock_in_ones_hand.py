"""The sandbox's clock is moved while a post and a text are under way, over a restart, and back to now."""

from pathlib import Path

from tests.deployment import CHANNEL, World, new_contact
from tests.servers import Program, answers, free_port, wait_until

WEEK = 7 * 86_400


def test_what_is_under_way_happens_once_and_conversations_go_on_there_and_back(tmp_path: Path) -> None:
    port, contact = free_port(), new_contact()
    settings = {
        "CLERK_DATA_DIR": str(tmp_path),
        "CLERK_LOG_FORMAT": "json",
        "CLERK_DEBOUNCE_SECONDS": "1",
        "CLERK_DEBOUNCE_CAP_SECONDS": "2",
    }
    process = Program("moved-clerk-run", ["-m", "ops", "run", "--port", str(port)], settings)
    process.log.unlink(missing_ok=True)
    world = World(f"http://127.0.0.1:{port}/sandbox")

    def start() -> None:
        process.start()
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "clerk run is ready")

    def thread_has(*texts: str) -> None:
        wait_until(lambda: world.texts_in_thread(contact) == [*texts], f"{texts} in the thread")

    def held_call_begun() -> None:
        wait_until(lambda: not world.state()["faults"], "the call that hangs has begun")

    start()
    try:
        world.text(contact, "one")
        card = world.card(contact)
        thread_has("one")
        world.do("faults", api="slack", method="chat.postMessage", kind="hang", seconds=2)
        world.text(contact, "two")
        held_call_begun()
        assert world.do("clock", to="week")["ahead"] == WEEK
        thread_has("one", "two")
        world.do("faults", api="twilio", method="messages.create", kind="hang", seconds=2)
        world.do("reply", user="U0ADA", channel=CHANNEL, thread_ts=card["ts"], text="hello")
        held_call_begun()
        world.do("clock", to="week")
        wait_until(lambda: fates(world, contact) == ["delivered"], "the reply is delivered")
        kept = tmp_path / "sandbox" / "state.json"
        wait_until(lambda: kept.exists() and f'"ahead":{2 * WEEK}' in kept.read_text(), "the clock is kept")
        process.kill()
        start()
        assert world.do("clock", to="hour")["ahead"] == 2 * WEEK + 3600
        world.text(contact, "three")
        thread_has("one", "two", "three")
        wait_until(lambda: "three" in world.cards(contact)[-1]["text"], "the third text is announced")
        assert world.do("clock", to="now")["ahead"] == 0
        world.text(contact, "four")
        thread_has("one", "two", "three", "four")
        wait_until(lambda: "four" in world.cards(contact)[-1]["text"], "the fourth text is announced")
        world.do("reply", user="U0ADA", channel=CHANNEL, thread_ts=card["ts"], text="bye")
        wait_until(lambda: fates(world, contact) == ["delivered"] * 2, "the second reply is delivered")
        assert world.violations() == []
    finally:
        process.stop()
        world.close()
    assert process.status == 0


def fates(world: World, contact: str) -> list[str]:
    """The delivery states of the texts to a contact."""
    return [each["status"] for each in world.state()["texts"] if each["to"] == contact]
