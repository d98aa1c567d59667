"""Files in the forms with which agents write texts: what is sent with a text, and what is answered on the field."""

from collections.abc import Mapping
from typing import Any

import pytest

from messages.formats.places import MeantIn, ZoneOf
from messages.orders.forms import read
from messages.orders.submission import InputState, with_slacks_files
from messages.planned import ActOnPlanned, ChangePlan, PlanText
from messages.sms import SlackFile, WriteText
from sandbox.slack.modals import refuse_invalid
from tests import make
from tests.decisions.helpers import submitted
from tests.make import CHANNEL
from workers.interactive import reply_modals, send_time_fields
from workers.interactive.send_time_fields import Offered

FORMS: Mapping[str, Mapping[str, Any]] = {
    "reply": reply_modals.reply(
        make.line(), make.contact(), CHANNEL, None, offered=Offered(MeantIn("UTC", ZoneOf.CONTACT))
    ),
    "send": reply_modals.send([make.line()], [], CHANNEL, None),
}
NUMBER = {"value": "+15551234567"}
LATER: dict[str, Any] = {"send": {"selected_option": {"value": "morning"}}}


def file(id: str = "F1", **fields: Any) -> dict[str, Any]:
    """A picture as Slack describes one in the state of a form, with what is unknown as null."""
    url = f"https://files.slack.com/files-pri/T1-{id}/a.png"
    known = {"name": "a.png", "mimetype": "image/png", "url_private": url, "size": 1000, "title": None}
    return {"id": id, **known, "file_access": "visible", **fields}


def filled(form: str, *files: dict[str, Any], text: str | None = "Here it is", **states: Any) -> Any:
    """What a form orders, or its errors."""
    number = {"number": NUMBER} if form == "send" else {}
    return read(submitted(FORMS[form], text={"value": text}, files={"files": files}, **number, **states))


@pytest.mark.parametrize("form", FORMS)
def test_a_text_goes_out_with_its_files_now_and_later(form: str) -> None:
    now, later = filled(form, file(), file("F2"), file()), filled(form, file(), **LATER)
    assert isinstance(now, WriteText)
    assert [each.id for each in now.files] == ["F1", "F2"]
    assert isinstance(later, PlanText)
    assert later.files == (SlackFile(**{name: value for name, value in file().items() if value is not None}),)


@pytest.mark.parametrize("form", FORMS)
def test_files_go_without_words_and_nothing_does_not(form: str) -> None:
    assert isinstance(filled(form, file(), text=None), WriteText)
    assert filled(form, text=None) == {"text": "Please write a text, or add a file."}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([file(mimetype="application/zip")], "of a type (application/zip) that phones don't accept"),
        ([file(size=3_000_000), file("F2", size=3_000_000)], "6 MB, and a text can have at most 5 MB"),
        ([file(url_private=None)], "it is not stored in this workspace"),
        ([file(str(number)) for number in range(11)], "at most 10 files"),
    ],
)
def test_what_no_phone_accepts_is_answered_on_the_field_itself(
    form: str, files: list[dict[str, Any]], words: str
) -> None:
    errors = filled(form, *files)
    assert isinstance(errors, dict)
    assert set(errors) == {"files"}
    assert words in errors["files"]
    assert not errors["files"].startswith("Not sent")


def test_a_file_of_which_slack_says_nothing_yet_is_left_to_a_worker() -> None:
    shared = {"id": "F1", "file_access": "check_file_info"}
    order = filled("reply", shared)
    assert isinstance(order, WriteText)
    assert order.files == (SlackFile(**shared),)


def test_a_file_outside_slack_loses_its_address() -> None:
    state = InputState.model_validate({"files": [file(), file("F2", url_private="https://evil.example/x")]})
    safe = with_slacks_files(state, "https://slack.com/api/")
    assert [bool(each.url_private) for each in safe.attached] == [True, False]


PLANNED = make.planned(files=(SlackFile(id="F1", name="plan.pdf"), SlackFile(id="F2")))


def change(planned: Any = PLANNED, **states: Any) -> Any:
    """What the form orders that changes a planned text."""
    view = send_time_fields.edit(planned, make.contact(), CHANNEL, None)
    refuse_invalid(view)
    order = read(submitted(view, **{"files": {"files": []}, **states}))
    return order.command if isinstance(order, ActOnPlanned) else order


def test_an_edit_keeps_files_unless_they_are_taken_out_and_adds_others() -> None:
    kept = change()
    assert isinstance(kept, ChangePlan)
    assert (kept.keep, kept.files) == (("F1", "F2"), ())
    less = change(keep={"selected_options": [{"value": "F2"}]}, files={"files": [file("F3")]})
    assert (less.keep, [each.id for each in less.files]) == (("F2",), ["F3"])
    assert change(text={"value": None}).text == ""
    wrong = change(text={"value": None}, keep={"selected_options": []})
    assert wrong == {"text": "Please write a text, or add a file."}


def test_the_form_of_a_planned_text_without_files_says_nothing_about_keeping_any() -> None:
    plain = change(make.planned())
    assert isinstance(plain, ChangePlan)
    assert (plain.keep, plain.files) == (None, ())


@pytest.mark.parametrize("form", FORMS)
def test_slack_accepts_the_forms(form: str) -> None:
    refuse_invalid(dict(FORMS[form]))
