"""docs/growing.md says what MongoDB allows: a sharded collection's unique indexes begin with its shard key."""

import re

import pytest

from tests.servers import ROOT
from workers.mongo.stores import INDEXES

SHARDED = dict(
    re.findall(r'sh\.shardCollection\("clerk\.(\w+)", \{(\w+): ', (ROOT / "docs" / "growing.md").read_text())
)


def unique(collection: str) -> list[list[str]]:
    """The fields of each unique index of a collection; that of `_id` holds in each shard alone."""
    indexes = [index.document for index in INDEXES.get(collection, ())]
    return [list(index["key"]) for index in indexes if index.get("unique")]


@pytest.mark.parametrize("collection", SHARDED)
def test_a_collection_can_be_sharded_as_the_page_says(collection: str) -> None:
    assert [fields for fields in unique(collection) if fields[0] != SHARDED[collection]] == []


def test_what_can_not_be_sharded_is_named() -> None:
    """https://www.mongodb.com/docs/manual/core/sharding-shard-key/#unique-indexes"""
    assert {name for name in INDEXES if any(fields[0] != "conversation" for fields in unique(name))} == {"tickets"}
    assert "sms" in SHARDED and "tickets" not in SHARDED
