"""`clerk run` without RabbitMQ, killed: what it acknowledged is done once after the next start."""

import sqlite3
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from tests.deployment import CHANNEL, LINE, PATIENT_SLACK, World, new_contact
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
    listens = ("--port", str(sandbox_port), "--gateway", gateway)
    sandbox = Program("journal-sandbox", ["-m", "sandbox", *listens, *PATIENT_SLACK], {})
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
        # Two are sent without an answer, and the others wait, however late the kill comes.
        world.do("faults", api="twilio", method="messages.create", kind="drop", times=2)
        world.do("faults", api="twilio", method="messages.create", kind="429", seconds=5, times=100_000)
        written = [f"reply {number:02d}" for number in range(REPLIES)]

        def is_taken(text: str) -> bool:
            answer = world.do("reply", user="U0ADA", channel=CHANNEL, thread_ts=card["ts"], text=text)
            return bool(answer["status"] == 200)  # what a busy machine does not take at once, Slack repeats

        with ThreadPoolExecutor(REPLIES) as pool:
            taken = list(pool.map(is_taken, written))
        assert any(taken)
        wait_until(lambda: sent(world, contact), "a reply is sent")
        clerk.kill()
        world.no_faults()
        files = list(tmp_path.glob("journal.sqlite*"))
        assert files
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        start()
        wait_until(lambda: set(sent(world, contact)) >= set(written), "every reply", 240, 0.5)
        assert Counter(sent(world, contact)) == Counter(written)
        assert clerk.terminate() == 0
        with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as journal:
            assert journal.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    finally:
        clerk.stop()
        sandbox.stop()
        world.close()
