"""What the commands share: options, and the error for a wrong argument."""

from typing import Annotated, Final, TextIO

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

AsJson = Annotated[bool, Parameter(name="--json", negative="", show_default=False, help="Print JSON.")]
ShowText = Annotated[
    bool,
    Parameter(
        name="--show-text", negative="", show_default=False, help="Show what contacts wrote and full phone numbers."
    ),
]


Wide = Annotated[
    bool, Parameter(name="--wide", negative="", show_default=False, help="Cut nothing to fit the terminal.")
]


WHOLE: Final = 1000
"""As wide as no table is."""


def console_of(out: TextIO) -> Console:
    """The console that tables are printed to; what is piped on is broken nowhere."""
    return Console(file=out, highlight=False, width=None if out.isatty() else WHOLE)


class Invalid(Exception):
    """An argument is wrong; the text says which and what to do."""


def in_one_line(text: str, console: Console, *, wide: bool) -> Text:
    """A text in one line, cut to the width of a terminal unless `wide`; what is piped on is never cut."""
    line = Text(" " * (len(text) - len(text.lstrip())) + " ".join(text.split()))
    if console.is_terminal and not wide:
        line.truncate(console.width, overflow="ellipsis")
    return line
