"""The app's Home as Slack shows it to one person (https://docs.slack.dev/reference/views/home-tab-views). Pure.

It has at most 100 blocks. Whoever acts in it sees what became of that on top: a click there has no response_url.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from messages.calendar import Calendar
from messages.formats.hours import closure_at
from messages.line import Line
from messages.planned import Planned
from messages.team.agent import Agent, TimeAway, away
from workers.interactive import lists
from workers.interactive.hours_answers import now_open_words
from workers.interactive.lists import Row
from workers.markup import clip_escaped, escape, local_time, mention, unstyled
from workers.shown.plans import listed_plan

TICKETS: Final = 15
"""The most tickets of a page."""

PLANNED: Final = 10
"""The most planned texts: `/clerk planned` lists as many."""

LINES: Final = 12
"""The most lines of a page."""

SAID: Final = 2900
"""How much is said on top at most: a section has 3,000 characters."""

NOTHING: Final = "Nothing waits for you."
NO_LINES: Final = "You can see the channel of no line. Join one, and open this again."
SEE_PLANNED: Final = f"These are the next {PLANNED}: send or cancel some to see the others."


@dataclass(frozen=True)
class HomePages:
    """Which pages of the lists are shown, from 0."""

    tickets: int = 0
    lines: int = 0

    @property
    def value(self) -> str:
        """The pages in a button's value."""
        return json.dumps({"tickets": self.tickets, "lines": self.lines})


@dataclass(frozen=True)
class HomeFacts:
    """What a person's Home shows: these pages of their tickets and lines, and how many of each there are.

    It is `unsure` if Slack did not say of all channels whether they can see them. `hours` is the calendar of their own
    hours, and `calendars` are those that the lines name.
    """

    agent: Agent
    pages: HomePages = HomePages()
    hours: Calendar | None = None
    tickets: Sequence[Row] = ()
    tickets_count: int = 0
    at_least: bool = False
    planned: Sequence[Planned] = ()
    planned_count: int = 0
    lines: Sequence[Line] = ()
    lines_count: int = 0
    calendars: Sequence[Calendar] = field(default=())
    unsure: bool = False
    is_admin: bool = False


@dataclass(frozen=True)
class ToldThere:
    """What a person is told on top, as plain words or in Slack's markup."""

    text: str = ""
    markup: bool = False

    @property
    def blocks(self) -> list[Block]:
        """The words in a block; nothing if there are none."""
        if not self.text:
            return []
        if self.markup:
            return [SectionBlock(text=_mrkdwn(self.text[:SAID])), DividerBlock()]
        return [SectionBlock(text=_plain(clip_escaped(self.text, SAID))), DividerBlock()]


def home(facts: HomeFacts, said: ToldThere, now: datetime) -> dict[str, Any]:
    """The Home of a person, as of now."""
    blocks = [
        *said.blocks,
        *_you(facts, now),
        *_tickets(facts),
        *_planned(facts),
        *_lines(facts, now),
        *_as_of(facts, now),
    ]
    return _view(blocks)


def without_documents(said: ToldThere, trouble: str) -> dict[str, Any]:
    """The Home while the documents can't be read: what the person is told, and what is wrong."""
    again = ButtonElement(text="Look again", action_id="home.show.0", value=HomePages().value)
    return _view([*said.blocks, SectionBlock(text=_mrkdwn(trouble)), ActionsBlock(block_id="again", elements=[again])])


def _view(blocks: Sequence[Block]) -> dict[str, Any]:
    return View(type="home", callback_id="clerk.home", blocks=blocks).to_dict()


def _you(facts: HomeFacts, now: datetime) -> list[Block]:
    """Whether the person is there, and what changes that."""
    agent = facts.agent
    time = away(agent, facts.hours, now)
    has_said = agent.away_until is not None and agent.away_until > now and agent.since is not None
    buttons = [ButtonElement(text="Away…", action_id="home.away", value="{}")]
    if has_said and agent.since is not None:
        value = json.dumps({"since": agent.since.isoformat()})
        buttons = [ButtonElement(text="I am back", action_id="clerk.back", value=value, style="primary"), *buttons]
    return [
        HeaderBlock(text=_plain("You")),
        SectionBlock(text=_mrkdwn(_there(time, has_said=has_said))),
        ActionsBlock(block_id="home.you", elements=buttons),
    ]


def _there(time: TimeAway | None, *, has_said: bool) -> str:
    if time is None:
        return "You are there: you get notifications."
    until = f" until {local_time(time.until)}" if time.until is not None else ""
    note = f": {escape(unstyled(time.note))}" if time.note else ""
    if has_said:
        return f"You are away{until}{note}. Until then you get no notifications."
    return f"It is outside your hours{until}: you get no notifications."


def _tickets(facts: HomeFacts) -> list[Block]:
    count = f"{facts.tickets_count:,}{'+' if facts.at_least else ''}"
    blocks: list[Block] = [
        HeaderBlock(text=_plain(f"Your open tickets ({count})" if facts.tickets_count else "Your open tickets")),
        *lists.may_be_incomplete(unsure=facts.unsure),
    ]
    if not facts.tickets:
        return [*blocks, SectionBlock(text=_plain(NOTHING))]
    page = facts.pages.tickets
    neighbours = {-1: HomePages(page - 1, facts.pages.lines), 1: HomePages(page + 1, facts.pages.lines)}
    blocks += [lists.row_block(row) for row in facts.tickets]
    return [*blocks, *_turns("tickets", page, TICKETS, facts.tickets_count, neighbours)]


def _planned(facts: HomeFacts) -> list[Block]:
    if not facts.planned:
        return []
    blocks: list[Block] = [HeaderBlock(text=_plain(f"Planned by you ({facts.planned_count:,})"))]
    for planned in facts.planned[:PLANNED]:
        blocks += listed_plan(planned)
    if facts.planned_count > PLANNED:
        blocks.append(ContextBlock(elements=[_mrkdwn(SEE_PLANNED)]))
    return blocks


def _lines(facts: HomeFacts, now: datetime) -> list[Block]:
    blocks: list[Block] = [HeaderBlock(text=_plain("Lines"))]
    if not facts.lines:
        return [*blocks, SectionBlock(text=_plain(NO_LINES))]
    calendars = {each.id: each for each in facts.calendars}
    for line in facts.lines:
        calendar = calendars.get(line.calendar)
        hours = "Always open: there is no calendar" if calendar is None else now_open_words(calendar, now)
        name = clip_escaped(unstyled(line.label), 120)
        blocks.append(SectionBlock(text=_mrkdwn(f"*{name}* in {mention(line.channel)}\n{hours}.")))
        if buttons := _switches(line, calendar, now, is_admin=facts.is_admin):
            blocks.append(ActionsBlock(block_id=f"home.line.{line.id}", elements=buttons))
    page = facts.pages.lines
    neighbours = {-1: HomePages(facts.pages.tickets, page - 1), 1: HomePages(facts.pages.tickets, page + 1)}
    return [*blocks, *_turns("lines", page, LINES, facts.lines_count, neighbours)]


def _switches(line: Line, calendar: Calendar | None, now: datetime, *, is_admin: bool) -> list[ButtonElement]:
    """What closes a line for a while, or opens one again that somebody closed; for admins, what changes it."""
    value, buttons = json.dumps({"line": line.id}), []
    if calendar is not None and closure_at(calendar, now) is not None:
        buttons.append(ButtonElement(text="Open again", action_id="home.open", value=value))
    elif calendar is not None:
        buttons.append(ButtonElement(text="Close now…", action_id="home.close", value=value))
    if is_admin:
        buttons.append(ButtonElement(text="Settings…", action_id="home.settings", value=value))
    return buttons


def _turns(list_: str, page: int, most: int, count: int, neighbours: dict[int, HomePages]) -> list[Block]:
    """Which part of a list is shown, and the buttons to the others; nothing if it is shown whole."""
    if count <= most:
        return []
    shown = f"These are {page * most + 1:,} to {min(count, (page + 1) * most):,}."
    buttons = []
    if page:
        buttons.append(ButtonElement(text="Previous", action_id="home.show.0", value=neighbours[-1].value))
    if (left := count - (page + 1) * most) > 0:
        words = f"… and {left:,} more"
        buttons.append(ButtonElement(text=words, action_id="home.show.1", value=neighbours[1].value))
    return [ContextBlock(elements=[_mrkdwn(shown)]), ActionsBlock(block_id=f"home.{list_}", elements=buttons)]


def _as_of(facts: HomeFacts, now: datetime) -> list[Block]:
    """When this was true: nothing brings it up to date but its person."""
    again = ButtonElement(text="Look again", action_id="home.show.0", value=facts.pages.value)
    shown = f"As it was at {local_time(now)}. It changes when you open it, and when you do something here."
    return [ContextBlock(elements=[_mrkdwn(shown)]), ActionsBlock(block_id="home.again", elements=[again])]


def _plain(escaped: str) -> PlainTextObject:
    return PlainTextObject(text=escaped, emoji=False)


def _mrkdwn(escaped: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=escaped, verbatim=True)
