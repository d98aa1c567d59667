"""Planned texts as Slack shows them: their post in the thread, what Clerk did to them, lists of them. Pure."""

from collections.abc import Sequence
from typing import Final

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    RichTextBlock,
    RichTextElementParts,
    RichTextQuoteElement,
    SectionBlock,
)

from messages.formats.plain_words import visible
from messages.planned import AUTHOR_GONE, IfReply, Planned, PlannedState
from workers.markup import clip_escaped, local_time, mention, moment, unstyled, words_and_files
from workers.shown.plans import leaves_words, listed_plan, plan_buttons
from workers.slack.elements import FALLBACK, SECTION, Rendered, mrkdwn, rendered

EXCERPT: Final = 150
REMINDERS: Final = 7
"""How often an author is reminded: as workers/sms/planned/life.py has it."""

_FIRST: Final = {
    IfReply.HOLD: "waits if the contact writes first",
    IfReply.CANCEL: "is cancelled if the contact writes first",
    IfReply.SEND: "is sent even if the contact writes first",
}


def post(planned: Planned) -> Rendered:
    """The thread post of a planned text: who planned what for when, what became of it, and what can be done."""
    did = "wrote this at night for the contact: it leaves" if planned.at_night else "planned this for"
    who = f":clock9: {mention(planned.by)} {did} {leaves_words(planned)} · {_FIRST[planned.if_reply]}"
    said = visible(words_and_files(planned.body, planned.files))
    quote = RichTextBlock(elements=[RichTextQuoteElement(elements=[RichTextElementParts.Text(text=said)])])
    blocks: list[Block] = [ContextBlock(elements=[mrkdwn(who)]), quote]
    if became := _became(planned):
        blocks.append(ContextBlock(elements=[mrkdwn(became)]))
    return rendered(
        clip_escaped(f"Planned: {words_and_files(planned.body, planned.files)}", FALLBACK),
        [*blocks, *plan_buttons(planned)],
    )


def _became(planned: Planned) -> str:
    """What became of it, or what it waits for; empty while it waits for its time."""
    because = f": {clip_escaped(planned.why, SECTION // 2)}" if planned.why else ""
    by = f" by {mention(planned.changed_by)}" if planned.changed_by else ""
    at = moment(planned.ended_at, "{date_short_pretty} {time_secs}") if planned.ended_at else ""
    match planned.state:
        case PlannedState.PLANNED:
            return f"Moved{because}." if planned.why else ""
        case PlannedState.HELD:
            return f":double_vertical_bar: Held{because}."
        case PlannedState.RELEASED:
            return f":outbox_tray: It left at {at}{f', sent{by}' if by else ''}."
        case PlannedState.CANCELLED:
            return f":x: Cancelled{by} at {at}{because}."
        case PlannedState.REFUSED:
            return f":x: Not sent{because}."


def note(planned: Planned) -> Rendered | None:
    """The thread line about what Clerk by itself did to a planned text last; None if it is what was planned."""
    if planned.changed_by is not None:
        return None
    author, due = mention(planned.by), local_time(planned.due_at)
    quoted = f"“{clip_escaped(unstyled(words_and_files(planned.body, planned.files)), EXCERPT)}”"
    because = f", because {clip_escaped(planned.why, SECTION // 2)}" if planned.why else ""
    match planned.state:
        case PlannedState.PLANNED if planned.why:
            line = f":clock9: What {author} planned was moved: it leaves at {due}{because}: {quoted}"
        case PlannedState.HELD if planned.reminded and planned.why == AUTHOR_GONE:
            line = (
                f":double_vertical_bar: What {author} planned for {due} waits for somebody, because {planned.why}: "
                f"{quoted} Send it, change it or cancel it above. (Reminder {planned.reminded} of {REMINDERS}.)"
            )
        case PlannedState.HELD if planned.reminded:
            line = (
                f":double_vertical_bar: {author}, what you planned for {due} still waits for you: {quoted} "
                f"Send it, change it or cancel it above. (Reminder {planned.reminded} of {REMINDERS}.)"
            )
        case PlannedState.HELD:
            line = f":double_vertical_bar: What {author} planned for {due} is held{because}: {quoted}"
        case PlannedState.CANCELLED | PlannedState.REFUSED:
            line = f":x: What {author} planned for {due} is not sent{because}: {quoted}"
        case _:
            return None
    return rendered(line, [ContextBlock(elements=[mrkdwn(line)])])


def card_line(plans: Sequence[Planned]) -> str:
    """What a card says of the texts that are planned, in markup; empty if there are none."""
    waiting = [each for each in plans if each.state is PlannedState.PLANNED]
    held = sum(each.state is PlannedState.HELD for each in plans)
    parts = []
    if waiting:
        first = local_time(min(each.due_at for each in waiting))
        parts.append(f"{len(waiting)} planned, {first if len(waiting) == 1 else f'the next {first}'}")
    if held:
        parts.append(f"{held} planned and held")
    return f":clock9: {', '.join(parts)}" if parts else ""


def whisper(markup: str, plans: Sequence[Planned]) -> Rendered:
    """A private message in Slack's markup, and below it planned texts with their buttons."""
    blocks: list[Block] = [SectionBlock(text=mrkdwn(markup[:SECTION]))]
    for planned in plans:
        blocks += listed_plan(planned)
    return rendered(markup[:SECTION], blocks)
