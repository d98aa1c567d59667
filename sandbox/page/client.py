"""The sandbox of a running `clerk run`, used through its page's HTTP requests."""

import base64
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any, Final

import httpx

type Json = dict[str, Any]

WITHIN: Final = 20.0
LOOK: Final = 0.1


class Stalled(Exception):
    """What should have happened did not; the text says what."""


class SandboxClient:
    """One line of a sandbox: people act on it, and wait for what follows."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/sandbox/", trust_env=False, timeout=30)
        try:
            state = self._http.get("state").raise_for_status().json()
        except httpx.HTTPError as error:
            raise Stalled(f"no sandbox answers at {url}: start `clerk run` first ({type(error).__name__})") from None
        self.line: str = state["lines"][0]

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def do(self, path: str, **asked: Any) -> Json:
        """Make a request of the page; Stalled if it was not taken."""
        answer = self._http.post(path, json=asked)
        body: Json = answer.json() if answer.status_code in {200, 409} else {"status": answer.status_code}
        if body.get("status", 200) >= 300:
            raise Stalled(f"{path} was not taken: {body.get('body') or body['status']}")
        return body

    def wait[T](self, look: Callable[[Json], T | None], what: str, within: float = WITHIN) -> T:
        """What `look` finds in the sandbox's state, once it does; Stalled if it takes too long."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            found = look(self._http.get("state").json())
            if found:
                return found
            time.sleep(LOOK)
        raise Stalled(f"{what}: not within {within:g} seconds")

    # -- what contacts do -------------------------------------------------------------------------------------------

    def text(self, contact: str, body: str, picture: str | None = None) -> None:
        """A contact texts the line, with a picture from the page's own files if one is named."""
        media = []
        if picture is not None:
            content = (files("sandbox") / "static" / picture).read_bytes()
            media = [{"content_type": "image/png", "data": base64.b64encode(content).decode()}]
        self.do("text", **{"from": contact, "to": self.line, "body": body, "media": media})

    def fate(self, contact: str, body: str, fates: frozenset[str]) -> str:
        """How a text to a contact ended, once it is one of these statuses."""

        def look(state: Json) -> str | None:
            sent = [each for each in state["texts"] if each["to"] == contact and each["body"] == body]
            return next((each["status"] for each in reversed(sent) if each["status"] in fates), None)

        return self.wait(look, f"a text to {contact} is {' or '.join(sorted(fates))}")

    # -- what agents do ---------------------------------------------------------------------------------------------

    def card(self, contact: str) -> Json:
        """The first message of a contact's thread, once it is there."""

        def look(state: Json) -> Json | None:
            return next((each for each in _messages(state) if _id(each) == f"{self.line}:{contact}/root"), None)

        return self.wait(look, f"a card for {contact}")

    def count(self, contact: str, kind: str) -> int:
        """How many posts of a kind a conversation has."""
        return len(self._posts(self._http.get("state").json(), contact, kind))

    def posted(self, contact: str, kind: str, count: int) -> Json:
        """The newest of a conversation's posts of a kind, once there are so many."""

        def look(state: Json) -> Json | None:
            found = self._posts(state, contact, kind)
            return found[-1] if len(found) >= count else None

        return self.wait(look, f"{count} posts of kind {kind} for {contact}", 60)

    def _posts(self, state: Json, contact: str, kind: str) -> list[Json]:
        return [each for each in _messages(state) if _id(each).startswith(f"{self.line}:{contact}/{kind}/")]

    def click(self, user: str, message: Mapping[str, Any], action_id: str) -> None:
        """An agent clicks a button of a message."""
        self.do("click", user=user, channel=message["channel"], ts=message["ts"], action_id=action_id)

    def edit(self, user: str, contact: str, **values: Any) -> None:
        """An agent opens the ticket's modal from its card, fills it in and saves."""
        card = self.card(contact)
        self.click(user, card, "ticket.assign")
        view = self.wait(lambda state: next((each for each in state["views"] if each["user"] == user), None), "a modal")
        self.do("submit", user=user, view_id=view["id"], values=values)
        self.wait(lambda state: view["id"] not in {each["id"] for each in state["views"]}, "the modal closes")

    def reply(self, user: str, contact: str, text: str) -> None:
        """An agent writes in a contact's thread."""
        card = self.card(contact)
        self.do("reply", user=user, channel=card["channel"], thread_ts=card["ts"], text=text)

    # -- the debounce -----------------------------------------------------------------------------------------------

    def window(self, seconds: float | None = None) -> float | None:
        """The line's debounce window, changed if `seconds` are given; None where Clerk's inside is out of reach."""
        found = {each["line"]: each["seconds"] for each in self._http.get("window").json()}
        if self.line in found and seconds is not None:
            self.do("window", line=self.line, seconds=seconds)
        return found.get(self.line)

    def ahead(self) -> timedelta:
        """How far the sandbox's clock is ahead of the machine's."""
        return timedelta(seconds=self._http.get("clock").json()["ahead"])

    def offer_targets(self) -> None:
        """Let the line's tickets be due at the offered times, where Clerk's inside is within reach."""
        if self._http.get("window").json():
            self.do("targets", line=self.line)


def _messages(state: Json) -> list[Json]:
    return [each for channel in state["channels"] for each in channel["messages"]]


def _id(message: Json) -> str:
    """Our id of a message of ours, which it carries as metadata."""
    id: str = message.get("metadata", {}).get("event_payload", {}).get("id", "")
    return id
