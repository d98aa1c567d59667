"""Placeholders: what is meant as one, what is text and stays as it was written, and what is filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.team.placeholders import empty, filled, listed, named, trouble

KNOWN = ("name", "line", "agent")
VALUES = {"name": "Ann", "line": "{agent}", "agent": "Bo"}
BRACED = st.lists(
    st.sampled_from(["{", "}", " ", "name", "line", "x", "1", ":", '"', "_", "\n", "é", "{name}", "{odd}", "Hi"]),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        "{{",
        "}{",
        "}}",
        "{ {",
        '{"total": 3}',
        '{"a": {"b": [1]}}',
        "{1}",
        "{:)",
        "{name",
        "name}",
        "{name: Ann}",
        "{\nname\n}",
        "100 {%}",
        "{name,",
        "{ ",
    ],
)
def test_braces_around_anything_but_words_are_text_and_stay_as_written(text: str) -> None:
    assert trouble(text, KNOWN) == ""
    assert named(text, KNOWN) == []
    assert filled(text, VALUES) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{nmae}", "{nmae}"),
        ("{Name}", "{Name}"),
        ("{ name }", "{ name }"),
        ("{first name}", "{first name}"),
        ("{contact.name}", "{contact.name}"),
        ("{имя}", "{имя}"),
        ("{}", "{}"),
        ("{{name}}", "{{name}}"),
        ("{{name}", "{{name}"),
        ("{name}}", "{name}}"),
        ("Hi {name}, {nobody}", "{nobody}"),
        ("{" + "a" * 50 + "}", "{" + "a" * 39 + "…"),
    ],
)
def test_what_is_meant_as_a_placeholder_and_is_none_is_refused(text: str, shown: str) -> None:
    expected = f"{shown} is nothing that Clerk can fill in there: it knows {{name}}, {{line}} and {{agent}}"
    assert trouble(text, KNOWN) == expected


def test_what_is_filled_in_is_filled_in_no_further() -> None:
    assert filled("{name} of {line}, {agent} {name}", VALUES) == "Ann of {agent}, Bo Ann"


def test_what_has_nothing_to_fill_in_is_named_once() -> None:
    assert empty("{name} {line} {name} {agent}", {"name": " ", "line": "Sales", "agent": ""}) == ["name", "agent"]
    assert listed(["name"]) == "{name}"
    assert listed(["name", "agent"]) == "{name} and {agent}"


@given(BRACED)
def test_a_text_is_refused_or_every_placeholder_in_it_and_nothing_else_is_filled_in(text: str) -> None:
    marks = {"name": "\0", "line": "\1", "agent": "\2"}
    if trouble(text, KNOWN):
        assert "{" in text
        assert "}" in text
        return
    after = filled(text, marks)
    for name, mark in marks.items():
        assert mark in after or name not in named(text, KNOWN)
        assert f"{{{name}}}" not in after
        after = after.replace(mark, f"{{{name}}}")
    assert after == text


@given(st.text("{} a", min_size=300, max_size=400))
def test_many_braces_are_read_and_answered(text: str) -> None:
    assert len(trouble(text, KNOWN)) < 150
    assert filled(text, VALUES) == text
