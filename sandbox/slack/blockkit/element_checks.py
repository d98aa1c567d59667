"""Checks of Block Kit's elements, and which elements a block may hold. Pure.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.json_object import FrozenJson
from sandbox.slack.blockkit.json_checks import (
    ID,
    Check,
    all_of,
    anything,
    array,
    boolean,
    integer,
    one_of,
    record,
    string,
    wrong,
)
from sandbox.slack.blockkit.object_checks import (
    CONFIRM,
    DISPATCH,
    FILTER,
    SLACK_FILE,
    groups,
    one_image_source,
    option,
    options,
    plain,
    text,
    url,
)

_ACTION: Final[Mapping[str, Check]] = {"type": string(40), "action_id": string(ID, 1)}
_ASKED: Final[Mapping[str, Check]] = {**_ACTION, "confirm": CONFIRM, "focus_on_load": boolean}
_MENU: Final[Mapping[str, Check]] = {**_ASKED, "placeholder": plain(150)}
_MULTI: Final[Mapping[str, Check]] = {**_MENU, "max_selected_items": integer(1, 1_000_000)}
_TYPED: Final[Mapping[str, Check]] = {
    **_ACTION,
    "focus_on_load": boolean,
    "placeholder": plain(150),
    "dispatch_action_config": DISPATCH,
}
_IDS: Final = array(string(ID, 1), 1000, unique=True)


def initial_is_offered(value: FrozenJson, at: str) -> Iterator[str]:
    """Each initial option must equal one of the options exactly, description and all."""
    offered = [
        *value.get("options", ()),
        *(each for group in value.get("option_groups", ()) for each in group["options"]),
    ]
    if "initial_option" in value and value["initial_option"] not in offered:
        yield wrong("must equal one of the options exactly", f"{at}/initial_option")
    for number, each in enumerate(value.get("initial_options", ())):
        if each not in offered:
            yield wrong("must equal one of the options exactly", f"{at}/initial_options/{number}")


def _options_or_groups(value: FrozenJson, at: str) -> Iterator[str]:
    if ("options" in value) == ("option_groups" in value):
        yield wrong("must provide exactly one of options, option_groups", at)


def _no_more_than_selectable(value: FrozenJson, at: str) -> Iterator[str]:
    maximum = value.get("max_selected_items")
    for name, initial in value.items():
        if name.startswith("initial_") and isinstance(initial, list) and maximum is not None and len(initial) > maximum:
            yield wrong(f"no more than {maximum} items allowed", f"{at}/{name}")


def _lengths_agree(value: FrozenJson, at: str) -> Iterator[str]:
    minimum, maximum = value.get("min_length", 0), value.get("max_length", 3000)
    if minimum > maximum:
        yield wrong("min_length must not be greater than max_length", at)
    if not minimum <= len(value.get("initial_value", "x" * minimum)) <= maximum:
        yield wrong(f"must be {minimum} to {maximum} characters", f"{at}/initial_value")


_CHOICE: Final = option(plain(75))
_MARKED_CHOICE: Final = option(text(75))

ELEMENTS: Final[Mapping[str, Check]] = {
    "button": record(
        {
            **_ACTION,
            "text": plain(75),
            "url": url(),
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
        "text",
    ),
    "checkboxes": record(
        {**_ASKED, "options": options(_MARKED_CHOICE, 10), "initial_options": array(_MARKED_CHOICE, 10)},
        "options",
        initial_is_offered,
    ),
    "radio_buttons": record(
        {**_ASKED, "options": options(_MARKED_CHOICE, 10), "initial_option": _MARKED_CHOICE},
        "options",
        initial_is_offered,
    ),
    "overflow": record(
        {**_ACTION, "options": options(option(plain(75), with_url=True), 5), "confirm": CONFIRM}, "options"
    ),
    "datepicker": record({**_MENU, "initial_date": string(10, 10, r"\d{4}-\d\d-\d\d")}),
    "timepicker": record({**_MENU, "initial_time": string(5, 5, r"\d\d:\d\d"), "timezone": string(100)}),
    "datetimepicker": record({**_ASKED, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
    "plain_text_input": record(
        {
            **_TYPED,
            "initial_value": string(3000, 1),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        also=_lengths_agree,
    ),
    "email_text_input": record({**_TYPED, "initial_value": string(3000, 1)}),
    "url_text_input": record({**_TYPED, "initial_value": string(3000, 1)}),
    "number_input": record(
        {
            **_TYPED,
            "is_decimal_allowed": boolean,
            "initial_value": string(100, 1),
            "min_value": string(100),
            "max_value": string(100),
        },
        "is_decimal_allowed",
    ),
    "rich_text_input": record({**_TYPED, "initial_value": anything}),
    "file_input": record({**_ACTION, "filetypes": array(string(30, 1), 100), "max_files": integer(1, 10)}),
    "static_select": record(
        {**_MENU, "options": options(_CHOICE, 100), "option_groups": groups(_CHOICE), "initial_option": _CHOICE},
        also=all_of(_options_or_groups, initial_is_offered),
    ),
    "multi_static_select": record(
        {
            **_MULTI,
            "options": options(_CHOICE, 100),
            "option_groups": groups(_CHOICE),
            "initial_options": array(_CHOICE, 100, unique=True),
        },
        also=all_of(_options_or_groups, initial_is_offered, _no_more_than_selectable),
    ),
    "external_select": record({**_MENU, "initial_option": _CHOICE, "min_query_length": integer(0, 1000)}),
    "multi_external_select": record(
        {**_MULTI, "initial_options": array(_CHOICE, 100), "min_query_length": integer(0, 1000)},
        also=_no_more_than_selectable,
    ),
    "users_select": record({**_MENU, "initial_user": string(ID, 1)}),
    "multi_users_select": record({**_MULTI, "initial_users": _IDS}, also=_no_more_than_selectable),
    "conversations_select": record(
        {
            **_MENU,
            "initial_conversation": string(ID, 1),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": FILTER,
        }
    ),
    "multi_conversations_select": record(
        {**_MULTI, "initial_conversations": _IDS, "default_to_current_conversation": boolean, "filter": FILTER},
        also=_no_more_than_selectable,
    ),
    "channels_select": record(
        {**_MENU, "initial_channel": string(ID, 1), "response_url_enabled": boolean},
    ),
    "multi_channels_select": record({**_MULTI, "initial_channels": _IDS}, also=_no_more_than_selectable),
    "image": record(
        {"type": string(40), "alt_text": string(2000, 1), "image_url": url(), "slack_file": SLACK_FILE},
        "alt_text",
        one_image_source,
    ),
}

_MENUS: Final = frozenset(name for name in ELEMENTS if name.endswith("_select"))
_PICKERS: Final = frozenset({"checkboxes", "radio_buttons", "datepicker", "timepicker"})


def _only(*names: str) -> Mapping[str, Check]:
    return {name: ELEMENTS[name] for name in sorted(names)}


IN_ACTIONS: Final = _only("button", "overflow", "datetimepicker", "rich_text_input", *_MENUS, *_PICKERS)
"""https://docs.slack.dev/reference/block-kit/blocks/actions-block"""

IN_SECTION: Final = _only("button", "overflow", "image", *_MENUS, *_PICKERS)
"""https://docs.slack.dev/reference/block-kit/blocks/section-block"""

IN_INPUT: Final = _only(
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
    "datetimepicker",
    *_MENUS,
    *_PICKERS,
)
"""https://docs.slack.dev/reference/block-kit/blocks/input-block"""
