"""What a line answers by itself, and what a conversation remembers of it and is yet to do. Pure."""

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from messages.base import Document, Moment


class AutoKind(StrEnum):
    """What an automatic text says."""

    CLOSED = "closed"
    """The contact wrote while the line is closed."""
    HOLIDAY = "holiday"
    """The contact wrote on a day that is closed and has a name."""
    RECEIVED = "received"
    """The contact's text began a ticket while the line is open."""
    WAITING = "waiting"
    """Nobody has answered for some open minutes."""
    NUDGE = "nudge"
    """The ticket has been Pending for some days, and the contact says nothing."""

    @property
    def is_about_hours(self) -> bool:
        """Whether the line must be closed for it."""
        return self in {AutoKind.CLOSED, AutoKind.HOLIDAY}

    @property
    def answers_at_once(self) -> bool:
        """Whether the contact has just written, and so is awake."""
        return self not in {AutoKind.WAITING, AutoKind.NUDGE}


WAITING_AFTER: Final = 60
NUDGE_AFTER: Final = 3
SOLVE_AFTER: Final = 4


class AutoReplies(Document):
    """What a line says by itself, kind by kind; blank: nothing. `waiting_after` counts open minutes.

    `nudge_after` are the days for which a ticket is Pending before its contact is asked again, and `solve_after` those
    after which it is Solved, if the contact says nothing even then.
    """

    closed: str = ""
    holiday: str = ""
    received: str = ""
    waiting: str = ""
    waiting_after: int = WAITING_AFTER
    nudge: str = ""
    nudge_after: int = NUDGE_AFTER
    solve_after: int = SOLVE_AFTER

    def words(self, kind: AutoKind) -> str:
        """The words of a kind, with their placeholders; blank if it is off."""
        given: str = getattr(self, kind.value)
        return given

    @property
    def kinds(self) -> tuple[AutoKind, ...]:
        """The kinds that are on."""
        return tuple(kind for kind in AutoKind if self.words(kind))


ANSWERS_KEPT: Final = 8
ARRIVALS_KEPT: Final = 5
ALIKE_KEPT: Final = 40


class AutoText(Document):
    """An automatic text that was decided: its id, its kind, and what it answered (`period`, the ticket).

    `sent_at` is when the provider had it. `quick` says whether the contact's next text came within seconds of it.
    """

    id: str
    kind: AutoKind
    ticket: int
    period: str
    at: Moment
    sent_at: Moment | None = None
    quick: bool | None = None


class Wait(Document):
    """The contact of a ticket waits `since` then; if nobody answers, Clerk says at `due_at` that somebody will."""

    ticket: int
    since: Moment
    due_at: Moment


class AutoOrder(Document):
    """An automatic text that is to be written: it is in no other document yet. `wait` is the wait that it ends."""

    id: str
    kind: AutoKind
    body: str
    at: Moment
    wait: Wait | None = None


class SeenWords(Document):
    """What a contact wrote at a time, as a hash of its letters and digits."""

    digest: str
    at: Moment


class Stop(Document):
    """Clerk takes the contact for a machine since `at`, and answers it no more by itself before `until`.

    `told` says that the thread of the ticket `ticket` says so, or is about to.
    """

    at: Moment
    until: Moment
    told: bool = False
    ticket: int | None = None


class Answering(Document):
    """What a conversation remembers of automatic texts; a save compares `version`.

    `considered` is the newest inbound text that was taken into account. `answers`, `arrivals` (when the contact's
    newest texts came) and `alike` (what they said) are the newest few. `order` is to be written, and `tell` says that
    a ticket's history is to say that Clerk stopped: until that is done, and while the contact waits, `due_at` tells the
    clock when to look.
    """

    version: int = 0
    considered: int = 0
    answers: tuple[AutoText, ...] = ()
    arrivals: tuple[Moment, ...] = ()
    alike: tuple[SeenWords, ...] = ()
    stop: Stop | None = None
    tell: bool = False
    wait: Wait | None = None
    order: AutoOrder | None = None
    due_at: Moment | None = None

    @property
    def stopped_until(self) -> datetime | None:
        """Until when Clerk answers the contact no more by itself, because it looks like a machine."""
        return self.stop.until if self.stop is not None else None

    def changed(self, look_at: datetime, **update: Any) -> "Answering":
        """The next version; what is to be done is looked for at `look_at`, unless it is done by then."""
        after = self.model_copy(update=update)
        dues = [after.wait.due_at] if after.wait is not None else []
        dues += [look_at] if after.order is not None or after.tell else []
        return after.model_copy(update={"version": self.version + 1, "due_at": min(dues, default=None)})

    def without_order(self, id: str, look_at: datetime) -> "Answering":
        """The state once an automatic text is written, or is not to be written any more."""
        if self.order is None or self.order.id != id:
            return self
        return self.changed(look_at, order=None)

    def put_off(self, id: str, until: datetime, look_at: datetime) -> "Answering":
        """The state if an automatic text is not written now: whether the contact still waits is asked anew then."""
        order = self.order
        if order is None or order.id != id:
            return self
        wait = order.wait.model_copy(update={"due_at": until}) if order.wait is not None else self.wait
        answers = tuple(each for each in self.answers if each.id != id)
        return self.changed(look_at, order=None, wait=wait, answers=answers)

    def told(self, look_at: datetime) -> "Answering":
        """The state once the ticket's history says that Clerk stopped."""
        return self.changed(look_at, tell=False) if self.tell else self

    def resumed(self, since: datetime, look_at: datetime) -> "Answering":
        """The state once a person says that the contact who was taken for a machine since then is none."""
        if self.stop is None or self.stop.at != since:
            return self
        answers = tuple(each.model_copy(update={"quick": False}) for each in self.answers)
        return self.changed(look_at, stop=None, tell=False, arrivals=(), alike=(), answers=answers)

    def sent(self, id: str, at: datetime) -> "Answering":
        """The state once the provider has an automatic text."""
        found = [each for each in self.answers if each.id == id and each.sent_at is None]
        if not found:
            return self
        answers = tuple(each.model_copy(update={"sent_at": at}) if each.id == id else each for each in self.answers)
        return self.model_copy(update={"answers": answers, "version": self.version + 1})


_NO_WORD: Final = re.compile(r"[\W_]+")


def words_digest(body: str) -> str:
    """What makes two texts alike: a hash of their letters and digits; blank if they have none."""
    words = _NO_WORD.sub("", body.casefold())
    return hashlib.blake2b(words.encode(), digest_size=6).hexdigest() if words else ""
