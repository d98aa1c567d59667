"""The form with a line's settings, and what becomes of what an admin changes in it. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticSelectElement,
    UserMultiSelectElement,
)
from slack_sdk.models.blocks.block_elements import InputInteractiveElement
from slack_sdk.models.views import View

from messages.calendar import Calendar
from messages.deadlines import alert_words, policy_words
from messages.deadlines.alert import MOST_ESCALATED
from messages.line import Line
from messages.line_settings.fields import (
    BY_ID,
    COMMAND_ONLY,
    FIELDS,
    FieldKind,
    LineField,
    applied,
    digest,
    labels,
    shown,
    wrong,
)
from messages.line_settings.words import NONE
from messages.orders.home_forms import SettingsMetadata
from messages.team import auto_replies
from messages.views import ChangeLine
from workers.markup import clip_escaped, escape, unstyled

MOST_TYPED: Final = 3000
"""The most characters of a field (https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element)."""

OPTIONS: Final = 100
SAVED: Final = "Saved for {line}: {what}."
NOTHING: Final = "Nothing was changed for {line}: you changed nothing in the form."
MEANWHILE: Final = "Somebody else changed this meanwhile, and it stays: {what}."
CONFLICT: Final = (
    "Nothing was changed for {line}: somebody else has changed this meanwhile, too: {what}. Open *Settings* again."
)
REFUSED: Final = "Nothing was changed for {line}: {why}."


def settings_form(line: Line, calendars: Sequence[str]) -> dict[str, Any]:
    """The form with the settings of a line; `calendars` are the ids of those that there are."""
    values = shown(line)
    metadata = SettingsMetadata(line=line.id, showed={id: digest(value) for id, value in values.items()})
    only = "; ".join(f"{name}: {why}" for name, why in COMMAND_ONLY.items())
    return View(
        type="modal",
        callback_id="home.settings",
        private_metadata=metadata.model_dump_json(),
        title=_plain(f"Line {line.id}"[:24]),
        submit=_plain("Save"),
        close=_plain("Cancel"),
        blocks=[
            *(_block(each, values[each.id], calendars) for each in FIELDS),
            ContextBlock(elements=[MarkdownTextObject(text=f"With `clerk lines set` alone: {only}.", verbatim=True)]),
        ],
    ).to_dict()


def _block(field: LineField, value: str, calendars: Sequence[str]) -> InputBlock:
    return InputBlock(
        block_id=field.id,
        label=_plain(field.label),
        element=_element(field, value, calendars),
        optional=field.may_be_blank,
        hint=_plain(field.hint) if field.hint else None,
    )


def _element(field: LineField, value: str, calendars: Sequence[str]) -> InputInteractiveElement:
    match field.kind:
        case FieldKind.CHOICE | FieldKind.CALENDAR:
            options = field.options if field.kind is FieldKind.CHOICE else _hours(value, calendars)
            offered = {each: Option(value=each, text=_plain(words)) for each, words in options.items()}
            return StaticSelectElement(
                action_id=field.id, options=list(offered.values()), initial_option=offered.get(value)
            )
        case FieldKind.PEOPLE:
            people = value.split(",") if value else None
            return UserMultiSelectElement(action_id=field.id, initial_users=people, max_selected_items=MOST_ESCALATED)
        case FieldKind.TEXT | FieldKind.LINES:
            several = field.kind is FieldKind.LINES
            return PlainTextInputElement(
                action_id=field.id, initial_value=value or None, multiline=several, max_length=MOST_TYPED
            )


def _hours(value: str, calendars: Sequence[str]) -> dict[str, str]:
    """The calendars that can be picked, that of the line among them even if it is gone."""
    ids = dict.fromkeys([NONE, value, *calendars])
    return {id: "Always open" if id == NONE else clip_escaped(id, 75) for id in [*ids][:OPTIONS]}


@dataclass(frozen=True)
class SavedLine:
    """A line as a form makes it, and what its admin is told; the line itself if nothing is to be saved."""

    line: Line
    words: str


def changed(line: Line, order: ChangeLine, calendars: Collection[Calendar], now: datetime) -> SavedLine:
    """What an admin's changes make of a line as it is now: nothing, if somebody else has changed the same meanwhile."""
    name, values = f"*{escape(unstyled(line.label))}*", shown(line)
    others = [id for id, value in values.items() if order.showed.get(id, digest(value)) != digest(value)]
    changes = {id: value for id, value in order.changes.items() if id in BY_ID}
    clash = [id for id in others if id in changes and digest(changes[id]) != digest(values[id])]
    if clash:
        return SavedLine(line, CONFLICT.format(line=name, what=escape(labels(clash))))
    picked = changes.get("calendar", NONE)
    if picked not in {NONE, *(each.id for each in calendars)}:
        return SavedLine(line, REFUSED.format(line=name, why=f"there is no calendar {escape(picked)} any more"))
    if errors := wrong(line, {**values, **changes}, changes, order.at):
        return SavedLine(line, REFUSED.format(line=name, why=escape(next(iter(errors.values())))))
    after = applied(line, changes, order.at)
    said = SAVED.format(line=name, what=escape(labels(changes))) if changes else NOTHING.format(line=name)
    told = [said, *map(escape, _doubts(after, changes, calendars, now))]
    if unseen := [id for id in others if id not in changes]:
        told.append(MEANWHILE.format(what=escape(labels(unseen))))
    return SavedLine(after, "\n".join(told))


def _doubts(line: Line, changes: Collection[str], calendars: Collection[Calendar], now: datetime) -> Iterator[str]:
    """What of the changed settings does nothing, or not what it seems to: as `clerk lines set` says it."""
    touched = {BY_ID[id].setting for id in changes}
    if "auto" in touched:
        yield from auto_replies.inert(line.auto_replies, line.label, has_calendar=bool(line.calendar))
    if touched & {"sla", "calendar"}:
        yield from (f"targets: {each}" for each in policy_words.inert(line.policy, line.calendar, calendars, now))
    if "alert" in touched:
        yield from (f"alerts: {each}" for each in alert_words.inert(line.alerts))


def _plain(escaped: str) -> PlainTextObject:
    return PlainTextObject(text=escaped, emoji=False)
