"""Which numbers `clerk lines add` takes, and why it refuses the others."""

import pytest

from messages.formats.numbers import why_no_line
from ops.commands.lines import number
from ops.commands.options import Invalid


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("whatsapp:+15559998888", "not for WhatsApp"),
        ("WhatsApp:+15559998888", "not for WhatsApp"),
        ("rcs:agent_1", "not for RCS"),
        ("messenger:1234567", "not for Messenger"),
        ("384387", "a short code can't be a line"),
        ("SUPPORT", "a name can't be a line"),
        ("My Shop +15559998888", "a name can't be a line"),
        ("MG0123456789abcdef0123456789abcdef", "a Messaging Service is no line"),
        ("+15559998888, +15559998889", "one number at a time"),
        ("+15559998888 and +15559998889", "one number at a time"),
        ("+15559998888\t+15559998889", "one number at a time"),
        ("+1 555 999 8888 ext 5", "is not a phone number"),
        ("client:bob", "not for client"),
        ("@support", "a name can't be a line"),
        ("+4741234", "begins like this"),
        ("15559998888", "country code"),
    ],
)
def test_a_number_that_cannot_be_a_line_is_refused_with_the_reason(address: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        number(address)


@pytest.mark.parametrize("spelled", ["+1 (555) 999-8888", "tel:+1-555-999-8888", "+１５５５９９９８８８８"])
def test_a_number_is_taken_in_any_usual_spelling(spelled: str) -> None:
    assert number(spelled) == "+15559998888"


def test_the_log_says_why_a_text_belongs_to_no_line() -> None:
    assert why_no_line("+15559998888") is None
    assert why_no_line("whatsapp:+15559998888") is not None
