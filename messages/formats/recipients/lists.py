"""Whether what stands between two typed numbers makes a list of them. Pure.

A contact's number that has reached another contact can't be taken back, and a colon after the first number costs
nothing. So whatever may be a list is one, and the words below only spare an agent that colon in the usual texts.
"""

import re
import unicodedata
from itertools import groupby
from typing import Final

FEW: Final = 2
"""So many words before the second number are a name, unless one of them says that the number belongs to a text."""

SOME: Final = 4
"""So many are names, too, if each has a capital or a sign divides them."""

CLAUSE: Final = 8
"""So many, “and” among the first of them, may speak of another recipient."""

_MARKS: Final = frozenset(",;/\\+&|、，；،؛﹐﹑､︐／＆＋｜﹢•·*◦‣▪●○■和與与及跟或와과や")
_DIVIDING: Final = _MARKS | frozenset("\n\r")
_AROUND: Final = re.compile(
    r"(?:[(（\[][^()（）\[\]]{0,40}[)）\]]|[\s\"'_`“”„‟«»‘’‚‹›「」『』.()（）\[\]\u200b-\u200f\u2028-\u202e\u2060-\u206f])*"
)
"""Blanks, quotation marks and words in brackets: what may stand between a number and the sign of a list."""

_AND: Final = """
and, or, plus, cc, bcc, also, including, und, oder, auch, sowie, et, ou, ainsi, aussi, y, e, o, u, además,
ademas, también, tambien, también, também, tambem, mais, anche, oltre, i, og, och, en, of, ook, alsmede, samt,
även, också, også, ja, sekä, myös, ning, oraz, lub, także, również, a, nebo, alebo, také, tiež, és, vagy,
valamint, și, si, sau, precum, dhe, ose, ali, ili, te, pa, in, ve, veya, ile, ayrıca, ir, un, arba, vai, eta,
kaj, agus, ac, na, at, saka, pati, dan, serta, atau, juga, và, hoặc, cũng, и, или, также, тоже, да, та, або,
також, й, και, ή, επίσης, և, და, और, तथा, एवं, या, এবং, ও, और, মற்றும், மற்றும், و, أو, او, وأيضا, أيضا, ו, או,
וגם, גם, และ, หรือ, กับ, 및, 그리고, 또는, または, および, それと, 及び, 以及, 还有, 還有
"""
_BEFORE: Final = """
to, with, copy, else, then, too, other, along, together, incl, as, well, an, mit, dann, puis, à, avec, con,
luego, com, poi, med, till, met, s, z, až, cu, la, с, dengan, với, مع
"""
_TEXT: Final = """
http, https, www, call, calling, ring, phone, telephone, tel, dial, reach, code, pin, order, orders, invoice,
bill, ref, reference, parcel, package, tracking, shipment, delivery, account, ticket, case, booking,
reservation, id, confirmation, customer, contract, policy, serial, model, anrufen, anruf, ruf, rufen, telefon,
telefonnummer, erreichen, erreichbar, bestellung, bestellnummer, auftrag, rechnung, sendung, paket, vertrag,
appelez, appeler, appel, téléphone, commande, facture, colis, référence, llame, llamar, llámenos, llámanos,
teléfono, pedido, factura, código, paquete, ligue, ligar, telefone, encomenda, fatura, chiami, chiamare,
chiamate, chiama, telefono, ordine, fattura, codice, pacco, bel, bellen, bestelling, factuur, pakket, zadzwoń,
zadzwonić, zamówienie, zavolejte, objednávka, ringa, ringe, beställning, bestilling, ordre, soita, tilaus,
arayın, sipariş, звоните, позвоните, телефон, заказ, код, телефонуйте, замовлення, اتصل, طلب, התקשרו, טלפון,
הזמנה, फोन, कॉल, ऑर्डर, gọi, hubungi, pesanan
"""
_TEXT_WITHOUT_BLANKS: Final = (
    "电话",
    "電話",
    "致电",
    "致電",
    "拨打",
    "撥打",
    "订单",
    "訂單",
    "番号",
    "注文",
    "전화",
    "주문",
    "โทร",
)


def _listed(words: str) -> frozenset[str]:
    return frozenset(word.strip() for word in words.split(","))


_ANDS, _TEXTS = _listed(_AND), _listed(_TEXT)
_JOINING: Final = _ANDS | _listed(_BEFORE)


def makes_list(between: str) -> bool:
    """Whether a number and another one are recipients, by what is `between` them; else the other is in a text.

    - A comma, “and” or their like directly behind the first number make a list, whatever comes before the second.
    - So do a few words that may be a name. A word that introduces a number in a text, such as “call”, does not.
    """
    around = _AROUND.match(between)
    behind = between[around.end() :] if around else between
    words = _words(behind)
    if behind[:1] in _MARKS or (words and behind.startswith(words[0]) and _says_and(words[0])):
        return True
    if any(word.casefold() in _TEXTS for word in words) or any(each in behind for each in _TEXT_WITHOUT_BLANKS):
        return False
    names = [word for word in words if word.casefold() not in _JOINING]
    if len(names) <= FEW:
        return True
    if len(names) <= SOME and (all(word[0].isupper() for word in names) or not _DIVIDING.isdisjoint(behind)):
        return True
    return len(names) <= CLAUSE and any(map(_says_and, words[: FEW + 1]))


def _says_and(word: str) -> bool:
    """Whether a word joins recipients; a short one with a capital begins a sentence, as in “I am at …”."""
    begins_sentence = len(word) <= FEW and word[0].isupper() and not (len(word) > 1 and word.isupper())
    return word.casefold() in _ANDS and not begins_sentence


def _words(text: str) -> list[str]:
    """The words and the digits of a text, without signs."""
    kinds = groupby(text[:400], lambda each: unicodedata.category(each)[0])
    joined: list[str] = []
    last = ""
    for kind, run in kinds:
        if kind in "LMN":
            if last in "LM" and last and kind in "LM":
                joined[-1] += "".join(run)
            else:
                joined.append("".join(run))
        last = kind
    return joined
