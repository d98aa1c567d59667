"""What attachments are called, how long they are tried, and what is said of those that can't be had."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.sms import Media
from tests import make
from workers.failures import Refused, TooLarge, Unreachable
from workers.slack import blocks, media, plan


def of(content_type: str) -> Media:
    return Media(url="https://m/1", content_type=content_type)


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("image/jpeg", "picture-2.jpg"),
        ("IMAGE/PNG", "picture-2.png"),
        ("video/mp4", "video-2.mp4"),
        ("application/pdf", "file-2.pdf"),
        ("audio/x-of-tomorrow", "audio-2.bin"),
        ("nonsense", "file-2.bin"),
    ],
)
def test_an_attachment_is_called_by_its_kind_and_place(content_type: str, name: str) -> None:
    assert media.filename(of(content_type), 2) == name


@given(st.text(max_size=300))
def test_no_type_breaks_a_name_or_a_line(content_type: str) -> None:
    assert "/" not in media.filename(of(content_type), 1)
    words = media.fetch_failure_notice([of(content_type)], 1, Refused(None, "http_404"))
    line = blocks.missing(words)
    assert "<!" not in line.text
    assert len(line.text) <= 3000


@given(st.timedeltas(timedelta(), timedelta(days=2)))
def test_the_waits_grow_and_stay_bounded(age: timedelta) -> None:
    assert timedelta(seconds=1) <= media.retry_in(age) <= timedelta(seconds=30)


def test_what_is_missing_is_given_up_before_the_texts_behind_go_on() -> None:
    missing = Unreachable(20404, "http_404")
    assert not media.is_final(missing, timedelta(seconds=5))
    assert media.is_final(missing, media.HOLD - timedelta(seconds=1))


def test_only_what_can_not_be_mended_is_given_up_at_once() -> None:
    assert media.is_final(TooLarge(None, "too_large"), timedelta())
    assert media.is_final(Refused(None, "content_type"), timedelta())
    for error in (Refused(20003, "http_401"), Unreachable(None, "http_503"), Unreachable(None, "TimeoutError")):
        assert not media.is_final(error, timedelta(minutes=50))
        assert media.is_final(error, timedelta(hours=1))


def test_a_text_with_attachments_ends_its_post() -> None:
    plain, attached = make.sms(), make.sms(unattached=make.CONVERSATION)
    assert plan.sharing_a_post([plain, plain, attached, plain]) == [plain, plain, attached]
    assert plan.sharing_a_post([plain, plain]) == [plain, plain]
