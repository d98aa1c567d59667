"""A Web API call's arguments, as Slack reads them (https://docs.slack.dev/apis/web-api#post_bodies)."""

import json
from typing import Any, Final

from starlette.requests import Request

from sandbox.json_object import Json
from sandbox.slack.refusals import SlackRefusal

_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


class Arguments:
    """Named arguments; each reader refuses a missing or malformed argument as Slack does."""

    def __init__(self, given: Json) -> None:
        self.given = given

    def text(self, name: str, default: str = "") -> str:
        """A string, or the default if it isn't given."""
        value = self.given.get(name)
        return default if value in (None, "") else str(value)

    def required(self, name: str) -> str:
        """A string that must be given."""
        if self.given.get(name) in (None, ""):
            raise SlackRefusal("invalid_arguments", f"missing required field: {name}")
        return str(self.given[name])

    def flag(self, name: str) -> bool:
        """Whether a boolean argument is given and true."""
        return str(self.given.get(name, "")).lower() in {"1", "true"}

    def integer(self, name: str, default: int) -> int:
        """A whole number, or the default if it isn't given."""
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit():
            raise SlackRefusal("invalid_arguments", f"must be an integer [json-pointer:/{name}]")
        return int(value)

    def structure(self, name: str) -> Any:
        """An object or array, given as such or as JSON text; None if it isn't given."""
        value = self.given.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackRefusal("invalid_arguments", f"must be JSON [json-pointer:/{name}]") from None


async def read(request: Request, *, takes_json: bool) -> tuple[Json, str | None]:
    """Return a call's arguments, and Slack's warning to the caller if there is one.

    Slack does not read a JSON body sent to a method that takes none.
    """
    arguments: Json = dict(request.query_params)
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    body = await request.body()
    if not body:
        return arguments, None
    if kind == "application/json":
        if not takes_json:
            return arguments, "json_not_accepted"
        try:
            found = json.loads(body)
        except ValueError:
            raise SlackRefusal("invalid_json") from None
        if not isinstance(found, dict):
            raise SlackRefusal("json_not_object")
        return arguments | found, None if "charset" in parameters else "missing_charset"
    if not kind:
        raise SlackRefusal("missing_post_type")
    if kind not in _FORMS:
        raise SlackRefusal("invalid_post_type")
    async with request.form() as form:
        return arguments | {name: str(value) for name, value in form.items()}, None
