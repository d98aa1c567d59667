"""The one gate before a contact: whether a text may be sent now, later, or not at all. Pure.

Every outbound text passes it right before the provider is called (`at_call`). A text that a person writes passes it
when it is stored, too (`at_door`): that is when it may be late, or at night, and its author can be told so.
`CAUSES` are looked at in their order: the first that holds or refuses a text decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from messages.line import Quiet
from messages.opt_outs import Parties, refusal
from messages.quiet import Whereabouts, clock_in, is_night, night_ends, place_of, quiet_until, whereabouts
from messages.sms import Origin, Sms


class Cause(StrEnum):
    """What may stop a text, in the order in which it counts."""

    OPTED_OUT = "opted out"
    BLOCKED = "blocked"
    """The team has blocked the contact."""
    LINE_REMOVED = "line removed"
    LOOP = "loop"
    """The contact looks like a machine: Clerk answers it no more by itself."""
    STALE = "stale"
    """It was to be sent so long ago that its author, or the contact, may have moved on."""
    QUIET_HELD = "quiet hours, held"
    """It is night for the contact, and the line holds texts then."""
    QUIET_TOLD = "quiet hours, told"
    """It is night for the contact, and the line tells people so."""
    BUDGET = "budget"
    """The contact has had as many automatic texts as one should get."""


class Effect(StrEnum):
    """What a cause does to a text."""

    ALLOW = "allow"
    TELL = "tell"
    """The text is sent, and its author is told of the cause."""
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True)
class TextFacts:
    """What the gate is told of a text.

    `exempt` says that quiet hours don't concern it: it answers a contact who has just written, or a person said to send
    it now. After `sendable_until` it is stale; None: never.
    """

    origin: Origin = Origin.AGENT
    exempt: bool = False
    sendable_until: datetime | None = None


@dataclass(frozen=True)
class ContactFacts:
    """What the gate is told of a contact, as this line knows them.

    It is night at one of the places where they may be until `quiet_until`; None: it is day, or the line does not ask.
    With `assumed`, these are places of the line: theirs are unknown. `lately` says that they wrote so short a while ago
    that they are awake. They count as a machine until `machine_until`.
    """

    opted_out: bool = False
    blocked: bool = False
    quiet_until: datetime | None = None
    assumed: bool = False
    lately: bool = False
    machine_until: datetime | None = None
    over_budget: bool = False


@dataclass(frozen=True)
class LineFacts:
    """What the gate is told of a line; `exists` is false once it was removed."""

    exists: bool = True
    quiet: Quiet = Quiet.OFF


@dataclass(frozen=True)
class Send:
    """Send it; if `told` is a cause, tell its author, who wrote it at a bad time that lasts `until`."""

    told: Cause | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Hold:
    """Don't send it before `until`; None: not before a person says so."""

    until: datetime | None
    why: Cause


@dataclass(frozen=True)
class Refuse:
    """Never send it."""

    why: Cause


Verdict = Send | Hold | Refuse


def _row(*, agent: Effect, planned: Effect, auto: Effect, survey: Effect) -> Mapping[Origin, Effect]:
    effects = {Origin.AGENT: agent, Origin.PLANNED: planned, Origin.AUTO: auto, Origin.SURVEY: survey}
    return MappingProxyType(effects)


_A, _T, _H, _R = Effect.ALLOW, Effect.TELL, Effect.HOLD, Effect.REFUSE

TABLE: Final[Mapping[Cause, Mapping[Origin, Effect]]] = MappingProxyType(
    {
        Cause.OPTED_OUT: _row(agent=_R, planned=_R, auto=_R, survey=_R),
        Cause.BLOCKED: _row(agent=_R, planned=_R, auto=_R, survey=_R),
        Cause.LINE_REMOVED: _row(agent=_R, planned=_R, auto=_R, survey=_R),
        Cause.LOOP: _row(agent=_A, planned=_A, auto=_R, survey=_R),
        Cause.STALE: _row(agent=_R, planned=_H, auto=_R, survey=_R),
        Cause.QUIET_HELD: _row(agent=_H, planned=_H, auto=_H, survey=_H),
        Cause.QUIET_TOLD: _row(agent=_T, planned=_H, auto=_H, survey=_H),
        Cause.BUDGET: _row(agent=_A, planned=_A, auto=_R, survey=_R),
    }
)
"""What each cause does to a text of each origin."""


@dataclass(frozen=True)
class _Facts:
    text: TextFacts
    contact: ContactFacts
    line: LineFacts
    now: datetime

    def is_quiet(self, setting: Quiet) -> bool:
        """Whether quiet hours of a line with this setting concern the text."""
        if self.line.quiet is not setting or self.text.exempt or not _is_before(self.now, self.contact.quiet_until):
            return False
        if self.text.origin is not Origin.AGENT:
            return True
        return not self.contact.lately and not (setting is Quiet.WARN and self.contact.assumed)


CAUSES: Final[Mapping[Cause, Callable[[_Facts], bool]]] = MappingProxyType(
    {
        Cause.OPTED_OUT: lambda facts: facts.contact.opted_out,
        Cause.BLOCKED: lambda facts: facts.contact.blocked,
        Cause.LINE_REMOVED: lambda facts: not facts.line.exists,
        Cause.LOOP: lambda facts: _is_before(facts.now, facts.contact.machine_until),
        Cause.STALE: lambda facts: facts.text.sendable_until is not None and facts.now > facts.text.sendable_until,
        Cause.QUIET_HELD: lambda facts: facts.is_quiet(Quiet.HOLD),
        Cause.QUIET_TOLD: lambda facts: facts.is_quiet(Quiet.WARN),
        Cause.BUDGET: lambda facts: facts.contact.over_budget,
    }
)
"""When each cause is there; in the order in which they count."""

_ENDS: Final[Mapping[Cause, Callable[[_Facts], datetime | None]]] = MappingProxyType(
    {
        Cause.QUIET_HELD: lambda facts: facts.contact.quiet_until,
        Cause.QUIET_TOLD: lambda facts: facts.contact.quiet_until,
    }
)
"""When a cause ends by itself."""


def may_send(text: TextFacts, contact: ContactFacts, line: LineFacts, now: datetime) -> Verdict:
    """Whether a text may be sent now."""
    facts = _Facts(text, contact, line, now)
    told = Send()
    for cause, is_there in CAUSES.items():
        effect = TABLE[cause][text.origin] if is_there(facts) else Effect.ALLOW
        until = _ENDS[cause](facts) if cause in _ENDS else None
        match effect:
            case Effect.REFUSE:
                return Refuse(cause)
            case Effect.HOLD:
                return Hold(until, cause)
            case Effect.TELL:
                told = Send(cause, until)
            case Effect.ALLOW:
                pass
    return told


def _is_before(now: datetime, end: datetime | None) -> bool:
    return end is not None and now < end


# -- what is told to the gate, and what it tells ----------------------------------------------------------------------

SENDABLE_FOR: Final = timedelta(minutes=10)
"""How long after it was written a text that a person wrote is still taken."""

AWAKE_FOR: Final = timedelta(minutes=60)
"""How long after they wrote a contact is awake, whatever the hour."""

_CALLED_FOR: Final[Mapping[Origin, timedelta | None]] = MappingProxyType(
    {
        Origin.AGENT: None,
        Origin.PLANNED: timedelta(hours=4),
        Origin.AUTO: timedelta(minutes=15),
        Origin.SURVEY: timedelta(hours=4),
    }
)
"""How long after the time for it a text that was taken is still sent, if the provider does not answer; None: always."""


def at_door(written_at: datetime, parties: Parties, now: datetime) -> Verdict:
    """Whether Clerk takes a text that a person wrote then, to send it now."""
    text = TextFacts(sendable_until=written_at + SENDABLE_FOR)
    return may_send(text, _contact_facts(parties, now), _line_facts(parties), now)


def at_call(text: Sms, parties: Parties, now: datetime) -> Verdict:
    """Whether a stored text is sent now; what a person wrote for now has passed its quiet hours at the door."""
    lasts = _CALLED_FOR[text.origin]
    facts = TextFacts(
        origin=text.origin,
        exempt=text.exempt or text.origin is Origin.AGENT,
        sendable_until=None if lasts is None else (text.wanted_at or text.received_at) + lasts,
    )
    return may_send(facts, _contact_facts(parties, now), _line_facts(parties), now)


def at_release(
    due_at: datetime, contact: ContactFacts, line: LineFacts, now: datetime, *, exempt: bool = False
) -> Verdict:
    """Whether a planned text that was due then is released now; `exempt` if a person says that it is."""
    lasts = None if exempt else _CALLED_FOR[Origin.PLANNED]
    until = None if lasts is None else due_at + lasts
    return may_send(TextFacts(origin=Origin.PLANNED, exempt=exempt, sendable_until=until), contact, line, now)


def facts_of(parties: Parties, now: datetime) -> tuple[ContactFacts, LineFacts]:
    """What the gate is told of a contact and a line."""
    return _contact_facts(parties, now), _line_facts(parties)


def _contact_facts(parties: Parties, now: datetime) -> ContactFacts:
    line, between = parties.line, parties.conversation
    heard_at = between.debounce.heard_at if between else None
    where = _where(parties)
    return ContactFacts(
        opted_out=parties.standing.out,
        blocked=between is not None and between.is_blocked,
        quiet_until=quiet_until(line.quiet_hours, where.zones, now) if line else None,
        assumed=where.assumed,
        lately=heard_at is not None and now - heard_at <= AWAKE_FOR,
        machine_until=between.answering.stopped_until if between is not None else None,
    )


def _line_facts(parties: Parties) -> LineFacts:
    return LineFacts(exists=parties.line is not None, quiet=parties.line.quiet if parties.line else Quiet.OFF)


def _where(parties: Parties) -> Whereabouts:
    """Where the contact may be, if the line asks."""
    if parties.line is None or parties.line.quiet is Quiet.OFF:
        return Whereabouts()
    own = parties.contact.zone if parties.contact else ""
    return whereabouts(parties.number, own, parties.home)


TOO_LATE: Final = (
    "Not sent: Clerk got this more than ten minutes after you wrote it. If it is still right, send it now."
)
LINE_GONE: Final = "Not sent: the line no longer exists. Ask an admin to add it again (clerk lines add)."

_WORDS: Final[Mapping[Cause, str]] = MappingProxyType(
    {
        Cause.BLOCKED: (
            "Not sent: your team has blocked the contact on this line. To write to them, click “Unblock” on the card, "
            "or type /clerk unblock NUMBER, and send it again."
        ),
        Cause.LINE_REMOVED: LINE_GONE,
        Cause.LOOP: "Not sent: this looks like a machine, so Clerk does not answer it by itself for now.",
        Cause.BUDGET: "Not sent: the contact has had enough automatic texts for now.",
    }
)
_STALE: Final[Mapping[Origin, str]] = MappingProxyType(
    {
        Origin.AGENT: TOO_LATE,
        Origin.PLANNED: "Not sent: Clerk could not send this at its time. If it is still right, send it now.",
        Origin.AUTO: "Not sent: Clerk could not send it in time.",
        Origin.SURVEY: "Not sent: Clerk could not send it in time.",
    }
)


def words_of(why: Cause, origin: Origin, parties: Parties) -> str:
    """Why a text is not sent, in words for the team; empty for quiet hours, which only put it off."""
    if why is Cause.OPTED_OUT:
        return refusal(parties.words)
    return _STALE[origin] if why is Cause.STALE else _WORDS.get(why, "")


def objection(verdict: Verdict, parties: Parties) -> str:
    """Why a person's text can't be sent to the contact at all, however it is written; empty if it can."""
    if isinstance(verdict, Refuse) and verdict.why is not Cause.STALE:
        return words_of(verdict.why, Origin.AGENT, parties)
    return ""


def is_late(verdict: Verdict) -> bool:
    """Whether a person must say whether a text is to be sent that its time has passed."""
    return isinstance(verdict, Refuse | Hold) and verdict.why is Cause.STALE


@dataclass(frozen=True)
class NightWords:
    """What the author of a text is told who writes at night, and when the night ends."""

    words: str
    ends: datetime


@dataclass(frozen=True)
class NightPlace:
    """Where it is night for a contact: a zone, and whether clocks surely show its time where they are."""

    zone: str
    surely: bool


def night_place(parties: Parties, now: datetime) -> NightPlace:
    """The first zone of those where the contact may be in which it is night; UTC if nobody knows of any."""
    line, where = parties.line, _where(parties)
    asleep = (zone for zone in where.zones if line is not None and is_night(line.quiet_hours, zone, now))
    surely = not where.assumed and len({clock_in(each, now) for each in where.zones}) == 1
    return NightPlace(next(asleep, where.zones[0] if where.zones else "UTC"), surely)


def night_end(parties: Parties, now: datetime) -> datetime | None:
    """When the night ends in which the contact may be now, whatever the line does at night; None if it is day."""
    if parties.line is None:
        return None
    return night_ends(parties.line, parties.number, parties.contact.zone if parties.contact else "", parties.home, now)


def night_words(verdict: Verdict, parties: Parties, now: datetime) -> NightWords | None:
    """What the author of a text is told whose contact may sleep; None if nobody knows where the contact is."""
    line, where = parties.line, _where(parties)
    if isinstance(verdict, Refuse) or verdict.until is None or line is None or where.assumed:
        return None
    place, until = night_place(parties, now), verdict.until
    who = parties.contact.label if parties.contact else parties.number
    surely = "is" if place.surely else "may be"
    words = f"It {surely} {clock_in(place.zone, now)} for {who} ({place_of(place.zone)}). Next time: /clerk later."
    return NightWords(words, until)
