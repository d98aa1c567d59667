"""The order in which texts arrived at any of a team's gateways: each tells the others of every text it takes.

The two texts of a contact may come through two gateways, and the worker that has the first in hand may die before it
has stored it. Only who heard of the first can say that the second waits for it.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, Literal

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.arrivals.own import MOST, Arrivals
from messages.process.publishing import new_id

log = structlog.get_logger("clerk.gateway")

type Say = Callable[[bytes], None]
"""Tells all gateways something, this one included, or nobody, if the connection is lost."""

MOST_UNTOLD: Final = 200
"""How many texts of which no other gateway heard are told once one does; more are taken for known to the provider."""


class ArrivalNote(BaseModel):
    """What a gateway tells the others.

    `hello`: it hears them from now on. `here` answers a gateway that is heard for the first time. `text`: it takes a
    text, at a time (in seconds since 1970), which came after the text `after`. `failed`: it could not put that text on
    its queue.
    """

    model_config = ConfigDict(frozen=True)

    by: str
    what: Literal["hello", "here", "text", "failed"]
    line: str = ""
    contact: str = ""
    sid: str = ""
    after: str | None = None
    at: float = 0.0


class SharedArrivals(Arrivals):
    """Remembers which text of the same contact came before, at whichever gateway; alone, until another one is heard.

    A gateway that may have missed what others said forgets which texts are the last ones: then a worker asks the
    provider for what came before the next.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._now = now
        self._name: Final = new_id()
        self._say: Say | None = None
        self._others: set[str] = set()
        self._came: OrderedDict[tuple[str, str], float] = OrderedDict()
        """When the last text of each pair came."""
        self._untold: deque[ArrivalNote] = deque(maxlen=MOST_UNTOLD)

    def arrived(self, line: str, contact: str, sid: str) -> str | None:
        """The sid that came before this one at any gateway; the same for each delivery of a text."""
        is_new = sid not in self._before
        before = super().arrived(line, contact, sid)
        if is_new:
            at = self._now()
            self._note_time(line, contact, at)
            self._tell(self._note("text", line=line, contact=contact, sid=sid, after=before, at=at))
        return before

    def failed(self, line: str, contact: str, sid: str) -> None:
        """Forget a text that could not be published, unless others follow it already."""
        self._forget(line, contact, sid)
        self._tell(self._note("failed", line=line, contact=contact, sid=sid))

    def opened(self, say: Say) -> None:
        """The other gateways are heard from now on, and hear what `say` tells them."""
        self._say = say
        self._say_note(self._note("hello"))
        if self._others:
            self._last.clear()
            self._tell_untold()

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
        if note.by not in self._others:
            self._others.add(note.by)
            self._meet(note)
        if note.what == "text":
            self._hear_text(note)
        elif note.what == "failed":
            self._forget(note.line, note.contact, note.sid)

    def _meet(self, note: ArrivalNote) -> None:
        """Get to know a gateway: one that was there before has taken texts of which this one did not hear."""
        if note.what == "here":
            self._last.clear()
        else:
            self._say_note(self._note("here"))
        self._tell_untold()

    def _hear_text(self, note: ArrivalNote) -> None:
        if note.sid in self._before:
            return
        pair = (note.line, note.contact)
        newest, came = self._last.get(pair), self._came.get(pair, 0.0)
        if newest is not None and note.at < came:
            self._remember(note.line, note.contact, note.sid, note.after)
            self._last[pair] = newest
        else:
            before = note.after if newest in {None, note.sid} else newest
            self._remember(note.line, note.contact, note.sid, before)
            self._note_time(note.line, note.contact, note.at)

    def _forget(self, line: str, contact: str, sid: str) -> None:
        if self._last.get((line, contact)) == sid:
            self._came.pop((line, contact), None)
        super().failed(line, contact, sid)

    def _note_time(self, line: str, contact: str, at: float) -> None:
        self._came[line, contact] = at
        self._came.move_to_end((line, contact))
        if len(self._came) > MOST:
            self._came.popitem(last=False)

    def _note(self, what: Literal["hello", "here", "text", "failed"], **about: str | float | None) -> ArrivalNote:
        return ArrivalNote.model_validate({"by": self._name, "what": what, **about})

    def _tell(self, note: ArrivalNote) -> None:
        if self._say is None or not self._others:
            self._untold.append(note)
        else:
            self._say_note(note)

    def _tell_untold(self) -> None:
        while self._say is not None and self._untold:
            self._say_note(self._untold.popleft())

    def _say_note(self, note: ArrivalNote) -> None:
        if self._say is not None:
            self._say(note.model_dump_json().encode())
