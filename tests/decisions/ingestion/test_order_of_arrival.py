"""Texts through several gateways, whose clocks differ a little: they get their places in the order of arrival.

A model of what happens around `ready`: webhooks are repeated, texts reach the documents late, the provider's list fails
for a while, and someone looks at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.arrivals.own import Arrivals
from messages.sms import Sms
from tests import make
from tests.make import at
from workers.ingestion.matching import (
    ASK_FOR,
    SKEW,
    in_order,
    is_asking,
    is_worth_waiting,
    ready,
    times_of_arrival,
    without_predecessor,
)


def _text(id: str, seconds: float, after: str | None = None, *, asking: bool = False) -> Sms:
    return make.sms(id=id, received_at=at(seconds), after=after, asking=asking)


def _ids(texts: Sequence[Sms]) -> list[str]:
    return [text.id for text in texts]


def test_younger_texts_wait_behind_one_that_is_being_asked_about() -> None:
    waiting = [_text("1", 0), _text("2", 1, asking=True), _text("3", 1.5)]
    assert _ids(ready(waiting, at(2))) == ["1"]
    answered = [text.model_copy(update={"asking": False}) for text in waiting]
    assert _ids(ready(answered, at(2))) == ["1", "2", "3"]


def test_older_texts_do_not_wait_for_it() -> None:
    assert _ids(ready([_text("2", 1), _text("3", 1.2, asking=True)], at(2))) == ["2"]


def test_no_text_waits_longer_than_the_limit_for_an_answer() -> None:
    waiting = [_text("2", 0, asking=True), _text("3", 1)]
    limit = ASK_FOR.total_seconds()
    assert ready(waiting, at(limit - 0.1)) == []
    assert _ids(ready(waiting, at(limit))) == ["2", "3"]


def test_younger_texts_wait_behind_one_whose_predecessor_is_missing_whatever_gateway_saw_them() -> None:
    waiting = [_text("3", 1, "2"), _text("4", 2)]
    assert ready(waiting, at(3)) == []


def test_what_a_gateway_saw_first_goes_first_though_its_clock_was_set_back() -> None:
    before_and_after = [_text("1", 10), _text("2", 4, "1"), _text("3", 4.5, "2")]
    assert _ids(ready(before_and_after, at(11))) == ["1", "2", "3"]


def test_a_text_that_the_list_has_between_two_others_gets_a_place_between_them() -> None:
    """The provider's list knows only seconds: 2 came after 1, in the same second."""
    assert _ids(in_order([_text("1", 5.3), _text("2", 5, "1"), _text("3", 6, "2")])) == ["1", "2", "3"]


def test_a_text_taken_only_as_a_repetition_goes_before_those_that_were_seen_after_it() -> None:
    """1 was first delivered before 2, by a gateway that could not publish it; 3 came through another gateway."""
    assert _ids(in_order([_text("1", 16, "0"), _text("2", 1, "1"), _text("3", 3)])) == ["1", "2", "3"]


def test_unknown_texts_of_the_list_come_no_earlier_than_those_listed_before_them() -> None:
    listed = [("1", at(5)), ("2", at(5)), ("3", at(5)), ("4", at(6))]
    known = {"2": at(5.3)}
    assert times_of_arrival(listed, known) == {"1": at(5), "2": at(5.3), "3": at(5.3), "4": at(6)}


# -- the model --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextDelivery:
    """One delivery of a text to a gateway: when, and when a worker comes to store it."""

    text: int
    gateway: int
    came: float
    stored: float


@dataclass
class ArrivalModel:
    """Texts that arrived at certain seconds, through gateways whose clocks are off by some milliseconds."""

    arrivals: list[float]
    skews: list[float]
    webhooks: list[TextDelivery]
    list_fails: list[tuple[float, float]]
    unplaced: dict[str, Sms] = field(default_factory=dict)
    placed: list[str] = field(default_factory=list)
    placed_at: dict[str, float] = field(default_factory=dict)
    stored: dict[str, Sms] = field(default_factory=dict)

    def published(self) -> list[tuple[float, Sms]]:
        """What the gateways make of the webhooks, with the second at which each is stored."""
        gateways = [Arrivals() for _ in self.skews]
        found = []
        for each in sorted(self.webhooks, key=lambda webhook: webhook.came):
            before = gateways[each.gateway].arrived("line", "contact", f"t{each.text}")
            received = each.came + self.skews[each.gateway]
            found.append((each.stored, _text(f"t{each.text}", received, before, asking=before is None)))
        return sorted(found, key=lambda pair: pair[0])

    def store(self, text: Sms, now: float) -> None:
        """Store a text once."""
        if text.id not in self.stored:
            self.stored[text.id] = self.unplaced[text.id] = text.model_copy(update={"stored_at": at(now)})

    def look(self, now: float) -> None:
        """Do what a worker does that puts the texts in order."""
        if (text := is_asking(self._waiting())) is not None and (found := self._ask(text, now)) is not None:
            for each in self._waiting():
                if each.asking:
                    before = f"t{_number(each) - 1}"
                    link = {"after": before} if before in found else {}
                    self.unplaced[each.id] = self.unplaced[each.id].model_copy(update={"asking": False, **link})
        candidates = ready(self._waiting(), at(now))
        if lost := without_predecessor(candidates, self._waiting()):
            found = self._ask(lost[-1], now)
            if found:
                candidates = ready(self._waiting(), at(now))
            elif found is None and is_worth_waiting(lost[-1], at(now)):
                candidates = candidates[: candidates.index(lost[0])]
        for text in candidates:
            self.placed.append(text.id)
            self.placed_at[text.id] = now
            del self.unplaced[text.id]

    def _waiting(self) -> list[Sms]:
        return [
            text.model_copy(update={"after": None}) if text.after in self.placed_at else text
            for text in sorted(self.unplaced.values(), key=lambda text: (text.received_at, text.id))
        ]

    def _ask(self, text: Sms, now: float) -> list[str] | None:
        """The ids of the unknown texts before a text, which are stored; None if the list does not answer."""
        if any(begin <= now < end for begin, end in self.list_fails):
            return None
        listed = [(f"t{number}", at(int(self.arrivals[number]))) for number in range(_number(text))]
        times = times_of_arrival(listed, {id: each.received_at for id, each in self.stored.items()})
        found = [id for id, _ in listed if id not in self.stored]
        for id in found:
            before = f"t{int(id[1:]) - 1}" if id != "t0" else None
            self.store(make.sms(id=id, received_at=times[id], after=before), now)
        return found

    def run(self, looks: Sequence[float]) -> None:
        """Let all that happens happen, with a look at each of these moments, at each text, and every half a minute."""
        events = self.published()
        last = events[-1][0]
        for now in sorted({*looks, *(when for when, _ in events), *(last + wait for wait in range(1, 400, 30))}):
            while events and events[0][0] <= now:
                self.store(events.pop(0)[1], now)
            self.look(now)

    def is_of_its_arrival(self, number: int) -> bool:
        """Whether what is stored of a text is from its first delivery, and not from a repetition."""
        return abs(self.stored[f"t{number}"].received_at - at(self.arrivals[number])) <= SKEW / 2

    def has_a_misleading_repetition(self) -> bool:
        """Whether a text was taken only when it came again, through a gateway that had seen a younger one by then."""
        return any(text.after is not None and int(text.after[1:]) > _number(text) for text in self.stored.values())


def _number(text: Sms) -> int:
    return int(text.id[1:])


@st.composite
def worlds(draw: st.DrawFn, gateways: int = 3, repeated: int = 1) -> ArrivalModel:
    """Texts more than the skew apart, each with some webhooks that are stored sooner or later."""
    gaps = draw(st.lists(st.integers(101, 5000), min_size=1, max_size=8))
    arrivals = [sum(gaps[: number + 1]) / 1000 for number in range(len(gaps))]
    half = int(SKEW.total_seconds() * 500)
    skews = draw(
        st.lists(st.integers(-half, half).map(lambda number: number / 1000), min_size=gateways, max_size=gateways)
    )
    webhooks = []
    for number, arrival in enumerate(arrivals):
        for repeat in range(draw(st.integers(1, 1 + repeated))):
            came = arrival + repeat * 16  # Twilio repeats a webhook that was not answered in 15 seconds
            stored = came + draw(st.sampled_from([0, 0, 0.02, 0.5, 3, 40]))
            webhooks.append(TextDelivery(number, draw(st.integers(0, gateways - 1)), came, stored))
    outages = st.tuples(st.floats(0, 60), st.floats(0, 60)).map(lambda pair: (pair[0], sum(pair)))
    return ArrivalModel(arrivals, skews, webhooks, draw(st.lists(outages, max_size=2)))


LOOKS = st.lists(st.floats(0, 120), max_size=12)


@given(worlds(), LOOKS)
def test_a_text_never_goes_before_an_older_one_that_is_stored(world: ArrivalModel, looks: list[float]) -> None:
    world.run(looks)
    assume(not world.has_a_misleading_repetition())
    mine = [number for number in range(len(world.arrivals)) if world.is_of_its_arrival(number)]
    for older, younger in combinations(mine, 2):
        one, two = f"t{older}", f"t{younger}"
        if (world.stored[one].stored_at or at(0)) <= at(world.placed_at[two]):
            assert world.placed.index(one) < world.placed.index(two), world.placed


@given(worlds(gateways=1, repeated=0), LOOKS)
def test_one_gateways_texts_are_in_order_however_late_each_is_stored(world: ArrivalModel, looks: list[float]) -> None:
    world.run(looks)
    assert world.placed == [f"t{number}" for number in range(len(world.arrivals))]


@given(worlds(), LOOKS)
def test_in_the_end_each_text_has_exactly_one_place(world: ArrivalModel, looks: list[float]) -> None:
    world.run(looks)
    assert sorted(world.placed) == sorted(f"t{number}" for number in range(len(world.arrivals)))
    assert not world.unplaced
