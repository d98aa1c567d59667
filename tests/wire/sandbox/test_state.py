"""The state that the page gets: again only when it has changed, and the same in every browser."""

import httpx
from starlette.applications import Starlette

from sandbox.app import opened
from sandbox.config import SandboxConfig
from sandbox.page.live_state import LiveState
from sandbox.page.routes import PageApi
from sandbox.standins import StandIns
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


async def test_a_contacts_name_is_in_every_browser() -> None:
    standins = StandIns(CONFIG)
    async with page_of(standins) as http:
        named = await http.post("/contact", json={"number": "+15557770009", "name": "Nora"})
        assert named.status_code == 200
        assert (await http.post("/contact", json={"number": "+15557770010"})).status_code == 400
    shown = await anext(LiveState(standins, None, lambda: False).deltas())
    assert shown["set"]["contacts"]["+15557770009"] == "Nora"
    await standins.close()


async def test_a_person_puts_away_what_only_they_see() -> None:
    standins = StandIns(CONFIG)
    for person in ("U0ADA", "U0BEN"):
        standins.workspace.post_ephemeral("C0TEXTS", person, "hidden", [])
    mine, others = (each["ts"] for each in standins.workspace.ephemerals)
    async with page_of(standins) as http:
        for ts in (others, mine, mine):
            assert (await http.post("/dismiss", json={"user": "U0ADA", "ts": ts})).status_code == 200
    assert [each["ts"] for each in standins.workspace.ephemerals] == [others]
    await standins.close()


def page_of(standins: StandIns) -> httpx.AsyncClient:
    """What the page of these stand-ins asks."""
    app = Starlette(routes=PageApi(standins, LiveState(standins, None, lambda: False), None).routes())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")
