"""What the cards show, and to whom they go."""

from messages.notification import PostKind
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
