"""What the console, the commands and the metrics of a running deployment show to an operator."""

import json
import shutil
import socket
import time
from pathlib import Path
from typing import Any

from ops.health.probe import folder, health
from ops.health.sign import KINDS
from tests.commands import clerk_program
from tests.deployment import CHANNEL, Deployment, clerk_command, new_contact
from tests.servers import Program, asked, free_port, wait_until
from tests.system.helpers import BEARER, operator_sees, publish


def ask(clerk: Deployment, path: str) -> Any:
    """The answer of the console's API."""
    answer = asked(f"{clerk.gateway_url}/ops/api/{path}", BEARER)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_text_can_be_followed_from_webhook_to_slack(clerk: Deployment) -> None:
    contact = new_contact()
    clerk.world.text(contact, "a very private matter")
    clerk.world.card(contact)
    ticket = max(each["ticket"] for each in (json.loads(b["value"]) for b in _buttons(clerk.world.card(contact))))

    def steps() -> list[str]:
        return [f"{step['where']}: {step['what']}" for step in ask(clerk, f"trace?id={ticket}")["steps"]]

    order = [
        "webhook: the gateway received a text",
        "message: ingestion.receive handled done",
        "message: tickets.file_texts handled done",
        "message: notifications.consider handled done",
        "message: slack.render handled done",
    ]
    # Each process writes its log trail once a second: the last step may appear before earlier ones.
    operator_sees(lambda: set(order) <= set(steps()), "the whole trail")
    found = steps()
    assert [each for each in found if each in order][:1] == order[:1]
    assert any("Slack: a message with texts was posted" in each for each in found)
    trail = json.dumps(ask(clerk, f"trace?id={ticket}"))
    assert "private" not in trail
    assert contact not in trail
    by_command = clerk_program(clerk.environment, "trace", f"#{ticket}", "--json")
    assert by_command.returncode == 0, by_command.stderr
    assert {each.partition(": ")[2] for each in found} <= {s["what"] for s in json.loads(by_command.stdout)["steps"]}


def test_every_process_shows_that_it_is_well(clerk: Deployment, tmp_path: Path) -> None:
    """Beside it, other tests run processes of this user: only what these ones show is looked at."""

    def findings() -> list[tuple[bool, str]]:
        for process in (clerk.gateway, *clerk.workers, clerk.clock):
            if (sign := folder() / str(process.pid)).exists():  # not before it has begun
                shutil.copy(sign, tmp_path)
        return [health(kind, tmp_path, time.monotonic()) for kind in KINDS]

    wait_until(lambda: all(well for well, _ in findings()), "all of them are well")


def _buttons(card: Any) -> list[Any]:
    return [
        element
        for block in card["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button" and element.get("value", "").startswith("{")
    ]


def test_poisoned_messages_of_every_kind_become_dead_letters_with_a_reason_and_hold_up_nothing(
    clerk: Deployment,
) -> None:
    envelope: dict[str, Any] = {
        "queue_name": "notifications",
        "actor_name": "notifications.consider",
        "args": [],
        "kwargs": {"message": {"conversation": "+15550001111:+15550209999"}},
        "options": {},
        "message_id": "",
        "message_timestamp": 1_700_000_000_000,
    }
    poison: dict[str, Any] = {
        "poison-actor": {**envelope, "actor_name": "notifications.nothing"},
        "poison-field": {**envelope, "kwargs": {"message": {"conversation": 5, "more": 1}}},
        "poison-shape": {**envelope, "kwargs": {"something": "else"}},
        "poison-args": {**envelope, "args": [1]},
        "poison-queue": {**envelope, "queue_name": "sms"},
    }
    for id, body in poison.items():
        publish(clerk, "notifications", json.dumps({**body, "message_id": id}).encode())
    for raw in (b"\xff\xfe not json", b"[]", b'{"queue_name": "notifications"}', b""):
        publish(clerk, "notifications", raw)
    contact = new_contact()
    clerk.world.text(contact, "still here?")
    clerk.world.card(contact)

    def dead() -> list[dict[str, Any]]:
        result = clerk_command(clerk, "dead", "list", "--queue", "notifications", "--json", "-n", "100")
        assert result.returncode == 0, result.stderr
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found

    found = operator_sees(lambda: letters if len(letters := dead()) >= 9 else [], "nine dead letters", 60)
    assert len(found) == 9
    assert all(each["reason"] for each in found), found
    reasons = {each["id"]: each["reason"] for each in found}
    assert "ActorNotFound" in reasons["poison-actor"]
    assert "conversation" in reasons["poison-field"]
    shown = clerk_program(clerk.environment, "dead", "show", "poison-field", "--json")
    assert json.loads(shown.stdout)["id"] == "poison-field"
    dropped = clerk_command(clerk, "dead", "drop", "--queue", "notifications", "--all")
    assert (dropped.returncode, dropped.stdout) == (0, "9 of 9 dead letters dropped.\n")


def test_the_metrics_of_every_worker_process_are_served_in_one_place(clerk: Deployment) -> None:
    port = free_port()
    environment = {**clerk.environment, "CLERK_METRICS_PORT": str(port)}
    worker = Program("ops-metrics-worker", ["-m", "ops", "worker", "--processes", "2", "--threads", "2"], environment)
    worker.log.unlink(missing_ok=True)

    def counted() -> str:
        return asked(f"http://127.0.0.1:{port}/metrics").text

    for other in clerk.workers:
        other.terminate()
    try:
        worker.start()
        clerk.wait_for_worker(worker)
        contact = new_contact()
        clerk.world.text(contact, "count me")
        clerk.world.card(contact)
        passed = 'clerk_messages_total{actor="slack.render",outcome="done"}'
        wait_until(lambda: passed in counted(), "the pass is counted")
        exposed = counted()
    finally:
        worker.stop()
        for other in clerk.workers:
            started = other.output().count('"consuming"') // 2
            other.start()
            clerk.wait_for_worker(other, started + 1)
    for metric in ("clerk_message_wait_seconds_bucket", "clerk_message_run_seconds_bucket", "clerk_slack_calls_total"):
        assert metric in exposed
    assert "clerk_worker_restarts_total 0.0" in exposed


def test_a_second_process_reports_that_the_metrics_port_is_taken(clerk: Deployment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        clerk.environment["CLERK_METRICS_PORT"] = str(taken.getsockname()[1])
        try:
            result = clerk_program(clerk.environment, "clock")
        finally:
            del clerk.environment["CLERK_METRICS_PORT"]
    assert result.returncode == 1, "a supervisor starts it again: the port may be free later"
    assert "CLERK_METRICS_PORT" in result.stderr


def test_the_console_knows_every_process_and_its_queues(clerk: Deployment) -> None:
    page = operator_sees(
        lambda: text if "clock" in (text := _page(clerk, "/")) and text.count("<td>worker</td>") == 2 else "",
        "two workers and a clock on the overview",
    )
    assert "<td>gateway</td>" in page
    assert "No clock is running" not in page


def test_the_doctor_finds_no_problem_in_a_healthy_deployment_and_reports_an_archived_channel(
    clerk: Deployment,
) -> None:
    clerk.world.text(new_contact(), "the gateway has taken one")
    result = clerk_program(clerk.environment, "doctor", "--json")
    findings = {each["check"]: each for each in json.loads(result.stdout)}
    assert result.returncode == 0, [each for each in findings.values() if each["state"] == "bad"]
    assert findings["processes"]["found"].startswith("1 clock, 1 gateway, 2 worker")
    clerk.world.do("channel", id=CHANNEL, archived=True)
    try:
        result = clerk_command(clerk, "doctor")
    finally:
        clerk.world.do("channel", id=CHANNEL, archived=False, joined=True)
    assert result.returncode == 1
    assert "is archived" in result.stdout
    assert "clerk lines set +15550001111 --channel" in " ".join(result.stdout.split())


def test_the_doctor_names_an_invalid_variable(clerk: Deployment) -> None:
    clerk.environment["CLERK_DEBOUNCE_SECONDS"] = "soon"
    try:
        result = clerk_command(clerk, "doctor")
    finally:
        clerk.environment["CLERK_DEBOUNCE_SECONDS"] = "2"
    assert result.returncode == 2
    assert "CLERK_DEBOUNCE_SECONDS" in result.stderr


def _page(clerk: Deployment, path: str) -> str:
    return asked(f"{clerk.gateway_url}/ops{path}", BEARER).text
