"""`clerk run` without RabbitMQ, killed: what it acknowledged is done once after the next start."""

import sqlite3
import stat
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.deployment import CHANNEL, LINE, World, new_contact
from tests.servers import Program, answers, free_port, wait_until
from tests.system.helpers import sent

REPLIES = 48


def test_a_kill_right_after_many_replies_were_taken_loses_none_and_repeats_none(tmp_path: Path) -> None:
    port, sandbox_port, contact = free_port(), free_port(), new_contact()
    outside = f"http://127.0.0.1:{sandbox_port}/sandbox"
    settings = {
        "CLERK_SANDBOX": "1",
        "CLERK_DATA_DIR": str(tmp_path),
        "CLERK_LOG_FORMAT": "json",
        "CLERK_LINES": f"{LINE}={CHANNEL}",
        "CLERK_SLACK_API_URL": f"{outside}/slack/api/",
        "CLERK_TWILIO_API_URL": f"{outside}/twilio",
        "CLERK_CLOCK_SECONDS": "1",
        "CLERK_PORT": str(port),
    }
    gateway = f"http://127.0.0.1:{port}"
    sandbox = Program("journal-sandbox", ["-m", "sandbox", "--port", str(sandbox_port), "--gateway", gateway], {})
    clerk = Program("journal-clerk-run", ["-m", "ops", "run"], settings)
    for each in (sandbox, clerk):
        each.log.unlink(missing_ok=True)
    world = World(outside)

    def start() -> None:
        clerk.start()
        wait_until(lambda: answers(f"{gateway}/readyz"), "clerk run is ready", 90)

    try:
        sandbox.start()
        wait_until(lambda: answers(f"{outside}/state"), "the sandbox serves", 60)
        start()
        world.text(contact, "hello")
        card = world.card(contact)
        taken: list[str] = []

        def reply(number: int) -> None:
            text = f"reply {number:02d}"
            answer = world.do("reply", user="U0ADA", channel=CHANNEL, thread_ts=card["ts"], text=text)
            if answer["status"] == 200:
                taken.append(text)

        writing = [threading.Thread(target=reply, args=(number,)) for number in range(REPLIES)]
        for thread in writing:
            thread.start()
        for thread in writing:
            thread.join()
        clerk.kill()
        assert len(taken) == REPLIES
        assert len(sent(world, contact)) < REPLIES, "the kill came too late to show anything"
        files = list(tmp_path.glob("journal.sqlite*"))
        assert files
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        start()
        wait_until(lambda: set(sent(world, contact)) >= set(taken), "every reply", 240, 0.5)
        assert Counter(sent(world, contact)) == Counter(taken)
        assert clerk.terminate() == 0
        with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as journal:
            assert journal.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    finally:
        clerk.stop()
        sandbox.stop()
        world.close()
