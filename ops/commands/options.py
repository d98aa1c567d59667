"""What the commands share: options, and the error for a wrong argument."""

from typing import Annotated

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
ShowText = Annotated[bool, Parameter(name="--show-text", negative="")]


class Invalid(Exception):
    """An argument is wrong; the text says which and what to do."""
