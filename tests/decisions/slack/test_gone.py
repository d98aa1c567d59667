"""When a conversation's thread can't be written to any more, and what its next one begins with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Thread
from messages.notification import PostKind
from messages.sms import Direction, Sms, State
from tests import make
from workers.platforms.slack_failures import ABOUT_THE_CHANNEL, NO_SUCH_THREAD
from workers.slack import gone, plan, recap

HERE = Thread(channel=make.CHANNEL, ts="1.000000")
LEFT = HERE.model_copy(update={"gone": "is_archived", "permalink": "https://team.slack.com/archives/C0TEXTS/p1"})


@pytest.mark.parametrize("code", sorted({*NO_SUCH_THREAD, gone.UNTHREADED}))
def test_a_thread_without_its_first_message_is_gone_wherever_the_line_is(code: str) -> None:
    assert gone.cannot_go_on(code, HERE, make.line())
    assert gone.cannot_go_on(code, HERE, make.line(channel="C0NEW"))


@pytest.mark.parametrize("code", sorted({*ABOUT_THE_CHANNEL, "restricted_action_read_only_channel"}))
def test_a_channel_that_takes_no_posts_is_waited_for_only_while_it_is_the_lines(code: str) -> None:
    assert not gone.cannot_go_on(code, HERE, make.line())
    assert gone.cannot_go_on(code, HERE, make.line(channel="C0NEW"))


@given(st.sampled_from(("invalid_blocks", "msg_too_long", "no_text", "restricted_by_dlp")) | make.written(20))
def test_a_refusal_of_one_message_ends_no_thread(code: str) -> None:
    known = {*ABOUT_THE_CHANNEL, *NO_SUCH_THREAD, gone.UNTHREADED}
    if code not in known and not code.startswith("restricted_action"):
        assert not gone.cannot_go_on(code, HERE, make.line(channel="C0NEW"))


def test_a_root_below_which_slack_takes_nothing_is_not_followed_by_another_at_once() -> None:
    new = HERE.model_copy(update={"number": 1, "recapped": False, "begun_at": make.NOW})
    assert gone.is_too_young(new, make.at(1))
    assert not gone.is_too_young(new, make.NOW + gone.YOUNG)
    assert not gone.is_too_young(new.model_copy(update={"recapped": True}), make.at(1))
    assert not gone.is_too_young(HERE, make.at(1))


def test_a_message_outside_its_thread_is_loose_and_one_that_is_in_no_thread_is_not() -> None:
    assert gone.is_loose("1.0", None)
    assert gone.is_loose("1.0", "2.0")
    assert not gone.is_loose("1.0", "1.0")
    assert not gone.is_loose(None, "1.0")


def test_the_root_of_a_later_thread_is_a_post_of_its_own() -> None:
    first = make.conversation(thread=HERE)
    left = make.conversation(former=LEFT)
    later = make.conversation(former=LEFT, thread=HERE.model_copy(update={"number": 1}))
    ids = [plan.root_id(each) for each in (make.conversation(), first, left, later)]
    assert ids == [f"{make.CONVERSATION}/root"] * 2 + [f"{make.CONVERSATION}/root-1"] * 2


@pytest.mark.parametrize("kind", PostKind)
def test_what_came_of_a_post_in_a_former_thread_does_not_count(kind: PostKind) -> None:
    there, here = {"target": make.CHANNEL, "thread": "1.0"}, {"target": "C0NEW", "thread": "2.0"}
    wanted = make.post(kind=kind, **here)
    assert plan.is_void(make.post(kind=kind, **there, failed="is_archived"), wanted)
    assert plan.is_void(make.post(kind=kind, **there, told="not_in_channel"), wanted)
    assert not plan.is_void(make.post(kind=kind, **there, attempted_at=make.NOW), wanted)
    assert not plan.is_void(make.post(kind=kind, **here, failed="is_archived"), wanted)
    assert plan.is_void(make.post(kind=kind, **there, channel="C", ts="3.0"), wanted) is (kind is PostKind.TEXTS)
    before = make.post(kind=kind, target="C0NEW", failed="is_archived")  # no worker of before recorded the thread
    assert not plan.is_void(before, wanted)


def test_a_channel_is_left_once_the_thread_and_the_line_have_another() -> None:
    card, moved = make.post(target=make.CHANNEL), make.line(channel="C0NEW")
    assert plan.is_left(card, make.conversation(former=LEFT), moved)
    assert not plan.is_left(card, make.conversation(former=LEFT), make.line())
    assert not plan.is_left(card, make.conversation(), moved)
    assert not plan.is_left(make.post(target="U0BOB"), make.conversation(former=LEFT), moved)


def test_the_last_texts_are_what_contact_and_team_said_in_order_and_no_notes() -> None:
    inbound = [make.sms(id=f"i{n}", received_at=make.at(10 * n)) for n in range(4)]
    outbound = [
        make.sms(id=f"o{n}", received_at=make.at(10 * n + 5), direction=Direction.OUTBOUND, state=state)
        for n, state in enumerate((State.DELIVERED, State.NOTE, State.REFUSED, State.SENT))
    ]
    found = [each.id for each in recap.last_texts(inbound, outbound)]
    assert found == ["o0", "i1", "i2", "i3", "o3"]


def test_a_recap_says_why_and_where_the_former_thread_is() -> None:
    said = recap.recap(make.contact(name="Ann"), LEFT, [make.sms(body="Hello")])
    assert "because its channel was archived" in said.text
    assert f"<{LEFT.permalink}|The former thread>" in said.text
    assert said.text.endswith("Hello")


@given(st.lists(make.texts(), max_size=recap.TEXTS), make.written(80))
def test_a_recap_of_whatever_people_wrote_is_one_that_slack_accepts(texts: list[Sms], name: str) -> None:
    said = recap.recap(make.contact(name=name), LEFT, texts)
    assert len(said.text) <= 3900
    assert len(said.blocks) <= 50
    assert all(
        0 < len(each["text"]["text"]) <= 3000 if "text" in each else 0 < len(each["elements"][0]["text"]) <= 3000
        for each in said.blocks
    )
