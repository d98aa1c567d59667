"""What the cards show, and to whom they go."""

from hypothesis import given
from hypothesis import strategies as st

from messages.notification import Post, PostKind
from messages.sms import Direction, Sms, State
from tests import make
from tests.make import AGENT, CHANNEL
from workers.slack import plan


def test_the_newest_notification_shows_the_newest_text_and_counts_the_unannounced_besides_it() -> None:
    state = make.debounce(considered=5, announced=2, latest=make.announcement(number=1, first=1, last=2))
    assert plan.shown(make.post(announcement=1, shown=2, more=1), state) == (5, 2)


def test_when_all_is_announced_the_notification_counts_what_it_announced_besides_its_text() -> None:
    state = make.debounce(considered=5, announced=5, latest=make.announcement(number=2, first=3, last=5))
    assert plan.shown(make.post(announcement=2), state) == (5, 2)


def test_when_an_agent_has_seen_the_rest_nothing_more_is_counted() -> None:
    state = make.debounce(considered=7, announced=7, latest=make.announcement(number=2, first=3, last=5))
    assert plan.shown(make.post(announcement=2), state) == (7, 0)


def test_an_older_notification_stays_as_it_was() -> None:
    state = make.debounce(considered=5, announced=5, latest=make.announcement(number=2, first=3, last=5))
    assert plan.shown(make.post(announcement=1, shown=2, more=1), state) == (2, 1)


def test_before_anything_was_announced_a_post_stays_as_it_was() -> None:
    assert plan.shown(make.post(announcement=1, shown=1), make.debounce()) == (1, 0)


def test_a_hidden_root_stays_collapsed_until_a_later_announcement() -> None:
    root = make.post(kind=PostKind.ROOT, hidden_by=AGENT, hidden_during=1)
    assert plan.is_collapsed(root, make.debounce(latest=make.announcement(number=1)))
    assert not plan.is_collapsed(root, make.debounce(latest=make.announcement(number=2)))
    assert not plan.is_collapsed(make.post(kind=PostKind.ROOT), make.debounce())
    assert not plan.is_gone(root)


def test_a_hidden_card_is_gone() -> None:
    assert plan.is_gone(make.post(hidden_by=AGENT))
    assert not plan.is_gone(make.post())


ROOT = make.post(kind=PostKind.ROOT, announcement=1)


def test_a_notification_goes_to_whom_the_list_says_or_else_to_the_origin_channel() -> None:
    line = make.line()
    assert list(plan.targets(make.announcement(number=2, targets=()), line, ROOT)) == [CHANNEL]
    listed = make.announcement(number=2, targets=("U0BOB", "C0SALES"))
    assert list(plan.targets(listed, line, ROOT)) == ["U0BOB", "C0SALES"]


def test_the_notification_for_which_the_root_was_posted_needs_no_second_card_in_the_origin_channel() -> None:
    assert list(plan.targets(make.announcement(number=1, targets=()), make.line(), ROOT)) == []
    listed = make.announcement(number=1, targets=(CHANNEL, "U0BOB"))
    assert list(plan.targets(listed, make.line(), ROOT)) == ["U0BOB"]


def test_a_root_that_was_posted_because_an_agent_wrote_first_is_no_notification() -> None:
    assert plan.announced_by_root(make.debounce(), make.ticket(last_text=0)) is None
    root = make.post(kind=PostKind.ROOT, announcement=None)
    assert list(plan.targets(make.announcement(number=1, targets=()), make.line(), root)) == [CHANNEL]
    assert not plan.origin_has_card(CHANNEL, ["U0BOB"], make.announcement(number=1), root)


def test_a_root_that_is_posted_for_a_text_is_its_notification() -> None:
    assert plan.announced_by_root(make.debounce(), make.ticket(last_text=1)) == 1
    latest = make.debounce(latest=make.announcement(number=3))
    assert plan.announced_by_root(latest, make.ticket(last_text=5)) == 3
    assert plan.origin_has_card(CHANNEL, ["U0BOB"], make.announcement(number=1), ROOT)


def _newer(number: int, **fields: object) -> Post:
    given = {"announcement": number, "ticket": 7, "channel": CHANNEL, "ts": f"{number}00.000000", **fields}
    return make.post(id=f"c{number}", **given)


def test_a_card_is_superseded_by_the_newest_later_one_of_its_ticket_that_its_channel_shows() -> None:
    card, root = _newer(2), _newer(1, kind=PostKind.ROOT)
    later = [_newer(3), _newer(4)]
    assert plan.superseded_by(card, 7, [root, card, *later]) == later[1]
    assert plan.superseded_by(root, 7, [root, card, *later]) == later[1]
    assert plan.superseded_by(later[1], 7, [root, card, *later]) is None
    others = [
        _newer(5, ticket=8),
        _newer(5, channel="C0OTHER"),
        _newer(5, hidden_by=AGENT),
        _newer(5, ts=None),
        _newer(5, kind=PostKind.PAST_CARD),
        _newer(5, ts="99.000000"),
    ]
    assert [plan.superseded_by(card, 7, [root, card, each]) for each in others] == [None] * len(others)
    assert plan.superseded_by(_newer(2, ts=None), 7, later) is None, "its Hide was undone: it is posted whole"


def test_a_root_that_an_agent_asked_to_see_is_whole_until_a_later_notification() -> None:
    root = _newer(1, kind=PostKind.ROOT, shown_during=3)
    assert plan.superseded_by(root, 7, [root, _newer(2), _newer(3)]) is None
    assert plan.superseded_by(root, 7, [root, _newer(3), _newer(4)]) == _newer(4)


@given(st.lists(st.builds(_newer, st.integers(1, 6), hidden_by=st.sampled_from([None, AGENT])), max_size=8))
def test_of_the_cards_that_a_channel_shows_exactly_one_is_whole(cards: list[Post]) -> None:
    shown = {card.id: card for card in cards if card.hidden_by is None}
    whole = [card for card in shown.values() if plan.superseded_by(card, 7, list(shown.values())) is None]
    assert len(whole) == bool(shown)


def test_a_card_is_past_when_it_was_deleted_or_came_to_nothing_before_the_latest_notification() -> None:
    state = make.debounce(latest=make.announcement(number=3))
    assert plan.is_past(_newer(3, removed=True), state)
    assert plan.is_past(_newer(2, ts=None, failed="is_archived"), state)
    assert not plan.is_past(_newer(3, ts=None, failed="is_archived"), state)
    assert not plan.is_past(_newer(2), state)
    assert not plan.is_past(_newer(2, ts=None), state)


def test_an_older_card_names_what_it_announced() -> None:
    assert plan.announced(make.post(first=3, last=5, shown=9, more=0)) == (5, 2)
    assert plan.announced(make.post(shown=9, more=4)) == (9, 4)


def _text(second: int, state: State | None, words: str = "", **fields: object) -> Sms:
    given = {"direction": Direction.OUTBOUND, "ts": f"{second}.000100", "state": state, "words": words, **fields}
    return make.sms(id=f"out{second}", **given)


def test_the_outcome_is_that_of_the_newest_text_that_has_one() -> None:
    failed, sent = _text(1, State.FAILED, "No such number."), _text(2, State.SENT)
    assert plan.outcome(None, []) is None
    assert getattr(plan.outcome(None, [failed]), "failed", "") == "No such number."
    known = plan.outcome(None, [failed, sent])
    assert known is not None
    assert known.failed == ""
    assert plan.outcome(known, [failed]) == known, "it failed before a later one succeeded"
    late = plan.outcome(known, [_text(2, State.UNDELIVERED, "The phone is off.")])
    assert getattr(late, "failed", "") == "The phone is off."
    undecided = [_text(3, State.WAITING), _text(3, State.SENDING), _text(3, State.NOTE), _text(3, State.UNSENT)]
    assert plan.outcome(late, [*undecided, make.sms(words="The contact opted out.")]) == late
    modal = _text(0, State.REFUSED, "Not sent.", ts=None, received_at=make.NOW)
    assert getattr(plan.outcome(late, [modal]), "failed", "") == "Not sent."


def test_every_state_of_a_text_is_a_success_a_failure_or_open() -> None:
    still_open = {State.WAITING, State.SENDING, State.NOTE, State.UNSENT}
    assert plan.SUCCESSES | plan.FAILURES | still_open == set(State)
    assert not plan.SUCCESSES & plan.FAILURES


@given(st.lists(st.builds(_text, st.integers(1, 9), st.sampled_from(State)), unique_by=lambda text: text.ts), st.data())
def test_the_outcome_is_the_same_in_whatever_order_it_is_learned(texts: list[Sms], data: st.DataObject) -> None:
    known = None
    for text in data.draw(st.permutations(texts)):
        known = plan.outcome(known, [text])
    assert known == plan.outcome(None, texts)
