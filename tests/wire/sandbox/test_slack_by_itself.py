"""The sandbox as a separate program, and the record that it keeps."""

import asyncio
import sys

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from messages.process.settings import SANDBOX, Misconfigured
from sandbox.__main__ import configuration
from sandbox.record import MAX_ENTRIES, Record
from tests.servers import PLAIN, ROOT, free_port


def test_flags_go_before_the_environment_and_the_environment_before_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_PUBLIC_URL", "https://clerk.example.org/")
    monkeypatch.setenv("CLERK_LINES", "+15550001111=C0AAA,+15550002222=C0BBB")
    monkeypatch.setenv("CLERK_SLACK_BOT_TOKEN", "xoxb-env")
    asked = configuration(["--port", "1234", "--gateway", "http://10.0.0.1:80", "--echo"])
    config = asked.config
    assert (asked.host, asked.port, config.base_url) == ("127.0.0.1", 1234, "http://127.0.0.1:1234")
    assert asked.folder is None
    assert (config.gateway_url, config.public_url) == ("http://10.0.0.1:80", "https://clerk.example.org")
    assert config.lines == {"+15550001111": "C0AAA", "+15550002222": "C0BBB"}
    assert (config.slack_bot_token, config.twilio_auth_token) == ("xoxb-env", SANDBOX["twilio_auth_token"])
    assert config.echo
    flags = ["--line", "+15550009999=C0CCC", "--slack-bot-token", "xoxb-flag", "--public-url", "https://other.org"]
    config = configuration(flags).config
    assert config.lines == {"+15550009999": "C0CCC"}
    assert (config.slack_bot_token, config.public_url) == ("xoxb-flag", "https://other.org")
    assert "C0CCC" in {each.id for each in config.all_channels()}


def test_an_invalid_line_is_refused_and_named() -> None:
    with pytest.raises(Misconfigured, match="CLERK_LINES"):
        configuration(["--line", "nonsense"])


async def test_the_sandbox_serves_the_apis_as_a_separate_program() -> None:
    port = free_port()
    program = await asyncio.create_subprocess_exec(sys.executable, "-m", "sandbox", "--port", str(port), cwd=ROOT)
    base = f"http://127.0.0.1:{port}/sandbox"
    try:
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
            while not await _answers(http, f"{base}/slack/api/api.test"):
                await asyncio.wait({asyncio.create_task(program.wait())}, timeout=0.1)
                assert program.returncode is None
            refused = await http.post(f"{base}/faults", json={"kind": "kill"})
            assert (refused.status_code, refused.json()["body"]) == (409, "Clerk runs in another process")
        slack = AsyncWebClient(SANDBOX["slack_bot_token"], base_url=f"{base}/slack/api/")
        assert (await slack.auth_test())["user_id"] == "U0CLERK"
    finally:
        program.terminate()
        assert await asyncio.wait_for(program.wait(), 60) in {0, -15}


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx.ConnectError:
        return False


def test_the_record_numbers_what_happens_and_forgets_the_oldest() -> None:
    record = Record()
    begun = record.begin()
    later = record.note("webhook", route="/x")
    record.note("slack", begun, method="chat.postMessage", cause=later)
    [entry] = record.of("slack", method="chat.postMessage")
    assert (entry["number"], entry["cause"]) == (begun.number, later)
    assert entry["latency"] >= 0
    for _ in range(MAX_ENTRIES):
        record.note("webhook", route="/y")
    assert len(record.entries) == MAX_ENTRIES
    assert record.of("slack") == []


async def test_listeners_are_woken_by_changes_alone() -> None:
    record = Record()
    changes = record.changes()
    first = await anext(changes)
    waiting = asyncio.ensure_future(anext(changes))
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    assert not done
    record.change()
    assert await asyncio.wait_for(waiting, 30) == first + 1
    await changes.aclose()
