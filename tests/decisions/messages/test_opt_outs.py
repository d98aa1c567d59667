"""Which words opt out on which line, whom that concerns, and which of several wishes counts."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.opt_outs import (
    IN_SERVICE,
    TOLL_FREE,
    US,
    Keyword,
    OptOut,
    OptOutWords,
    PoolOptOut,
    Standing,
    keyword,
    later,
    notice,
    refusal,
    scope_id,
    setting,
    standing,
    warning,
    way_back,
    words_of,
)
from tests import make

LONG: Final = "+15550001111"
FREE: Final = "+18005550199"
CUSTOM: Final = "STOP,ARRET"

STOP, START, HELP = (Keyword(asked) for asked in OptOut)
WARNS: Final = Keyword(unheeded=OptOut.STOP)
NO_WAY_BACK: Final = Keyword(unheeded=OptOut.START)
NOTHING: Final = Keyword()

TABLE: Final = (
    # the setting of the line: default, toll-free, Messaging Service, none, STOP,ARRET
    ("STOP", STOP, STOP, STOP, WARNS, STOP),
    ("STOPALL", STOP, WARNS, STOP, WARNS, WARNS),
    ("UNSUBSCRIBE", STOP, WARNS, STOP, WARNS, WARNS),
    ("REVOKE", STOP, WARNS, STOP, WARNS, WARNS),
    ("OPTOUT", STOP, WARNS, STOP, WARNS, WARNS),
    ("CANCEL", STOP, WARNS, WARNS, WARNS, WARNS),
    ("END", STOP, WARNS, WARNS, WARNS, WARNS),
    ("QUIT", STOP, WARNS, WARNS, WARNS, WARNS),
    ("ARRET", WARNS, WARNS, WARNS, WARNS, STOP),
    ("START", START, START, START, START, START),
    ("UNSTOP", START, START, START, START, START),
    ("YES", START, NO_WAY_BACK, START, NO_WAY_BACK, START),
    ("HELP", HELP, HELP, HELP, NOTHING, HELP),
    ("INFO", HELP, HELP, HELP, NOTHING, HELP),
    # however it is written
    ("stop", STOP, STOP, STOP, WARNS, STOP),
    ("sToP", STOP, STOP, STOP, WARNS, STOP),
    (" \u00a0stop \r\n", STOP, STOP, STOP, WARNS, STOP),
    ("Stop.", WARNS, WARNS, WARNS, WARNS, WARNS),
    ("“STOP”!", WARNS, WARNS, WARNS, WARNS, WARNS),
    ("S T O P", WARNS, WARNS, WARNS, WARNS, WARNS),
    ("opt-out", WARNS, WARNS, WARNS, WARNS, WARNS),
    ("Stop all", WARNS, WARNS, WARNS, WARNS, WARNS),
    ("start!", NO_WAY_BACK, NO_WAY_BACK, NO_WAY_BACK, NO_WAY_BACK, NO_WAY_BACK),
    # words among others
    ("", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),
    ("...", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),
    ("please stop", WARNS, WARNS, WARNS, WARNS, WARNS),
    ("STOP it", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),
    ("yes please", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),
    ("helpful", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),
)
LINES: Final = (
    words_of(LONG, None),
    words_of(FREE, None),
    words_of(LONG, None, in_service=True),
    words_of(LONG, "none"),
    words_of(LONG, CUSTOM),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: repr(row[0]))
def test_each_line_heeds_its_own_words(row: tuple[str, Keyword, Keyword, Keyword, Keyword, Keyword]) -> None:
    body, *expected = row
    assert [keyword(body, None, words) for words in LINES] == expected


@pytest.mark.parametrize("words", LINES, ids=("us", "toll-free", "service", "none", "custom"))
@pytest.mark.parametrize(
    ("body", "given", "asked"),
    [
        ("arrêt", "STOP", OptOut.STOP),
        ("CANCEL", "STOP", OptOut.STOP),
        ("STOP", "HELP", OptOut.HELP),
        ("hello", "start", OptOut.START),
        ("yes", " START ", OptOut.START),
    ],
)
def test_what_twilio_itself_says_decides_on_every_line(
    words: OptOutWords, body: str, given: str, asked: OptOut
) -> None:
    assert keyword(body, given, words) == Keyword(asked)


@pytest.mark.parametrize("given", ["SNOOZE", "", None])
def test_a_type_that_is_unknown_leaves_the_text_to_decide(given: str | None) -> None:
    assert keyword("STOP", given, US) == STOP
    assert keyword("hello", given, US) == NOTHING


@pytest.mark.parametrize("words", LINES[:4])
@pytest.mark.parametrize(
    "body",
    [
        *(
            "ＳＴＯＰ",
            "ｓｔｏｐ！",
            "STÖP",
            "stop please",
            "Please, STOP!",
            "Stop texting me",
            "unsubscribe me",
            "remove me 🙏",
        ),
        *("arrêt", "ARRET", "Désabonner", "STOPP!", "abmelden", "parar", "Baja", "SAIR", "СТОП", "отписаться", "στοπ"),
        *("停止", "退訂", "수신거부", "הסר", "إلغاء"),
        *("pls stop", "Stop now!", "STOP SMS", "do not text me", "Don’t text me", "please remove me"),
        *("stop bitte", "arrêtez svp", "Basta!", "stoppa tack", "прекратите, пожалуйста", "Стоп смс", "stopp takk"),
        *("拒收", "やめて", "หยุด", "dừng", "hentikan", "रोकें", "הפסק", "keskeytä", "unsuscribe", "Unsubscribe all"),
    ],
)
def test_what_means_stop_in_other_letters_or_languages_warns_and_blocks_nothing(body: str, words: OptOutWords) -> None:
    assert keyword(body, None, words) == WARNS


@pytest.mark.parametrize(
    "body",
    [
        *["stop by at noon", "the bus stop", "don't stop", "baja la música", "pare cinco", "no stopping"],
        *["cancel please", "end it now", "please don't stop now", "thank you all", "text me", "now please", "bitte"],
        *["stop all the work on my order please, thanks", "remove the old door please"],
    ],
)
def test_a_sentence_with_such_a_word_is_an_ordinary_text(body: str) -> None:
    assert keyword(body, None, US) == NOTHING


@given(st.text(), st.none() | st.text(), st.sampled_from(LINES))
def test_any_text_asks_for_at_most_one_thing(body: str, given: str | None, words: OptOutWords) -> None:
    found = keyword(body, given, words)
    assert found.asked is None or found.unheeded is None


# -- the setting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "free"),
    [
        *((f"+1{area}5550199", True) for area in (800, 833, 844, 855, 866, 877, 888)),
        (LONG, False),
        ("+12125550199", False),
        ("+448081570192", False),
        ("+4915123456789", False),
        ("12345", False),
        ("Acme", False),
    ],
)
def test_the_toll_free_numbers_of_north_america_heed_stop_alone(number: str, free: bool) -> None:
    assert words_of(number, None) == (TOLL_FREE if free else US)


def test_a_setting_counts_for_more_than_the_kind_of_the_number_and_the_service() -> None:
    assert words_of(FREE, "us", in_service=True) == US
    assert words_of(LONG, "toll-free", in_service=True) == TOLL_FREE
    assert words_of(FREE, None, in_service=True) == TOLL_FREE
    assert words_of(LONG, None, in_service=True) == IN_SERVICE


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("us", "us"),
        ("Toll-Free", "toll-free"),
        (" none ", "none"),
        ("default", None),
        ("stop, arrêt", "STOP,ARRÊT"),
        ("STOP,stop", "STOP"),
        ("stop   all", "STOP ALL"),
        ("STOP,ARRET:START,DEBUT", "STOP,ARRET:START,DEBUT"),
    ],
)
def test_a_setting_is_kept_as_it_is_read(typed: str, kept: str | None) -> None:
    assert setting(typed) == kept
    assert kept is None or setting(kept) == kept


@pytest.mark.parametrize(
    "typed", ["", " ", "STOP,", ",", "STOP!", "a:b:c", "STOP:", "STOP:stop", "x" * 31, ",".join(map(str, range(31)))]
)
def test_what_is_no_setting_is_refused_with_the_reason(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        setting(typed)


@given(st.lists(st.from_regex(r"[A-Z]{1,8}", fullmatch=True), min_size=1, max_size=5))
def test_the_words_of_a_line_are_heeded_on_it_and_no_others_opt_out(words: list[str]) -> None:
    kept = setting(",".join(words))
    heeded = words_of(LONG, kept)
    for word in (*words, *US.out):
        assert (keyword(word, None, heeded).asked is OptOut.STOP) is (word in words)


# -- whom it concerns, and what counts --------------------------------------------------------------------------------

WISHES: Final = st.builds(Standing, out=st.booleans(), since=st.integers(0, 5).map(make.at))


@given(st.lists(WISHES, max_size=4))
def test_wishes_count_in_the_order_of_their_times_however_they_become_known(wishes: list[Standing]) -> None:
    found = set()
    for order in itertools.permutations(wishes):
        counts = Standing()
        for wish in (*order, *order):
            counts = later(counts, wish)
        found.add(counts)
    assert len(found) == 1
    if wishes:
        newest = max(wish.since for wish in wishes if wish.since)
        assert found == {Standing(any(wish.out for wish in wishes if wish.since == newest), newest)}


def test_an_opt_out_belongs_to_its_conversation_and_to_no_other() -> None:
    out = make.conversation(own_opt_out=True, opted_out=True, opted_at=make.at(1))
    assert standing(make.line(), make.contact(), out, None) == Standing(out=True, since=make.at(1))
    other = make.conversation(id=f"{FREE}:{make.CONTACT}", line=FREE, own_opt_out=True)
    assert not standing(make.line(id=FREE), make.contact(), other, None).out


def test_the_later_of_the_lines_and_the_pools_wish_counts() -> None:
    pool = PoolOptOut(id=scope_id("", make.CONTACT, "MG1"), opted_out=True, opted_at=make.at(5))
    line = make.line(pool="MG1")
    for seconds, out in ((4, True), (6, False)):
        spoken = make.conversation(own_opt_out=True, opted_out=False, opted_at=make.at(seconds))
        assert standing(line, make.contact(), spoken, pool).out is out
    assert standing(line, None, None, pool).out


@pytest.mark.parametrize(
    ("own", "began", "recorded", "concerned"),
    [
        (False, 0, 5, True),
        (False, 9, 5, True),
        (True, 9, 5, False),
        (True, 0, 5, True),
    ],
    ids=("of an earlier version", "begun later, of an earlier version", "new", "new, recorded by an old worker"),
)
def test_what_an_earlier_version_recorded_for_all_lines_concerns_what_it_knew(
    own: bool, began: int, recorded: int, concerned: bool
) -> None:
    contact = make.contact(opted_out=True, opted_at=make.at(recorded))
    spoken = make.conversation(own_opt_out=own, created_at=make.at(began))
    assert standing(make.line(), contact, spoken, None).out is concerned
    assert not standing(make.line(), contact, None, None).out, "a conversation that does not exist yet"


def test_a_wish_about_a_line_ends_what_an_earlier_version_recorded_and_an_old_worker_may_record_more() -> None:
    contact = make.contact(opted_out=True, opted_at=make.at(5))
    spoken = make.conversation(opted_out=False, opted_at=make.at(6))
    assert not standing(make.line(), contact, spoken, None).out
    again = contact.model_copy(update={"opted_at": make.at(7)})
    assert standing(make.line(), again, spoken, None).out


def test_an_opt_out_without_a_time_counts_until_there_is_a_later_wish() -> None:
    contact = make.contact(opted_out=True)
    assert standing(make.line(), contact, make.conversation(), None).out
    assert not standing(make.line(), contact, make.conversation(opted_at=make.at(1)), None).out


# -- the words ------------------------------------------------------------------------------------------------------


def test_people_are_told_the_words_that_bring_the_contact_back_on_that_line() -> None:
    assert [way_back(words) for words in LINES] == [
        "START or UNSTOP",
    ] * 5
    debut = words_of(LONG, "ARRET:DEBUT")
    for said in (
        notice(OptOut.STOP, debut, opted_out=False),
        refusal(debut),
        warning(OptOut.START, debut, opted_out=True),
    ):
        assert "DEBUT" in said
        assert "START" not in said


@pytest.mark.parametrize("out", [True, False])
def test_nothing_is_said_of_what_changes_nothing(out: bool) -> None:
    assert bool(notice(OptOut.START, US, opted_out=out)) is out
    assert bool(warning(OptOut.START, US, opted_out=out)) is out
    assert bool(warning(OptOut.STOP, US, opted_out=out)) is not out


# -- any sequence -----------------------------------------------------------------------------------------------------

POOLS: Final = {"+15550000001": "", "+15550000002": "", FREE: "", "+15550000004": "MG1", "+15550000005": "MG1"}
"""Two lone lines, a toll-free one, and two of one Messaging Service."""


@dataclass
class Network:
    """The provider: whom it blocks, by pair or by pool, and the words that it heeds."""

    blocked: set[str] = field(default_factory=set)

    def heeded(self, line: str) -> OptOutWords:
        """The words that the provider heeds on a line; in the service, CANCEL was taken from the list."""
        return (
            TOLL_FREE if line == FREE else OptOutWords(tuple(set(US.out) - {"CANCEL"}), US.back) if POOLS[line] else US
        )

    def receive(self, line: str, body: str) -> None:
        """Take a contact's text."""
        words, scope = self.heeded(line), scope_id(line, make.CONTACT, POOLS[line])
        if body.strip().upper() in words.out:
            self.blocked.add(scope)
        elif body.strip().upper() in words.back:
            self.blocked.discard(scope)

    def delivers(self, line: str) -> bool:
        """Whether a text from a line reaches the contact."""
        return scope_id(line, make.CONTACT, POOLS[line]) not in self.blocked


@dataclass
class Records:
    """What Clerk records, by what a wish belongs to."""

    wishes: dict[str, Standing] = field(default_factory=dict)

    def record(self, line: str, *, out: bool, at: datetime) -> None:
        """Record a wish."""
        scope = scope_id(line, make.CONTACT, POOLS[line])
        self.wishes[scope] = later(self.wishes.get(scope, Standing()), Standing(out, at))

    def of(self, line: str) -> Standing:
        """Whether the contact has opted out of a line, by its documents."""
        own = self.wishes.get(scope_id(line, make.CONTACT, ""), Standing())
        pooled = self.wishes.get(scope_id(line, make.CONTACT, POOLS[line]), Standing()) if POOLS[line] else Standing()
        pool = PoolOptOut(id="p", opted_out=pooled.out, opted_at=pooled.since)
        spoken = make.conversation(own_opt_out=True, opted_out=own.out, opted_at=own.since)
        return standing(make.line(id=line, pool=POOLS[line]), make.contact(), spoken, pool if POOLS[line] else None)


STEPS: Final = st.tuples(
    st.sampled_from(sorted(POOLS)),
    st.sampled_from((*US.out, "stop", "Stop.", "START", "unstop", "Yes", "hello", "HELP", "SEND", "CONSOLE", "TOLD")),
)


@given(st.lists(STEPS, max_size=30))
def test_whatever_is_said_and_sent_clerk_blocks_nothing_that_the_provider_would_deliver(
    steps: list[tuple[str, str]],
) -> None:
    network, records, now = Network(), Records(), make.NOW
    for line, what in steps:
        now += timedelta(seconds=1)
        others = {each: records.of(each) for each in POOLS if not POOLS[each] or POOLS[each] != POOLS[line]}
        others.pop(line, None)
        match what:
            case "CONSOLE":  # somebody lets the contact in again at the provider; nobody tells Clerk
                network.blocked.discard(scope_id(line, make.CONTACT, POOLS[line]))
                records.record(line, out=False, at=now)  # but an agent: "they told me so"
            case "TOLD":  # an agent says so, and the provider does not know
                records.record(line, out=False, at=now)
            case "SEND":
                if not records.of(line).out:
                    records.record(line, out=not network.delivers(line), at=now)  # delivered, or 21610
                    assert records.of(line).out is not network.delivers(line)
            case _:
                network.receive(line, what)
                asked = keyword(what, None, words_of(line, None, in_service=bool(POOLS[line]))).asked
                if asked in {OptOut.STOP, OptOut.START}:
                    records.record(line, out=asked is OptOut.STOP, at=now)
        for each in POOLS:
            assert not (records.of(each).out and network.delivers(each)), (each, "is blocked although it would arrive")
        assert {each: records.of(each) for each in others} == others, "another line's"
