"""The values in the inputs of a modal or message, and which of them Slack's client refuses to submit. Pure.

https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sandbox.json_object import Json
from sandbox.slack.blockkit.find_elements import inputs
from sandbox.slack.refusals import SlackRefusal

_STATE_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "file_input": ("files", ""),
}
"""For each type of element, the field of the state that has its value, and the field with its initial value."""


def options_of(element: Mapping[str, Any]) -> list[Json]:
    """The options of a menu, grouped or not."""
    grouped = [each for group in element.get("option_groups", ()) for each in group["options"]]
    return [*element.get("options", ()), *grouped]


def element_state(element: Mapping[str, Any], value: Any) -> Json:
    """The state of an element: what a person chose (options by value) or, if `value` is None, its initial value."""
    kind = element["type"]
    if kind == "timepicker" and "timezone" in element:
        return {**_state(element, value), "timezone": element["timezone"]}
    return _state(element, value)


def _state(element: Mapping[str, Any], value: Any) -> Json:
    kind = element["type"]
    name, initial = _STATE_FIELDS[kind]
    if value is None:
        found = element.get(initial)
        return {"type": kind, name: [] if found is None and name.endswith("s") else found}
    if name == "selected_option":
        return {"type": kind, name: _chosen(element, value) if value else None}
    if name == "selected_options":
        return {"type": kind, name: [_chosen(element, each) for each in value]}
    return {"type": kind, name: value or ([] if name.endswith("s") else None)}


def state_values(blocks: Sequence[Mapping[str, Any]], entered: Callable[[str, str], Any]) -> Json:
    """The `state.values` of blocks; `entered` gives what a person chose, by block_id and action_id."""
    found: Json = {}
    for block, element in inputs(blocks):
        id, action = block["block_id"], element["action_id"]
        found.setdefault(id, {})[action] = element_state(element, entered(id, action))
    return found


def submission_errors(blocks: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, str]:
    """The errors that Slack's client shows instead of sending a form, by block_id."""
    found: dict[str, str] = {}
    for block, element in inputs(blocks):
        if block["type"] == "input":
            state = values[block["block_id"]][element["action_id"]]
            value = state[_STATE_FIELDS[element["type"]][0]]
            complaint = _complaint(block, element, value)
            if complaint:
                found[block["block_id"]] = complaint
    return found


def _complaint(block: Mapping[str, Any], element: Mapping[str, Any], value: Any) -> str:
    if not value:
        return "" if block.get("optional") else "Please complete this required field."
    if isinstance(value, str) and element["type"] == "plain_text_input":
        minimum, maximum = element.get("min_length", 0), element.get("max_length", 3000)
        if len(value) > maximum:
            return f"This field can't be longer than {maximum} characters."
        if len(value) < minimum:
            return f"This field can't be shorter than {minimum} characters."
    maximum = element.get("max_selected_items") or element.get("max_files")
    if isinstance(value, list) and maximum and len(value) > maximum:
        return f"Choose {maximum} at most."
    return ""


def _chosen(element: Mapping[str, Any], value: str) -> Json:
    for option in options_of(element):
        if option["value"] == value:
            return option
    raise SlackRefusal("no such option")
