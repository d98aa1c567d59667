"""Checks of JSON values, combined like a JSON schema, with errors in Slack's words. Pure.

A check takes a value and its JSON pointer, and yields what is wrong, such as
`must be less than 76 characters [json-pointer:/blocks/0/text/text]`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

type Check = Callable[[Any, str], Iterator[str]]

ID: Final = 255
"""The longest action_id, block_id, callback_id or external_id."""


def wrong(what: str, at: str) -> str:
    """An error about the value at a JSON pointer."""
    return f"{what} [json-pointer:{at or '/'}]"


def string(maximum: int, minimum: int = 0, pattern: str = "") -> Check:
    """A string of `minimum` to `maximum` characters that matches `pattern` as a whole."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield wrong("must be a string", at)
        elif len(value) < minimum:
            yield wrong(f"must be more than {minimum - 1} characters", at)
        elif len(value) > maximum:
            yield wrong(f"must be less than {maximum + 1} characters", at)
        elif pattern and not re.fullmatch(pattern, value, re.DOTALL):
            yield wrong("must match the required format", at)

    return check


def integer(minimum: int, maximum: int) -> Check:
    """A whole number from `minimum` to `maximum`."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield wrong("must be an integer", at)
        elif not minimum <= value <= maximum:
            yield wrong(f"must be between {minimum} and {maximum}", at)

    return check


def boolean(value: Any, at: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield wrong("must be a boolean", at)


def anything(_: Any, __: str) -> Iterator[str]:
    """Any value."""
    yield from ()


def one_of(*words: str) -> Check:
    """One of these words."""

    def check(value: Any, at: str) -> Iterator[str]:
        if value not in words:
            yield wrong(f"must be one of {', '.join(words)}", at)

    return check


def array(item: Check, maximum: int, minimum: int = 1, *, unique: bool = False) -> Check:
    """A list of `minimum` to `maximum` items."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield wrong("must be an array", at)
            return
        if len(value) < minimum:
            yield wrong(f"must contain at least {minimum} items", at)
        if len(value) > maximum:
            yield wrong(f"no more than {maximum} items allowed", at)
        if unique and any(each in value[:number] for number, each in enumerate(value)):
            yield wrong("must not contain an item twice", at)
        for number, each in enumerate(value):
            yield from item(each, f"{at}/{number}")

    return check


def record(fields: Mapping[str, Check], required: str = "", also: Check | None = None) -> Check:
    """An object with these fields and no others; `required` names the mandatory ones, separated by spaces.

    `also` checks the whole object once its fields are valid.
    """

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield wrong("must be an object", at)
            return
        found = [wrong(f"missing required field: {name}", at) for name in required.split() if name not in value]
        for name, each in value.items():
            if name in fields:
                found += fields[name](each, f"{at}/{name}")
            else:
                found.append(wrong(f"invalid additional property: {name}", at))
        yield from found
        if also is not None and not found:
            yield from also(value, at)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object that must pass the check of its `type`."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield wrong("must be an object", at)
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            yield wrong(f"unsupported type: {kind}", f"{at}/type")
        else:
            yield from kinds[kind](value, at)

    return check


def all_of(*checks: Check) -> Check:
    """Every one of these checks."""

    def check(value: Any, at: str) -> Iterator[str]:
        for each in checks:
            yield from each(value, at)

    return check
