"""The words of automatic texts: what may be typed, what is filled in, and what a conversation remembers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.answering import AutoKind, AutoReplies, words_digest
from messages.formats.segments import Encoding
from messages.sms import LIMIT
from messages.team.auto_replies import (
    EXAMPLE,
    OFFERED,
    PLACEHOLDERS,
    Filling,
    examples,
    filled,
    is_fillable,
    setting,
    trouble,
)
from tests import make


def test_every_kind_is_off_until_somebody_writes_its_words() -> None:
    assert AutoReplies().kinds == ()
    assert make.line().auto_replies == AutoReplies()


@pytest.mark.parametrize("kind", AutoKind)
def test_every_kind_has_words_that_are_offered_and_can_be_filled_in(kind: AutoKind) -> None:
    settings = setting(AutoReplies(), f"{kind}=default")
    assert settings.words(kind) == OFFERED[kind]
    assert settings.kinds == (kind,)
    assert is_fillable(OFFERED[kind], EXAMPLE)
    assert setting(settings, f"{kind}=off") == AutoReplies()


def test_what_is_typed_changes_one_setting() -> None:
    first = setting(AutoReplies(), " Closed =  Back   {opens} ")
    assert first == AutoReplies(closed="Back {opens}")
    both = setting(setting(first, "waiting=Still = with you"), "waiting-after=90")
    assert both == AutoReplies(closed="Back {opens}", waiting="Still = with you", waiting_after=90)
    assert setting(both, "off") == AutoReplies(waiting_after=90)
    days = setting(setting(AutoReplies(), "nudge-after=2"), "solve-after=5")
    assert days == AutoReplies(nudge_after=2, solve_after=5)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "give KIND=WORDS"),
        ("closed", "give KIND=WORDS"),
        ("open=Hello", "closed, holiday, received, waiting"),
        ("off=closed", "give KIND=WORDS"),
        ("closed=", "closed=off"),
        ("closed=Back {open}", "{open} is nothing that Clerk can fill in there: it knows {opens} and {line}"),
        ("closed=For {holiday}", "{holiday}"),
        ("received=Back {opens}", "{opens}"),
        ("waiting=Hi {}", "{}"),
        ("holiday=" + "x" * 1601, "1601 characters"),
        ("closed=" + "{opens}" * 100, f"at most {LIMIT}"),
        ("waiting-after=0", "from 1 to 10080"),
        ("waiting-after=soon", "from 1 to 10080"),
        ("waiting-after", "give KIND=WORDS"),
        ("nudge-after=61", "nudge-after: days, from 1 to 60"),
        ("solve-after=0", "solve-after: days, from 1 to 60"),
        ("nudge=Back {opens}", "it knows {line}"),
    ],
)
def test_what_can_not_be_is_refused_in_words(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        setting(AutoReplies(), typed)


def test_an_example_is_what_a_contact_may_get_and_what_it_costs() -> None:
    settings = AutoReplies(closed="{line}: back {opens}", holiday="Closed for {holiday}", waiting="Ну" + "." * 80)
    closed, holiday, waiting = examples(settings, "Sales", "today at 14:00")
    assert str(closed) == "closed: “Sales: back today at 14:00” (1 segment, GSM-7)"
    assert holiday.text == "Closed for Thanksgiving"
    assert (waiting.size.count, waiting.size.encoding) == (2, Encoding.UCS_2)
    (example,) = examples(AutoReplies(closed="Back {opens}"), "Sales")
    assert example.text == "Back tomorrow at 9:00"


def test_what_has_nothing_to_be_filled_in_is_said_before() -> None:
    assert not is_fillable("Back {opens}", Filling(line="Sales"))
    assert is_fillable("Back soon", Filling())


@given(st.sampled_from(AutoKind), make.written(200))
def test_whatever_is_accepted_is_filled_in_whole_and_once(kind: AutoKind, words: str) -> None:
    words = words.replace("{", "").replace("}", "") + "".join(f" {{{name}}}" for name in PLACEHOLDERS[kind])
    assert not trouble(kind, words)
    assert "{" not in filled(words, EXAMPLE)
    contrary = filled(words, Filling(opens="{line}", line="{opens}", holiday="{holiday}"))
    assert contrary.count("{") == len(PLACEHOLDERS[kind]), "what is filled in is filled in no further"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Thanks!", " thanks ", True),
        ("Your code: 1234", "Your code: 1235", False),
        ("Straße", "STRASSE", True),
        ("Да", "да.", True),
        ("yes", "no", False),
    ],
)
def test_texts_are_alike_by_their_letters_and_digits(one: str, other: str, alike: bool) -> None:
    assert (words_digest(one) == words_digest(other)) is alike


@pytest.mark.parametrize("nothing", ["", "👍", "  ", "?!", "___"])
def test_what_says_nothing_is_like_nothing(nothing: str) -> None:
    assert words_digest(nothing) == ""
