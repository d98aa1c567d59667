"""Gateways tell each other of the texts that they take, so that each knows which text of a contact came before."""

import json
from collections import deque

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.arrivals.shared import SharedArrivals
from tests.make import CONTACT, LINE


class Exchange:
    """What carries the notes: each gateway that is connected gets every note, its own too, in order."""

    def __init__(self) -> None:
        self.connected: list[SharedArrivals] = []
        self.notes: deque[tuple[SharedArrivals, bytes]] = deque()
        self.said: list[bytes] = []

    def connect(self, gateway: SharedArrivals) -> SharedArrivals:
        """Have a gateway hear the others."""
        self.connected.append(gateway)
        gateway.opened(self.say)
        return gateway

    def cut(self, gateway: SharedArrivals) -> None:
        """End a gateway's connection: what it was about to hear is lost."""
        self.connected.remove(gateway)
        self.notes = deque((to, note) for to, note in self.notes if to is not gateway)
        gateway.closed()

    def say(self, note: bytes) -> None:
        """Carry a note."""
        self.said.append(note)
        self.notes.extend((each, note) for each in self.connected)

    def carry(self) -> None:
        """Have every note heard, and whatever is said to it."""
        while self.notes:
            to, note = self.notes.popleft()
            to.hear(note)


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def gateways(exchange: Exchange, count: int = 2) -> list[SharedArrivals]:
    """Gateways that have heard of each other."""
    started = [exchange.connect(SharedArrivals()) for _ in range(count)]
    exchange.carry()
    return started


def test_a_text_names_the_one_that_came_before_it_through_another_gateway(exchange: Exchange) -> None:
    one, other = gateways(exchange)
    assert one.arrived(LINE, CONTACT, "a") is None
    exchange.carry()
    assert other.arrived(LINE, CONTACT, "b") == "a"
    exchange.carry()
    assert one.arrived(LINE, CONTACT, "c") == "b"


def test_a_text_that_comes_again_through_another_gateway_names_the_same_one_again(exchange: Exchange) -> None:
    one, other = gateways(exchange)
    for sid in ("a", "b", "c"):
        one.arrived(LINE, CONTACT, sid)
    exchange.carry()
    assert [other.arrived(LINE, CONTACT, sid) for sid in ("b", "a", "d")] == ["a", None, "c"]


def test_a_text_that_failed_is_forgotten_everywhere(exchange: Exchange) -> None:
    one, other = gateways(exchange)
    for sid in ("a", "b"):
        one.arrived(LINE, CONTACT, sid)
    one.failed(LINE, CONTACT, "b")
    exchange.carry()
    assert other.arrived(LINE, CONTACT, "c") == "a"
    assert other.arrived(LINE, CONTACT, "b") == "c"


def test_a_gateway_alone_tells_nobody_of_its_texts(exchange: Exchange) -> None:
    [alone] = gateways(exchange, 1)
    before = len(exchange.said)
    alone.arrived(LINE, CONTACT, "a")
    alone.failed(LINE, CONTACT, "a")
    assert len(exchange.said) == before


@pytest.mark.parametrize("cut", [0, 1])
def test_after_a_gap_the_provider_is_asked_what_came_in_it(exchange: Exchange, cut: int) -> None:
    both = gateways(exchange)
    both[0].arrived(LINE, CONTACT, "a")
    exchange.carry()
    exchange.cut(both[cut])
    both[1 - cut].arrived(LINE, CONTACT, "b")
    exchange.connect(both[cut])
    exchange.carry()
    assert both[cut].arrived(LINE, CONTACT, "c") is None


def test_a_gateway_that_began_while_another_was_cut_off_is_found_and_tells_of_its_texts(exchange: Exchange) -> None:
    [alone] = gateways(exchange, 1)
    alone.arrived(LINE, CONTACT, "a")
    exchange.cut(alone)
    new = exchange.connect(SharedArrivals())
    exchange.carry()
    new.arrived(LINE, CONTACT, "b")
    exchange.connect(alone)
    exchange.carry()
    assert alone.arrived(LINE, CONTACT, "c") == "b"
    exchange.carry()
    assert new.arrived(LINE, CONTACT, "d") == "c"


def test_the_others_forget_nothing_when_a_gateway_begins_or_ends(exchange: Exchange) -> None:
    one, other = gateways(exchange)
    one.arrived(LINE, CONTACT, "a")
    exchange.carry()
    exchange.cut(one)
    exchange.connect(SharedArrivals())
    exchange.carry()
    assert other.arrived(LINE, CONTACT, "b") == "a"


def test_of_a_text_that_is_told_late_no_other_gateway_takes_it_for_the_last(exchange: Exchange) -> None:
    now = 0.0
    one, other = (exchange.connect(SharedArrivals(lambda: now)) for _ in range(2))
    exchange.carry()
    exchange.cut(one)
    one.arrived(LINE, CONTACT, "early")
    now = 5.0
    other.arrived(LINE, CONTACT, "late")
    exchange.connect(one)
    exchange.carry()
    assert other.arrived(LINE, CONTACT, "last") == "late"


NONSENSE = [
    b"",
    b"\xff",
    b"[]",
    b"{}",
    json.dumps({"by": "g", "what": "goodbye"}).encode(),
    json.dumps({"by": "g", "what": "text", "sid": 5}).encode(),
]


@pytest.mark.parametrize("note", NONSENSE)
def test_what_a_gateway_does_not_understand_changes_nothing(exchange: Exchange, note: bytes) -> None:
    one, other = gateways(exchange)
    one.arrived(LINE, CONTACT, "a")
    exchange.say(note)
    exchange.carry()
    assert other.arrived(LINE, CONTACT, "b") == "a"


def test_a_later_versions_note_with_more_fields_is_understood(exchange: Exchange) -> None:
    one, other = gateways(exchange)
    one.arrived(LINE, CONTACT, "a")
    exchange.notes = deque((to, json.dumps({**json.loads(note), "new": 1}).encode()) for to, note in exchange.notes)
    exchange.carry()
    assert other.arrived(LINE, CONTACT, "b") == "a"


class Team(RuleBasedStateMachine):
    """Gateways begin, end and lose their connections, and take texts of one contact while they have one.

    A gateway is `unsure` from when it begins, or is connected again, until it hears of a text. Of those that it never
    `met` it can't know.
    """

    gateways_at_most = 4

    @initialize()
    def begin(self) -> None:
        self.exchange = Exchange()
        self.connected: list[SharedArrivals] = []
        self.away: list[SharedArrivals] = []
        self.unsure: list[SharedArrivals] = []
        self.met: set[tuple[SharedArrivals, SharedArrivals]] = set()
        self.taken: list[str] = []
        self.taker: SharedArrivals | None = None
        self.time = 0

    @precondition(lambda self: len(self.connected) + len(self.away) < self.gateways_at_most)
    @rule()
    def another_begins(self) -> None:
        self.connect(SharedArrivals(lambda: float(self.time)))

    @precondition(lambda self: self.connected)
    @rule(data=st.data(), ends=st.booleans())
    def one_is_cut_off(self, data: st.DataObject, ends: bool) -> None:
        one = self.drawn(data, self.connected)
        self.connected.remove(one)
        self.exchange.cut(one)
        if not ends:
            self.away.append(one)

    @precondition(lambda self: self.away)
    @rule(data=st.data())
    def one_is_connected_again(self, data: st.DataObject) -> None:
        one = self.drawn(data, self.away)
        self.away.remove(one)
        self.connect(one)

    @precondition(lambda self: self.connected)
    @rule(data=st.data())
    def a_text_comes(self, data: st.DataObject) -> None:
        one, sid = self.drawn(data, self.connected), self.new_sid()
        before = one.arrived(LINE, CONTACT, sid)
        previous = self.taken[-1] if self.taken else None
        if (self.taker, one) in self.met:
            assert before == previous or (before is None and one in self.unsure)
        self.taken.append(sid)
        self.taker = one
        self.exchange.carry()
        self.unsure = [each for each in self.unsure if each not in self.connected]

    @precondition(lambda self: self.connected or self.away)
    @rule(data=st.data())
    def a_text_comes_and_fails(self, data: st.DataObject) -> None:
        one, sid = self.drawn(data, self.connected + self.away), self.new_sid()
        one.arrived(LINE, CONTACT, sid)
        one.failed(LINE, CONTACT, sid)
        self.exchange.carry()

    @precondition(lambda self: self.connected and self.taken)
    @rule(data=st.data())
    def the_newest_text_comes_again(self, data: st.DataObject) -> None:
        before = self.drawn(data, self.connected).arrived(LINE, CONTACT, self.taken[-1])
        assert before in {None, *self.taken[-2:-1]}
        self.exchange.carry()

    @invariant()
    def every_note_is_heard(self) -> None:
        assert not self.exchange.notes

    def connect(self, one: SharedArrivals) -> None:
        self.connected.append(self.exchange.connect(one))
        self.unsure.append(one)
        self.exchange.carry()
        self.met |= {(each, other) for each in self.connected for other in self.connected}

    def drawn(self, data: st.DataObject, some: list[SharedArrivals]) -> SharedArrivals:
        return data.draw(st.sampled_from(some))

    def new_sid(self) -> str:
        self.time += 1
        return f"SM{self.time}"


TestTeam = Team.TestCase
