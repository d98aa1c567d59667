"""What is typed into the modal is answered on the field itself, and nothing that can be sent breaks it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from messages.orders import forms
from messages.orders.forms import parse_tags
from messages.orders.submission import InputState, Submission
from messages.ticket import ActOnTicket, Edit
from tests import make
from tests.make import AGENT, CHANNEL, NOW

SHOWN = {"ticket": 7, "version": 3, "origin": CHANNEL}
FIELDS = ("notify", "assignees", "subject", "status", "priority", "tags", "new_tags", "note")
VALID: dict[str, Any] = {
    "notify": {"selected_conversations": [CHANNEL]},
    "assignees": {"selected_users": [AGENT]},
    "subject": {"value": "Blue one"},
    "status": {"selected_option": {"value": "open"}},
    "priority": {"selected_option": {"value": "high"}},
    "tags": {"selected_options": [{"value": "vip"}]},
    "new_tags": {"value": "Late, #lost"},
    "note": {"value": " called back "},
}


def _submission(fields: Any, metadata: str = json.dumps(SHOWN), callback_id: str = "ticket.edit") -> Submission:
    states = {name: InputState.model_validate(state) for name, state in fields.items()}
    return Submission(callback_id=callback_id, private_metadata=metadata, fields=states, user=AGENT, at=NOW)


def _errors(**fields: Any) -> dict[str, str]:
    found = forms.read(_submission({**VALID, **fields}))
    assert isinstance(found, dict)
    return found


def test_a_good_form_is_an_order_with_what_was_typed() -> None:
    order = forms.read(_submission(VALID))
    edit = Edit(
        version=3,
        origin=CHANNEL,
        notify=(CHANNEL,),
        assignees=(AGENT,),
        subject="Blue one",
        status="open",
        priority="high",
        tags=("vip",),
        new_tags=("late", "lost"),
        note="called back",
    )
    assert order == ActOnTicket(ticket=7, command=edit, by=AGENT, at=NOW)


def test_a_field_that_the_modal_did_not_offer_gives_no_order() -> None:
    order = forms.read(_submission({}))
    assert isinstance(order, ActOnTicket)
    assert order.command == Edit(version=3, origin=CHANNEL)


def test_another_apps_modal_gives_no_order() -> None:
    assert forms.read(_submission({}, metadata="", callback_id="poll.create")) is None


@pytest.mark.parametrize(
    ("field", "state", "words"),
    [
        ("subject", {"value": "x" * 151}, "At most 150 characters, please: this has 151."),
        ("subject", {"value": "one\ntwo"}, "one line"),
        ("subject", {"value": "one\u2028two"}, "one line"),
        ("status", {"selected_option": None}, "pick a status"),
        ("status", {"selected_option": {"value": "asleep"}}, "pick a status"),
        ("priority", {"selected_option": {"value": "huge"}}, "pick a priority"),
        ("new_tags", {"value": "x" * 31}, "longer than 30"),
        ("new_tags", {"value": "ok, naïve"}, "“naïve”: a tag has only letters a-z"),
        ("new_tags", {"value": "<!channel>"}, "a tag has only letters a-z"),
        (
            "new_tags",
            {"value": ",".join(f"t{number}" for number in range(20))},
            "At most 20 tags, please: this makes 21.",
        ),
        ("note", {"value": "x" * 3001}, "At most 3000 characters"),
    ],
)
def test_bad_input_is_answered_on_the_field_itself(field: str, state: dict[str, Any], words: str) -> None:
    errors = _errors(**{field: state})
    assert list(errors) == [field]
    assert words in errors[field]


def test_every_bad_field_is_answered_at_once() -> None:
    errors = _errors(subject={"value": "x" * 151}, new_tags={"value": "é"}, note={"value": "x" * 3001})
    assert set(errors) == {"subject", "new_tags", "note"}


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("", ()),
        ("  ,;  , ", ()),
        ("VIP", ("vip",)),
        ("#vip vip,VIP;late\nlost", ("vip", "late", "lost")),
        ("a_b a-b 1", ("a_b", "a-b", "1")),
        ("x" * 30, ("x" * 30,)),
    ],
)
def test_tags_are_lower_cased_and_separated_by_commas_or_blanks(typed: str, tags: tuple[str, ...]) -> None:
    assert parse_tags(typed) == (tags, None)


@given(make.written(200))
def test_whatever_is_typed_as_tags_is_tags_or_a_word_on_what_is_wrong(typed: str) -> None:
    tags, wrong = parse_tags(typed)
    assert wrong is None or (tags == () and 0 < len(wrong) < 150)
    assert all(0 < len(tag) <= 30 and tag.isascii() and tag == tag.lower() for tag in tags)


TEXTS = st.none() | st.text(max_size=40) | st.sampled_from(["x" * 151, "x" * 3001, "a\nb", "VIP, é", "a b c"])
OPTIONS = st.none() | st.fixed_dictionaries({"value": st.sampled_from(["new", "open", "high", "none", "", "odd"])})
STATES = st.fixed_dictionaries(
    {},
    optional={
        "value": TEXTS,
        "selected_option": OPTIONS,
        "selected_options": st.none() | st.lists(st.fixed_dictionaries({"value": make.TAGS}), max_size=25),
        "selected_users": st.none() | st.lists(make.USERS, max_size=5),
        "selected_conversations": st.none() | st.lists(make.CHANNELS, max_size=5),
    },
)


@given(st.dictionaries(st.sampled_from(FIELDS), STATES))
def test_every_error_belongs_to_a_field_of_the_modal(fields: dict[str, Any]) -> None:
    found = forms.read(_submission(fields))
    if isinstance(found, dict):
        assert found
        assert set(found) <= set(fields)
        assert all(words.strip() for words in found.values())
    else:
        assert isinstance(found, ActOnTicket)


@given(make.JSON, st.dictionaries(st.sampled_from(FIELDS), make.JSON))
def test_anything_else_raises_a_value_error_and_nothing_but_that(metadata: Any, fields: dict[str, Any]) -> None:
    try:
        forms.read(_submission(fields, json.dumps(metadata)))
    except ValueError:
        return


@pytest.mark.parametrize("metadata", ["", "no json", "[" * 100_000, "null", "[]", '{"ticket": "x"}', '{"ticket": 7}'])
def test_metadata_that_is_not_ours_is_a_value_error(metadata: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        forms.read(_submission(VALID, metadata))


def test_a_picked_option_without_a_value_is_not_slacks() -> None:
    with pytest.raises(ValidationError):
        InputState.model_validate({"selected_option": {"text": "Open"}})
