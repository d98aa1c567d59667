"""What is written after /clerk send goes to one contact from one line, or its author is told what to do."""

import pytest
from hypothesis import given

from messages.formats.segments import segments
from messages.line import Line
from messages.sms import State, WriteText, WriteTyped
from tests import make
from tests.make import AGENT, CHANNEL, CONVERSATION, NOW
from workers.sms.compose import NO_TEXT, confirmation, document, parse_typed

SALES = make.line(id="+15550001111", channel="C0SALES", name="Sales")
SUPPORT = make.line(id="+442079460001", channel="C0HELP", name="Support")


def typed(text: str, channel: str = "C0SALES") -> WriteTyped:
    return WriteTyped(sms="t1", typed=text, by=AGENT, at=NOW, channel=channel, response_url="https://r")


def test_the_line_is_the_one_in_whose_channel_it_was_typed() -> None:
    for line, number in ((SALES, "+15551234567"), (SUPPORT, "+442079460000")):
        order = parse_typed(typed(f"{number} hello", line.channel), [SALES, SUPPORT])
        assert isinstance(order, WriteText)
        assert (order.line, order.contact, order.text, order.sms) == (line.id, number, "hello", "t1")


def test_elsewhere_it_is_the_only_line_or_the_author_is_asked_which() -> None:
    order = parse_typed(typed("555 123 4567 hello", "C0OTHER"), [SALES])
    assert isinstance(order, WriteText)
    assert order.contact == "+15551234567"
    asked = parse_typed(typed("+15551234567 hello", "C0OTHER"), [SALES, SUPPORT])
    assert isinstance(asked, str)
    assert "Sales (+15550001111), Support (+442079460001)" in asked


def test_two_lines_of_one_channel_leave_it_open() -> None:
    other = SUPPORT.model_copy(update={"channel": "C0SALES"})
    assert "which line" in str(parse_typed(typed("+15551234567 hello"), [SALES, other]))


@pytest.mark.parametrize(
    ("text", "lines", "words"),
    [
        ("+15551234567", [SALES], NO_TEXT),
        ("hello there", [SALES], "“hello” is not a phone number"),
        ("+15551234567 hello", [], "no line yet"),
    ],
)
def test_what_is_wrong_is_named(text: str, lines: list[Line], words: str) -> None:
    answer = parse_typed(typed(text), lines)
    assert isinstance(answer, str)
    assert words in answer
    assert "hello" not in answer.replace("“hello”", "")


def _order() -> WriteText:
    return WriteText(sms="t1", line=make.LINE, contact=make.CONTACT, text="Hi", by=AGENT, at=NOW, channel=CHANNEL)


def test_a_text_waits_in_the_outbox_and_a_note_does_not() -> None:
    text = document(_order(), "Hi", State.WAITING, "c1")
    assert (text.id, text.conversation, text.outbox, text.unshown) == ("t1", *[CONVERSATION] * 3)
    assert text.due_at is not None
    note = document(_order(), "// Hi", State.NOTE, None)
    assert (note.outbox, note.due_at, note.unshown) == (None, None, CONVERSATION)


@given(make.written(1600))
def test_the_author_learns_where_the_text_goes_and_in_how_many_segments(body: str) -> None:
    text = document(_order(), body, State.WAITING, None)
    said = confirmation(text, make.contact(name="Ann"), SALES)
    assert "Ann (+15550002222) from Sales" in said
    assert ("segments" in said) == (segments(body).count > 1)
