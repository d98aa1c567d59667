"""What says thanks and nothing else, in several languages; everything else is an ordinary text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.tickets.thanks import is_thanks


@pytest.mark.parametrize(
    "body",
    [
        "thanks",
        "Thank you!",
        "THANKS!!! 🙏",
        "Ok, thank you",
        "thanks, ok.",
        "Thx 👍🏽",
        "Vielen Dank!",
        "Merci beaucoup :-",
        "¡Muchas gracias!",
        "Muito obrigada",
        "Grazie mille ❤️",
        "Dank je wel",
        "Tack så mycket",
        "Dzięki",
        "Спасибо большое!",
        "תודה רבה",
        "شكراً",
        "谢谢！",
        "ありがとうございます。",
        "감사합니다!",
    ],
)
def test_thanks_alone_is_recognised(body: str) -> None:
    assert is_thanks(body)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "ok",
        "Yes",
        "👍",
        "no thanks",
        "No, thank you",
        "thanks but no",
        "thanks for nothing",
        "thanks 😡",
        "thanks?",
        "Thanks, when?",
        "¿Gracias",
        "Thanks 2 you",
        "Thanks. It still leaks",
        "Danke, aber es geht nicht",
        "Thank you " * 10,
        "gracias 10",
        "not ok thanks",
        "STOP thanks",
    ],
)
def test_what_may_say_more_is_an_ordinary_text(body: str) -> None:
    assert not is_thanks(body)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12))
def test_another_word_makes_it_an_ordinary_text(word: str) -> None:
    assert not is_thanks(f"thanks q{word}q")
    assert not is_thanks(f"q{word}q thanks")
