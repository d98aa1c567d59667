"""The debounce, one sentence a test. The window is 180 seconds, the cap 900."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from messages.conversation import Announcement, Arrival, Debounce, Episode
from messages.line import Line, Mode
from tests import make
from tests.make import at
from workers.notifications.debounce import next_state, outcome


class WatchedDebounce:
    """A conversation whose debounce is looked at whenever something happens, and when it is due."""

    def __init__(self, line: Line | None = None) -> None:
        self.line = line or make.line()
        self.state = Debounce()
        self.texts: list[Arrival] = []
        self.episode = Episode(7, 1, 0, ())
        self.announced: list[Announcement] = []

    def look(self, seconds: float, *, acted_at: float | None = None, sent_at: float | None = None) -> "WatchedDebounce":
        before = self.state.latest
        self.state = next_state(
            self.state,
            self.line,
            [text for text in self.texts if text.seq > self.state.announced],
            self.episode,
            at(seconds),
            acted_at=None if acted_at is None else at(acted_at),
            sent_at=None if sent_at is None else at(sent_at),
        )
        if self.state.latest is not None and self.state.latest is not before:
            self.announced.append(self.state.latest)
        return self

    def text(self, *seconds: float, look: bool = True) -> "WatchedDebounce":
        for moment in seconds:
            seq = len(self.texts) + 1
            self.texts.append(Arrival(seq, at(moment)))
            self.episode = Episode(self.episode.ticket, self.episode.first, seq, self.episode.targets)
            if look:
                self.look(moment)
        return self

    def new_ticket(self, targets: Sequence[str] = ()) -> "WatchedDebounce":
        self.episode = Episode(self.episode.ticket + 1, len(self.texts) + 1, len(self.texts), tuple(targets))
        return self

    def due(self) -> float | None:
        return None if self.state.due_at is None else (self.state.due_at - make.NOW).total_seconds()

    def announced_so_far(self) -> list[tuple[float, int, int]]:
        """When, from which text and to which."""
        return [((each.at - make.NOW).total_seconds(), each.first, each.last) for each in self.announced]


def test_the_first_text_is_announced_at_once_and_nothing_is_due_after_it() -> None:
    talk = WatchedDebounce().text(0)
    assert talk.announced_so_far() == [(0, 1, 1)]
    assert talk.announced[0].opening
    assert talk.due() is None


def test_a_text_during_the_conversation_is_not_announced_but_waits_for_the_quiet() -> None:
    talk = WatchedDebounce().text(0, 60, 100)
    assert talk.announced_so_far() == [(0, 1, 1)]
    assert talk.due() == 280


def test_after_the_quiet_one_announcement_covers_all_that_waited() -> None:
    talk = WatchedDebounce().text(0, 60, 100).look(279.9)
    assert len(talk.announced) == 1
    talk.look(280).look(280).look(5000)
    assert talk.announced_so_far() == [(0, 1, 1), (280, 2, 3)]
    assert talk.due() is None


def test_a_conversation_that_is_never_quiet_is_announced_a_cap_after_the_first_unannounced_text() -> None:
    talk = WatchedDebounce().text(0, *range(100, 1000, 100))
    assert talk.due() == 1000
    talk.text(1000)
    assert talk.announced_so_far() == [(0, 1, 1), (1000, 2, 11)]
    talk.text(1100)
    assert talk.due() == 1280


@pytest.mark.parametrize("seconds", [180, 181, 100_000])
def test_a_text_after_a_window_of_quiet_is_announced_at_once(seconds: int) -> None:
    assert WatchedDebounce().text(0, seconds).announced_so_far() == [(0, 1, 1), (seconds, 2, 2)]


def test_a_text_just_inside_the_window_waits() -> None:
    talk = WatchedDebounce().text(0, 179.999)
    assert talk.announced_so_far() == [(0, 1, 1)]
    assert talk.due() == 359.999


def test_an_outbound_text_makes_the_conversation_ongoing() -> None:
    talk = WatchedDebounce().text(0).look(170, sent_at=170).text(300)
    assert talk.announced_so_far() == [(0, 1, 1)]
    assert talk.due() == 480


def test_after_an_outbound_text_the_waiting_texts_still_wait_for_quiet() -> None:
    talk = WatchedDebounce().text(0, 60).look(200, sent_at=200)
    assert talk.due() == 380


@pytest.mark.parametrize("acted", [60, 61, 239])
def test_an_agents_action_cancels_what_was_pending(acted: float) -> None:
    talk = WatchedDebounce().text(0, 60).look(acted, acted_at=acted).look(10_000)
    assert talk.announced_so_far() == [(0, 1, 1)]
    assert talk.due() is None


def test_an_action_that_is_heard_of_late_still_cancels_what_came_before_it_and_nothing_after() -> None:
    talk = WatchedDebounce().text(0, 60, 70).look(80, acted_at=65)
    assert talk.due() == 250
    talk.look(250)
    assert talk.announced_so_far() == [(0, 1, 1), (250, 3, 3)]


def test_an_action_that_is_heard_of_before_the_text_it_saw_cancels_it_too() -> None:
    talk = WatchedDebounce().text(0).look(65, acted_at=65)
    talk.text(60, look=False).look(66).look(10_000)
    assert talk.announced_so_far() == [(0, 1, 1)]


def test_a_text_after_the_action_waits_for_the_next_quiet() -> None:
    talk = WatchedDebounce().text(0, 60).look(70, acted_at=70).text(80)
    assert talk.due() == 260
    talk.look(260)
    assert talk.announced_so_far() == [(0, 1, 1), (260, 3, 3)]


def test_an_action_after_the_summary_changes_nothing() -> None:
    talk = WatchedDebounce().text(0, 60).look(240).look(250, acted_at=250).look(10_000)
    assert talk.announced_so_far() == [(0, 1, 1), (240, 2, 2)]


def test_a_text_while_a_summary_is_overdue_joins_it() -> None:
    """No worker looked at 240, when the summary was due; the text at 250 begins again. One card covers both."""
    talk = WatchedDebounce().text(0, 60).text(250)
    assert talk.announced_so_far() == [(0, 1, 1), (250, 2, 3)]


def test_leading_mode_announces_only_the_beginning_of_a_conversation_and_then_all_that_came_since() -> None:
    talk = WatchedDebounce(make.line(mode=Mode.LEADING)).text(0, 60, 100).look(5000)
    assert talk.announced_so_far() == [(0, 1, 1)]
    assert talk.due() is None
    talk.text(6000)
    assert talk.announced_so_far() == [(0, 1, 1), (6000, 2, 4)]


def test_the_first_text_of_a_new_ticket_is_announced_at_once_in_the_middle_of_a_conversation() -> None:
    talk = WatchedDebounce().text(0, 60).new_ticket(("U1", "C2")).text(70)
    assert talk.announced_so_far() == [(0, 1, 1), (70, 2, 3)]
    assert talk.announced[-1].ticket == 8
    assert talk.announced[-1].opening
    assert talk.announced[-1].targets == ("U1", "C2")
    talk.text(80)
    assert len(talk.announced) == 2


def test_windows_may_be_fractions_of_a_second() -> None:
    line = make.line(window=timedelta(seconds=0.25), cap=timedelta(seconds=0.75))
    talk = WatchedDebounce(line).text(0, 0.1)
    assert talk.due() == 0.35
    talk.text(0.3, 0.5, 0.7)
    assert talk.due() == 0.85
    talk.look(0.85)
    assert talk.announced_so_far() == [(0, 1, 1), (0.85, 2, 5)]


def test_a_due_time_is_one_that_a_document_can_hold_whatever_the_window() -> None:
    line = make.line(window=timedelta(microseconds=1_234_567), cap=timedelta(microseconds=9_876_543))
    talk = WatchedDebounce(line).text(0, 0.1)
    stored = Debounce.model_validate(talk.state.model_dump(mode="json"))
    assert stored == talk.state
    assert next_state(stored, line, talk.texts[1:], talk.episode, at(0.2)) is stored


def test_texts_of_two_gateways_whose_clocks_differ_are_all_announced() -> None:
    talk = WatchedDebounce().text(0, 60, look=False).look(61).look(62, acted_at=55).text(54)
    talk.look(10_000)
    assert talk.announced_so_far()[-1][2] == 3
    assert talk.announced_so_far()[1][1] == 2


def test_each_look_has_a_word_for_what_it_decided() -> None:
    line = make.line()
    quiet = make.debounce()
    said = make.debounce(latest=make.announcement())
    waiting = make.debounce(latest=make.announcement(), waiting_since=make.at(10), due_at=make.at(190))
    summary = make.announcement(number=2, at=make.at(190))
    assert outcome(quiet, said, line) == "leading"
    assert outcome(waiting, make.debounce(latest=summary), line) == "trailing"
    assert outcome(waiting, make.debounce(latest=make.announcement(number=2, at=make.at(910))), line) == "cap"
    assert outcome(waiting, said, line) == "cancelled"
    assert outcome(said, waiting, line) is None
