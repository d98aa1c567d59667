"""The words of automatic texts: as operators type them, and as contacts get them. Pure.

All kinds are off until somebody writes their words. An automatic text is nobody's answer: it changes no ticket, cancels
no notification, and the contact still waits.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from messages.answering import NUDGE_AFTER, SOLVE_AFTER, WAITING_AFTER, AutoKind, AutoReplies
from messages.formats.segments import Segments, segments
from messages.sms import LIMIT
from messages.team import placeholders

LONGEST_WAIT: Final = 7 * 24 * 60
"""The most open minutes after which `waiting` may be due."""

MOST_DAYS: Final = 60
"""The most days after which a contact is asked again, or a ticket is Solved whose contact was."""

TIMES: Final[Mapping[str, tuple[str, int, str, AutoKind]]] = {
    "waiting-after": ("waiting_after", LONGEST_WAIT, "open minutes", AutoKind.WAITING),
    "nudge-after": ("nudge_after", MOST_DAYS, "days", AutoKind.NUDGE),
    "solve-after": ("solve_after", MOST_DAYS, "days", AutoKind.NUDGE),
}
"""The times that operators set: the field of each, its bound, what it counts, and for which kind."""

_BY_ITSELF: Final = AutoReplies(waiting_after=WAITING_AFTER, nudge_after=NUDGE_AFTER, solve_after=SOLVE_AFTER)
"""The settings of a line for which nobody set any."""

OFFERED: Final[Mapping[AutoKind, str]] = {
    AutoKind.CLOSED: "Thanks for your text. We are back {opens} and will answer then.",
    AutoKind.HOLIDAY: "We are closed for {holiday}. We are back {opens}.",
    AutoKind.RECEIVED: "Thanks for your text. Somebody will answer shortly.",
    AutoKind.WAITING: "Still with you: somebody will answer shortly.",
    AutoKind.NUDGE: "We have not heard from you. Do you still need us? Just answer this text.",
}
"""The words that are offered for each kind."""

PLACEHOLDERS: Final[Mapping[AutoKind, tuple[str, ...]]] = {
    AutoKind.CLOSED: ("opens", "line"),
    AutoKind.HOLIDAY: ("opens", "line", "holiday"),
    AutoKind.RECEIVED: ("line",),
    AutoKind.WAITING: ("line",),
    AutoKind.NUDGE: ("line",),
}
"""What Clerk fills in: when the line opens, the line's name, and the name of the day."""

OFF: Final = "off"
DEFAULT: Final = "default"


def setting(now: AutoReplies, typed: str) -> AutoReplies:
    """The settings after what was typed: KIND=WORDS, KIND=default, KIND=off, waiting-after=MINUTES, nudge-after=DAYS,
    solve-after=DAYS, or off.

    ValueError, with the reason, if it is none of these.
    """
    name, equals, words = typed.strip().partition("=")
    name, words = name.strip().lower(), " ".join(words.split())
    if name == OFF and not equals:
        return now.model_copy(update={kind.value: "" for kind in AutoKind})
    if name in TIMES and equals:
        return now.model_copy(update={TIMES[name][0]: _number(name, words)})
    if name not in AutoKind or not equals:
        kinds = ", ".join(AutoKind)
        raise ValueError(
            "give KIND=WORDS, KIND=default, KIND=off, waiting-after=MINUTES, nudge-after=DAYS, solve-after=DAYS, or "
            f"off, with KIND of {kinds}"
        )
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


def _number(name: str, typed: str) -> int:
    _, most, counted, _ = TIMES[name]
    if not re.fullmatch(r"[0-9]{1,6}", typed) or not 1 <= int(typed) <= most:
        raise ValueError(f"{name}: {counted}, from 1 to {most}")
    return int(typed)


def trouble(kind: AutoKind, words: str) -> str:
    """What is wrong with the words of a kind; blank if nothing is."""
    if why := placeholders.trouble(words, PLACEHOLDERS[kind]):
        return why
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
    return placeholders.filled(words, asdict(filling))


def is_fillable(words: str, filling: Filling) -> bool:
    """Whether there is something to fill in for each placeholder."""
    return not placeholders.empty(words, asdict(filling))


LONG: Final = 3
"""More segments than these are many for a text that everybody gets."""


def inert(settings: AutoReplies, line: str, *, has_calendar: bool, opens: bool = True) -> Iterable[str]:
    """What of a line's settings does nothing, or costs more than it should, in words; `line` is its name.

    A calendar that never `opens` lets nothing be said while it is open.
    """
    for name, (field, _, _, kind) in TIMES.items():
        if not settings.words(kind) and getattr(settings, field) != getattr(_BY_ITSELF, field):
            yield f"{name}: does nothing while {kind} has no words"
    hours = [kind for kind in settings.kinds if kind.is_about_hours]
    if hours and not has_calendar:
        yield f"{' and '.join(hours)}: never sent, since the line has no calendar and is always open"
    in_hours = [kind for kind in settings.kinds if not kind.is_about_hours]
    if in_hours and not opens:
        yield f"{' and '.join(in_hours)}: never sent, since the line's calendar never opens"
    for example in examples(settings, line):
        if (longest := example.size.characters) > LIMIT:
            yield f"{example.kind}: {longest} characters, and a text has at most {LIMIT}"
        elif example.size.count > LONG:
            yield f"{example.kind}: {example.size.count} segments ({example.size.encoding}) for each contact"


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
