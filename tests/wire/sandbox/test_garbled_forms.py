"""Whatever form reaches the stand-ins, the answer is a refusal as the real ones give it, and no fault of theirs."""

import random

import httpx
import pytest

from sandbox.app import opened
from sandbox.config import SandboxConfig
from tests.servers import PLAIN
from tests.wire.sandbox.helpers import ACCOUNT, AUTH, LINE, PUBLIC, SECRET, TOKEN, Pair

PART = b'--b\r\nContent-Disposition: form-data; name="To"\r\n\r\n+15557654321\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n'

BODIES = {
    "no boundary": ("multipart/form-data", b"x"),
    "empty boundary": ("multipart/form-data; boundary=", b"--\r\n\r\nx"),
    "a boundary that is no ASCII": ("multipart/form-data; boundary=\xe9", b"--\xe9\r\n"),
    "no end": ("multipart/form-data; boundary=b", PART),
    "no name": ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
    "no header": ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
    "garbage": ("multipart/form-data; boundary=b", bytes(random.Random(7).randbytes(2000))),
    "an unknown charset": ("multipart/form-data; boundary=b; charset=nonsense", PART + FILE),
    "a name that is not UTF-8": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\xfe\r\n--b--\r\n',
    ),
    "a file for a field": ("multipart/form-data; boundary=b", PART + FILE),
    "a large part": ("multipart/form-data; boundary=b", PART[:-2] + b"x" * 1_100_000 + b"\r\n--b--\r\n"),
    "many fields": ("multipart/form-data; boundary=b", PART * 1100 + b"--b--\r\n"),
    "many urlencoded fields": ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % each for each in range(1100))),
    "a form that is not UTF-8": ("application/x-www-form-urlencoded", b"To=%ff%fe&Body=\xff&From=" + LINE.encode()),
    "an unknown charset of a form": ("application/x-www-form-urlencoded; charset=nonsense", b"To=%ff"),
    "semicolons": ("application/x-www-form-urlencoded", b"To=1;Body=2"),
    "JSON": ("application/json", b"{}"),
    "nothing": ("", b"x"),
}

ROUTES = [
    f"twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
    f"twilio/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1.json",
    "slack/api/chat.postMessage",
    "slack/api/conversations.info",
    "slack/api/files.getUploadURLExternal",
    "slack/upload/v1/F1",
    "slack/response/k1",
]

ACTIONS = [
    *("text", "click", "submit", "close", "upload", "reply", "edit", "delete", "command", "channel"),
    *("faults", "handling", "window", "targets", "workers"),
]
"""What the page asks for."""

OBJECTS = [b"{}", b"[]", b'"x"', b'{"user": 7, "id": "C1", "from": [], "to": {}, "kind": 1, "data": "?", "line": "x"}']


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", BODIES)
async def test_any_form_is_answered_and_never_with_a_fault(pair: Pair, route: str, kind: str) -> None:
    content_type, body = BODIES[kind]
    headers = [(b"content-type", content_type.encode("latin-1"))] if content_type else []
    bearer = [] if route.startswith("twilio") else [(b"authorization", f"Bearer {TOKEN}".encode())]
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN) as http:
        answer = await http.post(
            f"{pair.standins.config.here}/{route}",
            content=body,
            headers=[*headers, *bearer],
            auth=httpx.BasicAuth(ACCOUNT, AUTH) if route.startswith("twilio") else httpx.USE_CLIENT_DEFAULT,
        )
    assert answer.status_code < 500


@pytest.mark.parametrize("action", ACTIONS)
async def test_what_the_page_can_not_mean_is_answered_in_words(action: str) -> None:
    config = SandboxConfig(
        gateway_url="http://127.0.0.1:1",
        public_url=PUBLIC,
        base_url="http://127.0.0.1:1",
        slack_bot_token=TOKEN,
        slack_signing_secret=SECRET,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH,
    )
    bodies = [*BODIES.values(), *(("application/json", body) for body in OBJECTS)]
    async with (
        opened(config) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http,
    ):
        for content_type, body in bodies:
            answer = await http.post(
                f"/{action}", content=body, headers=[(b"content-type", content_type.encode("latin-1"))]
            )
            assert answer.status_code in {200, 400, 409}
            assert answer.json()
