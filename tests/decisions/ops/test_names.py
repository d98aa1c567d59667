"""Slack's ids become names on the console's pages, and nothing else does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.console.names import Names, name_in, named

KNOWN = {"C0TEXTS": "#texts", "U0ADA": "Ada <b>"}


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("Slack refuses posts to C0TEXTS: is_archived.", ">#texts</span>: is_archived."),
        ("U0ADA, U0ZED", '<span class="id" title="U0ADA">Ada &lt;b&gt;</span>, U0ZED'),
        ("C0TEXTS-1795976507.538826", "C0TEXTS-1795976507.538826"),
        ("SM770eb99e4d96a119856ac07de1f8b844 CONTACT <i>", "SM770eb99e4d96a119856ac07de1f8b844 CONTACT &lt;i&gt;"),
    ],
)
def test_an_id_is_shown_by_its_name(words: str, html: str) -> None:
    assert html in named(words, KNOWN.get)


@given(st.text())
def test_words_are_always_escaped(words: str) -> None:
    html = named(words, lambda _: "<script>")
    assert "<script" not in html
    assert named(words, lambda _: None).unescape() == words


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"ok": True, "channel": {"id": "C1", "name": "texts"}}, "#texts"),
        ({"ok": True, "channel": {"id": "D1", "is_im": True}}, None),
        ({"ok": True, "user": {"name": "ada", "profile": {"display_name": "Ada"}}}, "Ada"),
        ({"ok": True, "user": {"name": "ada", "profile": {"display_name": ""}, "real_name": "Ada L"}}, "Ada L"),
        ({"ok": True, "user": {"name": "ada"}}, "ada"),
        ({"ok": False, "error": "user_not_found"}, None),
        ({"ok": True}, None),
        ([], None),
    ],
)
def test_the_name_in_an_answer_is_the_one_that_people_see(answer: Any, name: str | None) -> None:
    assert name_in(answer) == name


def test_slack_is_asked_once_for_a_name_and_again_when_it_is_old() -> None:
    asked: list[str] = []
    now = [0.0]

    def ask(id: str) -> str | None:
        asked.append(id)
        return KNOWN.get(id)

    names = Names(ask, clock=lambda: now[0])
    assert [names.of("C0TEXTS", 60), names.of("C0TEXTS", 60), names.of("U0ZED", 60)] == ["#texts", "#texts", None]
    assert asked == ["C0TEXTS", "U0ZED"]
    now[0] = 120
    assert (names.of("U0ZED", 60), names.of("C0TEXTS", 60)) == (None, "#texts")
    assert asked == ["C0TEXTS", "U0ZED", "U0ZED"]
    now[0] = 7200
    assert names.of("C0TEXTS", 60) == "#texts"
    assert asked[3:] == ["C0TEXTS"]
