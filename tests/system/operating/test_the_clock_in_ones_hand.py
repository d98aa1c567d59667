"""The sandbox's clock is moved while a post and a text are under way, over a restart, and back to now.

Gateway, workers and clock of a `clerk run` go by it.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from messages.calendar import wall_time
from tests.commands import clerk_in_process
from tests.deployment import CHANNEL, LINE, World, new_contact
from tests.servers import Program, answers, free_port, wait_until

WEEK = 7 * 86_400
ZONE = "America/New_York"
SHORTLY = timedelta(seconds=8)
"""How long before a text is due the clock is put there: then nothing but the clock process finds that it is due."""


def test_what_is_under_way_happens_once_and_conversations_go_on_there_and_back(tmp_path: Path) -> None:
    port, contact = free_port(), new_contact()
    settings = {
        "CLERK_DATA_DIR": str(tmp_path),
        "CLERK_LOG_FORMAT": "json",
        "CLERK_DEBOUNCE_SECONDS": "1",
        "CLERK_DEBOUNCE_CAP_SECONDS": "2",
        "CLERK_CLOCK_SECONDS": "1",
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
        ahead = timedelta(seconds=2 * WEEK + 3600)
        form_shows(world, contact, datetime.now(UTC) + ahead)
        assert clerk_in_process(settings, "lines", "set", LINE, "--quiet", "off").returncode == 0
        due = datetime.now(UTC) + ahead + timedelta(minutes=2)
        plan(world, contact)
        world.do("clock", to=f"{wall_time(due - SHORTLY, ZONE):%Y-%m-%dT%H:%M:%S}", zone=ZONE)
        wait_until(lambda: fates(world, contact) == ["delivered"] * 2, "the planned text is delivered")
        assert world.do("clock", to="now")["ahead"] == 0
        world.text(contact, "four")
        thread_has("one", "two", "three", "four")
        wait_until(lambda: "four" in world.cards(contact)[-1]["text"], "the fourth text is announced")
        world.do("reply", user="U0ADA", channel=CHANNEL, thread_ts=card["ts"], text="bye")
        wait_until(lambda: fates(world, contact) == ["delivered"] * 3, "the second reply is delivered")
        assert world.violations() == []
    finally:
        process.stop()
        world.close()
    assert process.status == 0


def form_shows(world: World, contact: str, now: datetime) -> None:
    """A form has the date of this time: for the gateway it was asked for then, or it would come too late."""

    def order() -> None:
        world.done("command", user="U0ADA", channel=CHANNEL, text=f"later {contact} in 2h:")

    found = re.findall(r'"initial_date": "([\d-]+)"', json.dumps(world.opened(order, "clerk.send")))
    day = (now + timedelta(hours=2)).date()  # where the contact is, it may be the day before, or the day after
    assert set(found) <= {f"{day + timedelta(days=by)}" for by in (-1, 0, 1)}
    assert found


def plan(world: World, contact: str) -> None:
    """An agent plans a text for two minutes later."""
    world.done("command", user="U0ADA", channel=CHANNEL, text=f"later {contact} in 2m: See you")
    wait_until(lambda: any("Planned for" in each for each in world.whispers("U0ADA")), "the text is planned")


def fates(world: World, contact: str) -> list[str]:
    """The delivery states of the texts to a contact."""
    return [each["status"] for each in world.state()["texts"] if each["to"] == contact]
