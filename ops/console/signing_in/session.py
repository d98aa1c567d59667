"""Who may see the console: everyone who has CLERK_OPS_TOKEN, as a bearer token or by the cookie of the sign-in form.

A link that `clerk run` printed signs in once.
"""

import hashlib
import hmac
import math
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.datastructures import FormData, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.refusals import Refusals
from gateway.webhook import Rejected
from ops.console.forms import form_of
from ops.console.signing_in.one_time_links import PAGE, PATH, OneTimeLinks

COOKIE: Final = "clerk_ops"
COOKIE_SECONDS: Final = 12 * 3600
TRIES: Final = 60
NEXT_TRY_AFTER: Final = timedelta(seconds=2)
"""After this many wrong tokens or forms, an address gets the reason only this often. The right token always passes."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
READS: Final = frozenset({"GET", "HEAD"})
MOST_BYTES: Final = 1 << 20
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


_USED: Final = PAGE.replace(
    '<form method="post"',
    '<p class="error" role="alert">This link was used before, or is not ours.</p>\n  <form method="post"',
)


class Token:
    """The console's token, and what is derived from it. It compares in constant time."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._key = hashlib.sha256(b"clerk console " + self._token).digest()

    def is_right(self, given: str) -> bool:
        """Whether this is the token. Digests are compared, so that the time tells nothing of its length either."""
        digest = hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest()
        return hmac.compare_digest(digest, hashlib.sha256(self._token).digest())

    def cookie_value(self, expires: int) -> str:
        """The value of a cookie that admits its bearer until `expires` (seconds since 1970)."""
        return f"{expires}.{self._sign(f'pass {expires}')}"

    def is_valid_cookie(self, cookie: str, now: float) -> bool:
        """Whether a cookie's value is one of ours and has not expired."""
        expires, _, signature = cookie.partition(".")
        if not (expires.isascii() and expires.isdigit() and len(expires) < 12) or int(expires) < now:
            return False
        return hmac.compare_digest(
            signature.encode("utf-8", "surrogatepass"), self._sign(f"pass {int(expires)}").encode()
        )

    def form_key(self, cookie: str) -> str:
        """The key that every form carries that the cookie's bearer was shown, so that no other site can forge one."""
        return self._sign(f"form {cookie}")

    def is_form_key(self, cookie: str, key: str) -> bool:
        """Whether this is the key of the forms of the cookie's bearer."""
        return hmac.compare_digest(key.encode("utf-8", "surrogatepass"), self.form_key(cookie).encode())

    def _sign(self, what: str) -> str:
        return hmac.new(self._key, what.encode(), hashlib.sha256).hexdigest()


class Authentication:
    """Answers requests without the token by the sign-in form, which `sign_in` draws, and passes on all others."""

    def __init__(
        self,
        app: ASGIApp,
        token: Token,
        sign_in: Callable[[Request], Response],
        *,
        secure: bool,
        links: OneTimeLinks | None = None,
    ) -> None:
        self._app, self._token, self._draw, self._secure = app, token, sign_in, secure
        self._links = links or OneTimeLinks()
        self._wrong = Refusals(TRIES, NEXT_TRY_AFTER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return

        async def send_secured(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        body = b"" if scope["method"] in READS else await _body(receive)
        if body is None:
            await Response("The request is too long.", 413)(scope, receive, send_secured)
            return

        async def received() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        again = receive if scope["method"] in READS else received
        request = Request(scope, again)
        try:
            answer = self._answer(request, body)
        except Rejected as rejected:
            answer = self._count_wrong(request) or Response(f"{rejected.reason}\n", rejected.status)
        await (answer or self._app)(scope, again, send_secured)

    def _answer(self, request: Request, body: bytes) -> Response | None:
        """The answer in place of the page; None if the request may have the page. Rejected if its form is none."""
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if path.startswith("/static/"):
            return None
        if path == PATH and request.method in READS:
            return HTMLResponse(PAGE)
        if path == "/sign-in" and request.method == "POST":
            return self._sign_in(request, _form(request, body))
        bearer = request.headers.get("authorization", "")
        if bearer.lower().startswith("bearer "):
            request.scope["form_key"] = ""
            if self._token.is_right(bearer[7:].strip()):
                return None
            return self._count_wrong(request) or _refused("the token is wrong")
        cookie = request.cookies.get(COOKIE, "")
        if not self._token.is_valid_cookie(cookie, time.time()):
            if path.startswith("/api"):
                return _refused("send the header Authorization: Bearer CLERK_OPS_TOKEN")
            return self._draw(request) if request.method in READS else RedirectResponse("/ops/", 303)
        request.scope["form_key"] = self._token.form_key(cookie)
        if request.method in READS:
            return None
        if not self._is_ours(request, cookie, body):
            return Response("This form does not come from the console. Load the page again, then retry.", 403)
        return _sign_out() if path == "/sign-out" else None

    def _is_ours(self, request: Request, cookie: str, body: bytes) -> bool:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        key = request.headers.get("x-form-key")
        if key is None:
            key = str(_form(request, body).get("form_key", ""))
        return self._token.is_form_key(cookie, key)

    def _count_wrong(self, request: Request) -> Response | None:
        """Count a wrong token or form; the answer in place of the reason once there were too many."""
        address = request.client.host if request.client else ""
        wait = self._wrong.count_refusal(address, datetime.now(UTC))
        return None if wait is None else _too_many_tries(wait)

    def _sign_in(self, request: Request, form: FormData) -> Response:
        if "code" in form:
            if not self._links.take(str(form["code"]).strip()):
                return self._count_wrong(request) or HTMLResponse(_USED, 403)
        elif not self._token.is_right(str(form.get("token", "")).strip()):
            return self._count_wrong(request) or RedirectResponse("/ops/?wrong=1", 303)
        after = str(form.get("after", ""))
        answer = RedirectResponse(after if after.startswith("/ops/") else "/ops/", 303)
        answer.set_cookie(
            COOKIE,
            self._token.cookie_value(int(time.time()) + COOKIE_SECONDS),
            max_age=COOKIE_SECONDS,
            path="/ops",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
        return answer


def _form(request: Request, body: bytes) -> FormData:
    return FormData([*form_of(body, request.headers.get("content-type", ""))])


def _sign_out() -> Response:
    answer = RedirectResponse("/ops/", 303)
    answer.delete_cookie(COOKIE, path="/ops")
    return answer


def _too_many_tries(wait: timedelta) -> Response:
    seconds = math.ceil(wait.total_seconds())
    why = f"Too many wrong tokens or forms came from this address. The right token passes; others wait {seconds} s."
    return Response(why, 429, {"retry-after": str(seconds)})


def _refused(why: str) -> Response:
    return JSONResponse({"error": why}, 401)


async def _body(receive: Receive) -> bytes | None:
    """A request's body; None if it is longer than any form of the console."""
    body = b""
    while len(body) <= MOST_BYTES:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body
    return None
