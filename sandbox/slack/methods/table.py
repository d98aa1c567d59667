"""An entry in the table of Web API methods."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.json_object import Json
from sandbox.slack.methods.arguments import Arguments


@dataclass(frozen=True)
class WebApiMethod:
    """What a method does, the scopes (any one suffices), and whether it reads JSON bodies."""

    do: Callable[[Arguments], Json]
    scopes: tuple[str, ...] = ()
    takes_json: bool = True
