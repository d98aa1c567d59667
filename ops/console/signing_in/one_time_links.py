"""Links that sign in to the console once, which `clerk run` prints on its terminal.

The code is behind the `#` of the address, which a browser does not send: it is in no access log. The page takes it out
of the address bar, and sends it in a form.
"""

import hashlib
import secrets
from typing import Final

PATH: Final = "/enter"

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · Clerk</title>
<link rel="icon" href="/ops/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/ops/static/console.css">
<script src="/ops/static/enter.js" defer></script>
</head>
<body class="door">
<main>
  <h1>Clerk operations</h1>
  <form method="post" action="/ops/sign-in" class="stack" id="enter">
    <label for="code">Code (what is behind # in the link)</label>
    <input id="code" name="code" type="password" required autocomplete="off">
    <button>Sign in</button>
  </form>
  <p class="dim">A link signs in once. <a href="/ops/">Sign in with the token</a> instead.</p>
</main>
</body>
</html>
"""


class OneTimeLinks:
    """The codes of this process that were not used yet."""

    def __init__(self) -> None:
        self._unused: set[bytes] = set()

    def new(self, url: str) -> str:
        """A link that signs in once to the console of the gateway at `url`."""
        code = secrets.token_urlsafe(24)
        self._unused.add(_digest(code))
        return f"{url}/ops{PATH}#{code}"

    def take(self, code: str) -> bool:
        """Whether a code is good; from now on it is not."""
        digest = _digest(code)
        if digest not in self._unused:
            return False
        self._unused.discard(digest)
        return True


def _digest(code: str) -> bytes:
    """Digests are compared, so that the time tells nothing of the codes."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
