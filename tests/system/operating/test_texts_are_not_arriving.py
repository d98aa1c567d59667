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
from tests.system.helpers import BEARER, Place, marks, operator_sees, publish, reply, said_in_thread


def doctor(clerk: Deployment) -> dict[str, str]:
    """The problems that the doctor finds, by the name of the check."""
    result = clerk_command(clerk, "doctor", "--json")
    bad = {each["check"]: each["found"] for each in json.loads(result.stdout) if each["state"] == "bad"}
    assert result.returncode == (1 if bad else 0), result.stderr
    return bad


def doctor_says(clerk: Deployment, check: str, words: str) -> None:
    """Return once a check of the doctor's finds a problem with these words: on a busy machine it may fail otherwise."""
    operator_sees(lambda: words in doctor(clerk).get(check, ""), f"the doctor says of {check}: {words}")


def doctor_is_content(clerk: Deployment, check: str) -> None:
    """Return once a check of the doctor's finds no problem."""
    operator_sees(lambda: check not in doctor(clerk), f"the doctor finds no problem with {check}")


def queue(clerk: Deployment, name: str) -> dict[str, Any]:
    """What `clerk queues` prints about one queue."""
    report = json.loads(clerk_command(clerk, "queues", "--json").stdout)
    found: dict[str, Any] = next(each for each in report["queues"] if each["name"] == name)
    return found


def test_the_webhook_is_not_called(place: Place) -> None:
    place.clerk.environment["CLERK_PUBLIC_URL"] = "https://texts.example.org"
    try:
        doctor_says(place.clerk, "number +15550001111", f"its texts go to {place.clerk.gateway_url}/twilio/sms")
    finally:
        del place.clerk.environment["CLERK_PUBLIC_URL"]
    doctor_is_content(place.clerk, "number +15550001111")


def test_the_signature_is_wrong(place: Place) -> None:
    place.clerk.gateway.stop()  # its counts begin at its start: this gateway has seen only forgeries
    place.clerk.gateway.start()
    wait_until(lambda: answers(f"{place.clerk.gateway_url}/readyz"), "the gateway is ready")
    refused = httpx.post(f"{place.clerk.gateway_url}/twilio/sms", data={"Body": "x"}, trust_env=False, timeout=60)
    assert refused.status_code == 403
    assert "check CLERK_PUBLIC_URL and the auth token" in refused.text
    doctor_says(place.clerk, "webhooks of Twilio", "1 webhook refused")
    assert "signature is not Twilio's" in place.clerk.gateway.output()


def test_the_broker_is_away(place: Place) -> None:
    place.rabbit.stop()
    try:
        doctor_says(place.clerk, "broker", "is away")
        ready = asked(f"{place.clerk.gateway_url}/readyz")
        assert ready.status_code == 503
        assert ready.text == "broker"
    finally:
        place.rabbit.start()
    wait_until(lambda: answers(f"{place.clerk.gateway_url}/readyz"), "the gateway is ready again")
    doctor_is_content(place.clerk, "broker")


def test_no_worker_runs(place: Place) -> None:
    contact, worker = new_contact(), place.clerk.workers[0]
    worker.stop()
    place.clerk.world.text(contact, "anybody?")
    operator_sees(lambda: (q := queue(place.clerk, "ingestion"))["ready"] and not q["consumers"], "a message waits", 30)
    doctor_says(place.clerk, "workers", "no worker serves")
    worker.start()
    place.clerk.world.card(contact)
    doctor_is_content(place.clerk, "workers")


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
    doctor_is_content(clerk, "worker is stuck")
    wait_until(lambda: clerk.world.texts_in_thread(contact) == ["is anybody awake?"], "the text")
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
        doctor_says(place.clerk, "Slack", "can't be reached")
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
    # Again and again, until the console has said so.
    world.do("faults", api="slack", method="chat.postMessage", channel=CHANNEL, kind="429", seconds=15, times=1000)
    try:
        world.text(contact, "two")
        operator_sees(lambda: "Slack throttles #texts" in overview(place.clerk), "the console says so", 60)
    finally:
        world.no_faults()
    wait_until(lambda: world.texts_in_thread(contact) == ["one", "two"], "what waited is posted", 60)


def test_a_message_is_poisoned(place: Place) -> None:
    contact, clerk = new_contact(), place.clerk
    publish(clerk, "ingestion", b'{"who": "knows"}')
    clerk.world.text(contact, "not held up")
    clerk.world.card(contact)
    operator_sees(lambda: queue(clerk, "ingestion")["dead"] == 1, "it becomes a dead letter", 30)
    operator_sees(lambda: "1 dead letter in ingestion" in overview(clerk), "the console says so", 30)
    doctor_says(clerk, "dead letters", "1")
    (letter,) = json.loads(clerk_command(clerk, "dead", "list", "--queue", "ingestion", "--json").stdout)
    assert "not a message" in letter["reason"]
    assert '{"who": "knows"}' not in clerk_command(clerk, "dead", "show", letter["id"]).stdout
    assert '{"who": "knows"}' in clerk_command(clerk, "dead", "show", letter["id"], "--show-text").stdout
    refused = clerk_command(clerk, "dead", "replay", letter["id"])
    assert (refused.returncode, "No actor can read" in refused.stdout) == (1, True)
    assert clerk_command(clerk, "dead", "drop", letter["id"]).returncode == 0
    operator_sees(lambda: queue(clerk, "ingestion")["dead"] == 0, "the queues are clean", 30)
    doctor_is_content(clerk, "dead letters")


def test_a_channel_is_archived(place: Place) -> None:
    contact, clerk, sid = new_contact(), place.clerk, f"SM{uuid.uuid4().hex}"
    clerk.world.do("channel", id=CHANNEL, archived=True)
    try:
        clerk.world.text(contact, "into the void", sid=sid)
        operator_sees(lambda: "is_archived" in clerk_command(clerk, "trace", sid).stdout, "the trace says so", 60)
        doctor_says(clerk, f"channel of {LINE}", "is archived")
        refused = "Slack refuses posts to #texts: is_archived"
        operator_sees(lambda: refused in overview(clerk), "the console says so", 30)
        operator_sees(lambda: "Slack refuses posts: is_archived" in overview(clerk, "/lines"), "the lines' page, too")
    finally:
        clerk.world.do("channel", id=CHANNEL, archived=False, joined=True)
    doctor_is_content(clerk, f"channel of {LINE}")
    clerk.world.text(contact, "and out of it")
    texts = ["into the void", "and out of it"]
    wait_until(lambda: clerk.world.texts_in_thread(contact) == texts, "what waited is posted", 90)
    operator_sees(lambda: "refuses posts" not in overview(clerk), "the console shows no problem", 30)
    operator_sees(lambda: "no problem known" in overview(clerk, "/lines"), "nor does the lines' page")


def test_the_provider_rejects(place: Place) -> None:
    contact, world = new_contact(), place.clerk.world
    world.text(contact, "hello")
    card = world.card(contact)
    world.do("handling", number=contact, reject_times=1, reject_code=21408)
    reply(world, card, "bonjour")
    wait_until(lambda: marks(world, "bonjour") == ["x"], "the failed mark")
    operator_sees(lambda: "Twilio refused a text" in overview(place.clerk), "the console says so", 30)
    said_in_thread(world, contact, "country")
    ticket = next(each["value"] for each in _buttons(card) if "ticket" in each["value"])
    trace = ("trace", f"#{json.loads(ticket)['ticket']}")
    operator_sees(lambda: "21408" in clerk_command(place.clerk, *trace).stdout, "the trace has the provider's code")


def _buttons(card: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [block["elements"] for block in card["blocks"] if block["type"] == "actions"]
    return [each for row in rows for each in row if each["type"] == "button" and "value" in each]
