"""docs/operations.md, "Texts are not arriving": the commands and the console tell each cause apart."""

import json
import os
import re
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.deployment import CHANNEL, LINE, Deployment, clerk_command, new_contact
from tests.servers import Program, answers, asked, descendants, wait_until
from tests.system.helpers import BEARER, Place, marks, operator_sees, publish, reply


def doctor(clerk: Deployment) -> dict[str, str]:
    """The problems that the doctor finds, by the name of the check."""
    result = clerk_command(clerk, "doctor", "--json")
    bad = {each["check"]: each["found"] for each in json.loads(result.stdout) if each["state"] == "bad"}
    assert result.returncode == (1 if bad else 0), result.stderr
    return bad


def queue(clerk: Deployment, name: str) -> dict[str, Any]:
    """What `clerk queues` prints about one queue."""
    report = json.loads(clerk_command(clerk, "queues", "--json").stdout)
    found: dict[str, Any] = next(each for each in report["queues"] if each["name"] == name)
    return found


def test_the_webhook_is_not_called(place: Place) -> None:
    place.clerk.environment["CLERK_PUBLIC_URL"] = "https://texts.example.org"
    try:
        found = doctor(place.clerk)
    finally:
        del place.clerk.environment["CLERK_PUBLIC_URL"]
    assert found["number +15550001111"] == f"its texts go to {place.clerk.gateway_url}/twilio/sms"
    assert "number +15550001111" not in doctor(place.clerk)


def test_the_signature_is_wrong(place: Place) -> None:
    place.clerk.gateway.stop()  # its counts begin at its start: this gateway has seen only forgeries
    place.clerk.gateway.start()
    wait_until(lambda: answers(f"{place.clerk.gateway_url}/readyz"), "the gateway is ready")
    refused = httpx.post(f"{place.clerk.gateway_url}/twilio/sms", data={"Body": "x"}, trust_env=False)
    assert refused.status_code == 403
    assert "check CLERK_PUBLIC_URL and the auth token" in refused.text
    assert "1 webhook refused" in doctor(place.clerk)["webhooks of Twilio"]
    assert "signature is not Twilio's" in place.clerk.gateway.output()


def test_the_broker_is_away(place: Place) -> None:
    place.rabbit.stop()
    try:
        assert "is away" in doctor(place.clerk)["broker"]
        ready = httpx.get(f"{place.clerk.gateway_url}/readyz", trust_env=False, timeout=30)
        assert ready.status_code == 503
        assert ready.text == "broker"
    finally:
        place.rabbit.start()
    wait_until(lambda: answers(f"{place.clerk.gateway_url}/readyz"), "the gateway is ready again")
    operator_sees(lambda: "broker" not in doctor(place.clerk), "the doctor finds no problem with the broker", 90)


def test_no_worker_runs(place: Place) -> None:
    contact, worker = new_contact(), place.clerk.workers[0]
    worker.stop()
    place.clerk.world.text(contact, "anybody?")
    waiting = operator_sees(lambda: (q := queue(place.clerk, "ingestion"))["ready"] and q, "a message waits", 30)
    assert waiting["consumers"] == 0
    assert "no worker serves" in doctor(place.clerk)["workers"]
    worker.start()
    place.clerk.world.card(contact)
    operator_sees(lambda: "workers" not in doctor(place.clerk), "every queue has consumers", 60)


def test_a_worker_is_stuck(place: Place) -> None:
    contact, clerk = new_contact(), place.clerk
    with stopped(working(clerk.workers[0])) as pid:
        clerk.world.text(contact, "is anybody awake?")
        # Its rates cover the last seconds, in which it may have finished earlier messages.
        waiting = operator_sees(
            lambda: (q := queue(clerk, "ingestion"))["stalled"] and q["rate_out"] == 0 and q,
            "no message is finished",
            30,
        )
        assert waiting["consumers"] == 1
        assert waiting["held"] >= 1
        named = operator_sees(lambda: doctor(clerk).get("worker is stuck", ""), "the doctor names it", 40)
        assert f"process {pid} " in named
        assert "ingestion" in named
        on_page = f"A worker is stuck: process {pid} "  # the console shows a sample that is a few seconds old
        operator_sees(lambda: on_page in overview(clerk), "the console says so", 20)
        # The test restarts nothing: the supervisor ends the process and starts another.
        clerk.world.card(contact, within=120)
    operator_sees(lambda: "worker is stuck" not in doctor(clerk), "the doctor finds no problem", 30)
    assert clerk.world.texts_in_thread(contact) == ["is anybody awake?"]
    assert len(clerk.world.cards(contact)) == 1


def working(worker: Program) -> int:
    """The process below a `clerk worker` that serves all queues except `interactive`."""
    processes = [pid for pid in descendants(worker.pid) if b"ingestion" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    (supervised,) = [pid for pid in processes if not list(descendants(pid))]
    return supervised


@contextmanager
def stopped(pid: int) -> Iterator[int]:
    """A process that is stopped but alive; it continues at the end if it still exists."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_slack_does_not_answer(place: Place) -> None:
    contact, world = new_contact(), place.clerk.world
    world.text(contact, "one")
    world.card(contact)
    wait_until(lambda: world.texts_in_thread(contact) == ["one"], "the first text")
    world.do("faults", api="slack", kind="hang", seconds=3600, times=1000)
    try:
        world.text(contact, "two")
        operator_sees(lambda: "Slack does not answer" in overview(place.clerk), "the console says so", 40)
        assert "can't be reached" in doctor(place.clerk)["Slack"]
    finally:
        world.no_faults()
    wait_until(lambda: world.texts_in_thread(contact) == ["one", "two"], "what waited is posted, once", 90)


def overview(clerk: Deployment, page: str = "") -> str:
    """What the console's overview or another of its pages says, without its markup."""
    shown = asked(f"{clerk.gateway_url}/ops{page}", BEARER).text
    return re.sub(r"<[^>]*>", "", shown)


def test_slack_throttles(place: Place) -> None:
    contact, world = new_contact(), place.clerk.world
    world.text(contact, "one")
    world.card(contact)
    wait_until(lambda: world.texts_in_thread(contact) == ["one"], "the first text")
    world.do("faults", api="slack", method="chat.postMessage", channel=CHANNEL, kind="429", seconds=20)
    world.text(contact, "two")

    operator_sees(lambda: "Slack throttles #texts" in overview(place.clerk), "the console says so", 30)
    wait_until(lambda: world.texts_in_thread(contact) == ["one", "two"], "what waited is posted", 60)


def test_a_message_is_poisoned(place: Place) -> None:
    contact, clerk = new_contact(), place.clerk
    publish(clerk, "ingestion", b'{"who": "knows"}')
    clerk.world.text(contact, "not held up")
    clerk.world.card(contact)
    operator_sees(lambda: queue(clerk, "ingestion")["dead"] == 1, "it becomes a dead letter", 30)
    operator_sees(lambda: "1 dead letter in ingestion" in overview(clerk), "the console says so", 30)
    assert "1" in doctor(clerk)["dead letters"]
    (letter,) = json.loads(clerk_command(clerk, "dead", "list", "--queue", "ingestion", "--json").stdout)
    assert "not a message" in letter["reason"]
    assert '{"who": "knows"}' not in clerk_command(clerk, "dead", "show", letter["id"]).stdout
    assert '{"who": "knows"}' in clerk_command(clerk, "dead", "show", letter["id"], "--show-text").stdout
    refused = clerk_command(clerk, "dead", "replay", letter["id"])
    assert (refused.returncode, "No actor can read" in refused.stdout) == (1, True)
    assert clerk_command(clerk, "dead", "drop", letter["id"]).returncode == 0
    operator_sees(lambda: queue(clerk, "ingestion")["dead"] == 0, "the queues are clean", 30)
    operator_sees(lambda: "dead letters" not in doctor(clerk), "the doctor finds no problem", 30)


def test_a_channel_is_archived(place: Place) -> None:
    contact, clerk, sid = new_contact(), place.clerk, f"SM{uuid.uuid4().hex}"
    clerk.world.do("channel", id=CHANNEL, archived=True)
    try:
        clerk.world.text(contact, "into the void", sid=sid)
        operator_sees(lambda: "is_archived" in clerk_command(clerk, "trace", sid).stdout, "the trace says so", 60)
        assert "is archived" in doctor(clerk)[f"channel of {LINE}"]
        refused = "Slack refuses posts to #texts: is_archived"
        operator_sees(lambda: refused in overview(clerk), "the console says so", 30)
        assert "Slack refuses posts: is_archived" in overview(clerk, "/lines")
    finally:
        clerk.world.do("channel", id=CHANNEL, archived=False, joined=True)
    assert f"channel of {LINE}" not in doctor(clerk)
    clerk.world.text(contact, "and out of it")
    texts = ["into the void", "and out of it"]
    wait_until(lambda: clerk.world.texts_in_thread(contact) == texts, "what waited is posted", 90)
    operator_sees(lambda: "refuses posts" not in overview(clerk), "the console shows no problem", 30)
    assert "no problem known" in overview(clerk, "/lines")


def test_the_provider_rejects(place: Place) -> None:
    contact, world = new_contact(), place.clerk.world
    world.text(contact, "hello")
    card = world.card(contact)
    world.do("handling", number=contact, reject_times=1, reject_code=21408)
    reply(world, card, "bonjour")
    wait_until(lambda: marks(world, "bonjour") == ["x"], "the failed mark")
    operator_sees(lambda: "Twilio refused a text" in overview(place.clerk), "the console says so", 30)
    assert any("country" in each["text"] for each in world.thread(contact))
    ticket = next(each["value"] for each in _buttons(card) if "ticket" in each["value"])
    trace = clerk_command(place.clerk, "trace", f"#{json.loads(ticket)['ticket']}").stdout
    assert "21408" in trace


def _buttons(card: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [block["elements"] for block in card["blocks"] if block["type"] == "actions"]
    return [each for row in rows for each in row if each["type"] == "button" and "value" in each]
