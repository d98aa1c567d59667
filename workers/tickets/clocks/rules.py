"""What happens to a ticket's clocks: a table, and the clocks that follow from what has happened. Pure.

Nothing is counted up: a ticket keeps what has happened (its marks), and its clocks follow from that, from its targets
and from its line's calendar. So an event may come twice, late, or turn out to be none, as an answer that fails later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, assert_never

from messages.calendar import Calendar, add_open
from messages.deadlines.clocks import ClockKind, ClockMark, HoursCounted, MarkKind, TicketClock
from messages.deadlines.lateness import counted
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.ticket import Status


class ClockEffect(StrEnum):
    """What something that has happened does to a clock."""

    BEGINS = "begins, unless it runs"
    STOPS = "stops"
    PAUSES = "pauses"
    RESUMES = "begins, or runs on with what it had used"
    NOTHING = "nothing"


M, X = MarkKind, ClockEffect

EFFECTS: Final[Mapping[MarkKind, tuple[ClockEffect, ClockEffect]]] = {
    #          first or next response, resolution
    M.TEXT:   (X.BEGINS,               X.NOTHING),
    M.ANSWER: (X.STOPS,                X.NOTHING),
    M.OPTED_OUT: (X.STOPS,             X.NOTHING),
    M.RUNS:   (X.NOTHING,              X.RESUMES),
    M.PAUSES: (X.NOTHING,              X.PAUSES),
    M.SOLVED: (X.STOPS,                X.STOPS),
}  # fmt: skip
"""docs/time.md, Clocks. What makes no mark does nothing to any clock: an automatic text, a note, a planned text before
it leaves, a snooze, a reassignment. An answer that has failed counts as none."""

MARKS_OF: Final[Mapping[Status, MarkKind]] = {
    Status.NEW: MarkKind.RUNS,
    Status.OPEN: MarkKind.RUNS,
    Status.PENDING: MarkKind.PAUSES,
    Status.ON_HOLD: MarkKind.PAUSES,
    Status.SOLVED: MarkKind.SOLVED,
    Status.CLOSED: MarkKind.SOLVED,
}
"""What a status means to the clocks."""


TOLD: Final = frozenset({MarkKind.TEXT, MarkKind.ANSWER, MarkKind.OPTED_OUT})
"""What marks no status."""


@dataclass(frozen=True)
class ContactWrote:
    """The contact's text number `seq` came to the gateway at `at`, and was filed at `known_at`."""

    seq: int
    at: datetime
    known_at: datetime


@dataclass(frozen=True)
class Answered:
    """The provider accepted a person's text, which was written at `at`, in this try; or it `failed` for good.

    `order` is the identity of the order by which the agent wrote.
    """

    order: str
    at: datetime
    tries: int = 1
    failed: bool = False


@dataclass(frozen=True)
class Moved:
    """The ticket got a status, in this version of it."""

    status: Status
    at: datetime
    version: int


@dataclass(frozen=True)
class Retargeted:
    """The rules may have changed."""


@dataclass(frozen=True)
class Ticked:
    """Time has passed: what has warned or fallen due is to be noted."""


@dataclass(frozen=True)
class OptedOut:
    """The contact opted out at `at`, and Clerk filed that at `known_at`; `of` names what told so, as a text does."""

    of: str
    at: datetime
    known_at: datetime


type Event = ContactWrote | OptedOut | Answered | Moved | Retargeted | Ticked


@dataclass(frozen=True)
class ClockRules:
    """By which rules a ticket's clocks run; without a calendar its line is always open.

    `dropped`: it is spam, or its contact is blocked.
    """

    policy: Policy
    priority: Priority
    calendar: Calendar | None = None
    dropped: bool = False

    def target(self, kind: ClockKind) -> Target | None:
        """The target of a clock; None if there is none."""
        return None if self.dropped else self.policy.target(self.priority, kind)

    def counts(self, target: Target) -> Calendar | None:
        """The calendar whose open hours count; None: all hours do."""
        return self.calendar if target.counts is HoursCounted.OPEN else None


@dataclass(frozen=True)
class ClockState:
    """What has happened to a ticket, and the clocks that follow from it."""

    marks: tuple[ClockMark, ...] = ()
    clocks: tuple[TicketClock, ...] = ()

    @property
    def next_at(self) -> datetime | None:
        """When the next clock warns or falls due."""
        return min((each.next_at for each in self.clocks if each.next_at is not None), default=None)


def advance(state: ClockState, event: Event, rules: ClockRules, now: datetime) -> ClockState:
    """What has happened after one more event, and the clocks that follow from it; an event that repeats is none."""
    state = replace(state, marks=_shortened(_with_mark(state.marks, event)))
    clocks = tuple(_clocks(state, rules))
    if isinstance(event, Ticked):
        clocks = tuple(_noted(each, now) for each in clocks)
    return replace(state, clocks=clocks)


def _noted(clock: TicketClock, now: datetime) -> TicketClock:
    """A clock on which is noted what has passed by now."""
    if not clock.is_running:
        return clock
    update: dict[str, datetime] = {}
    if clock.warned_at is None and clock.warn_at is not None and clock.warn_at <= now:
        update["warned_at"] = now
    if clock.breached_at is None and clock.due_at is not None and clock.due_at <= now:
        update["breached_at"] = now
    return clock.model_copy(update=update) if update else clock


_AFTER: Final = timedelta(milliseconds=1)


def _with_mark(marks: tuple[ClockMark, ...], event: Event) -> tuple[ClockMark, ...]:
    """The marks with what an event tells; the same if they have it.

    A status counts for all texts that the ticket had then, and a text that is filed after it is none that was solved,
    whatever the clocks of workers and of Slack say. So it is with an opt-out.
    """
    match event:
        case ContactWrote(seq=seq, at=at, known_at=known_at):
            over = (_known_at(each) + _AFTER for each in marks if each.kind in {MarkKind.SOLVED, MarkKind.OPTED_OUT})
            text = ClockMark(kind=MarkKind.TEXT, at=min(at, known_at), of=str(seq), known_at=max((known_at, *over)))
            return marks if any(_is_of(each, text) for each in marks) else (*marks, text)
        case OptedOut(of=of, at=at, known_at=known_at):
            wrote = (each.at for each in marks if each.kind is MarkKind.TEXT)
            out = ClockMark(kind=MarkKind.OPTED_OUT, at=min(max((at, *wrote)), known_at), of=of, known_at=known_at)
            return marks if any(_is_of(each, out) for each in marks) else (*marks, out)
        case Moved(status=status, at=at, version=version):
            kind, known = MARKS_OF[status], [each for each in marks if each.kind is not MarkKind.ANSWER]
            states = [each for each in known if each.kind not in TOLD]
            if states and (states[-1].kind is kind or int(states[-1].of) >= version):
                return marks
            return (*marks, ClockMark(kind=kind, at=max((at, *map(_known_at, known))), of=str(version)))
        case Answered(order=order, at=at, tries=tries, failed=failed):
            answer = ClockMark(kind=MarkKind.ANSWER, at=at, of=order, tries=tries, failed=failed)
            known_answer = next((each for each in marks if _is_of(each, answer)), None)
            if known_answer is None:
                return (*marks, answer)
            if (known_answer.tries, known_answer.failed) >= (tries, failed):
                return marks
            return tuple(answer if each is known_answer else each for each in marks)
        case Retargeted() | Ticked():
            return marks
        case _:
            assert_never(event)


def _is_of(mark: ClockMark, other: ClockMark) -> bool:
    """Whether two marks are about the same text or answer."""
    return (mark.kind, mark.of) == (other.kind, other.of)


def _known_at(mark: ClockMark) -> datetime:
    """When something was known that an answer can answer."""
    return mark.known_at or mark.at


@dataclass(frozen=True)
class _Round:
    """The contact waits from `began_at` on, as Clerk knew from the text `began`, until `ended`: an answer, a status."""

    began: ClockMark
    began_at: datetime
    ended: ClockMark | None = None


_AT_ONCE: Final = (
    MarkKind.TEXT,
    MarkKind.ANSWER,
    MarkKind.OPTED_OUT,
    MarkKind.RUNS,
    MarkKind.PAUSES,
    MarkKind.SOLVED,
)
"""In which order things of the same time count."""


def _rounds(marks: Iterable[ClockMark]) -> list[_Round]:
    """How the contact has waited: from the oldest text without an answer to the next answer that counts."""
    rounds: list[_Round] = []
    for mark in sorted(marks, key=lambda each: (_known_at(each), _AT_ONCE.index(each.kind), each.of)):
        effect, waits = EFFECTS[mark.kind][0], bool(rounds) and rounds[-1].ended is None
        if effect is ClockEffect.BEGINS and not waits:
            rounds.append(_Round(mark, mark.at))
        elif effect is ClockEffect.BEGINS:
            rounds[-1] = replace(rounds[-1], began_at=min(rounds[-1].began_at, mark.at))
        elif effect is ClockEffect.STOPS and waits and not mark.failed:
            rounds[-1] = replace(rounds[-1], ended=mark)
    return rounds


type _Span = tuple[datetime, datetime | None]


def _spans(marks: Iterable[ClockMark]) -> tuple[list[_Span], ClockMark | None]:
    """When the resolution's clock has run, and the mark that has stopped it."""
    spans: list[_Span] = []
    stop: ClockMark | None = None
    for mark in marks:
        match EFFECTS[mark.kind][1]:
            case ClockEffect.RESUMES:
                spans, stop = [*spans, (mark.at, None)], None
            case ClockEffect.PAUSES | ClockEffect.STOPS as effect:
                if spans and spans[-1][1] is None:
                    spans[-1] = (spans[-1][0], mark.at)
                stop = mark if effect is ClockEffect.STOPS else None
            case _:
                pass
    return spans, stop


def _is_whole(marks: Iterable[ClockMark]) -> bool:
    """Whether marks tell of a ticket from its beginning: one that begins paused had begun before its line had targets.

    Nobody knows whether somebody had answered there before, or how long it had been Pending.
    """
    first = next((each.kind for each in marks if each.kind in MARKS_OF.values()), MarkKind.RUNS)
    return first is MarkKind.RUNS


def _clocks(state: ClockState, rules: ClockRules) -> Iterator[TicketClock]:
    """The clocks that follow from the marks; those that are older than the marks stay as they are."""
    if rules.dropped:
        return
    rounds, before = _rounds(state.marks), {(each.kind, each.began_at): each for each in state.clocks}
    older = [each for each in state.clocks if rounds and each.kind.is_response and each.began_at < rounds[0].began_at]
    yield from older
    is_first = _is_whole(state.marks) and not any(each.kind is ClockKind.FIRST_RESPONSE for each in older)
    for number, each in enumerate(rounds):
        kind = ClockKind.FIRST_RESPONSE if is_first and number == 0 else ClockKind.NEXT_RESPONSE
        stop = each.ended
        spans: list[_Span] = [(each.began_at, None if stop is None else stop.at)]
        yield from _clock(kind, each.began_at, spans, stop, rules, before)
    resolution, solved = _spans(state.marks)
    if resolution and _is_whole(state.marks):
        yield from _clock(ClockKind.RESOLUTION, resolution[0][0], resolution, solved, rules, before)


def _clock(
    kind: ClockKind,
    began_at: datetime,
    spans: Sequence[_Span],
    stop: ClockMark | None,
    rules: ClockRules,
    before: Mapping[tuple[ClockKind, datetime], TicketClock],
) -> Iterator[TicketClock]:
    """One clock, with what was noted on it before as far as that still holds; none without a target.

    One that has stopped stays as it is, whatever the rules become.
    """
    target, known = rules.target(kind), before.get((kind, began_at))
    by = stop.of if stop is not None and stop.kind is MarkKind.ANSWER else None
    if known is not None and stop is not None and (known.stopped_at, known.by) == (stop.at, by):
        yield known
        return
    if target is None:
        return
    calendar = rules.counts(target)
    due, warn = (_reached(spans, share, calendar) for share in (target.within, target.within * target.warn))
    since, until = spans[-1]
    closed = [(began, ended) for began, ended in spans if ended is not None]
    is_running = until is None
    yield TicketClock(
        kind=kind,
        began_at=began_at,
        target=target.within,
        counts=target.counts,
        ran=sum((counted(began, ended, calendar) for began, ended in closed), timedelta()),
        running_since=since if is_running else None,
        warn_at=warn if is_running else None,
        due_at=due if is_running else None,
        warned_at=_still(known.warned_at if known else None, warn, is_running=is_running),
        breached_at=_still(known.breached_at if known else None, due, is_running=is_running),
        stopped_at=stop.at if stop is not None else None,
        by=by,
        opted_out=stop is not None and stop.kind is MarkKind.OPTED_OUT,
        policy=rules.policy.version,
        calendar=rules.calendar.id if rules.calendar else "",
        calendar_version=rules.calendar.version if rules.calendar else 0,
    )


def _still(noted: datetime | None, at: datetime | None, *, is_running: bool) -> datetime | None:
    """When it was noted that a clock had come to a moment; None if it has not, or that moment lies beyond by now.

    On a clock that does not run, nobody will note it: there it counts as noted then.
    """
    if at is None or (noted is not None and noted >= at):
        return None if at is None else noted
    return None if is_running else at


def _reached(spans: Iterable[_Span], amount: timedelta, calendar: Calendar | None) -> datetime | None:
    """When a clock that ran in these spans has counted so much; None if it has not by their end, or never will."""
    left = timedelta(milliseconds=round(amount / timedelta(milliseconds=1)))
    for since, until in spans:
        if until is None:
            return since + left if calendar is None else add_open(calendar, since, left)
        used = counted(since, until, calendar)
        if used > left:
            return since + left if calendar is None else add_open(calendar, since, left)
        left -= used
    return None


MOST_MARKS: Final = 60
"""How many texts and answers a ticket keeps as marks, and how many statuses."""

NEWEST_MARKS: Final = 30
"""How many of the newest texts and answers it keeps, whether or not a clock begins or ends with them."""


def _shortened(marks: tuple[ClockMark, ...]) -> tuple[ClockMark, ...]:
    """The marks, without old ones that no clock begins or ends with, and without the oldest clocks, if they are many.

    Of many statuses the oldest pause goes first: that time then counts as paused.
    """
    told = [each for each in marks if each.kind in TOLD]
    states = [each for each in marks if each.kind not in TOLD]
    gone: list[ClockMark] = []
    if len(told) > MOST_MARKS:
        rounds = _rounds(marks)
        ends = [mark for each in rounds for mark in (each.began, each.ended) if mark is not None]
        kept = [each for each in told if each in ends or each in told[-NEWEST_MARKS:]]
        if len(kept) > MOST_MARKS:
            begin = next(each.began for each in rounds if each.began in kept[-MOST_MARKS:])
            kept = [each for each in kept if _known_at(each) >= _known_at(begin)]
        gone += [each for each in told if each not in kept]
    if len(states) > MOST_MARKS:
        pause = next(pair for pair in pairwise(states[1:]) if pair[1].kind is not MarkKind.RUNS)
        gone += pause
    return tuple(each for each in marks if each not in gone) if gone else marks
