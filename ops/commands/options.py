"""What the commands have in common: options, and the way to refuse an argument."""

from typing import Annotated

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
ShowText = Annotated[bool, Parameter(name="--show-text", negative="")]


class Invalid(Exception):
    """An argument is wrong; the text says which and what to do."""
