"""What people type and pick, as Slack makes state and text of it; and the segments of a text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.people.typed_text import escaped, rich_text
from sandbox.slack.people.view_state import state_values, submission_errors
from sandbox.slack.refusals import SlackRefusal
from sandbox.twilio.segments import segments

type Json = dict[str, Any]

A: Json = {"text": {"type": "plain_text", "text": "A"}, "value": "a"}
B: Json = {"text": {"type": "plain_text", "text": "B"}, "value": "b"}


def ask(element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": "b", "element": {"action_id": "a", **element}, **more}


def state(element: Json, entered: Any = None) -> Any:
    found = state_values([ask(element)], lambda block, action: entered)["b"]["a"]
    return {name: value for name, value in found.items() if name != "type"}


@pytest.mark.parametrize(
    ("element", "entered", "held"),
    [
        ({"type": "plain_text_input"}, None, {"value": None}),
        ({"type": "plain_text_input", "initial_value": "first"}, None, {"value": "first"}),
        ({"type": "plain_text_input", "initial_value": "first"}, "", {"value": None}),
        ({"type": "static_select", "options": [A, B], "initial_option": A}, None, {"selected_option": A}),
        ({"type": "static_select", "options": [A, B], "initial_option": A}, "b", {"selected_option": B}),
        ({"type": "static_select", "option_groups": [{"options": [A, B]}]}, "b", {"selected_option": B}),
        ({"type": "timepicker", "initial_time": "09:00"}, None, {"selected_time": "09:00"}),
        ({"type": "timepicker", "timezone": "Asia/Tokyo"}, "9:30", {"selected_time": "9:30", "timezone": "Asia/Tokyo"}),
        ({"type": "multi_static_select", "options": [A, B]}, None, {"selected_options": []}),
        ({"type": "multi_static_select", "options": [A, B]}, ["b"], {"selected_options": [B]}),
        ({"type": "checkboxes", "options": [A, B], "initial_options": [A]}, [], {"selected_options": []}),
        ({"type": "radio_buttons", "options": [A, B]}, "a", {"selected_option": A}),
        ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
        ({"type": "multi_users_select", "initial_users": ["U1"]}, None, {"selected_users": ["U1"]}),
        ({"type": "conversations_select"}, "C1", {"selected_conversation": "C1"}),
        ({"type": "multi_conversations_select"}, ["C1", "U1"], {"selected_conversations": ["C1", "U1"]}),
        ({"type": "channels_select"}, None, {"selected_channel": None}),
        ({"type": "multi_channels_select"}, None, {"selected_channels": []}),
        ({"type": "datepicker"}, "2026-01-02", {"selected_date": "2026-01-02"}),
        ({"type": "timepicker", "initial_time": "09:00"}, None, {"selected_time": "09:00"}),
    ],
)
def test_an_input_holds_what_was_chosen_or_else_what_it_showed(element: Json, entered: Any, held: Json) -> None:
    assert state(element, entered) == held


def test_only_an_option_that_is_offered_can_be_picked() -> None:
    with pytest.raises(SlackRefusal):
        state({"type": "static_select", "options": [A]}, "b")


def complaint(block: Json, entered: Any) -> bool:
    return bool(submission_errors([block], state_values([block], lambda *_: entered)))


def test_a_required_input_must_be_filled_and_an_optional_one_need_not() -> None:
    assert complaint(ask({"type": "plain_text_input"}), "")
    assert complaint(ask({"type": "multi_users_select"}), [])
    assert not complaint(ask({"type": "plain_text_input"}, optional=True), "")
    assert not complaint(ask({"type": "plain_text_input"}), "x")


def test_lengths_and_counts_are_kept_before_anything_is_sent() -> None:
    bounded = ask({"type": "plain_text_input", "min_length": 2, "max_length": 3})
    assert [complaint(bounded, "x" * length) for length in (1, 2, 3, 4)] == [True, False, False, True]
    picked = ask({"type": "multi_users_select", "max_selected_items": 1})
    assert [complaint(picked, users) for users in (["U1"], ["U1", "U2"])] == [False, True]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("a & b", "a &amp; b"),
        ("1 < 2 > 0", "1 &lt; 2 &gt; 0"),
        ("<@U0ADA> hi", "<@U0ADA> hi"),
        ("<#C0TEXTS|texts>", "<#C0TEXTS|texts>"),
        ("<!here>", "<!here>"),
        ("<https://e.org|here>", "<https://e.org|here>"),
        ("see https://e.org/x?a=1&b=2.", "see <https://e.org/x?a=1&amp;b=2>."),
        ("write a.b@e.org", "write <mailto:a.b@e.org|a.b@e.org>"),
        ("<script>", "&lt;script&gt;"),
        ("<@nobody>", "&lt;@nobody&gt;"),
    ],
)
def test_what_is_typed_is_escaped_and_links_and_mentions_pass(typed: str, text: str) -> None:
    assert escaped(typed) == text


def test_the_rich_text_of_a_message_names_its_mentions_and_links() -> None:
    elements = rich_text("hi <@U0ADA> see <https://e.org|here>")[0]["elements"][0]["elements"]
    assert elements == [
        {"type": "text", "text": "hi "},
        {"type": "user", "user_id": "U0ADA"},
        {"type": "text", "text": " see "},
        {"type": "link", "url": "https://e.org", "text": "here"},
    ]


@given(st.text(alphabet=st.sampled_from("ab<>&@ ;lgtamp.")))
def test_no_bare_bracket_survives(typed: str) -> None:
    text = escaped(typed)
    assert "<" not in text.replace("<mailto:", "")


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_a_text_takes_as_many_segments_as_its_alphabet_asks_for(body: str, count: int) -> None:
    assert segments(body) == count
