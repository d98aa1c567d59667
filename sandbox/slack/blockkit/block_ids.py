"""The random ids that Slack gives to blocks and elements without one."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.json_object import Json


def with_ids(blocks: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Give each block a block_id, and each element an action_id, if it has none."""
    identified: list[Json] = []
    for block in blocks:
        identified.append({**block, "block_id": block.get("block_id") or secrets.token_hex(3)})
        for name in ("accessory", "element"):
            if isinstance(block.get(name), Mapping) and block[name].get("type") != "image":
                identified[-1][name] = {"action_id": secrets.token_hex(3), **block[name]}
        if block["type"] == "actions":
            identified[-1]["elements"] = [{"action_id": secrets.token_hex(3), **each} for each in block["elements"]]
    return identified
