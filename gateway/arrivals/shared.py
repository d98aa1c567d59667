"""The order in which texts arrived at any of a team's gateways: each tells the others of every text it takes.

The two texts of a contact may come through two gateways, and the worker that has the first in hand may die before it
has stored it. Only who heard of the first can say that the second waits for it.
"""

from collections.abc import Callable
from typing import Final, Literal

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.arrivals.own import Arrivals
from messages.process.publishing import new_id

log = structlog.get_logger("clerk.gateway")

type Say = Callable[[bytes], None]
"""Tells all gateways something, this one included, or nobody, if the connection is lost."""


class ArrivalNote(BaseModel):
    """What a gateway tells the others.

    `hello`: it hears them from now on, and may have taken texts of which they did not hear. `here` answers that.
    `text`: it takes a text, which came after the text `after`. `failed`: it could not put that text on its queue.
    """

    model_config = ConfigDict(frozen=True)

    by: str
    what: Literal["hello", "here", "text", "failed"]
    line: str = ""
    contact: str = ""
    sid: str = ""
    after: str | None = None


class SharedArrivals(Arrivals):
    """Remembers which text of the same contact came before, at whichever gateway; alone, until another one is heard.

    What was heard before a gap proves nothing about what came in the gap: then it forgets which texts are the last
    ones, and a worker asks the provider for what came before the next.
    """

    def __init__(self) -> None:
        super().__init__()
        self._name: Final = new_id()
        self._say: Say | None = None
        self._others: set[str] = set()

    def arrived(self, line: str, contact: str, sid: str) -> str | None:
        """The sid that came before this one at any gateway; the same for each delivery of a text."""
        is_new = sid not in self._before
        before = super().arrived(line, contact, sid)
        if is_new:
            self._tell("text", line, contact, sid, before)
        return before

    def failed(self, line: str, contact: str, sid: str) -> None:
        """Forget a text that could not be published, unless others follow it already."""
        super().failed(line, contact, sid)
        self._tell("failed", line, contact, sid)

    def opened(self, say: Say) -> None:
        """The other gateways are heard from now on, and hear what `say` tells them."""
        self._say = say
        if self._others:
            self._last.clear()
        say(ArrivalNote(by=self._name, what="hello").model_dump_json().encode())

    def closed(self) -> None:
        """The other gateways are not heard any more."""
        self._say = None

    def hear(self, body: bytes) -> None:
        """Take in what a gateway told all; what a later version says in other words is ignored."""
        try:
            note = ArrivalNote.model_validate_json(body)
        except ValidationError as error:
            log.info("another gateway says something that this version does not know", fields=error.error_count())
            return
        if note.by == self._name:
            return
        is_new = note.by not in self._others
        self._others.add(note.by)
        match note.what:
            case "text":
                if note.sid not in self._before:
                    self._remember(note.line, note.contact, note.sid, note.after)
            case "failed":
                super().failed(note.line, note.contact, note.sid)
            case "hello" | "here":
                if is_new or note.what == "hello":
                    self._last.clear()
                if note.what == "hello" and self._say is not None:
                    self._say(ArrivalNote(by=self._name, what="here").model_dump_json().encode())

    def _tell(
        self, what: Literal["text", "failed"], line: str, contact: str, sid: str, after: str | None = None
    ) -> None:
        if self._say is not None and self._others:
            note = ArrivalNote(by=self._name, what=what, line=line, contact=contact, sid=sid, after=after)
            self._say(note.model_dump_json().encode())
