"""How Slack refuses a call. Pure."""

from collections.abc import Iterable

from sandbox.json_object import Json


class SlackRefusal(Exception):
    """Slack refuses; `error` is Slack's code for the reason, `details` say what exactly is wrong."""

    def __init__(self, error: str, *details: str) -> None:
        super().__init__(error)
        self.error = error
        self.details = details

    def body(self) -> Json:
        """The body of Slack's answer."""
        body: Json = {"ok": False, "error": self.error}
        if self.error == "invalid_blocks":
            body["errors"] = [*self.details]
        if self.details:
            body["response_metadata"] = {"messages": [f"[ERROR] {each}" for each in self.details]}
        return body


class MissingScope(SlackRefusal):
    """The token lacks the scope that the call needs."""

    def __init__(self, needed: str, provided: Iterable[str]) -> None:
        super().__init__("missing_scope")
        self.needed = needed
        self.provided = ",".join(sorted(provided))

    def body(self) -> Json:
        """The body of Slack's answer."""
        return {**super().body(), "needed": self.needed, "provided": self.provided}
