"""The version of the messages grows with their fields and kinds, so that an old worker knows what is newer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from dramatiq.errors import ActorNotFound
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from messages.notification import RenderConversation
from messages.process.publishing import envelope
from messages.release import MESSAGES
from tests.make import JSON
from workers.failures import Temporary
from workers.retries import is_for_newer
from workers.runtime import HANDLERS, Unparsable
from workers.wiring import load_actors

SHAPES: Final = Path(__file__).parent / "shapes.json"
"""What each version of the messages added: `actor field`, and `actor field=value` where few values are possible."""


def parts(model: type[BaseModel]) -> set[str]:
    """All that a message may hold: the paths of its fields, and the values of those that take only some."""
    schema = model.model_json_schema()
    return set(_below(schema, schema.get("$defs", {}), ""))


def _below(schema: dict[str, Any], definitions: dict[str, Any], path: str) -> Iterator[str]:
    if (ref := schema.get("$ref")) is not None:
        yield from _below(definitions[ref.rsplit("/", 1)[1]], definitions, path)
    if "const" in schema:
        path = f"{path}={schema['const']}"
        yield path
    yield from (f"{path}={value}" for value in schema.get("enum", ()))
    for way in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for each in schema.get(way, ()):
            yield from _below(each, definitions, path)
    if isinstance(schema.get("items"), dict):
        yield from _below(schema["items"], definitions, f"{path}[]")
    kind = schema.get("properties", {}).get("kind", {}).get("const")
    at = path if kind is None else f"{path}({kind})"
    for name, each in schema.get("properties", {}).items():
        yield f"{at}.{name}".removeprefix(".")
        yield from _below(each, definitions, f"{at}.{name}".removeprefix("."))


def test_whatever_a_message_gets_makes_a_new_version_of_the_messages() -> None:
    load_actors()
    now = {f"{name} {part}".strip() for name, each in HANDLERS.items() for part in ("", *parts(each.handles))}
    added: dict[str, list[str]] = json.loads(SHAPES.read_text())
    known = {part for each in added.values() for part in each}
    new = json.dumps(sorted(now - known), indent=1)
    assert not now - known, f"raise MESSAGES in messages/release.py, and add to {SHAPES.name} what it adds:\n{new}"
    assert not known - now, "a field or kind is never taken away: queues hold messages of earlier versions"
    assert max(map(int, added)) == MESSAGES


def test_every_message_says_with_which_version_it_was_published() -> None:
    assert json.loads(envelope(RenderConversation(conversation="c"))[1])["options"]["version"] == MESSAGES


UNKNOWN: Final[Exception] = ActorNotFound("slack.paint")  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("error", [Unparsable("urgent: extra"), UNKNOWN], ids=repr)
def test_what_a_newer_version_published_waits_and_what_is_broken_does_not(error: Exception) -> None:
    assert is_for_newer(error, {"version": MESSAGES + 1})
    assert not is_for_newer(error, {"version": MESSAGES})
    assert not is_for_newer(error, {}), "published before messages had a version"


@given(JSON.filter(lambda version: type(version) is not int))
def test_a_version_that_is_no_whole_number_is_none(version: object) -> None:
    assert not is_for_newer(Unparsable(), {"version": version})


@given(st.integers(MESSAGES + 1), st.sampled_from([ValueError(), Temporary("busy"), TimeoutError(), None]))
def test_only_what_can_not_be_read_waits_for_a_newer_worker(version: int, error: Exception | None) -> None:
    assert not is_for_newer(error, {"version": version})
