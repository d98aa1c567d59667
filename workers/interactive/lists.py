"""Lists of tickets: the answer to `/clerk find`, the dashboard, and its search results. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from messages.deadlines.priority import Priority
from messages.orders.commands import QUERY_LIMIT
from messages.ticket import LastText, Status, Ticket
from workers.markup import clip_escaped, escape, listed, local_age, local_time, mention, unstyled
from workers.shown.clocks import due_in_short

LISTED: Final = 15
"""The most tickets of one answer: with the longest names and subjects they fill a message."""

PER_STATUS: Final = 13
"""The most tickets of one list in the dashboard: six lists with their titles make less than 100 blocks."""

SNOOZED: Final = "Snoozed"
"""What the list of snoozed tickets is called, and looked for by."""

FOUND: Final = 50

MAY_BE_INCOMPLETE: Final = (
    "Slack does not say at the moment which channels you can see, so tickets of other lines may be missing here. "
    "Look again in a minute."
)

EXCERPT: Final = 100
"""How much of a text a row shows."""


@dataclass(frozen=True)
class Row:
    """A ticket of a list: its contact's name and last text, and its thread's permalink, where there are any."""

    ticket: Ticket
    name: str
    permalink: str | None
    newest: LastText | None = None


@dataclass(frozen=True)
class Answer:
    """A message: its blocks, and the text that notifications and old clients show."""

    text: str
    blocks: tuple[Mapping[str, Any], ...]
    byline: None = None


@dataclass(frozen=True)
class FoundTickets:
    """A page of tickets, and how many there are on all pages: `at_least`, if more were not looked at.

    It is `unsure` if Slack did not say of all channels whether the agent can see them.
    """

    rows: Sequence[Row]
    count: int
    at_least: bool = False
    unsure: bool = False


@dataclass(frozen=True)
class OpenTickets:
    """Open tickets by status, and how many there are of each, shown or not; `unsure` is as for FoundTickets.

    What is snoozed is in a list of its own alone.
    """

    rows: Mapping[Status, Sequence[Row]]
    counts: Mapping[Status, int] = field(default_factory=dict)
    unsure: bool = False
    snoozed: Sequence[Row] = ()
    snoozed_count: int = 0


@dataclass(frozen=True)
class ListPage:
    """What was looked for, and which page is shown, from 0: in the modal `view`, else in private in `channel`."""

    query: str
    number: int = 0
    channel: str | None = None
    view: str | None = None


def answer(page: ListPage, found: FoundTickets) -> Answer:
    """The answer to `/clerk find`."""
    title = _title(page, found, LISTED)
    blocks = [
        SectionBlock(text=_mrkdwn(title)),
        *may_be_incomplete(unsure=found.unsure),
        *(row_block(row) for row in found.rows),
        *_neighbours(page, found, LISTED),
    ]
    return Answer(title, tuple(block.to_dict() for block in blocks))


def dashboard(
    tickets: OpenTickets, channel: str, response_url: str | None, external_id: str | None = None
) -> dict[str, Any]:
    """The modal of `/clerk`: a button to send a text, a search, the open tickets by status.

    `external_id` lets lists take the modal's place.
    """
    carried = json.dumps({"channel": channel, "response_url": response_url})
    send = ButtonElement(text="Send text", action_id="clerk.send", value=carried, style="primary")
    query = PlainTextInputElement(
        action_id="query",
        max_length=QUERY_LIMIT,
        placeholder=_plain("Number, name, tag, status, words of the subject, #12"),
    )
    blocks: list[Block] = [
        ActionsBlock(block_id="clerk.actions", elements=[send]),
        InputBlock(block_id="query", label=_plain("Find tickets"), element=query),
        DividerBlock(),
    ]
    blocks += may_be_incomplete(unsure=tickets.unsure)
    listed_by = {status.label: (rows, tickets.counts.get(status, 0)) for status, rows in tickets.rows.items()}
    for label, (rows, counted) in {**listed_by, SNOOZED: (tickets.snoozed, tickets.snoozed_count)}.items():
        if rows:
            count = max(counted, len(rows))
            blocks += [HeaderBlock(text=_plain(f"{label} ({count:,})")), *(row_block(row) for row in rows[:PER_STATUS])]
            if len(rows) > PER_STATUS:
                all_of_it = ListPage(label, 0, channel, external_id)
                name = re.sub(r"\W", "_", label.lower())
                blocks.append(_turns({f"All {count:,} {label}": all_of_it}, f"clerk.pages.{name}"))
    if not any(tickets.rows.values()) and not tickets.snoozed:
        blocks.append(SectionBlock(text=_plain("There are no open tickets.")))
    return View(
        type="modal",
        callback_id="clerk.search",
        private_metadata=json.dumps({"channel": channel}),
        title=_plain("Clerk"),
        submit=_plain("Search"),
        close=_plain("Close"),
        external_id=external_id,
        blocks=blocks,
    ).to_dict()


def results(page: ListPage, found: FoundTickets) -> dict[str, Any]:
    """The modal with a page of the search results."""
    assert page.view is not None
    blocks = [
        SectionBlock(text=_mrkdwn(_title(page, found, FOUND))),
        *may_be_incomplete(unsure=found.unsure),
        *(row_block(row) for row in found.rows),
        *_neighbours(page, found, FOUND),
    ]
    return View(
        type="modal",
        callback_id="clerk.found",
        external_id=page.view,
        title=_plain("Found"),
        close=_plain("Back"),
        blocks=blocks,
    ).to_dict()


def may_be_incomplete(*, unsure: bool) -> list[Block]:
    """What is said above a list from which tickets may be missing."""
    return [SectionBlock(text=_plain(MAY_BE_INCOMPLETE))] if unsure else []


def _title(page: ListPage, found: FoundTickets, most: int) -> str:
    asked = f"“{clip_escaped(unstyled(page.query.strip()), 300)}”"
    if not found.rows:
        return f"No ticket matches {asked}. Search for a number, a name, a tag, a status, words of the subject, or #12."
    count = f"{'At least ' if found.at_least else ''}{found.count:,} ticket{'' if found.count == 1 else 's'}"
    if found.count <= most and not page.number:
        return f"{count} for {asked}:"
    first = page.number * most + 1
    last = first + len(found.rows) - 1
    return f"{count} for {asked}. These are {first:,} to {last:,}: what is due first, then whoever has waited longest:"


def _neighbours(page: ListPage, found: FoundTickets, most: int) -> list[Block]:
    """The buttons to the pages before and after, where there are any."""
    pages: dict[str, ListPage] = {}
    if page.number:
        pages["Previous"] = replace(page, number=page.number - 1)
    if (page.number + 1) * most < found.count:
        pages["Next"] = replace(page, number=page.number + 1)
    return [_turns(pages, "clerk.pages")] if pages else []


def _turns(pages: Mapping[str, ListPage], block_id: str) -> Block:
    """Buttons that each lead to a page."""
    buttons = [
        ButtonElement(text=label, action_id=f"clerk.page.{place}", value=_carried(page))
        for place, (label, page) in enumerate(pages.items())
    ]
    return ActionsBlock(block_id=block_id, elements=buttons)


def _carried(page: ListPage) -> str:
    """A page in a button's value, which holds 2,000 characters."""
    carried = {"query": page.query, "page": page.number, "channel": page.channel, "view": page.view}
    return json.dumps(carried, ensure_ascii=False)


def row_block(row: Row) -> Block:
    """A ticket of a list."""
    return SectionBlock(text=_mrkdwn("\n".join(_line(row))))


def _line(row: Row) -> tuple[str, ...]:
    ticket = row.ticket
    number = f"<{escape(row.permalink)}|#{ticket.id}>" if row.permalink else f"#{ticket.id}"
    who = f"{clip_escaped(unstyled(row.name), 120)} · {escape(ticket.contact)}" if row.name else escape(ticket.contact)
    about = [ticket.status.label]
    if ticket.asleep is not None:
        about.append(f"snoozed until {local_time(ticket.asleep.until)}")
    if ticket.priority is not Priority.NONE:
        about.append(ticket.priority.label)
    if ticket.subject:
        about.append(clip_escaped(unstyled(ticket.subject), 200))
    if ticket.tags:
        about.append(listed([f"`{escape(tag)}`" for tag in ticket.tags], 120))
    about += due_in_short(ticket)
    if ticket.blocked:
        about.append(":no_bell: blocked")
    if ticket.waits_since is not None:
        about.append(f"waits since {local_time(ticket.waits_since)}")
    if ticket.assignees:
        about.append(listed(map(mention, ticket.assignees), 80))
    return f"*{number}* · {who}", " · ".join(about), *_last_text(row)


def _last_text(row: Row) -> Iterator[str]:
    """What the contact wrote last, and how long ago."""
    if row.newest is not None:
        words = clip_escaped(unstyled(row.newest.words), EXCERPT)
        yield f"“{words}” · {local_age(row.newest.at)}"


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)


def _mrkdwn(escaped: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=escaped, verbatim=True)
