"""What a line answers by itself: its words, and what a conversation remembers of it. Pure.

All kinds are off until somebody writes their words. An automatic text is nobody's answer: it changes no ticket, cancels
no notification, and the contact still waits.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from messages.base import Document, Moment
from messages.formats.segments import Segments, segments
from messages.sms import LIMIT


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

    @property
    def is_about_hours(self) -> bool:
        """Whether the line must be closed for it."""
        return self in {AutoKind.CLOSED, AutoKind.HOLIDAY}


WAITING_AFTER: Final = 60
LONGEST_WAIT: Final = 7 * 24 * 60
"""The most open minutes after which `waiting` may be due."""


class AutoReplies(Document):
    """What a line answers by itself, kind by kind; blank: nothing. `waiting_after` counts open minutes."""

    closed: str = ""
    holiday: str = ""
    received: str = ""
    waiting: str = ""
    waiting_after: int = WAITING_AFTER

    def words(self, kind: AutoKind) -> str:
        """The words of a kind, with their placeholders; blank if it is off."""
        given: str = getattr(self, kind.value)
        return given

    @property
    def kinds(self) -> tuple[AutoKind, ...]:
        """The kinds that are on."""
        return tuple(kind for kind in AutoKind if self.words(kind))


OFFERED: Final[Mapping[AutoKind, str]] = {
    AutoKind.CLOSED: "Thanks for your text. We are back {opens} and will answer then.",
    AutoKind.HOLIDAY: "We are closed for {holiday}. We are back {opens}.",
    AutoKind.RECEIVED: "Thanks for your text. Somebody will answer shortly.",
    AutoKind.WAITING: "Still with you: somebody will answer shortly.",
}
"""The words that are offered for each kind."""

PLACEHOLDERS: Final[Mapping[AutoKind, tuple[str, ...]]] = {
    AutoKind.CLOSED: ("opens", "line"),
    AutoKind.HOLIDAY: ("opens", "line", "holiday"),
    AutoKind.RECEIVED: ("line",),
    AutoKind.WAITING: ("line",),
}
"""What Clerk fills in: when the line opens, the line's name, and the name of the day."""

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

OFF: Final = "off"
DEFAULT: Final = "default"


def setting(now: AutoReplies, typed: str) -> AutoReplies:
    """The settings after what was typed: KIND=WORDS, KIND=default, KIND=off, waiting-after=MINUTES, or off.

    ValueError, with the reason, if it is none of these.
    """
    name, equals, words = typed.strip().partition("=")
    name, words = name.strip().lower(), " ".join(words.split())
    if name == OFF and not equals:
        return AutoReplies(waiting_after=now.waiting_after)
    if name == "waiting-after" and equals:
        return now.model_copy(update={"waiting_after": _minutes(words)})
    if name not in AutoKind or not equals:
        kinds = ", ".join(AutoKind)
        raise ValueError(f"give KIND=WORDS, KIND=default, KIND=off, waiting-after=MINUTES or off, with KIND of {kinds}")
    kind = AutoKind(name)
    if words.lower() == OFF:
        words = ""
    elif words.lower() == DEFAULT:
        words = OFFERED[kind]
    elif not words:
        raise ValueError(f"{kind}: write the words, or {kind}=off")
    if why := trouble(kind, words):
        raise ValueError(f"{kind}: {why}")
    return now.model_copy(update={kind.value: words})


def _minutes(typed: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", typed) or not 1 <= int(typed) <= LONGEST_WAIT:
        raise ValueError(f"waiting-after: open minutes, from 1 to {LONGEST_WAIT}")
    return int(typed)


def trouble(kind: AutoKind, words: str) -> str:
    """What is wrong with the words of a kind; blank if nothing is."""
    known = PLACEHOLDERS[kind]
    for name in _PLACEHOLDER.findall(words):
        if name not in known:
            named = " and ".join(f"{{{each}}}" for each in known)
            return f"{{{name}}} is nothing that Clerk can fill in there: it knows {named}"
    longest = segments(filled(words, _LONGEST)).characters
    return f"{longest} characters with what is filled in, and a text has at most {LIMIT}" if longest > LIMIT else ""


@dataclass(frozen=True)
class Filling:
    """What is filled in: when the line opens, its name, and the name of the day; blank: there is none."""

    opens: str = ""
    line: str = ""
    holiday: str = ""


EXAMPLE: Final = Filling(opens="tomorrow at 9:00", line="the line", holiday="Thanksgiving")
_LONGEST: Final = Filling(opens="on Wednesday at 10:00 (Buenos Aires)", line="n" * 80, holiday="h" * 80)


def filled(words: str, filling: Filling) -> str:
    """Words with their placeholders filled in."""
    return _PLACEHOLDER.sub(lambda found: str(getattr(filling, found[1], found[0])), words)


def is_fillable(words: str, filling: Filling) -> bool:
    """Whether there is something to fill in for each placeholder."""
    return all(getattr(filling, name, "") for name in _PLACEHOLDER.findall(words))


@dataclass(frozen=True)
class AutoExample:
    """A kind's words as a contact may get them, and what they cost."""

    kind: AutoKind
    text: str
    size: Segments

    def __str__(self) -> str:
        several = "segment" if self.size.count == 1 else "segments"
        return f"{self.kind}: “{self.text}” ({self.size.count} {several}, {self.size.encoding})"


def examples(settings: AutoReplies, line: str, opens: str = "") -> Iterable[AutoExample]:
    """The texts that are on, as a contact of the line (its name) may get them; it opens then, if that is known."""
    filling = Filling(opens=opens or EXAMPLE.opens, line=line, holiday=EXAMPLE.holiday)
    for kind in settings.kinds:
        text = filled(settings.words(kind), filling)
        yield AutoExample(kind, text, segments(text))


# -- what a conversation remembers ------------------------------------------------------------------------------------

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


class AutoOrder(Document):
    """An automatic text that is to be written: it is in no other document yet."""

    id: str
    kind: AutoKind
    body: str
    at: Moment


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


class Wait(Document):
    """The contact of a ticket waits `since` then; if nobody answers, Clerk says at `due_at` that somebody will."""

    ticket: int
    since: Moment
    due_at: Moment


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
