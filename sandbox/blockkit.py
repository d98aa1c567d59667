"""What Slack refuses in blocks and views. Pure.

Limits: https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/views.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

type Json = Mapping[str, Any]

SECTION_ELEMENTS: Final = frozenset(
    {
        "button",
        "static_select",
        "multi_static_select",
        "users_select",
        "multi_users_select",
        "conversations_select",
        "multi_conversations_select",
        "overflow",
        "image",
        "checkboxes",
        "radio_buttons",
    }
)
ACTION_ELEMENTS: Final = SECTION_ELEMENTS - {
    "image",
    "multi_static_select",
    "multi_users_select",
    "multi_conversations_select",
}
INPUT_ELEMENTS: Final = (SECTION_ELEMENTS | {"plain_text_input", "file_input"}) - {"button", "overflow", "image"}
OPTIONS: Final = {
    "static_select": 100,
    "multi_static_select": 100,
    "overflow": 5,
    "checkboxes": 10,
    "radio_buttons": 10,
}


def message_faults(blocks: Sequence[Json]) -> list[str]:
    """What is wrong with a message's blocks."""
    return list(_blocks(blocks, most=50, in_view=False))


def view_faults(view: Json) -> list[str]:
    """What is wrong with a modal."""
    return list(_view(view))


def _view(view: Json) -> Iterator[str]:
    if view.get("type") != "modal":
        yield "view: type must be modal"
    for part in ("title", "submit", "close"):
        if part in view or part == "title":
            yield from _text(view.get(part), f"view {part}", 24, plain=True)
    if len(view.get("private_metadata", "")) > 3000:
        yield "view: private_metadata over 3000"
    if len(view.get("callback_id", "")) > 255:
        yield "view: callback_id over 255"
    blocks = view.get("blocks", ())
    yield from _blocks(blocks, most=100, in_view=True)
    if any(block.get("type") == "input" for block in blocks) and "submit" not in view:
        yield "view: an input block needs a submit"
    if len(json.dumps(view)) > 250_000:
        yield "view_too_large"


def _blocks(blocks: Sequence[Json], *, most: int, in_view: bool) -> Iterator[str]:
    if not isinstance(blocks, list) or any(not isinstance(block, dict) for block in blocks):
        yield "blocks must be a list of objects"
        return
    if len(blocks) > most:
        yield f"more than {most} blocks"
    ids = Counter(block["block_id"] for block in blocks if block.get("block_id"))
    yield from (f"block_id {id} occurs twice" for id, times in ids.items() if times > 1)
    for number, block in enumerate(blocks):
        where = f"block {number} ({block.get('type')})"
        if len(block.get("block_id", "")) > 255:
            yield f"{where}: block_id over 255"
        yield from _block(block, where, in_view)


def _block(block: Json, where: str, in_view: bool) -> Iterator[str]:
    match block.get("type"):
        case "divider":
            return
        case "header":
            yield from _text(block.get("text"), where, 150, plain=True)
        case "section":
            yield from _section(block, where)
        case "context":
            elements = block.get("elements", ())
            if not 1 <= len(elements) <= 10:
                yield f"{where}: 1 to 10 elements"
            for element in elements:
                if element.get("type") == "image":
                    yield from _image(element, where)
                else:
                    yield from _text(element, where, 3000)
        case "actions":
            elements = block.get("elements", ())
            if not 1 <= len(elements) <= 25:
                yield f"{where}: 1 to 25 elements"
            ids = Counter(element.get("action_id") for element in elements)
            yield from (f"{where}: action_id {id} occurs twice" for id, times in ids.items() if times > 1)
            for element in elements:
                yield from _element(element, where, ACTION_ELEMENTS)
        case "input":
            if not in_view:
                yield f"{where}: not in a message"
            yield from _text(block.get("label"), f"{where} label", 2000, plain=True)
            if "hint" in block:
                yield from _text(block["hint"], f"{where} hint", 2000, plain=True)
            yield from _element(block.get("element", {}), where, INPUT_ELEMENTS)
        case "image":
            yield from _image(block, where)
        case _:
            yield f"{where}: unknown type"


def _section(block: Json, where: str) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield f"{where}: needs text or fields"
    if "text" in block:
        yield from _text(block["text"], where, 3000)
    fields = block.get("fields", ())
    if len(fields) > 10:
        yield f"{where}: more than 10 fields"
    for field in fields:
        yield from _text(field, f"{where} field", 2000)
    if "accessory" in block:
        yield from _element(block["accessory"], where, SECTION_ELEMENTS)


def _image(image: Json, where: str) -> Iterator[str]:
    if not image.get("alt_text") or not (image.get("image_url") or image.get("slack_file")):
        yield f"{where}: an image needs alt_text and image_url"


def _element(element: Json, where: str, allowed: frozenset[str]) -> Iterator[str]:
    kind = element.get("type")
    if kind not in allowed:
        yield f"{where}: {kind} is not allowed here"
        return
    where = f"{where} {kind}"
    if kind != "image" and not 1 <= len(element.get("action_id", "")) <= 255:
        yield f"{where}: action_id of 1 to 255 characters"
    if "placeholder" in element:
        yield from _text(element["placeholder"], f"{where} placeholder", 150, plain=True)
    if "confirm" in element:
        yield from _confirm(element["confirm"], where)
    if kind == "button":
        yield from _text(element.get("text"), where, 75, plain=True)
        if len(element.get("value", "")) > 2000 or len(element.get("url", "")) > 3000:
            yield f"{where}: value over 2000 or url over 3000"
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield f"{where}: unknown style"
    elif kind == "plain_text_input":
        most = element.get("max_length", 3000)
        if not 1 <= most <= 3000 or len(element.get("initial_value", "")) > most:
            yield f"{where}: max_length, or an initial_value longer than it"
        if element.get("initial_value") == "":
            yield f"{where}: empty initial_value"
    elif kind in OPTIONS:
        yield from _options(element, where, OPTIONS[kind])
    elif kind in {"multi_conversations_select", "conversations_select"}:
        include = element.get("filter", {}).get("include")
        if "filter" in element and (not element["filter"] or include == []):
            yield f"{where}: empty filter"
    for name in ("initial_conversations", "initial_users"):
        if name in element and (not element[name] or len(element[name]) != len(set(element[name]))):
            yield f"{where}: {name} is empty or repeats itself"


def _options(element: Json, where: str, most: int) -> Iterator[str]:
    options = element.get("options", ())
    if not 1 <= len(options) <= most:
        yield f"{where}: 1 to {most} options"
    for option in options:
        yield from _text(option.get("text"), f"{where} option", 75)
        if not 1 <= len(option.get("value", "")) <= 150:
            yield f"{where}: option value of 1 to 150 characters"
        if "description" in option:
            yield from _text(option["description"], f"{where} description", 75)
    values = Counter(option.get("value") for option in options)
    yield from (f"{where}: value {value} occurs twice" for value, times in values.items() if times > 1)
    initial = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else None)
    if initial is not None and (not initial or any(option not in options for option in initial)):
        yield f"{where}: the initial option is not one of the options"


def _confirm(confirm: Json, where: str) -> Iterator[str]:
    for part, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from _text(confirm.get(part), f"{where} confirm {part}", most, plain=part != "text")


def _text(text: Any, where: str, most: int, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in {"plain_text", "mrkdwn"}:
        yield f"{where}: not a text object"
        return
    if plain and text["type"] != "plain_text":
        yield f"{where}: must be plain_text"
    if not isinstance(text.get("text"), str) or not 1 <= len(text["text"]) <= most:
        yield f"{where}: text of 1 to {most} characters"
    if text["type"] == "mrkdwn" and "emoji" in text:
        yield f"{where}: emoji only goes with plain_text"
