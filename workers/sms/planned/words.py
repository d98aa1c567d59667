"""What agents are told about planned texts, and what keeps a text from being planned. Pure.

The answers are in Slack's markup: each reader sees times in their own zone.
"""

from datetime import datetime, timedelta
from typing import Final

from messages.calendar import ClockChange, date_words, time_words, wall_time, zone_exists
from messages.conversation import Contact
from messages.formats.later import Meant
from messages.formats.places import MeantIn, ZoneOf
from messages.planned import MOST_IN_CONVERSATION, MOST_OF_AUTHOR, IfReply, Planned, PlannedState
from messages.team.placeholders import named
from workers.markup import clip_escaped, local_time, mention, moment, unstyled

NAMED: Final = 100
LISTED: Final = 10

TOO_MANY_HERE: Final = (
    f"Nothing was planned: {MOST_IN_CONVERSATION} texts are planned for this contact already, and that is the most. "
    "Cancel one first: `/clerk planned` lists yours."
)
TOO_MANY_OF_YOURS: Final = (
    f"Nothing was planned: you have planned {MOST_OF_AUTHOR} texts, and that is the most. "
    "Cancel one first: `/clerk planned` lists them."
)
NO_NOTE: Final = (
    "Nothing was planned: a text that begins with // or note: is a note for the team, and Clerk plans no notes. "
    "To send it to the contact, begin it differently."
)
NO_TEXT: Final = "Nothing was planned: your text is empty."
NEW_TIME: Final = "Nothing was changed: the time it was planned for has passed. Pick a time ahead, or send it now."
ACCEPTED_BEFORE: Final = (
    "Your second Save changed nothing: Clerk had already planned your text as you first submitted it. "
    "Change it with *Edit* in the conversation's thread, or below `/clerk planned`."
)
GONE: Final = "Nothing was changed: Clerk no longer has that planned text."
NONE_PLANNED: Final = (
    "You have planned no texts. `/clerk later +15551234567 tomorrow 9:00: your text` plans one, and so does *Send* in "
    "the Reply form."
)
NAMELESS: Final = (
    "The contact has no name yet: unless somebody gives them one (`/clerk name`) before, it waits for you then."
)
OFFER: Final = "You have written to the contact. Is what was planned before still right?"


def author_gone(planned: Planned) -> str:
    """What those are asked who are on the ticket, if a planned text's author is gone."""
    return f"The account of {mention(planned.by)} was deactivated, and what they planned is held. Is it still right?"


def unfilled(why: str) -> str:
    """What an agent is told who sends a text whose placeholders can't be filled in."""
    return f"Nothing was sent: {why}. Change the text with *Edit*, or give the contact a name with `/clerk name`."


def without_file(gone: str) -> str:
    """What an agent is told who sends a text, one of whose files Slack does not show any more."""
    return f"Nothing was sent: {gone}. Take the file out with *Edit*, or add it again there."


def kept_file_gone(gone: str) -> str:
    """What an agent is told who keeps a file that Slack does not show any more."""
    return f"Nothing was changed: {gone}. Take the file out, or add it again."


def objection_to_count(in_conversation: int, of_author: int) -> str:
    """Why one more text can't be planned; empty if it can."""
    if in_conversation >= MOST_IN_CONVERSATION:
        return TOO_MANY_HERE
    return TOO_MANY_OF_YOURS if of_author >= MOST_OF_AUTHOR else ""


def who(contact: Contact) -> str:
    """The contact as a sentence names them."""
    return clip_escaped(unstyled(contact.name or contact.id), NAMED)


def clocks_show(planned: Planned, now: datetime) -> str:
    """When it is due, as clocks in its zone show it: Tue 3 Mar 9:00."""
    wall = wall_time(planned.due_at, planned.zone)
    return f"{date_words(wall.date(), wall_time(now, planned.zone).date())} {time_words(wall)}"


def confirmation(
    planned: Planned,
    contact: Contact,
    where: MeantIn,
    meant: Meant | None,
    now: datetime,
    *,
    agent: str = "",
    night_ends: datetime | None = None,
) -> str:
    """The answer to an agent whose text is planned: when it leaves, and what happens if the contact writes first.

    Who is in the zone `agent` (blank: unknown) sees their own time, too, if it differs. It is night for the contact
    when the text is due if `night_ends` is given.
    """
    name = who(contact)
    places = {
        ZoneOf.CONTACT: f"where {name} is ({where.words})",
        ZoneOf.AGENT: f"your time ({where.words})",
        ZoneOf.LINE: f"at the line ({where.words})",
        ZoneOf.CHOSEN: f"({where.words})",
        ZoneOf.NOBODY: "UTC",
    }
    yours = "" if where.of is ZoneOf.AGENT else _own_time(planned, agent)
    when = f"Planned for {clocks_show(planned, now)} {places[where.of]}{yours}."
    first = {
        IfReply.HOLD: f"If {name} writes first, it waits for you.",
        IfReply.CANCEL: f"If {name} writes first, it is cancelled.",
        IfReply.SEND: f"If {name} writes first, it is sent all the same.",
    }
    night = "" if night_ends is None else _moved_to(planned.model_copy(update={"due_at": night_ends}), name, now)
    nameless = NAMELESS if planned.fills and not contact.name and named(planned.body, ("name",)) else ""
    return " ".join(filter(None, [when, clock_change(meant), night, first[planned.if_reply], nameless]))


def _moved_to(planned: Planned, name: str, now: datetime) -> str:
    return f"It is night for {name} then, so it leaves when that ends: {clocks_show(planned, now)}."


def _own_time(planned: Planned, agent: str) -> str:
    """When a text leaves by its author's clocks; empty if these show the same."""
    if not zone_exists(agent):
        return f", {moment(planned.due_at, '{time}')} for you"
    there, here = (wall_time(planned.due_at, zone) for zone in (planned.zone, agent))
    if there.replace(tzinfo=None) == here.replace(tzinfo=None):
        return ""
    tokens = "{time}" if there.date() == here.date() else "{date_short_pretty} {time}"
    return f", {moment(planned.due_at, tokens)} for you"


def held_until_morning(planned: Planned, contact: Contact, now: datetime, *, surely: bool) -> str:
    """What an agent is told who wrote in the contact's night, on a line that holds people's texts then."""
    name, wall = who(contact), wall_time(planned.due_at, planned.zone)
    soon = planned.due_at - now < timedelta(days=1)
    until = time_words(wall) if soon else clocks_show(planned, now)
    night = "it is night" if surely else "it may be night"
    return f"Held until {until} for {name}: {night} there. If {name} writes first, it waits for you."


def clock_change(meant: Meant | None) -> str:
    """What is unusual about a wall time, because clocks change then; empty if nothing is."""
    if meant is None or meant.wall is None or meant.placed.trouble is None:
        return ""
    asked, shown = time_words(meant.wall), time_words(meant.placed.wall)
    if meant.placed.trouble is ClockChange.GAP:
        return f"{asked} does not exist that day, because clocks go forward: it leaves at {shown}."
    return f"{asked} comes twice that day, because clocks go back: it leaves the first time."


def done(planned: Planned, contact: Contact) -> str:
    """The answer to an agent whose order about a planned text was carried out, other than a change of it."""
    name = who(contact)
    match planned.state:
        case PlannedState.RELEASED:
            return f"On its way to {name}. The conversation's thread shows whether it arrives."
        case PlannedState.CANCELLED:
            return f"Cancelled: {name} does not get it."
        case _:
            return f"It is sent to {name} as planned: {local_time(planned.due_at)}."


def listing(count: int) -> str:
    """What is above the list of an agent's planned texts."""
    if not count:
        return NONE_PLANNED
    texts = "1 text" if count == 1 else f"{count} texts"
    rest = f" These are the next {LISTED}." if count > LISTED else ""
    return f"You have planned {texts}.{rest}"
