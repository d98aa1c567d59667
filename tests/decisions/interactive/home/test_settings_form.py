"""The form with a line's settings: within Slack's limits, read back as shown, and nobody's change is lost."""

import json
from typing import Any

import pytest

from messages.answering import AutoKind, AutoReplies
from messages.line import Line
from messages.line_settings.fields import FIELDS, FieldKind, shown
from messages.notification import HOME
from messages.orders import forms
from messages.orders.submission import InputState, Option, Submission
from messages.views import ChangeLine
from sandbox.slack.blockkit.block_checks import modal_errors
from tests import make
from tests.make import AGENT, NOW
from workers.interactive.home.settings_form import changed, settings_form

CALENDARS = [make.calendar()]
LONGEST = AutoReplies(**dict.fromkeys(AutoKind, "x" * 1500))


def state(kind: FieldKind, value: str) -> InputState:
    """A field as Slack sends it."""
    match kind:
        case FieldKind.CHOICE | FieldKind.CALENDAR:
            return InputState(selected_option=Option(value=value))
        case FieldKind.PEOPLE:
            return InputState(selected_users=tuple(value.split(",")) if value else ())
        case _:
            return InputState(value=value or None)


def submitted(line: Line, **typed: str) -> Any:
    """What the form of a line orders once these fields hold something else, or what is wrong."""
    view = settings_form(line, [each.id for each in CALENDARS])
    assert modal_errors(json.loads(json.dumps(view))) == []
    values = {**shown(line), **{id.replace("__", "."): value for id, value in typed.items()}}
    submission = Submission(
        callback_id=view["callback_id"],
        private_metadata=view["private_metadata"],
        fields={each.id: state(each.kind, values[each.id]) for each in FIELDS},
        user=AGENT,
        at=NOW,
        order="view/V1/1",
    )
    return forms.read(submission)


def order_of(line: Line, **typed: str) -> ChangeLine:
    """The order of a form that is right."""
    found = submitted(line, **typed)
    assert isinstance(found, ChangeLine), found
    return found


@pytest.mark.parametrize(
    "line", [make.line(), make.line(name="&" * 80, auto_replies=LONGEST, calendar="gone", on_call=("U0ANN",))]
)
def test_the_form_is_within_slacks_limits_and_saved_as_it_is_changes_nothing(line: Line) -> None:
    found = order_of(line)
    assert (found.changes, found.by, found.channel, found.order) == ({}, AGENT, HOME, "view/V1/1")
    assert changed(line, found, CALENDARS, NOW).line == line


def test_only_what_was_changed_is_ordered_and_saved() -> None:
    line = make.line(name="Shop")
    found = order_of(line, window="60", auto__closed="Back {opens}.", on_call="U0ANN,U0BOB", calendar="shop")
    assert found.changes == {
        "window": "60",
        "calendar": "shop",
        "on_call": "U0ANN,U0BOB",
        "auto.closed": "Back {opens}.",
    }
    saved = changed(line, found, CALENDARS, NOW)
    assert (saved.line.window.total_seconds(), saved.line.calendar) == (60, "shop")
    assert (saved.line.on_call, saved.line.auto_replies.closed) == (("U0ANN", "U0BOB"), "Back {opens}.")
    assert saved.words.startswith("Saved for *Shop*: Window")
    assert changed(saved.line, found, CALENDARS, NOW).line == saved.line, "it may come twice"


def test_what_is_wrong_is_said_at_its_field() -> None:
    assert submitted(make.line(), window="0", hold="1h", auto__closed="{x}").keys() == {"window", "hold", "auto.closed"}


def test_what_was_wrong_before_keeps_nobody_from_changing_something_else() -> None:
    line = make.line().model_copy(update={"name": "x" * 200})
    assert order_of(line, hold="5").changes == {"hold": "5"}


def test_what_somebody_else_changed_meanwhile_stays_and_is_said() -> None:
    found = order_of(make.line(name="Shop"), window="60")
    saved = changed(make.line(name="Shop", hold=5), found, CALENDARS, NOW)
    assert (saved.line.window.total_seconds(), saved.line.hold.total_seconds()) == (60, 5)
    assert "Somebody else changed this meanwhile, and it stays: Seconds for which a reply" in saved.words


def test_of_what_somebody_else_changed_too_nothing_is_saved() -> None:
    found, now = order_of(make.line(), window="60", hold="5"), make.line(window=90)
    saved = changed(now, found, CALENDARS, NOW)
    assert saved.line == now
    assert saved.words.startswith(f"Nothing was changed for *{make.LINE}*: somebody else has changed this meanwhile")


def test_a_calendar_that_is_gone_meanwhile_is_not_saved() -> None:
    found = order_of(make.line(), calendar="shop")
    saved = changed(make.line(), found, [], NOW)
    assert saved.line == make.line()
    assert "there is no calendar shop any more" in saved.words


def test_what_does_nothing_is_said_as_the_command_says_it() -> None:
    found = order_of(make.line(), auto__closed="Back {opens}.", alert="escalate-after=1h")
    words = changed(make.line(), found, CALENDARS, NOW).words
    assert "closed: never sent, since the line has no calendar and is always open" in words
    assert "alerts: escalate-after does nothing without an escalation list" in words
