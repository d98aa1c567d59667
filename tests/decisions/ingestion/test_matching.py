"""Texts take their places in the order in which the gateway saw them, and wait for one another, but not forever."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from messages.sms import Sms
from tests import make
from tests.make import at
from workers.ingestion.matching import WAIT_FOR_PREDECESSOR, ready

WAIT = WAIT_FOR_PREDECESSOR.total_seconds()


def _text(id: str, seconds: float, after: str | None = None) -> Sms:
    return make.sms(id=id, received_at=at(seconds), after=after)


def _ids(texts: Sequence[Sms]) -> list[str]:
    return [text.id for text in texts]


def test_a_text_without_a_predecessor_may_go_at_once() -> None:
    assert _ids(ready([_text("a", 0)], at(0))) == ["a"]


def test_a_text_goes_after_its_predecessor_whatever_the_order_they_are_read_in() -> None:
    c, b, a = _text("c", 0, "b"), _text("b", 0, "a"), _text("a", 0)
    assert _ids(ready([c, b, a], at(0))) == ["a", "b", "c"]


def test_a_text_whose_predecessor_is_not_here_yet_waits_and_so_do_those_behind_it() -> None:
    waiting = [_text("b", 0, "a"), _text("c", 1, "b")]
    assert ready(waiting, at(WAIT - 0.1)) == []
    assert _ids(ready(waiting, at(WAIT))) == ["b", "c"]


def test_a_text_waits_for_a_predecessor_that_is_here_even_when_its_own_patience_is_over() -> None:
    """`a` was sent again by the provider, so it came late; `b`, seen after it, must not overtake it."""
    late, early = _text("a", WAIT - 1, "lost"), _text("b", 0, "a")
    assert ready([early, late], at(WAIT)) == []
    assert _ids(ready([early, late], at(2 * WAIT))) == ["a", "b"]


def test_texts_that_wait_for_each_other_go_in_order_of_arrival() -> None:
    """Two gateways saw the provider's repetitions in different orders."""
    circle = [_text("a", 0, "b"), _text("b", 1, "a"), _text("c", 2, "b")]
    assert _ids(ready(circle, at(2))) == ["a", "b", "c"]
    assert _ids(ready([_text("a", 0, "a")], at(0))) == ["a"]


@st.composite
def arrivals(draw: st.DrawFn) -> list[Sms]:
    """Texts by time of arrival, each after some other one, one that is not here, itself, or none."""
    count = draw(st.integers(1, 12))
    names = [f"t{number}" for number in range(count)]
    after = st.sampled_from([None, "lost", *names])
    seconds = sorted(draw(st.lists(st.integers(0, 20), min_size=count, max_size=count)))
    return [_text(name, second, draw(after)) for name, second in zip(names, seconds, strict=True)]


@given(arrivals())
def test_in_the_end_every_text_gets_exactly_one_place(unplaced: list[Sms]) -> None:
    assert sorted(_ids(ready(unplaced, at(1000)))) == sorted(_ids(unplaced))


@given(arrivals(), st.integers(0, 40))
def test_whenever_one_looks_no_text_goes_before_a_predecessor_that_can_still_go_first(
    unplaced: list[Sms], second: int
) -> None:
    placed = _ids(ready(unplaced, at(second)))
    by_id = {text.id: text for text in unplaced}
    for place, name in enumerate(placed):
        before = by_id[name].after
        if before in placed and placed.index(before) > place:
            chain = [name]
            while (following := by_id[chain[-1]].after) in by_id and following not in chain:
                chain.append(str(following))
            assert by_id[chain[-1]].after in chain, "only a circle may be broken"


@given(arrivals(), st.integers(0, 40))
def test_a_text_goes_without_its_predecessor_only_after_its_patience(unplaced: list[Sms], second: int) -> None:
    for text in ready(unplaced, at(second)):
        if text.after == "lost":
            assert text.received_at + WAIT_FOR_PREDECESSOR <= at(second)


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)))
def test_a_gateways_order_is_kept_in_whatever_order_its_texts_are_stored(
    order: list[int], first_batch: set[int]
) -> None:
    chain = [_text(f"t{number}", 0, f"t{number - 1}" if number else None) for number in range(8)]
    placed: list[str] = []
    for batch in ([each for each in order if each in first_batch], [each for each in order if each not in first_batch]):
        known = [chain[number] for number in batch if chain[number].id not in placed]
        pending = [each for each in chain if each.id not in placed and each.id in {*_ids(known)}]
        freed = [each.model_copy(update={"after": None}) if each.after in placed else each for each in pending]
        placed += _ids(ready(freed, at(0)))
    assert placed == sorted(placed)
