"""Recognises reactions that phones send as texts, by the text of ours that they quote. Pure.

An iPhone sends “Liked “On our way””, an Android phone “👍 to “On our way””, in the phone's own language. What quotes
our words is a reaction; what only looks like one, such as “Liked it a lot”, is an ordinary text. So is a quote with
words that are no phone's: to take a complaint for a reaction would keep it from the team.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from messages.formats.plain_words import with_line_ends, without_trial_prefix

LONGEST_VERB: Final = 60
MOST_WORDS: Final = 6
SHORTEST_CUT: Final = 8
"""A quote that is cut short must have this many characters of our text, not to be taken for another."""

_INVISIBLE: Final = re.compile("[\u00ad\u200a-\u200f\u2060\ufeff]")
_VERB: Final = rf"[^“”„‟«»「」『』\"＂״]{{0,{LONGEST_VERB}}}"
_OPEN, _CLOSED = r"\s*[“”„‟«»「『\"＂״]\s*", r"\s*[”“»«」』\"＂״]\s*"
_QUOTED: Final = re.compile(rf"(?P<before>{_VERB}?){_OPEN}(?P<quote>.+?){_CLOSED}(?P<after>{_VERB})", re.DOTALL)
_QUOTED_TWICE: Final = re.compile(
    rf"(?P<before>{_VERB}?){_OPEN}(?P<quote>.+?){_CLOSED}(?P<after>{_VERB}{_OPEN}{_VERB}{_CLOSED}{_VERB})", re.DOTALL
)
"""A quote, and behind it the name of a reaction that has marks of its own."""
_NAMED_FIRST: Final = re.compile(
    rf"(?P<before>{_VERB}{_OPEN}{_VERB}{_CLOSED}(?:a|à|al|to|zu|auf|på|til|na|do|för|for|на|к|до))"
    rf"{_OPEN}(?P<quote>.+?){_CLOSED}(?P<after>)",
    re.DOTALL,
)
"""The same before it: Ha messo “Mi piace” a “…”."""
_FIRST_WORDS: Final = """
liked, loved, disliked, laughed at, emphasi?ed, questioned, reacted, removed
gefällt, gefiel, missfällt, mag, liebt, lacht, betont, hinterfragt, hat, reagierte, entfernte
vindt, vond, leuk, lacht, lachte, benadrukt, benadrukte, betwijfelt, reageerde, verwijderde
a aimé, a bien aimé, a adoré, a ri, a réagi, a mis, a insisté, a souligné, a retiré, a supprimé, n’a pas aimé
j’aime, j’adore
le gust*, no le gust*, le encant*, le dio risa, me gusta, me gustó, me encanta, me encantó, se rio
exclam*, se rió, se han reído, se ha reído, ha reaccionado, han reaccionado
enfatizó, destacó, preguntó, reaccionó, eliminó
curtiu, não curtiu, gostou, não gostou, amou, adorou, riu, enfatizou, destacou, questionou, reagiu, removeu
mi piace, ti è piaciut*, è piaciut*
piace, non piace, ha messo, ha adorato, ha amato, ha riso, ha enfatizzato, ha evidenziato, ha reagito, ha rimosso
li agrada, li encanta, a plăcut, i-a plăcut, a apreciat, a iubit, a râs, a reacționat
gillade, gillar, ogillade, älskade, älskar, skrattade, betonade, ifrågasatte, reagerade, tog bort
synes godt om, syntes godt om, elskede, elsker, lo ad, fremhævede, reagerede, fjernede
likte, liker, mislikte, elsket, lo av, fremhevet, reagerte, fjernet
tykkäsi, tykkää, rakasti, rakastaa, nauroi, korosti, kyseenalaisti, reagoi, poisti
polubi*, nie polubi*, lubi, pokocha*, kocha, roześmia*, podkreśl*, zakwestionowa*, zareagowa*, usun*
líbí se, nelíbí se, páči sa, nepáči sa, zamilova*, reagova*, zdůrazni*, zvýrazni*, odebra*
tetszik, tetszett, imádja, kedveli, kedvelte, kiemelte, reagált, μου αρέσει, του αρέσει, της αρέσει, μου άρεσε,
του άρεσε, της άρεσε, sviđa mi se, svidjelo, suka, beğendi, पसंद किया, αντέδρασε
понравил*, не понравил*, нравится, любит, обожает, смеется, смеётся, рассмешил*, выделил*, отреагировал*, реакция
убрал*, сподобал*, не сподобал*, подобається, вподобан*, реакція, відреагував*
đã thích, đã yêu thích, ถูกใจ, รัก, หัวเราะ, menyukai, bereaksi, אהב*, הגיב*, أعجب*, أحب*, تفاعل
赞, 讚, 喜欢, 喜歡, 喜爱, 喜愛, 不喜欢, 不喜歡, 大笑, 强调, 強調, 质疑, 質疑, 回应, 回應, いいね, 좋아
"""
"""How phones begin a reaction, language by language; `*` stands for the rest of a word, `?` for one letter."""

_LAST_WORDS: Final = """
いいね, リアクション, 評価, ハート, 笑, 強調, 疑問, 좋아, 공감, 반응, 표시, 하트, 按讚, 按赞, 表示赞, 表示讚
表示了赞, 表示了讚, 点了赞
markiert, पसंद किया, पसंद आया, प्यार किया, प्रतिक्रिया दी, ถูกใจ
beğendi, sevdi, güldü, vurguladı, sorguladı, tepki verdi
"""
"""What they say behind the quote, in the languages that put the verb last."""

_SPLIT_WORDS: Final = "hat/reagiert, vond/leuk, vindt/leuk, heeft/gereageerd, har/reagerat, /gefällt mir, /gefällt"
"""What they say around the quote, in the languages that split the verb."""

_CUT_SHORT: Final = re.compile(r"\s*(?:…|\.\.\.)$")
_PICTURE: Final = re.compile(
    r"(?:Liked|Loved|Disliked|Laughed at|Emphasi[sz]ed|Questioned|Reacted \S+ to"
    r"|Removed (?:an? (?:like|heart|dislike|laugh|exclamation|question mark|reaction)|\S+) from)"
    r" (?:an image|a photo|a picture|an? video|a movie|an attachment|a GIF|an audio message|a contact card|a file)\.?",
    re.IGNORECASE,
)


def _words(listed: str) -> re.Pattern[str]:
    """What matches one of some words; those of languages without blanks may go on."""
    words = [each.strip() for each in re.split(r"[,\n]+", listed) if each.strip()]
    patterns = [re.escape(each).replace(r"\*", r"\w*").replace(r"\?", r"\w") for each in words]
    whole = [each if _WITHOUT_BLANKS.search(each) else rf"{each}(?!\w)" for each in patterns]
    return re.compile("|".join(whole), re.IGNORECASE)


_WITHOUT_BLANKS: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_BEFORE, _BEHIND = _words(_FIRST_WORDS), _words(_LAST_WORDS)
_SPLIT: Final = frozenset(each.strip() for each in _SPLIT_WORDS.split(","))
_WITH_EMOJI: Final = re.compile(r"^(?:mit|met|med)\s+(\S+)\s+")
"""With which emoji somebody reacted, in the languages that put it behind the quote."""
_EMOJI_SIGNS: Final = re.compile("[0-9#*]\ufe0f?\u20e3|[‼⁉]\ufe0f?|[!?]\ufe0f")
"""Emoji that begin with a digit or a sign."""


def may_be_reaction(body: str) -> bool:
    """Whether a contact's text may be a reaction, whatever our texts are."""
    text = _plain(body)
    return _PICTURE.fullmatch(text) is not None or any(_readings(text))


def is_reaction(body: str, ours: Iterable[str], *, sent_files: bool = False) -> bool:
    """Whether a contact's text is a reaction to one of our texts (`ours`), or to a file if we sent any."""
    text = _plain(body)
    if _PICTURE.fullmatch(text):
        return sent_files
    quotes = [*_readings(text)]
    return bool(quotes) and any(_quotes(quote, _plain(each)) for each in ours for quote in quotes)


def _readings(text: str) -> Iterator[str]:
    """What a text may quote, if the words around that are a phone's."""
    for found in (pattern.fullmatch(text) for pattern in (_QUOTED, _QUOTED_TWICE, _NAMED_FIRST)):
        if found is not None and (found["before"] or found["after"]) and _are_phones(found["before"], found["after"]):
            yield found["quote"]


def _are_phones(before: str, after: str) -> bool:
    """Whether the words around a quote are a phone's: few, with one of its verbs or an emoji, and no sentence."""
    before, after = _EMOJI_SIGNS.sub("👍", before.removesuffix(":")), after.removesuffix("！").strip()
    after = _WITH_EMOJI.sub(lambda found: "" if _begins_with_emoji(found[1]) else found[0], after)
    words = f"{before} {after}"
    if len(words.split()) > MOST_WORDS or re.search(r"[?!.:;,\d]", words):
        return False
    if after:
        first = (before.split() or [""])[0]
        return _BEHIND.search(after) is not None or f"{first}/{after}".lower() in _SPLIT
    return _BEFORE.match(before) is not None or _begins_with_emoji(before)


def _begins_with_emoji(words: str) -> bool:
    return bool(words) and unicodedata.category(words[0]) == "So"


def _quotes(quote: str, ours: str) -> bool:
    """Whether a quote is one of our texts, whole or cut short."""
    quote, ours = without_trial_prefix(quote).translate(_SMART), ours.translate(_SMART)
    cut = _CUT_SHORT.sub("", quote)
    if quote == ours:
        return bool(quote)
    return cut != quote and len(cut) >= SHORTEST_CUT and ours.startswith(cut)


def _plain(text: str) -> str:
    """Text on one line, without what can't be seen."""
    return " ".join(_INVISIBLE.sub("", with_line_ends(text)).split())


_SMART: Final = {
    **dict.fromkeys(map(ord, "‘’‚‛′`"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″«»"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
    ord("…"): "...",
    ord("⁄"): "/",
}
"""Signs for which the provider may send a simpler one, which the phone then quotes
(https://www.twilio.com/docs/messaging/services#smart-encoding)."""
