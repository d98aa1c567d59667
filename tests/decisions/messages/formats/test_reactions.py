"""Which texts are a phone's reactions to ours, in any language, and which only look like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.reactions import is_reaction

OURS = ["Hello", "Your order ships today", "See you Wednesday between 12 and 2."]


@pytest.mark.parametrize(
    "body",
    [
        "Liked “Your order ships today”",
        'Loved "Your order ships today"',
        "Disliked “Your order ships today”",
        "Laughed at “Your order ships today”",
        "Emphasized “Your order ships today”",
        "Emphasised “Your order ships today”",
        "Questioned “Your order ships…”",
        "Reacted 🎉 to “Your order ships today”",
        "Removed a heart from “Your order ships today”",
        "Removed an exclamation from “Your order ships…”",
        "👍 to “Your order ships today”",
        "\u200a\u200b👍\u200b to “\u200aYour order ships today\u200a”\u200a",
        "A aimé « Your order ships today »",
        "A réagi 😂 à « Your order ships... »",
        "Le gustó “Your order ships today”",
        "Le encantó “See you Wednesday between 12 and 2.”",
        "Gefällt „Your order ships today“",
        "Понравилось «Your order ships today»",
        "「Your order ships today」にいいねしました",
        "Liked “Your order\r\nships today”",
        "❤️ to “Your order ships today”",
        "👍 zu „Your order ships today“",
        "Gillade ”Your order ships today”",
        "Tykkäsi “Your order ships today”",
        "Curtiu “Your order ships today”",
        "Ha messo un cuore a “Your order ships today”",
        "喜欢“Your order ships today”",
        "赞了“Your order ships today”",
        "“Your order ships today” öğesini beğendi",
        "“Your order ships today”에 좋아요 표시함",
        "Polubiono „Your order ships today”",
        "Reacted 1️⃣ to “Your order ships today”",
        "‼️ to “Your order ships today”",
        "Hat mit 👍 auf „Your order ships today“ reagiert",
        "„Your order ships today“ gefällt mir",
        "Vond “Your order ships today” leuk",
        "Me encantó “Your order ships today”",
        "J’adore «\u202fYour order ships today\u202f»",
        "ถูกใจ “Your order ships today”",
        "“Your order ships today” को पसंद किया",
        "「Your order ships today」に「いいね」しました",
        "„Your order ships today“ mit „Gefällt mir“ markiert",
        "Hat „Your order ships today“ mit einem Herz markiert",
        "Piace: “Your order ships today”",
        "對「Your order ships today」按讚",
        "对“Your order ships today”表示了赞",
        "Ha messo “Mi piace” a “Your order ships today”",
        "Ha messo «Mi piace» a «Your order ships today»",
        "Ti è piaciuto “Your order ships today”",
        "Se han reído de “Your order ships today”",
        "Synes godt om »Your order ships today«",
        "Gefällt »Your order ships today«",
        "Hat auf „Your order ships today“ mit 👍 reagiert",
        "Ha reaccionado con 👍 a “Your order ships today”",
        "אהב את ״Your order ships today״",
        "『Your order ships today』にいいねしました",
        "Liked ＂Your order ships today＂",
        "I-a plăcut „Your order ships today”",
        "Του άρεσε «Your order ships today»",
        "Kedvelte: „Your order ships today”",
        "Liked “Sent from your Twilio trial account - Your order ships today”",
        "Liked “Sent from your Twilio trial account - Your order…”",
    ],
)
def test_a_quote_of_our_text_is_a_reaction(body: str) -> None:
    assert is_reaction(body, OURS)


@pytest.mark.parametrize(
    ("ours", "quoted"),
    [
        ("We’ll be there – at 5…", "We'll be there - at 5..."),
        ("Say “yes” to Ann", 'Say "yes" to Ann'),
        ("We'll be there", "We’ll be there"),
        ("We’ll be there – at 5, and we bring the keys", "We'll be there - at 5, and…"),
    ],
)
def test_a_quote_with_simpler_signs_than_ours_is_a_reaction(ours: str, quoted: str) -> None:
    assert is_reaction(f"Liked “{quoted}”", [ours])


@pytest.mark.parametrize(
    "body",
    [
        "Liked it a lot",
        "Liked “Your order ships tomorrow”",
        "“Your order ships today”",
        "“Your order ships today” is wrong, I was told Monday",
        "You wrote: “Your order ships today”",
        "Why did you write “Your order ships today” when it did not?",
        "Liked “Y…”",
        "“Your order ships today” is wrong",
        "You wrote “Your order ships today”",
        "But you said “Your order ships today”",
        "I got “Your order ships today” twice",
        "Liked “Your order ships today” but where is it",
        "no “Your order ships today”",
        "Why: “Your order ships today”",
        ": “Your order ships today”",
        "“Your order ships today”表示不满",
        "vond “Your order ships today” niet leuk",
        "It says “Your order ships today” leuk",
        "Me gustaría “Your order ships today”",
        "Me encantaría “Your order ships today”",
        "„Your order ships today“ und „nichts“ kam",
        "Hat „Your order ships today“ mit Fehlern reagiert",
        "„Your order ships today“ mit 👍 angenommen und nicht geliefert",
        "He wrote ״Your order ships today״",
        "Er sagte „Your order ships today“ mit „Gefällt mir“ markiert, aber nichts kam",
        "Liked “this” and “Your order ships today”",
        "Ha scritto “mi piace” a “Your order ships today”",
        "Mi piacerebbe “Your order ships today”",
        "Loved an image",
        "",
        "STOP",
    ],
)
def test_what_only_looks_like_one_is_an_ordinary_text(body: str) -> None:
    assert not is_reaction(body, OURS)


@pytest.mark.parametrize(
    "body", ["Loved an image", "Liked a movie", "Removed a heart from an image", "Laughed at a video"]
)
def test_a_reaction_to_a_picture_needs_a_picture_of_ours(body: str) -> None:
    assert is_reaction(body, [], sent_files=True)
    assert not is_reaction(body, OURS)


@given(st.text(max_size=200), st.lists(st.text(max_size=40), max_size=3))
def test_no_text_without_a_quote_is_a_reaction(body: str, ours: list[str]) -> None:
    if not any(sign in body for sign in '“”„«»「」"'):
        assert not is_reaction(body, ours)
