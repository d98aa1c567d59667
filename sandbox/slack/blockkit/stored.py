"""Blocks as Slack keeps them, and the elements in them. Pure but for the ids it makes up."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.json_object import Json
from sandbox.slack.blockkit.blocks import elements


def identified(blocks: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Blocks with a block_id each, and an action_id for each of their elements."""
    kept: list[Json] = []
    for block in blocks:
        kept.append({**block, "block_id": block.get("block_id") or secrets.token_hex(3)})
        for name in ("accessory", "element"):
            if isinstance(block.get(name), Mapping) and block[name].get("type") != "image":
                kept[-1][name] = {"action_id": secrets.token_hex(3), **block[name]}
        if block["type"] == "actions":
            kept[-1]["elements"] = [{"action_id": secrets.token_hex(3), **each} for each in block["elements"]]
    return kept


def find_element(blocks: Sequence[Mapping[str, Any]], action_id: str) -> tuple[Json, Json] | None:
    """The block and the element that has an action_id."""
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
