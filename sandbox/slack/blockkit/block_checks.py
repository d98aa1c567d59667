"""Checks of a message's blocks, of a modal and of a Home tab: what Slack refuses in them, in Slack's words. Pure.

https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/views/modal-views and
https://docs.slack.dev/reference/views/home-tab-views
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sandbox.json_object import FrozenJson
from sandbox.slack.blockkit.element_checks import ELEMENTS, IN_ACTIONS, IN_INPUT, IN_SECTION
from sandbox.slack.blockkit.find_elements import elements
from sandbox.slack.blockkit.json_checks import (
    ID,
    Check,
    anything,
    array,
    boolean,
    by_type,
    one_of,
    record,
    string,
    wrong,
)
from sandbox.slack.blockkit.object_checks import SLACK_FILE, one_image_source, plain, text, url

VIEW_BYTES: Final = 250_000
MARKDOWN: Final = 12_000
BLOCKS_WEIGHT: Final = 13_297
BLOCK_WEIGHT: Final = 50
"""All blocks of a message may hold about 12,000 characters “with a buffer for block containers”. People measured this
bound (https://github.com/slackapi/bolt-js/issues/2509 and /2867)."""

_BLOCK: Final[Mapping[str, Check]] = {"type": string(40), "block_id": string(ID, 1)}


def _text_or_fields(value: FrozenJson, at: str) -> Iterator[str]:
    if "text" not in value and "fields" not in value:
        yield wrong("missing required field: text or fields", at)


def _rich(**more: Check) -> Check:
    return record({"type": string(40), "elements": array(anything, 1000, 0), **more}, "elements")


_RICH: Final = by_type(
    {
        "rich_text_section": _rich(),
        "rich_text_preformatted": _rich(border=anything, language=string(40)),
        "rich_text_quote": _rich(border=anything),
        "rich_text_list": _rich(style=one_of("bullet", "ordered"), indent=anything, offset=anything, border=anything),
    }
)

_ANYWHERE: Final[Mapping[str, Check]] = {
    "divider": record(_BLOCK),
    "header": record({**_BLOCK, "text": plain(150)}, "text"),
    "section": record(
        {
            **_BLOCK,
            "text": text(3000),
            "fields": array(text(2000), 10),
            "accessory": by_type(IN_SECTION),
            "expand": boolean,
        },
        also=_text_or_fields,
    ),
    "context": record(
        {
            **_BLOCK,
            "elements": array(
                by_type({"image": ELEMENTS["image"], **dict.fromkeys(("plain_text", "mrkdwn"), text(3000))}), 10
            ),
        },
        "elements",
    ),
    "actions": record({**_BLOCK, "elements": array(by_type(IN_ACTIONS), 25)}, "elements"),
    "image": record(
        {**_BLOCK, "image_url": url(), "slack_file": SLACK_FILE, "alt_text": string(2000, 1), "title": plain(2000)},
        "alt_text",
        one_image_source,
    ),
    "rich_text": record({**_BLOCK, "elements": array(_RICH, 1000)}, "elements"),
    "video": record(
        {
            **_BLOCK,
            "alt_text": string(200, 1),
            "title": plain(200),
            "title_url": url(),
            "thumbnail_url": url(),
            "video_url": url(),
            "author_name": string(50),
            "description": plain(200),
            "provider_icon_url": url(),
            "provider_name": string(50),
        },
        "alt_text title thumbnail_url video_url",
    ),
}


def _input(elements: Mapping[str, Check]) -> Check:
    return record(
        {
            **_BLOCK,
            "label": plain(2000),
            "element": by_type(elements),
            "hint": plain(2000),
            "optional": boolean,
            "dispatch_action": boolean,
        },
        "label element",
    )


_IN_MESSAGE: Final[Mapping[str, Check]] = {
    **_ANYWHERE,
    "input": _input({name: check for name, check in IN_INPUT.items() if name != "file_input"}),
    "markdown": record({**_BLOCK, "text": string(MARKDOWN, 1)}, "text"),
    "file": record({**_BLOCK, "external_id": string(ID, 1), "source": one_of("remote")}, "external_id source"),
    "table": record(
        {**_BLOCK, "rows": array(array(anything, 20), 100), "column_settings": array(anything, 20)}, "rows"
    ),
}
_MESSAGE: Final = array(by_type(_IN_MESSAGE), 50, 0)

_IN_VIEW: Final[Mapping[str, Check]] = {
    "blocks": array(by_type({**_ANYWHERE, "input": _input(IN_INPUT)}), 100),
    "private_metadata": string(3000),
    "callback_id": string(ID),
    "external_id": string(ID),
}
_VIEW: Final = record(
    {
        **_IN_VIEW,
        "type": one_of("modal"),
        "title": plain(24),
        "close": plain(24),
        "submit": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
    "type title blocks",
)
_HOME: Final = record({**_IN_VIEW, "type": one_of("home")}, "type blocks")


def block_errors(blocks: Sequence[FrozenJson]) -> list[str]:
    """What is wrong with a message's blocks."""
    found = list(_MESSAGE(blocks, "/blocks"))
    if found:
        return found
    found += _repeated(blocks, "/blocks")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN:
        found.append(wrong(f"the markdown blocks have more than {MARKDOWN} characters together", "/blocks"))
    return found


def too_long(blocks: Sequence[FrozenJson]) -> bool:
    """Whether blocks that are valid one by one are too long for one message (msg_blocks_too_long)."""
    return _characters(blocks) + BLOCK_WEIGHT * len(blocks) > BLOCKS_WEIGHT


def modal_errors(view: FrozenJson) -> list[str]:
    """What is wrong with a modal; `view_too_large` alone if it is over 250 kB."""
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        return ["view_too_large"]
    found = list(_VIEW(view, "/view"))
    if found:
        return found
    found += _repeated(view["blocks"], "/view/blocks")
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        found.append(wrong("missing required field: submit", "/view"))
    focused = [at for at, element in elements(view["blocks"]) if element.get("focus_on_load")]
    found += [wrong("only one element can have focus_on_load", f"/view/blocks{at}") for at in focused[1:]]
    return found


def home_errors(view: FrozenJson) -> list[str]:
    """What is wrong with the view of a Home tab; `view_too_large` alone if it is over 250 kB."""
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        return ["view_too_large"]
    return list(_HOME(view, "/view")) or list(_repeated(view["blocks"], "/view/blocks"))


def _repeated(blocks: Sequence[FrozenJson], at: str) -> Iterator[str]:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        id = block.get("block_id")
        if id in seen:
            yield wrong(f"`block_id` {id} already exists", f"{at}/{number}/block_id")
        seen |= {id} if id else set()
        actions: set[str] = set()
        for where, element in elements([block]):
            action = element.get("action_id")
            if action in actions:
                yield wrong(f"`action_id` {action} already exists for another element", f"{at}/{number}{where[2:]}")
            actions |= {action} if action else set()


def _characters(value: Any) -> int:
    """The characters of all texts within a value."""
    if isinstance(value, Mapping):
        inner = sum(_characters(each) for name, each in value.items() if name != "text" or not isinstance(each, str))
        return inner + (len(value["text"]) if isinstance(value.get("text"), str) else 0)
    if isinstance(value, list | tuple):
        return sum(map(_characters, value))
    return 0
