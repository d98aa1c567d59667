"""Tests and scripts get the sandbox's state again only when it has changed."""

import httpx

from sandbox.app import opened
from sandbox.config import SandboxConfig
from tests.wire.sandbox.helpers import ACCOUNT, AUTH, LINE, PUBLIC, SECRET, TOKEN

CONFIG = SandboxConfig(
    gateway_url="http://127.0.0.1:1",
    public_url=PUBLIC,
    base_url="http://127.0.0.1:1",
    slack_bot_token=TOKEN,
    slack_signing_secret=SECRET,
    twilio_account_sid=ACCOUNT,
    twilio_auth_token=AUTH,
    lines={LINE: "C0TEXTS"},
)


async def test_a_state_that_has_not_changed_is_not_sent_again() -> None:
    async with (
        opened(CONFIG) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http,
    ):
        first = await http.get("/state")
        same = await http.get("/state", headers={"if-none-match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        posted = await http.post(
            "/slack/api/chat.postMessage",
            json={"channel": "C0TEXTS", "text": "hello"},
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        assert posted.json()["ok"]
        changed = await http.get("/state", headers={"if-none-match": first.headers["etag"]})
        assert changed.status_code == 200
        assert "hello" in changed.text
        assert changed.headers["etag"] != first.headers["etag"]
