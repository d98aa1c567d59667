"""Two texts of a contact are taken in by two workers, and put in order by these or a third, in every way it can go.

The worker that has stored a text gives it its place, if it finds no other that waits for one; otherwise it asks for
the third. The older text keeps its place before the younger, if it was stored before that, although nobody has told
anybody that they are at it, and although workers die. It rests on two rules: a worker looks after it has stored, and a
place is given out once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

TEXTS = (0, 1)
"""The older text and the younger."""


class TakingIn(StrEnum):
    """How far the worker of a text has come."""

    NEW = "new"
    LOOKED = "looked"
    STORED = "stored"
    PLACED = "placed"
    DONE = "done"


@dataclass(frozen=True)
class OrderingMoment:
    """The texts in the order in which they were stored, and each with its place; and what each worker has seen.

    A worker saw the place (`saw`) that it would give its text, if that comes alone. A message to put texts in order
    `waits`, or the third worker has read (`read`) which texts are to get places, from which on. What is `told` will be
    filed. So many workers may still die.
    """

    stored: tuple[int, ...] = ()
    placed: tuple[tuple[int, int], ...] = ()
    steps: tuple[TakingIn, ...] = (TakingIn.NEW, TakingIn.NEW)
    saw: tuple[int | None, ...] = (None, None)
    waits: bool = False
    read: tuple[int, tuple[int, ...]] | None = None
    told: frozenset[int] = frozenset()
    deaths: int = 2

    @property
    def unplaced(self) -> tuple[int, ...]:
        """The stored texts that have no place, the older first."""
        return tuple(sorted(set(self.stored) - {text for _, text in self.placed}))

    def at(self, text: int, step: TakingIn, saw: int | None = None) -> "OrderingMoment":
        """When a worker is at another step."""
        steps, seen = list(self.steps), list(self.saw)
        steps[text], seen[text] = step, saw
        return replace(self, steps=tuple(steps), saw=tuple(seen))

    def with_place(self, text: int, place: int, *, unique: bool) -> "OrderingMoment | None":
        """When a text has got its place; None if it has one, or the place is taken."""
        if text not in self.unplaced or (unique and place in {each for each, _ in self.placed}):
            return None
        return replace(self, placed=(*self.placed, (place, text)))


def ways(now: OrderingMoment, *, stores_first: bool, unique: bool) -> Iterator[OrderingMoment]:
    """Every moment that can follow: each worker does its next step, or dies before it."""
    for text in TEXTS:
        yield from steps_of(now, text, stores_first=stores_first, unique=unique)
    if now.read is not None:
        place, texts = now.read
        if not texts:
            told = now.told | {text for _, text in now.placed}
            yield replace(now, read=None, told=told, waits=now.waits or bool(now.unplaced))
        elif (given := now.with_place(texts[0], place, unique=unique)) is not None:
            yield replace(given, read=(place + 1, texts[1:]))
        else:
            yield replace(now, read=None, waits=True)  # it lost a place, and looks again
        if now.deaths:
            yield replace(now, read=None, waits=True, deaths=now.deaths - 1)
    elif now.waits:
        yield replace(now, waits=False, read=(len(now.placed) + 1, now.unplaced))


def steps_of(now: OrderingMoment, text: int, *, stores_first: bool, unique: bool) -> Iterator[OrderingMoment]:
    """What the worker of a text can do next."""
    step, alone = now.steps[text], not set(now.unplaced) - {text}
    free = len(now.placed) + 1 if alone else None
    first, second = (TakingIn.STORED, TakingIn.LOOKED) if stores_first else (TakingIn.LOOKED, TakingIn.STORED)
    with_text = now if text in now.stored else replace(now, stored=(*now.stored, text))
    match step:
        case TakingIn.NEW if text in now.stored:  # the message comes again: what was done alone is done in order
            yield replace(now, waits=True).at(text, TakingIn.DONE)
        case TakingIn.NEW:
            yield with_text.at(text, first) if stores_first else now.at(text, first, free)
        case each if each is first:
            yield now.at(text, second, free) if stores_first else with_text.at(text, second, now.saw[text])
        case each if each is second:
            place = now.saw[text]
            given = None if place is None else now.with_place(text, place, unique=unique)
            yield given.at(text, TakingIn.PLACED) if given else replace(now, waits=True).at(text, TakingIn.DONE)
        case TakingIn.PLACED:
            yield replace(now, told=now.told | {text}).at(text, TakingIn.DONE)
    if now.deaths and step not in {TakingIn.NEW, TakingIn.DONE}:
        yield replace(now.at(text, TakingIn.NEW), deaths=now.deaths - 1)


def explored(*, stores_first: bool = True, unique: bool = True) -> Iterator[tuple[OrderingMoment, bool]]:
    """Every moment that can be reached, and whether it is the last one."""
    known, left = {OrderingMoment()}, [OrderingMoment()]
    while left:
        now = left.pop()
        following = list(ways(now, stores_first=stores_first, unique=unique))
        yield now, not following
        for each in following:
            if each not in known:
                known.add(each)
                left.append(each)


def overtakes(now: OrderingMoment) -> bool:
    """Whether the younger text is before the older one, although that was stored first."""
    places = {text: place for place, text in now.placed}
    return now.stored == TEXTS and len(places) > 1 and places[1] < places[0]


def test_no_text_overtakes_one_that_was_stored_before_it_whoever_gives_out_the_places() -> None:
    moments = list(explored())
    assert len(moments) > 500
    for now, is_last in moments:
        assert not overtakes(now), now
        assert len({place for place, _ in now.placed}) == len(now.placed), now
        if is_last:
            assert (len(now.placed), now.told) == (2, frozenset(TEXTS)), now


def test_a_worker_that_looks_before_it_stores_lets_a_text_overtake() -> None:
    assert any(overtakes(now) for now, _ in explored(stores_first=False))


def test_without_the_unique_key_two_texts_get_one_place() -> None:
    assert any(len({place for place, _ in now.placed}) < len(now.placed) for now, _ in explored(unique=False))
