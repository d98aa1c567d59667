"""What the commands share: options, and the error for a wrong argument."""

from typing import Annotated

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
ShowText = Annotated[
    bool, Parameter(name="--show-text", negative="", help="Show what contacts wrote and full phone numbers.")
]


class Invalid(Exception):
    """An argument is wrong; the text says which and what to do."""
