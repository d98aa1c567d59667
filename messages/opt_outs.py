"""Opting out: which words of a contact do it on a line, whom it concerns, and which of several wishes counts. Pure.

The provider keeps a list of blocked pairs of our number and theirs; only the numbers of a Messaging Service, a *pool*,
share one (https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering-). So an
opt-out belongs to one conversation, or to a pool and a contact, and to nothing else.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers

from messages.base import Document, Moment
from messages.conversation import Contact, Conversation
from messages.line import Line


class OptOut(StrEnum):
    """What a contact asked of the provider."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@dataclass(frozen=True)
class OptOutWords:
    """The words that opt out on a line, opt in again, and ask for help: in capitals, each the whole text."""

    out: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


_EVERYDAY: Final = ("CANCEL", "END", "QUIT")
"""Words that also answer a question; an account with lists of its own often leaves them out."""

_PLAIN: Final = ("STOP", "STOPALL", "UNSUBSCRIBE", "REVOKE", "OPTOUT")
_BACK: Final = ("START", "UNSTOP", "YES")
_HELP: Final = ("HELP", "INFO")

US: Final = OptOutWords((*_PLAIN, *_EVERYDAY), _BACK, _HELP)
"""What Twilio heeds on a long code
(https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering-)."""

TOLL_FREE: Final = OptOutWords(("STOP",), ("START", "UNSTOP"), _HELP)
"""What the network heeds on a toll-free number
(https://help.twilio.com/articles/360058144374-Opt-out-keyword-handling-SMS-STOP-Filtering-for-Toll-Free-SMS)."""

IN_SERVICE: Final = OptOutWords(_PLAIN, _BACK, _HELP)
"""What counts in a Messaging Service whose webhook does not say what a text asks: it may have lists of its own
(https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out), and only the everyday words may be missing there."""

NONE: Final = OptOutWords((), ("START", "UNSTOP"))
"""What counts where the provider leaves opt-outs to the team; should it refuse a text with 21610, START ends that."""

NAMED: Final = {"us": US, "toll-free": TOLL_FREE, "none": NONE}
"""The settings of a line that have a name."""

DEFAULT: Final = "default"
MOST_WORDS: Final = 30
LONGEST_WORD: Final = 30


def setting(text: str) -> str | None:
    """A line's setting as it is kept; None for the default. ValueError, with the reason, if it is none.

    Besides the names, it is the words that opt out, and after a colon those that opt in again: STOP,ARRET:START.
    """
    given = text.strip()
    if given.lower() == DEFAULT:
        return None
    if given.lower() in NAMED:
        return given.lower()
    out, colon, back = given.partition(":")
    parts = [_listed_words(out), *([_listed_words(back)] if colon else [])]
    if both := set(parts[0]).intersection(*parts[1:]) if colon else set():
        raise ValueError(f"{min(both)} can't both opt out and opt in again")
    return ":".join(",".join(words) for words in parts)


def _listed_words(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(" ".join(each.split()).upper() for each in text.split(",")))
    if len(words) > MOST_WORDS:
        raise ValueError(f"at most {MOST_WORDS} words")
    for word in words:
        if not word.replace(" ", "").isalnum() or len(word) > LONGEST_WORD:
            raise ValueError(f"“{word}” is no word: give letters and digits, at most {LONGEST_WORD}, between commas")
    return words


def words_of(line: str, setting: str | None, *, in_service: bool = False) -> OptOutWords:
    """The words that count on a line (its number), by its setting, else by the kind of its number.

    `in_service` says that the webhook names a Messaging Service.
    """
    if setting is None:
        return TOLL_FREE if is_toll_free(line) else IN_SERVICE if in_service else US
    if setting in NAMED:
        return NAMED[setting]
    out, _, back = setting.partition(":")
    return OptOutWords(tuple(out.split(",")), tuple(back.split(",")) if back else _BACK, _HELP)


def described(line: Line) -> str:
    """A line's setting, for operators; by default, what follows from its number and from its webhooks."""
    if line.opt_out is not None:
        return line.opt_out
    return "toll-free (default)" if is_toll_free(line.id) else "service (default)" if line.pool else "us (default)"


@lru_cache(1024)
def is_toll_free(line: str) -> bool:
    """Whether a number is a toll-free one of North America, where the network keeps the opt-outs."""
    try:
        number = phonenumbers.parse(line, None)
    except phonenumbers.NumberParseException:
        return False
    kind = phonenumbers.number_type(number)
    return number.country_code == 1 and kind == phonenumbers.PhoneNumberType.TOLL_FREE


@dataclass(frozen=True)
class Keyword:
    """What a text asks of the provider, and what it seems to ask although the provider does not heed it."""

    asked: OptOut | None = None
    unheeded: OptOut | None = None


def keyword(body: str, opt_out_type: str | None, words: OptOutWords) -> Keyword:
    """The keyword that a text is, if it is one.

    `opt_out_type` is the webhook's OptOutType, by which Twilio itself says what the text asked
    (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out). Without it only a text counts that is one of the
    words and nothing else, as at Twilio; in whatever case, and with any blanks around it.
    """
    said = (opt_out_type or "").strip().upper()
    if said in OptOut:
        return Keyword(OptOut(said))
    word = " ".join(body.split()).upper()
    for asked, counted in ((OptOut.STOP, words.out), (OptOut.START, words.back), (OptOut.HELP, words.help)):
        if word in counted:
            return Keyword(asked)
    bare = _bare(body)
    if bare in US.out or bare in _MEANING_OUT or _without_courtesy(body) in _MEANING_OUT:
        return Keyword(unheeded=OptOut.STOP)
    return Keyword(unheeded=OptOut.START if bare in US.back else None)


def _bare(text: str) -> str:
    """A text's letters and digits, in capitals of the usual width and without accents."""
    kept = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", kept)).upper()


_MEANT: Final = """
stopplease pleasestop stoptexting stoptextingme pleasestoptextingme stopmessaging stopsending unsubscribeme
unsub remove removeme optmeout nomoretexts nomoremessages donttextme arrêt arrêter arrêtez désabonner désinscrire
stopp stoppen abmelden abbestellen austragen parar pare baja detener deténgase cancelar sair descadastrar disiscrivi
disiscrivimi afmelden avregistrera avsluta avbryt afmeld frameld lopeta wypisz rezygnuję odhlásit leiratkozás dezabonare
стоп отписаться отпишитесь відписатися στοπ διαγραφή dur iptal berhenti huỷ 停止 退订 退訂 取消 配信停止 해지
수신거부 중지 עצור הסר הסירו قف توقف إلغاء
stop stopall unsubscribe revoke optout unsuscribe unsubcribe unsubscibe donottextme donottext donttext leavemealone
basta stoppa stoppe keskeytä zastavit zastavte přestaňte прекратите хватит припиніть หยุด ยกเลิก dừng ngừng hentikan
रोकें बंदकरो বন্ধ 拒收 不要再发 不要再傳 やめて 停止してください 그만 הפסק הפסיקו أوقف
"""
_COURTESY: Final = """
please pls plz plse now immediately all me us my texts text texting sms msg msgs messages messaging message
thanks thank you ty bitte danke svp merci sil vous plaît plait te por favor gracias favore per grazie aub alsjeblieft
alstublieft tack tak takk kiitos proszę prosím děkuji lütfen пожалуйста смс спасибо будь ласка смски
"""
_MEANING_OUT: Final = frozenset(map(_bare, _MEANT.split()))
"""What people write who want no more texts; no provider heeds it by itself."""


_POLITE: Final = frozenset(map(_bare, _COURTESY.split()))
"""What people write around such words: “stop texting me now, please”."""
MOST_POLITE: Final = 6
"""A text of more words may say anything."""


def _without_courtesy(text: str) -> str:
    """A short text's letters and digits without the words of courtesy, as `_bare` has them."""
    words = [_bare(each) for each in text.replace("’", "").replace("'", "").split()[: MOST_POLITE + 1]]
    return "".join(each for each in words if each not in _POLITE) if len(words) <= MOST_POLITE else ""


class PoolOptOut(Document):
    """A contact's latest wish about the numbers of a Messaging Service, from `opted_at`; `id` is `scope_id`'s."""

    id: str
    opted_out: bool = False
    opted_at: Moment | None = None


def scope_id(line: str, contact: str, pool: str | None) -> str:
    """What a wish belongs to: the pool and the contact, else the one conversation, whose id this is then."""
    return f"{pool or line}:{contact}"


@dataclass(frozen=True)
class Standing:
    """Whether a contact has opted out of what a line sends, and when that was decided; None: never."""

    out: bool = False
    since: datetime | None = None


def later(known: Standing, wish: Standing) -> Standing:
    """The wish that counts: the later one; of two at one time the opt-out, in whatever order they become known."""
    if wish.since is None:
        return known
    if known.since is None or known.since < wish.since or (known.since == wish.since and wish.out):
        return wish
    return known


def standing(
    line: Line | None, contact: Contact | None, conversation: Conversation | None, pool: PoolOptOut | None
) -> Standing:
    """Whether a contact has opted out of what a line sends, by all that is known.

    `pool` is the wish about the line's Messaging Service, if it is in one.
    """
    found = Standing()
    if conversation is not None:
        found = later(found, Standing(conversation.opted_out, conversation.opted_at))
        found = later(found, _of_all_lines(contact, conversation))
    if line is not None and pool is not None:
        found = later(found, Standing(pool.opted_out, pool.opted_at))
    return found


@dataclass(frozen=True)
class Parties:
    """A line, the contact with this number, and what is between them; `standing` says whether they opted out of it.

    `home` is the zone in which the line is, where it takes the place of the contact's; blank: unknown.
    """

    number: str
    line: Line | None = None
    contact: Contact | None = None
    conversation: Conversation | None = None
    standing: Standing = Standing()
    home: str = ""

    @property
    def words(self) -> OptOutWords:
        """The words by which the contact opts out of what the line sends, and in again."""
        number = self.line.id if self.line else self.conversation.line if self.conversation else ""
        return words_of(number, self.line.opt_out if self.line else None, in_service=bool(self.line and self.line.pool))


def _of_all_lines(contact: Contact | None, conversation: Conversation) -> Standing:
    """What an earlier version recorded for all of a contact's lines at once.

    It concerns a conversation that such a version made, or that existed when it was recorded.
    """
    if contact is None or not (contact.opted_out or contact.opted_at):
        return Standing()
    since = contact.opted_at or contact.created_at
    concerned = not conversation.own_opt_out or conversation.created_at <= since
    return Standing(contact.opted_out, since) if concerned else Standing()


# -- words ------------------------------------------------------------------------------------------------------------

TOLD: Final = "They told me so"
"""The button by which an agent says that a contact wants texts again."""


def way_back(words: OptOutWords) -> str:
    """The words by which a contact opts in again, for a sentence."""
    return " or ".join(word for word in words.back if word != "YES") or "START"


def notice(asked: OptOut, words: OptOutWords, *, opted_out: bool, in_pool: bool = False) -> str:
    """The notice for the thread about a keyword that the provider heeds; empty if nothing changes."""
    match asked:
        case OptOut.STOP:
            others = " and from the other numbers of its Messaging Service" if in_pool else ""
            return (
                f"The contact has opted out of texts from this line{others}. Clerk can't send them texts until they "
                f"text {way_back(words)}."
            )
        case OptOut.START:
            return "The contact has opted in again. You can send them texts." if opted_out else ""
        case OptOut.HELP:
            return "The contact sent a keyword that asks for help. The provider answers it."


def warning(unheeded: OptOut, words: OptOutWords, *, opted_out: bool) -> str:
    """The notice for the thread about a keyword that the provider does not heed; empty if it matters to nobody."""
    if unheeded is OptOut.STOP and not opted_out:
        how = f", they can text {words.out[0]}" if words.out else ", don't text them"
        return (
            "The contact may want no more texts, but what they wrote does not opt them out of this line: your texts "
            f"still reach them. If they want none{how}."
        )
    if unheeded is OptOut.START and opted_out:
        return (
            "What the contact wrote does not opt them in again on this line: Clerk can't send them texts until they "
            f"text {way_back(words)}."
        )
    return ""


def blocked(words: OptOutWords) -> str:
    """What to do when the provider has refused a text because the contact has opted out."""
    return (
        "The contact has opted out of texts from this line. Reach them another way; they can opt in again by texting "
        f"{way_back(words)} to the line."
    )


def refusal(words: OptOutWords) -> str:
    """Why a text is not sent to a contact who has opted out."""
    return (
        "Not sent: the contact has opted out of texts from this line. Reach them another way; they can opt in again by "
        f"texting {way_back(words)} to the line. If they told you that they want texts, click “{TOLD}” on the card."
    )
