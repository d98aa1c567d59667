"""Finds the elements in blocks that people click, choose from and fill in. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.json_object import FrozenJson, Json


def elements(blocks: Sequence[FrozenJson]) -> Iterator[tuple[str, FrozenJson]]:
    """Yield each element that has, or may have, an action_id, after its JSON pointer."""
    for number, block in enumerate(blocks):
        if block["type"] == "actions":
            yield from ((f"/{number}/elements/{place}", each) for place, each in enumerate(block["elements"]))
        elif block["type"] == "section" and block.get("accessory", {}).get("type", "image") != "image":
            yield f"/{number}/accessory", block["accessory"]
        elif block["type"] == "input":
            yield f"/{number}/element", block["element"]


def find_element(blocks: Sequence[Mapping[str, Any]], action_id: str) -> tuple[Json, Json] | None:
    """Find the element with an action_id, and its block."""
    for block in blocks:
        for _, element in elements([block]):
            if element.get("action_id") == action_id:
                return dict(block), dict(element)
    return None


def inputs(blocks: Sequence[Mapping[str, Any]]) -> list[tuple[Json, Json]]:
    """The elements that hold a value, each with its block."""
    return [
        (dict(block), dict(element))
        for block in blocks
        for _, element in elements([block])
        if element["type"] not in {"button", "overflow"}
    ]
