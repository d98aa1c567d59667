"""Block Kit's rules: for each, what is refused, and its nearest neighbour that passes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.blockkit.block_checks import block_errors, modal_errors, too_long

type Json = dict[str, Any]


def plain(text: str = "words", **more: Any) -> Json:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "words", **more: Any) -> Json:
    return {"type": "mrkdwn", "text": text, **more}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def option(value: str = "a", text: str = "A", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def options(count: int) -> list[Json]:
    return [option(str(number)) for number in range(count)]


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "b", "text": plain(), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def menu(kind: str = "static_select", **more: Any) -> Json:
    return {"type": kind, "action_id": "m", **more}


def ask(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def entry(**more: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "i", **more}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://e.org/i.png", "alt_text": "a picture", **more}


def context(*elements: Json) -> Json:
    return {"type": "context", "elements": list(elements)}


def rich_text() -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
    }


CONFIRM: Json = {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain()}


def conversations(**more: Any) -> Json:
    return menu("multi_conversations_select", **more)


RULES: list[tuple[str, Json, Json]] = [
    # what, refused, passes
    ("a text has at least one character", section(text=mrkdwn("")), section(text=mrkdwn("x"))),
    ("a section's text has 3,000 characters", section(text=mrkdwn("x" * 3001)), section(text=mrkdwn("x" * 3000))),
    ("emoji goes with plain_text", section(text=mrkdwn(emoji=True)), section(text=plain(emoji=True))),
    ("verbatim goes with mrkdwn", section(text=plain(verbatim=True)), section(text=mrkdwn(verbatim=True))),
    ("emoji is a boolean", section(text=plain(emoji="yes")), section(text=plain(emoji=False))),
    ("a text is one of two kinds", section(text={"type": "html", "text": "x"}), section(text=plain())),
    ("a text object is an object", section(text="words"), section(text=plain("words"))),
    ("a section has text or fields", {"type": "section"}, {"type": "section", "fields": [plain()]}),
    ("a section has ten fields", section(fields=[plain()] * 11), section(fields=[plain()] * 10)),
    ("a section's fields are some", section(fields=[]), section(fields=[plain()])),
    ("a field has 2,000 characters", section(fields=[plain("x" * 2001)]), section(fields=[plain("x" * 2000)])),
    ("a section has no unknown property", section(colour="red"), section(expand=True)),
    ("a block's type is known", {"type": "paragraph"}, {"type": "divider"}),
    ("a divider has no text", {"type": "divider", "text": plain()}, {"type": "divider", "block_id": "d"}),
    ("a block_id has 255 characters", section(block_id="x" * 256), section(block_id="x" * 255)),
    ("a block_id is not empty", section(block_id=""), section(block_id="x")),
    (
        "a header has 150 characters",
        {"type": "header", "text": plain("x" * 151)},
        {"type": "header", "text": plain("x" * 150)},
    ),
    ("a header is plain", {"type": "header", "text": mrkdwn()}, {"type": "header", "text": plain()}),
    ("a context has ten elements", context(*[plain()] * 11), context(*[plain()] * 10)),
    ("a context is not empty", context(), context(image())),
    ("a context has no buttons", context(button()), context(mrkdwn())),
    (
        "actions are 25",
        actions(*[button(action_id=str(n)) for n in range(26)]),
        actions(*[button(action_id=str(n)) for n in range(25)]),
    ),
    ("actions are some", actions(), actions(button())),
    ("actions have no text input", actions(entry()), actions(menu("users_select"))),
    ("actions have no image", actions(image()), section(accessory=image())),
    (
        "actions have no datetime picker's neighbour file_input",
        actions(menu("file_input")),
        actions(menu("datetimepicker")),
    ),
    ("a section has no text input", section(accessory=entry()), section(accessory=button())),
    ("action_ids in a block differ", actions(button(), button()), actions(button(), button(action_id="c"))),
    ("an action_id has 255 characters", actions(button(action_id="x" * 256)), actions(button(action_id="x" * 255))),
    ("a button's text has 75 characters", actions(button(text=plain("x" * 76))), actions(button(text=plain("x" * 75)))),
    ("a button's text is plain", actions(button(text=mrkdwn())), actions(button(text=plain()))),
    ("a button's value has 2,000 characters", actions(button(value="x" * 2001)), actions(button(value="x" * 2000))),
    ("a button's value is a string", actions(button(value=7)), actions(button(value="7"))),
    (
        "a button's url has 3,000 characters",
        actions(button(url="https://e.org/" + "x" * 3000)),
        actions(button(url="https://e.org/" + "x" * 2000)),
    ),
    ("a button's url is one", actions(button(url="e.org")), actions(button(url="https://e.org"))),
    ("a button's style is known", actions(button(style="default")), actions(button(style="danger"))),
    ("a button has no unknown property", actions(button(colour="red")), actions(button(accessibility_label="b"))),
    ("a confirmation has all parts", actions(button(confirm={"title": plain()})), actions(button(confirm=CONFIRM))),
    (
        "a confirmation's title has 100 characters",
        actions(button(confirm={**CONFIRM, "title": plain("x" * 101)})),
        actions(button(confirm={**CONFIRM, "title": plain("x" * 100)})),
    ),
    (
        "a confirmation's text has 300 characters",
        actions(button(confirm={**CONFIRM, "text": plain("x" * 301)})),
        actions(button(confirm={**CONFIRM, "text": plain("x" * 300)})),
    ),
    (
        "a confirmation's buttons have 30 characters",
        actions(button(confirm={**CONFIRM, "deny": plain("x" * 31)})),
        actions(button(confirm={**CONFIRM, "deny": plain("x" * 30)})),
    ),
    ("a menu has 100 options", actions(menu(options=options(101))), actions(menu(options=options(100)))),
    ("a menu has options", actions(menu(options=[])), actions(menu(options=options(1)))),
    (
        "a menu has options or groups",
        actions(menu()),
        actions(menu(option_groups=[{"label": plain(), "options": options(1)}])),
    ),
    (
        "a menu has not both",
        actions(menu(options=options(1), option_groups=[{"label": plain(), "options": options(1)}])),
        actions(menu(options=options(1))),
    ),
    (
        "a placeholder has 150 characters",
        actions(menu(options=options(1), placeholder=plain("x" * 151))),
        actions(menu(options=options(1), placeholder=plain("x" * 150))),
    ),
    (
        "an option's text has 75 characters",
        actions(menu(options=[option(text="x" * 76)])),
        actions(menu(options=[option(text="x" * 75)])),
    ),
    (
        "an option's value has 150 characters",
        actions(menu(options=[option("x" * 151)])),
        actions(menu(options=[option("x" * 150)])),
    ),
    ("an option's value is not empty", actions(menu(options=[option("")])), actions(menu(options=[option("x")]))),
    (
        "an option's description has 75 characters",
        actions(menu(options=[option(description=plain("x" * 76))])),
        actions(menu(options=[option(description=plain("x" * 75))])),
    ),
    (
        "option values differ",
        actions(menu(options=[option(), option()])),
        actions(menu(options=[option(), option("b")])),
    ),
    (
        "a menu's options are plain",
        actions(menu(options=[{"text": mrkdwn(), "value": "a"}])),
        actions(menu("checkboxes", options=[{"text": mrkdwn(), "value": "a"}])),
    ),
    (
        "an initial option is one of the options",
        actions(menu(options=[option()], initial_option=option("z"))),
        actions(menu(options=[option()], initial_option=option())),
    ),
    (
        "an initial option equals it exactly",
        actions(menu(options=[option(description=plain())], initial_option=option())),
        actions(menu(options=[option(description=plain())], initial_option=option(description=plain()))),
    ),
    (
        "initial options are some",
        actions(menu("multi_static_select", options=options(2), initial_options=[])),
        actions(menu("multi_static_select", options=options(2), initial_options=options(1))),
    ),
    (
        "initial options are options",
        actions(menu("multi_static_select", options=options(2), initial_options=[option("z")])),
        actions(menu("multi_static_select", options=options(2), initial_options=options(2))),
    ),
    (
        "no more initial options than can be picked",
        actions(menu("multi_static_select", options=options(2), initial_options=options(2), max_selected_items=1)),
        actions(menu("multi_static_select", options=options(2), initial_options=options(2), max_selected_items=2)),
    ),
    (
        "at least one item can be picked",
        actions(menu("multi_users_select", max_selected_items=0)),
        actions(menu("multi_users_select", max_selected_items=1)),
    ),
    (
        "a single menu has no max_selected_items",
        actions(menu("users_select", max_selected_items=1)),
        actions(menu("multi_users_select", max_selected_items=1)),
    ),
    (
        "initial users are some",
        actions(menu("multi_users_select", initial_users=[])),
        actions(menu("multi_users_select", initial_users=["U1"])),
    ),
    (
        "initial conversations differ",
        actions(conversations(initial_conversations=["C1", "C1"])),
        actions(conversations(initial_conversations=["C1", "C2"])),
    ),
    (
        "a filter is not empty",
        actions(conversations(filter={})),
        actions(conversations(filter={"exclude_bot_users": True})),
    ),
    (
        "a filter includes something",
        actions(conversations(filter={"include": []})),
        actions(conversations(filter={"include": ["im", "public"]})),
    ),
    (
        "a filter includes what there is",
        actions(conversations(filter={"include": ["dm"]})),
        actions(conversations(filter={"include": ["mpim"]})),
    ),
    (
        "checkboxes are ten",
        actions(menu("checkboxes", options=options(11))),
        actions(menu("checkboxes", options=options(10))),
    ),
    (
        "radio buttons are ten",
        actions(menu("radio_buttons", options=options(11))),
        actions(menu("radio_buttons", options=options(10))),
    ),
    (
        "an overflow menu has five options",
        actions(menu("overflow", options=options(6))),
        actions(menu("overflow", options=options(5))),
    ),
    (
        "only an overflow menu's options have urls",
        actions(menu(options=[option(url="https://e.org")])),
        actions(menu("overflow", options=[option(url="https://e.org")])),
    ),
    (
        "an overflow menu is not focused",
        actions(menu("overflow", options=options(1), focus_on_load=True)),
        actions(menu(options=options(1), focus_on_load=True)),
    ),
    ("an image has an alt_text", {"type": "image", "image_url": "https://e.org/i.png"}, image()),
    ("an image has a source", {"type": "image", "alt_text": "x"}, image()),
    (
        "an image has one source",
        image(slack_file={"id": "F1"}),
        {"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}},
    ),
    ("an image's url has 3,000 characters", image(image_url="https://e.org/" + "x" * 3000), image(title=plain())),
    ("an image's alt_text has 2,000 characters", image(alt_text="x" * 2001), image(alt_text="x" * 2000)),
    (
        "a date is one",
        actions(menu("datepicker", initial_date="1.2.2026")),
        actions(menu("datepicker", initial_date="2026-02-01")),
    ),
    (
        "a time is one",
        actions(menu("timepicker", initial_time="9 am")),
        actions(menu("timepicker", initial_time="09:00")),
    ),
    (
        "a rich text's parts are known",
        {"type": "rich_text", "elements": [{"type": "words", "elements": []}]},
        rich_text(),
    ),
    ("an input has a label", {"type": "input", "element": entry()}, ask(entry())),
    (
        "an input's label has 2,000 characters",
        ask(entry(), label=plain("x" * 2001)),
        ask(entry(), label=plain("x" * 2000)),
    ),
    (
        "an input's hint has 2,000 characters",
        ask(entry(), hint=plain("x" * 2001)),
        ask(entry(), hint=plain("x" * 2000)),
    ),
    ("an input's optional is a boolean", ask(entry(), optional="yes"), ask(entry(), optional=True)),
    ("an input has no button", ask(button()), ask(menu("users_select"))),
    (
        "an input has no overflow menu",
        ask(menu("overflow", options=options(1))),
        ask(menu("checkboxes", options=options(1))),
    ),
    ("a text input has 3,000 characters", ask(entry(max_length=3001)), ask(entry(max_length=3000))),
    ("a text input has a max_length", ask(entry(max_length=0)), ask(entry(max_length=1))),
    ("min_length is within max_length", ask(entry(min_length=5, max_length=4)), ask(entry(min_length=4, max_length=4))),
    (
        "an initial value fits",
        ask(entry(max_length=3, initial_value="four")),
        ask(entry(max_length=4, initial_value="four")),
    ),
    ("an initial value is not empty", ask(entry(initial_value="")), ask(entry(initial_value="x"))),
    (
        "a number input says about decimals",
        ask(menu("number_input")),
        ask(menu("number_input", is_decimal_allowed=False)),
    ),
]


@pytest.mark.parametrize(("refused", "passes"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_each_rule_refuses_what_breaks_it_and_passes_its_neighbour(refused: Json, passes: Json) -> None:
    assert block_errors([refused])
    assert block_errors([passes]) == []


def test_complaints_are_in_slacks_words_with_a_pointer_to_the_place() -> None:
    blocks = [section(), actions(button(text=plain("x" * 76)))]
    assert block_errors(blocks) == ["must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]"]


def test_a_message_has_fifty_blocks() -> None:
    assert block_errors([{"type": "divider"}] * 51)
    assert block_errors([{"type": "divider"}] * 50) == []


@pytest.mark.parametrize("blocks", ["blocks", {"type": "divider"}, ["divider"], [None], None])
def test_blocks_that_are_no_list_of_objects_are_refused(blocks: Any) -> None:
    assert block_errors(blocks)


def test_block_ids_differ_within_a_message() -> None:
    assert block_errors([section(block_id="a"), section(block_id="a")])
    assert block_errors([section(block_id="a"), section(block_id="b"), section(), section()]) == []


def test_action_ids_may_be_the_same_in_different_blocks() -> None:
    assert block_errors([actions(button()), actions(button())]) == []


def test_only_a_modal_takes_files_and_only_a_message_takes_markdown() -> None:
    files, markdown = ask(menu("file_input")), {"type": "markdown", "text": "# x"}
    assert block_errors([files])
    assert modal_errors(modal(files)) == []
    assert block_errors([markdown]) == []
    assert modal_errors(modal(markdown))


def test_markdown_blocks_share_their_twelve_thousand_characters() -> None:
    assert block_errors([{"type": "markdown", "text": "x" * 6001}] * 2)
    assert block_errors([{"type": "markdown", "text": "x" * 6000}] * 2) == []


def test_many_long_blocks_are_too_much_together() -> None:
    assert too_long([section(text=plain("x" * 2900))] * 5)
    assert not too_long([section(text=plain("x" * 2900))] * 4)


def modal(*blocks: Json, **more: Any) -> Json:
    return {
        "type": "modal",
        "title": plain("Title"),
        "submit": plain("Save"),
        "blocks": list(blocks) or [section()],
        **more,
    }


VIEWS: list[tuple[str, Json, Json]] = [
    ("a modal has a title", {"type": "modal", "blocks": [section()]}, modal()),
    ("a title has 24 characters", modal(title=plain("x" * 25)), modal(title=plain("x" * 24))),
    ("a title is plain", modal(title=mrkdwn()), modal(title=plain())),
    ("submit has 24 characters", modal(submit=plain("x" * 25)), modal(submit=plain("x" * 24))),
    ("close has 24 characters", modal(close=plain("x" * 25)), modal(close=plain("x" * 24))),
    ("a modal has the type modal", modal(type="dialog"), modal()),
    ("a modal has blocks", {"type": "modal", "title": plain()}, modal()),
    ("a modal has 100 blocks", modal(*[{"type": "divider"}] * 101), modal(*[{"type": "divider"}] * 100)),
    ("private_metadata has 3,000 characters", modal(private_metadata="x" * 3001), modal(private_metadata="x" * 3000)),
    ("a callback_id has 255 characters", modal(callback_id="x" * 256), modal(callback_id="x" * 255)),
    ("an external_id has 255 characters", modal(external_id="x" * 256), modal(external_id="x" * 255)),
    ("a modal has no unknown key", modal(submit_disabled=True), modal(notify_on_close=True, clear_on_close=True)),
    (
        "one element is focused",
        modal(ask(entry(focus_on_load=True)), ask(entry(focus_on_load=True))),
        modal(ask(entry(focus_on_load=True)), ask(entry(focus_on_load=False))),
    ),
    (
        "block_ids differ",
        modal(section(block_id="a"), section(block_id="a")),
        modal(section(block_id="a"), section(block_id="b")),
    ),
    (
        "an input needs a submit",
        {key: value for key, value in modal(ask(entry())).items() if key != "submit"},
        modal(ask(entry())),
    ),
]


@pytest.mark.parametrize(("refused", "passes"), [rule[1:] for rule in VIEWS], ids=[rule[0] for rule in VIEWS])
def test_each_rule_of_modals_refuses_what_breaks_it_and_passes_its_neighbour(refused: Json, passes: Json) -> None:
    assert modal_errors(refused)
    assert modal_errors(passes) == []


def test_a_modal_without_inputs_needs_no_submit() -> None:
    assert modal_errors({"type": "modal", "title": plain(), "blocks": [section()]}) == []


def test_a_modal_over_250_kilobytes_is_too_large_whatever_else_is_wrong_with_it() -> None:
    assert modal_errors(modal(*[section(text=plain("é" * 3000))] * 50)) == ["view_too_large"]
    assert modal_errors(modal(*[section(text=plain("x" * 2000))] * 100)) == []


@given(st.integers(1, 3000))
def test_any_text_up_to_the_limit_passes_and_any_beyond_is_refused(length: int) -> None:
    assert block_errors([section(text=plain("x" * length))]) == []
    assert block_errors([section(text=plain("x" * (3000 + length)))])


NAMES = st.sampled_from(["type", "text", "elements", "element", "accessory", "fields", "block_id", "options", "label"])
KINDS = st.sampled_from(["section", "actions", "input", "button", "static_select", "mrkdwn", "image"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner | KINDS, max_size=4),
    max_leaves=15,
)


@given(JSON)
def test_whatever_is_sent_is_judged_and_never_breaks_the_judge(anything: Any) -> None:
    block_errors([anything])
    block_errors(anything)
    modal_errors(anything)
    assert modal_errors({"type": "modal", "title": plain(), "submit": plain(), "blocks": [anything]}) or isinstance(
        anything, dict
    )
