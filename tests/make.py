"""Makers of documents and messages with sensible defaults, and strategies for whatever people may write."""

import functools
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from messages.calendar import WEEKDAYS, Calendar, Closure, Period, PublicHolidays, SpecialDays, Weekday
from messages.conversation import Announcement, Contact, Conversation, Debounce, conversation_id
from messages.deadlines.clocks import ClockKind, HoursCounted, TicketClock
from messages.deadlines.priority import Priority
from messages.inbound import SlackReplyChanged, SlackReplyPosted, SmsReceived
from messages.line import Line
from messages.notification import Post, PostKind
from messages.planned import Planned
from messages.sms import Direction, Media, Sms
from messages.ticket import Edit, Entry, Note, Status, Ticket
from workers.mongo.conversations import RedrawWish

NOW: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LINE: Final = "+15550001111"
CONTACT: Final = "+15550002222"
CHANNEL: Final = "C0TEXTS"
AGENT: Final = "U0ADA"
CONVERSATION: Final = conversation_id(LINE, CONTACT)
SOLVED_FOR: Final = timedelta(hours=96)


def at(seconds: float) -> datetime:
    """A moment, in seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def line(**fields: Any) -> Line:
    """A line with a window of 180 and a cap of 900 seconds."""
    return Line(**{"id": LINE, "channel": CHANNEL, **fields})


def calendar(**fields: Any) -> Calendar:
    """The calendar of a shop in New York: Mon-Fri 9:00-17:00."""
    week = {day: (Period(opens="09:00", closes="17:00"),) for day in WEEKDAYS[:5]}
    return Calendar(**{"id": "shop", "zone": "America/New_York", "week": week, **fields})


def contact(**fields: Any) -> Contact:
    """A contact without a name."""
    return Contact(**{"id": CONTACT, "created_at": NOW, **fields})


def conversation(**fields: Any) -> Conversation:
    """A conversation that was not posted yet."""
    return Conversation(**{"id": CONVERSATION, "line": LINE, "contact": CONTACT, "created_at": NOW, **fields})


def ticket(**fields: Any) -> Ticket:
    """Ticket #7: New, of one text."""
    defaults = {
        "id": 7,
        "conversation": CONVERSATION,
        "line": LINE,
        "contact": CONTACT,
        "first_text": 1,
        "last_text": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Ticket(**{**defaults, **fields})


def ticket_clock(**fields: Any) -> TicketClock:
    """The clock of a first answer that runs since NOW and is due an hour later, in open hours."""
    defaults = {
        "kind": ClockKind.FIRST_RESPONSE,
        "began_at": NOW,
        "target": timedelta(hours=1),
        "running_since": NOW,
        "warn_at": at(2700),
        "due_at": at(3600),
    }
    return TicketClock(**{**defaults, **fields})


def sms(**fields: Any) -> Sms:
    """A contact's text that has no place yet."""
    defaults = {
        "id": "SM1",
        "conversation": CONVERSATION,
        "line": LINE,
        "contact": CONTACT,
        "direction": Direction.INBOUND,
        "body": "Is the blue one still there?",
        "received_at": NOW,
    }
    return Sms(**{**defaults, **fields})


def planned(**fields: Any) -> Planned:
    """A text that is planned for an hour after NOW, which is 10:30 in UTC."""
    defaults = {
        "id": "P1",
        "conversation": CONVERSATION,
        "line": LINE,
        "contact": CONTACT,
        "body": "See you tomorrow.",
        "by": AGENT,
        "created_at": NOW,
        "since": NOW,
        "wall": "2026-03-02 10:30",
        "due_at": at(3600),
        "look_at": at(3600),
    }
    return Planned(**{**defaults, **fields})


def announcement(**fields: Any) -> Announcement:
    """The announcement of a conversation's first text to the origin channel."""
    defaults = {"number": 1, "ticket": 7, "first": 1, "last": 1, "targets": (), "opening": True, "at": NOW}
    return Announcement(**{**defaults, **fields})


def debounce(**fields: Any) -> Debounce:
    """The debounce of a conversation in which nothing happened."""
    return Debounce(**fields)


def post(**fields: Any) -> Post:
    """The card of a first announcement."""
    defaults = {"id": "p1", "conversation": CONVERSATION, "kind": PostKind.CARD, "target": CHANNEL, "created_at": NOW}
    return Post(**{**defaults, **fields})


def edit(**fields: Any) -> Edit:
    """A submission of the modal that orders nothing."""
    return Edit(**{"version": 1, "origin": CHANNEL, **fields})


def sms_received(**fields: Any) -> SmsReceived:
    """A text that the gateway took."""
    defaults = {"sid": "SM1", "line": LINE, "contact": CONTACT, "body": "Hello", "received_at": NOW}
    return SmsReceived(**{**defaults, **fields})


def reply_posted(**fields: Any) -> SlackReplyPosted:
    """An agent's reply in a thread."""
    defaults = {
        "event_id": "Ev1",
        "channel": CHANNEL,
        "ts": "1700000001.000100",
        "thread_ts": "1700000000.000100",
        "user": AGENT,
        "text": "On it",
        "received_at": NOW,
    }
    return SlackReplyPosted(**{**defaults, **fields})


def reply_changed(reply: SlackReplyPosted, text: str | None = None, **fields: Any) -> SlackReplyChanged:
    """The deletion of a reply, or its edit to another text."""
    edited = None if text is None else f"{fields.get('received_at', reply.received_at).timestamp():.6f}"
    now = None if text is None else reply.model_copy(update={"text": text, "edited": edited})
    places = {name: getattr(reply, name) for name in ("channel", "ts", "thread_ts", "user", "received_at")}
    defaults = {"event_id": f"{reply.event_id}-{edited}", "deleted": text is None, "reply": now, **places}
    return SlackReplyChanged(**{**defaults, **fields})


HOSTILE: Final = (
    "<!channel>",
    "<!here|here>",
    "<!subteam^S0TEAM>",
    "<!date^0^{date}|x>",
    "<@U0ADA>",
    "<#C0TEXTS>",
    "<https://evil.example|bank.example>",
    "https://evil.example",
    "&lt;!channel&gt;",
    "&amp;",
    "*bold*",
    "_it_",
    "~gone~",
    "`code`",
    "```\nblock\n```",
    "> quote",
    ":wave:",
    "@here @channel",
    "{date} {0} %s \\u0041",
    "\x00",
    "\x07\x1b[31m\x7f",
    "שלום \u202eevil\u202c",
    "👩‍👩‍👧‍👦🇩🇪",
    "é́́́",
    "\u200b",
    "\r\n\n\t",
    "'; DROP TABLE sms; --",
    "$where",
    "a.b.$c",
)
"""What a contact may write to make something come alive, or something break."""


@functools.cache
def written(most: int = 1600, least: int = 0) -> st.SearchStrategy[str]:
    """Whatever people, or programs, write: any characters, hostile pieces, and long repetitions."""
    characters = st.characters(codec="utf-8")
    pieces = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(characters, max_size=20)), max_size=12)
    repeated = st.builds(
        lambda piece, times: piece * times, st.sampled_from((*HOSTILE, "&", "<", "😀", "x")), st.integers(1, most)
    )
    whole = st.one_of(st.text(characters, max_size=80), pieces.map("".join), repeated).map(lambda text: text[:most])
    return whole.filter(lambda text: len(text) >= least) if least else whole


@functools.cache
def visible(most: int, least: int = 1) -> st.SearchStrategy[str]:
    """One stripped line of text that is not blank."""
    return written(most).map(lambda text: " ".join(text.split())[:most].strip()).filter(lambda text: len(text) >= least)


_SLACK_ID: Final = st.text("ABC012", min_size=2, max_size=8)
USERS: Final = st.builds(str.__add__, st.sampled_from("UW"), _SLACK_ID)
CHANNELS: Final = st.builds(str.__add__, st.sampled_from("CG"), _SLACK_ID)
TAGS: Final = st.text("abz019-_", min_size=1, max_size=30)
MOMENTS: Final = st.integers(0, 10_000_000).map(lambda milliseconds: NOW + timedelta(milliseconds=milliseconds))
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@functools.cache
def distinct(ids: st.SearchStrategy[str], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Up to `most` different ids."""
    return st.lists(ids, max_size=most, unique=True).map(tuple)


MEDIA: Final = st.builds(
    Media,
    url=st.just("https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"),
    content_type=st.one_of(st.sampled_from(("image/jpeg", "image/png", "text/vcard", "video/mp4")), written(200)),
)


_SOME_MEDIA: Final = st.lists(MEDIA, max_size=10).map(tuple)


@st.composite
def texts(draw: st.DrawFn) -> Sms:
    """A contact's text with any body and media."""
    media = draw(_SOME_MEDIA)
    return sms(body=draw(written()), media=media, received_at=draw(MOMENTS), seq=draw(st.integers(1, 10_000)))


CLOCKS: Final = st.builds(
    TicketClock,
    kind=st.sampled_from(ClockKind),
    began_at=MOMENTS,
    target=st.integers(1, 10_000).map(lambda minutes: timedelta(minutes=minutes)),
    counts=st.sampled_from(HoursCounted),
    ran=st.integers(0, 20_000).map(lambda minutes: timedelta(minutes=minutes)),
    running_since=st.none() | MOMENTS,
    due_at=st.none() | MOMENTS,
    breached_at=st.none() | MOMENTS,
    stopped_at=st.none() | MOMENTS,
)


SOME_CLOCKS: Final = (
    (),
    (ticket_clock(), ticket_clock(kind=ClockKind.RESOLUTION, running_since=None, warn_at=None, due_at=None)),
    (ticket_clock(kind=ClockKind.NEXT_RESPONSE, breached_at=NOW), ticket_clock(kind=ClockKind.RESOLUTION, due_at=None)),
)
"""Clocks of a ticket: none, one that pauses, one that is late and one that is never due."""


_SUBJECTS: Final = st.just("") | visible(150)
_RECIPIENTS: Final = USERS | CHANNELS
_NOTES: Final = st.lists(st.builds(Note, text=visible(3000), author=USERS, at=MOMENTS), max_size=4).map(tuple)
_FOLLOWED: Final = st.none() | st.integers(1, 10**9)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """A ticket in any state, with anything in it."""
    return ticket(
        id=draw(st.integers(1, 10**9)),
        version=draw(st.integers(1, 1000)),
        status=draw(st.sampled_from(Status)),
        priority=draw(st.sampled_from(Priority)),
        subject=draw(_SUBJECTS),
        tags=draw(distinct(TAGS, 20)),
        notify=draw(distinct(_RECIPIENTS, 12)),
        assignees=draw(distinct(USERS, 12)),
        notes=draw(_NOTES),
        follows=draw(_FOLLOWED),
        clocks=draw(st.sampled_from(SOME_CLOCKS)),
    )


def many(prefix: str, count: int) -> tuple[str, ...]:
    """Ids in any number."""
    return tuple(f"{prefix}{number:09d}" for number in range(count))


def entry(*changes: Any, **fields: Any) -> Entry:
    """An entry of a history."""
    return Entry(**{"version": 2, "changes": changes, "by": AGENT, "at": NOW, "why": "edit", **fields})


def lost_wish(now: datetime) -> RedrawWish:
    """A wish for a redraw whose message counts as lost."""
    long_ago = now - timedelta(hours=1)
    return RedrawWish(at=long_ago, by=now + timedelta(minutes=1), lost=long_ago)


ZONES: Final = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # its clocks change by 30 minutes
    "Africa/Cairo",
    "America/Santiago",  # its gap is at midnight
    "Asia/Tokyo",  # its clocks never change
)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def _periods(draw: st.DrawFn, most: int = 3) -> tuple[Period, ...]:
    """Periods of one day, apart from each other."""
    bounds = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=2 * most)))
    return tuple(
        Period(opens=_clock(opens), closes=_clock(closes))
        for opens, closes in zip(bounds[::2], bounds[1::2], strict=False)
    )


@st.composite
def _weeks(draw: st.DrawFn) -> dict[Weekday, tuple[Period, ...]]:
    """A week's periods; a day's last one may be a night shift."""
    week = {day: draw(_periods()) for day in draw(st.sets(st.sampled_from(WEEKDAYS)))}
    for day, following in zip(WEEKDAYS, (*WEEKDAYS[1:], WEEKDAYS[0]), strict=True):
        if (periods := week.get(day)) and draw(st.booleans()):
            next_opening = (week.get(following) or (periods[-1],))[0].minutes[0]
            night = draw(st.integers(0, min(next_opening, periods[-1].minutes[0])))
            week[day] = (*periods[:-1], Period(opens=periods[-1].opens, closes=_clock(night)))
    return week


_ANY_DAY: Final = st.dates(date(2024, 1, 1), date(2028, 12, 31))
_CALENDAR_NAMES: Final = st.just("") | visible(20)
_HOLIDAYS: Final = st.none() | st.builds(PublicHolidays, country=st.just("US"), left_out=distinct(visible(9), 2))


@functools.cache
def _special_days_and_closures(
    days: st.SearchStrategy[date],
) -> tuple[st.SearchStrategy[tuple[SpecialDays, ...]], st.SearchStrategy[tuple[Closure, ...]]]:
    """Those of a calendar that are about `days`."""
    special = st.builds(
        lambda first, more, periods, public: SpecialDays(
            first=first, last=first + timedelta(days=more), periods=periods, public=public
        ),
        days,
        st.integers(0, 3),
        _periods(),
        st.booleans(),
    )
    closures = st.builds(
        lambda day, minute, lasting: Closure(
            since=datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute),
            until=datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute + lasting),
        ),
        days,
        st.integers(0, 24 * 60),
        st.integers(0, 48 * 60),
    )
    return st.lists(special, max_size=3).map(tuple), st.lists(closures, max_size=2).map(tuple)


@st.composite
def calendars(draw: st.DrawFn, days: st.SearchStrategy[date] | None = None) -> Calendar:
    """Any calendar; its special days and closures are about `days`."""
    special, closures = _special_days_and_closures(_ANY_DAY if days is None else days)
    return Calendar(
        id="any",
        name=draw(_CALENDAR_NAMES),
        zone=draw(st.sampled_from(ZONES)),
        week=draw(_weeks()),
        days=draw(special),
        holidays=draw(_HOLIDAYS),
        closures=draw(closures),
        version=draw(st.integers(1, 1000)),
    )
