"""The decision on a reply: whom Clerk informs of what, and how long a reply waits for its thread."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Conversation, Thread
from messages.line import ReplyMode
from messages.notification import Post, PostKind
from messages.sms import SlackFile, State
from tests import make
from workers.sms.replies import (
    NO_THREAD_YET,
    NOT_IN_THREAD,
    THREAD_LEFT,
    decide_reply,
    outside_notice,
    wait_for_thread,
    written_at,
)

PREFIXES = st.sampled_from(
    ("//", "note:", "NOTE:", "Note :", " \n// ", "\u200bnote:", "*note:* ", "> // ", ":wave: //")
)


@given(PREFIXES, make.written(200), st.booleans(), st.booleans(), st.sampled_from(ReplyMode))
def test_a_note_is_never_anything_else(prefix: str, rest: str, file: bool, barred: bool, mode: ReplyMode) -> None:
    files = [SlackFile(id="F1")] if file else []
    verdict = decide_reply(prefix + rest, prefix + rest, files, mode, "Not sent." if barred else "")
    assert verdict.state is State.NOTE


@given(make.written(200), st.booleans())
def test_nothing_in_the_thread_of_a_buttons_only_line_is_sent(text: str, file: bool) -> None:
    files = [SlackFile(id="F1")] if file else []
    assert decide_reply(text, text, files, ReplyMode.BUTTONS).state in {State.UNSENT, State.NOTE}


@given(st.integers(-60, 100_000))
def test_a_reply_looks_for_its_thread_every_few_seconds_however_long_that_takes(waited: int) -> None:
    assert timedelta(seconds=1) <= wait_for_thread(timedelta(seconds=waited)) <= timedelta(seconds=10)


def test_a_message_was_written_when_its_ts_says() -> None:
    assert written_at("1772443800.000100").timestamp() == pytest.approx(1772443800.0001)


PLACE = Thread(channel=make.CHANNEL, ts="1.1", permalink="https://team.slack.com/p1")
CARD, ROOT = make.post(), make.post(kind=PostKind.ROOT)


@pytest.mark.parametrize(
    ("post", "conversation", "notice"),
    [
        (None, None, None),
        (CARD, make.conversation(thread=PLACE), NOT_IN_THREAD),
        (CARD, make.conversation(former=PLACE), NOT_IN_THREAD),
        (CARD, make.conversation(), NO_THREAD_YET),
        (CARD, None, NOT_IN_THREAD),
        (ROOT, make.conversation(), None),
        (ROOT, None, None),
        (ROOT, make.conversation(thread=PLACE, former=PLACE), f"{THREAD_LEFT} {PLACE.permalink}"),
        (ROOT, make.conversation(former=PLACE), THREAD_LEFT),
    ],
)
def test_who_writes_below_a_post_that_is_no_thread_learns_where_to_write(
    post: Post | None, conversation: Conversation | None, notice: str | None
) -> None:
    assert outside_notice(post, conversation) == notice
