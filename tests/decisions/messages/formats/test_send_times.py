"""What the fields of a form that say when a text goes out mean, and what is answered on the field itself."""

import json
from typing import Any

import pytest

from messages.orders import forms
from messages.orders.send_times import NOT_PICKED, PICK_DATE, PICK_TIME, SendTime, send_time
from messages.orders.submission import InputState, Submission
from messages.planned import ActOnPlanned, ChangePlan, IfReply, PlanText, When
from messages.sms import WriteText
from tests.make import AGENT, CHANNEL, CONTACT, LINE, NOW

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("choice", "date", "clock", "opening", "found"),
    [
        (None, None, None, "", SendTime()),
        ("now", None, None, "", SendTime()),
        ("morning", None, None, "", SendTime(When(day="tomorrow", clock="09:00"), BERLIN)),
        ("opening", None, None, "2026-03-03 08:30", SendTime(When(day="2026-03-03", clock="08:30"), BERLIN)),
        ("at", "2026-03-04", "17:05", "", SendTime(When(day="2026-03-04", clock="17:05"), BERLIN)),
        ("now", "2026-03-04", None, "", {"send": NOT_PICKED}),
        ("at", None, "17:05", "", {"date": PICK_DATE}),
        ("at", "2026-03-04", None, "", {"time": PICK_TIME}),
        ("at", None, None, "", {"date": PICK_DATE, "time": PICK_TIME}),
        ("opening", None, None, "", {"send": "Please pick when to send it."}),
        ("whenever", None, None, "", {"send": "Please pick when to send it."}),
    ],
)
def test_each_choice_is_a_time_or_an_error_on_its_field(
    choice: str | None, date: str | None, clock: str | None, opening: str, found: SendTime | dict[str, str]
) -> None:
    assert send_time(choice, date, clock, BERLIN, opening, NOW) == found


def test_the_end_of_the_contacts_night_counts_if_the_form_offered_it() -> None:
    found = send_time("awake", None, None, BERLIN, "", NOW, "2026-03-03 08:00")
    assert found == SendTime(When(day="2026-03-03", clock="08:00"), BERLIN)
    assert send_time("awake", None, None, BERLIN, "2026-03-03 08:30", NOW) == {"send": "Please pick when to send it."}


def test_a_time_that_has_passed_where_it_is_meant_is_answered_on_the_field() -> None:
    passed = send_time("at", "2026-03-02", "10:00", BERLIN, "", NOW)
    assert isinstance(passed, dict)
    assert "that time has passed" in passed["time"]
    assert isinstance(send_time("at", "2026-03-02", "10:00", "America/New_York", "", NOW), SendTime)
    assert isinstance(send_time("at", "2026-03-02", "10:00", None, "", NOW), SendTime)


def _submission(callback_id: str, metadata: dict[str, Any], **fields: Any) -> Submission:
    states = {name: InputState.model_validate(state) for name, state in fields.items()}
    return Submission(
        view="V1",
        order="one",
        callback_id=callback_id,
        private_metadata=json.dumps({"channel": CHANNEL, **metadata}),
        fields=states,
        user=AGENT,
        at=NOW,
    )


REPLY = {"line": LINE, "contact": CONTACT, "zone": BERLIN}
LATER = {"send": {"selected_option": {"value": "morning"}}}
TYPED = {"text": {"value": "See <you>"}}


def test_the_reply_form_plans_a_text_or_sends_it_now() -> None:
    assert isinstance(forms.read(_submission("ticket.reply", REPLY, **TYPED)), WriteText)
    order = forms.read(_submission("ticket.reply", REPLY, **TYPED, **LATER))
    assert isinstance(order, PlanText)
    assert (order.planned, order.text, order.zone, order.when.day) == ("view-V1", "See &lt;you&gt;", BERLIN, "tomorrow")
    assert order.if_reply is IfReply.HOLD
    first = {"if_reply": {"selected_option": {"value": "cancel"}}}
    cancelled = forms.read(_submission("ticket.reply", REPLY, **TYPED, **LATER, **first))
    assert isinstance(cancelled, PlanText)
    assert cancelled.if_reply is IfReply.CANCEL
    both = forms.read(_submission("ticket.reply", REPLY, send={"selected_option": {"value": "at"}}))
    assert isinstance(both, dict)
    assert both.keys() == {"text", "date", "time"}


def test_the_send_form_leaves_the_zone_to_the_number() -> None:
    picked = {"line": {"selected_option": {"value": LINE}}, "number": {"value": "+12125550123"}}
    order = forms.read(_submission("clerk.send", {}, **picked, **TYPED, **LATER))
    assert isinstance(order, PlanText)
    assert (order.contact, order.zone) == ("+12125550123", None)


SHOWN = {"planned": "P1", "version": 3, "wall": "2026-03-03 09:00", "zone": BERLIN}


def _edit(date: str = "2026-03-03", clock: str = "09:00", text: str = "New", **shown: Any) -> Any:
    time = {"date": {"selected_date": date}, "time": {"selected_time": clock}}
    first = {"if_reply": {"selected_option": {"value": "send"}}}
    return forms.read(_submission("planned.edit", {**SHOWN, **shown}, text={"value": text}, **time, **first))


def test_an_edit_changes_the_time_only_if_another_one_is_picked() -> None:
    same, other = _edit(), _edit(clock="10:00")
    assert isinstance(same, ActOnPlanned)
    assert same.command == ChangePlan(version=3, text="New", zone=BERLIN, if_reply=IfReply.SEND)
    assert isinstance(other.command, ChangePlan)
    assert other.command.when == When(day="2026-03-03", clock="10:00")
    assert (same.order, same.channel) == ("one", CHANNEL)


def test_what_is_wrong_with_an_edit_is_answered_on_its_field() -> None:
    assert _edit(date="2026-02-01", text="").keys() == {"text", "time"}


NOW_ONLY = "Clerk fills in {name} only if a text is sent later: write it out, or pick a time below."
UNKNOWN = "{nmae} is nothing that Clerk can fill in there: it knows {name}, {line} and {agent}."


@pytest.mark.parametrize(
    ("text", "now", "later"),
    [("Hi {name}", NOW_ONLY, None), ("Hi {nmae}", None, UNKNOWN), ('{"a": 1} {', None, None), ("{1}", None, None)],
)
def test_a_placeholder_is_for_what_is_sent_later_and_what_is_none_is_refused_on_the_field(
    text: str, now: str | None, later: str | None
) -> None:
    typed = {"text": {"value": text}}
    for found, wrong in (
        (forms.read(_submission("ticket.reply", REPLY, **typed)), now),
        (forms.read(_submission("ticket.reply", REPLY, **typed, **LATER)), later),
        (_edit(text=text, fills=True), later),
        (_edit(text=text), None),
    ):
        assert (found if isinstance(found, dict) else None) == ({"text": wrong} if wrong else None)
