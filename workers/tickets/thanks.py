"""Recognises a text that says thanks and nothing else, which need not wake who waits for something. Pure.

The words are few, and one that is not among them makes it an ordinary text: to take a question for thanks would keep it
from the team. "Ok" alone may be an answer, and so is no thanks.
"""

import re
import unicodedata
from typing import Final

LONGEST: Final = 60
"""In how many characters somebody says thanks and nothing else."""

_THANKS: Final = """
thanks, thank you, thank u, thankyou, thx, tnx, ty, tysm, many thanks, thanks a lot, thanks so much, thank you so much
thank you very much, thanks very much, much appreciated, cheers
danke, danke schön, danke schon, dankeschön, danke sehr, vielen dank, herzlichen dank, besten dank
merci, merci vielmals, merci beaucoup, merci bien, un grand merci
gracias, muchas gracias, mil gracias, moltes gràcies, gràcies
obrigado, obrigada, muito obrigado, muito obrigada
grazie, grazie mille, mille grazie, molte grazie
dank je, dank je wel, dankjewel, dank u, dank u wel, bedankt, hartelijk dank
tack, tack så mycket, tusen tack, takk, tusen takk, mange takk, tak, mange tak, tusind tak, kiitos, paljon kiitoksia
dziękuję, dziekuje, dzięki, dzieki, děkuji, díky, ďakujem, mulțumesc, multumesc, köszönöm, ευχαριστώ, hvala
спасибо, большое спасибо, спасибо большое, дякую, teşekkürler, teşekkür ederim, sağ ol
תודה, תודה רבה, شكرا, شكراً, धन्यवाद, cảm ơn, terima kasih, salamat, 谢谢, 謝謝, 多谢, 多謝
ありがとう, ありがとうございます, 감사합니다, 고마워요
"""
_PHRASES: Final = tuple(
    sorted({each.strip() for each in re.split(r"[,\n]+", _THANKS) if each.strip()}, key=len, reverse=True)
)
_BESIDES: Final = frozenset(
    {"ok", "okay", "great", "perfect", "super", "top", "prima", "parfait", "perfecto", "ottimo"}
)
"""What may stand beside thanks, and changes nothing about it."""
_FRIENDLY: Final = frozenset("👍👌🙏😊🙂😀😃😄😁☺🤗👏❤♥💐🎉💛💚💙🧡🙌😉🥰😍\u200d\ufe0f🏻🏼🏽🏾🏿")
"""Emoji that change nothing about it either; an angry one does."""


def is_thanks(body: str) -> bool:
    """Whether a text says thanks and nothing else, whatever the signs and emoji around it; a question never does."""
    text = unicodedata.normalize("NFC", body).casefold().strip()
    if len(text) > LONGEST or any(each in "?？؟¿;؛" for each in text):
        return False
    words = " ".join("".join(each if _is_word(each) else " " for each in text).split())
    for besides in _BESIDES:
        words = words.removeprefix(f"{besides} ").removesuffix(f" {besides}")
    return words in _PHRASES


def _is_word(character: str) -> bool:
    """Whether a character belongs to a word; a digit or another picture does, so that what has one is no thanks."""
    return character not in _FRIENDLY and unicodedata.category(character)[0] not in {"P", "Z", "C"}
