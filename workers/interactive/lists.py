"""Lists of tickets: the answer to `/clerk find`, the dashboard, and its search results. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from messages.orders.commands import QUERY_LIMIT
from messages.ticket import Priority, Status, Ticket
from workers.markup import clip_escaped, escape, listed, mention, unstyled

LISTED: Final = 15
"""The most tickets of one answer: with the longest names and subjects they fill a message."""

PER_STATUS: Final = 15
"""The most tickets of one status in the dashboard: five statuses with their titles make less than 100 blocks."""

FOUND: Final = 50


@dataclass(frozen=True)
class Row:
    """A ticket of a list: its contact's name, if they have one, and its thread's permalink, if it is posted."""

    ticket: Ticket
    name: str
    permalink: str | None


@dataclass(frozen=True)
class Answer:
    """A message: its blocks, and the text that notifications and old clients show."""

    text: str
    blocks: tuple[Mapping[str, Any], ...]
    byline: None = None


def answer(query: str, rows: Sequence[Row]) -> Answer:
    """The answer to `/clerk find`."""
    title = _title(query, rows, LISTED)
    blocks = [SectionBlock(text=_mrkdwn(title)), *(_row(row) for row in rows[:LISTED])]
    return Answer(title, tuple(block.to_dict() for block in blocks))


def dashboard(open_tickets: Mapping[Status, Sequence[Row]], channel: str, response_url: str | None) -> dict[str, Any]:
    """The modal of `/clerk`: a button to send a text, a search, the open tickets by status."""
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
    for status, rows in open_tickets.items():
        if rows:
            blocks += [HeaderBlock(text=_plain(status.label)), *(_row(row) for row in rows[:PER_STATUS])]
            if len(rows) > PER_STATUS:
                blocks.append(ContextBlock(elements=[_plain(f"There are more: search for “{status.label}”.")]))
    if not any(open_tickets.values()):
        blocks.append(SectionBlock(text=_plain("There are no open tickets.")))
    return View(
        type="modal",
        callback_id="clerk.search",
        private_metadata=json.dumps({"channel": channel}),
        title=_plain("Clerk"),
        submit=_plain("Search"),
        close=_plain("Close"),
        blocks=blocks,
    ).to_dict()


def results(query: str, rows: Sequence[Row], external_id: str) -> dict[str, Any]:
    """The modal with the search results."""
    blocks = [SectionBlock(text=_mrkdwn(_title(query, rows, FOUND))), *(_row(row) for row in rows[:FOUND])]
    return View(
        type="modal",
        callback_id="clerk.found",
        external_id=external_id,
        title=_plain("Found"),
        close=_plain("Back"),
        blocks=blocks,
    ).to_dict()


def _title(query: str, rows: Sequence[Row], most: int) -> str:
    asked = f"“{clip_escaped(unstyled(query.strip()), 300)}”"
    if not rows:
        return f"No ticket matches {asked}. Search for a number, a name, a tag, a status, words of the subject, or #12."
    if len(rows) > most:
        return f"The newest {most} tickets for {asked}; there are more."
    return f"{len(rows)} ticket{'s' if len(rows) > 1 else ''} for {asked}:"


def _row(row: Row) -> Block:
    return SectionBlock(text=_mrkdwn("\n".join(_line(row))))


def _line(row: Row) -> tuple[str, str]:
    ticket = row.ticket
    number = f"<{escape(row.permalink)}|#{ticket.id}>" if row.permalink else f"#{ticket.id}"
    who = f"{clip_escaped(unstyled(row.name), 120)} · {escape(ticket.contact)}" if row.name else escape(ticket.contact)
    about = [ticket.status.label]
    if ticket.priority is not Priority.NONE:
        about.append(ticket.priority.label)
    if ticket.subject:
        about.append(clip_escaped(unstyled(ticket.subject), 200))
    if ticket.assignees:
        about.append(listed(map(mention, ticket.assignees), 80))
    return f"*{number}* · {who}", " · ".join(about)


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)


def _mrkdwn(escaped: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=escaped, verbatim=True)
