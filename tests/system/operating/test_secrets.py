"""Logs, metrics, traces and the console contain no token and no written text unless an operator asks for it."""

import json

import httpx

from messages.process.settings import SANDBOX
from tests.deployment import Deployment, clerk_command, new_contact
from tests.servers import asked, wait_until
from tests.system.helpers import marks, operator_sees, publish, reply, sent


def test_no_secret_and_nothing_written_is_logged_measured_or_traced(clerk: Deployment) -> None:
    world, contact, words = clerk.world, new_contact(), "zaunkoenig"
    world.text(contact, f"my {words} is ill")
    card = world.card(contact)
    world.do("faults", api="slack", method="chat.update", kind="500")
    world.do("faults", api="slack", method="chat.postMessage", kind="error", code="fatal_error")
    world.text(contact, f"{words}!", media=[{"content_type": "image/png", "data": "bm8gcGljdHVyZQ=="}])
    world.do("handling", number=contact, reject_times=1)
    reply(world, card, f"no {words} here")
    wait_until(lambda: marks(world, f"no {words} here") == ["x"], "a reply that fails")
    reply(world, card, f"// a note about {words}")
    reply(world, card, f"a {words} answer")
    wait_until(lambda: f"a {words} answer" in sent(world, contact), "a reply that is sent")
    form = {"Body": words, "From": contact}
    forged = httpx.post(f"{clerk.gateway_url}/twilio/sms", data=form, trust_env=False, timeout=60)
    assert forged.status_code == 403
    odd = {
        "sid": "SM1",
        "line": "+15550001111",
        "contact": contact,
        "body": words,
        "what": words,
        "received_at": "soon",
    }
    envelope = {
        "queue_name": "ingestion",
        "actor_name": "ingestion.receive",
        "args": [],
        "kwargs": {"message": odd},
        "options": {},
        "message_id": "odd-one",
        "message_timestamp": 1_700_000_000_000,
    }
    publish(clerk, "ingestion", json.dumps(envelope).encode())

    def listed() -> str:
        return clerk_command(clerk, "dead", "list").stdout

    operator_sees(lambda: "odd-one" in listed(), "a dead letter", 60)
    outputs = {
        **{process.name: process.output() for process in clerk.processes if process is not clerk.sandbox},
        "metrics": asked(f"{clerk.gateway_url}/metrics").text,
        "dead letters": listed() + clerk_command(clerk, "dead", "show", "odd-one").stdout,
        "doctor": clerk_command(clerk, "doctor").stdout,
        "trace": clerk_command(clerk, "trace", "#1").stdout,
    }
    assert clerk_command(clerk, "dead", "drop", "odd-one").returncode == 0
    for secret in (words, contact[1:], *SANDBOX.values(), "test-ops-token", "guest:guest"):
        if secret == SANDBOX["twilio_account_sid"]:
            continue  # not a secret: it is part of every address of the API
        for where, text in outputs.items():
            at = text.find(secret)
            assert at < 0, f"{where} tells {secret}: …{text[max(0, at - 200) : at + 100]}…"
