"""A contact's pictures appear in the thread once, right after their text, whatever fails or dies on the way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from messages.inbound import SmsReceived
from messages.sms import Media
from tests import make
from tests.actors.helpers import unattached
from tests.fakes import Crash, FakeMessage, FakeWorkers
from workers.failures import (
    Ambiguous,
    Permanent,
    Refused,
    SlackError,
    Temporary,
    TextingError,
    TextingThrottled,
    Throttled,
    TooLarge,
    Unreachable,
)

PNG = b"\x89PNG" + bytes(range(256))


async def text(workers: FakeWorkers, number: int, *pictures: bytes | TextingError | None, body: str = "") -> None:
    """Deliver a text with pictures and handle what can be handled; None is one that the provider does not have yet."""
    media = tuple(Media(url=f"https://m/{number}/{place}", content_type="image/png") for place in range(len(pictures)))
    for each, picture in zip(media, pictures, strict=True):
        if picture is not None:
            workers.texting.kept[each.url] = picture
    received = SmsReceived(
        sid=f"SM{number}",
        line=make.LINE,
        contact=make.CONTACT,
        body=body,
        media=media,
        received_at=workers.clock.now(),
        after=f"SM{number - 1}" if number > 1 else None,
    )
    await workers.queue.publish(received)
    await workers.drain()


def shown(workers: FakeWorkers, message: FakeMessage) -> Any:
    """The text of a message in the thread, or the files that it shows."""
    if message.files:
        return [(workers.slack.files[id].name, workers.slack.files[id].content) for id in message.files]
    return message.what.text


def thread(workers: FakeWorkers) -> list[Any]:
    """What the thread contains, in order."""
    return [shown(workers, message) for message in workers.slack.messages if message.thread_ts is not None]


def failing(method: str, *errors: BaseException) -> Callable[[str, str], None]:
    """Let the next calls of a method fail."""
    left = list(errors)

    def fail(called: str, channel: str) -> None:
        if called == method and left:
            raise left.pop(0)

    return fail


async def test_all_pictures_of_a_text_are_in_one_message_right_after_it(workers: FakeWorkers) -> None:
    await text(workers, 1, PNG, b"two", body="look")
    await text(workers, 2, body="nice?")
    pictures = [("picture-1.png", PNG), ("picture-2.png", b"two")]
    assert thread(workers) == ["look", pictures, "nice?"]
    assert {message.thread_ts for message in workers.slack.messages[1:]} == {workers.slack.messages[0].ts}


async def test_a_picture_without_a_text_is_announced_by_its_kind(workers: FakeWorkers) -> None:
    await text(workers, 1, PNG)
    assert thread(workers) == ["(picture)", [("picture-1.png", PNG)]]


async def test_each_text_of_a_burst_is_followed_by_its_own_pictures(workers: FakeWorkers) -> None:
    for number in range(1, 4):
        media = (Media(url=f"https://m/{number}", content_type="image/png"),) if number != 2 else ()
        workers.texting.kept[f"https://m/{number}"] = b"picture %d" % number
        message = make.sms_received(
            sid=f"SM{number}",
            body=f"text {number}",
            media=media,
            received_at=workers.clock.now(),
            after=f"SM{number - 1}" if number > 1 else None,
        )
        await workers.queue.publish(message)
    await workers.drain()
    one, three = [("picture-1.png", b"picture 1")], [("picture-1.png", b"picture 3")]
    assert thread(workers) == ["text 1", one, "text 2\ntext 3", three]


async def test_everything_that_is_delivered_twice_appears_once(workers: FakeWorkers) -> None:
    await text(workers, 1, PNG, body="look")
    await text(workers, 1, PNG, body="look")
    await workers.pass_time(60)
    assert thread(workers) == ["look", [("picture-1.png", PNG)]]
    assert workers.texting.fetched == ["https://m/1/0"]


@pytest.mark.parametrize("death", [Crash(), Ambiguous("TimeoutError")])
@pytest.mark.parametrize("method", ["upload", "share", "shared"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_all_pictures_are_in_one_message_at_whatever_call_a_worker_dies(
    workers: FakeWorkers, method: str, when: str, death: BaseException
) -> None:
    setattr(workers.slack, when, failing(method, death))
    try:
        await text(workers, 1, PNG, b"two", body="look")
    except Crash:
        workers.clock.forward(1)
    await text(workers, 2, body="nice?")
    await workers.pass_time(240)
    pictures = [("picture-1.png", PNG), ("picture-2.png", b"two")]
    assert sorted(map(str, thread(workers))) == sorted(map(str, ["look", pictures, "nice?"]))
    assert await unattached(workers) == []


async def test_a_share_that_slack_carries_out_later_is_waited_for_and_not_repeated(workers: FakeWorkers) -> None:
    workers.slack.slow_to_share = True
    await text(workers, 1, PNG, body="look")
    await text(workers, 2, body="nice?")
    assert thread(workers) == ["look", [("picture-1.png", PNG)]]
    workers.slack.slow_to_share = False
    await workers.pass_time(30)
    assert thread(workers) == ["look", [("picture-1.png", PNG)], "nice?"]


async def test_a_picture_that_the_provider_does_not_have_yet_is_fetched_later(workers: FakeWorkers) -> None:
    await text(workers, 1, None, body="look")
    await text(workers, 2, body="nice?")
    assert thread(workers) == ["look"]
    workers.texting.kept["https://m/1/0"] = PNG
    await workers.pass_time(15, step=5)
    assert thread(workers) == ["look", [("picture-1.png", PNG)], "nice?"]


async def test_later_texts_wait_a_limited_time_and_the_thread_says_what_is_missing(
    workers: FakeWorkers,
) -> None:
    await text(workers, 1, PNG, None, body="look")
    await text(workers, 2, body="nice?")
    await workers.pass_time(10, step=5)
    assert thread(workers) == ["look"]
    await workers.pass_time(10, step=5)
    line = ":warning: Attachment 2 of 2 (image/png) could not be fetched: the provider does not have it."
    assert thread(workers) == ["look", [("picture-1.png", PNG)], line, "nice?"]
    assert await unattached(workers) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TooLarge(None, "too_large"), "too large"),
        (Refused(None, "content_type"), "did not send a picture or file"),
        (Refused(None, "not_an_address_of_the_provider"), "does not belong to the provider"),
        (Refused(None, "http_400"), "the provider did not give it (http 400)"),
    ],
)
async def test_a_picture_that_can_never_be_fetched_is_reported_at_once_and_delays_nothing(
    workers: FakeWorkers, error: TextingError, reason: str
) -> None:
    await text(workers, 1, error, body="look")
    await text(workers, 2, body="nice?")
    first, line, last = thread(workers)
    assert (first, last) == ("look", "nice?")
    assert line.startswith(":warning: The attachment (image/png) could not be fetched: ")
    assert reason in line


@pytest.mark.parametrize(
    "error",
    [
        Unreachable(None, "TimeoutError"),
        TextingThrottled(20429, timedelta(seconds=30)),
        Refused(20003, "http_401"),
    ],
)
async def test_texts_are_posted_while_the_provider_is_away_and_the_picture_follows(
    workers: FakeWorkers, error: TextingError
) -> None:
    await text(workers, 1, error, body="look")
    await text(workers, 2, body="nice?")
    await workers.pass_time(60)
    assert thread(workers) == ["look", "nice?"]
    workers.texting.kept["https://m/1/0"] = PNG
    await workers.pass_time(600)
    assert thread(workers) == ["look", "nice?", [("picture-1.png", PNG)]]


async def test_a_picture_is_given_up_after_a_long_outage_and_the_thread_says_so(workers: FakeWorkers) -> None:
    await text(workers, 1, Unreachable(None, "http_503"), body="look")
    await workers.pass_time(3300, step=300)
    assert thread(workers) == ["look"]
    await workers.pass_time(600, step=300)
    assert thread(workers)[1:] == [
        ":warning: The attachment (image/png) could not be fetched: the provider did not give it (http 503)."
    ]
    fetched = len(workers.texting.fetched)
    await workers.pass_time(600, step=300)
    assert len(workers.texting.fetched) == fetched < 60


@pytest.mark.parametrize("method", ["upload", "share"])
async def test_the_thread_explains_why_slack_does_not_take_a_picture(workers: FakeWorkers, method: str) -> None:
    workers.slack.before = failing(method, Permanent("not_in_channel"))
    await text(workers, 1, PNG, body="look")
    await text(workers, 2, body="nice?")
    first, line, last = thread(workers)
    assert (first, last) == ("look", "nice?")
    assert "can't be shown here: Clerk is not a member of this channel" in line


@pytest.mark.parametrize("error", [Temporary("service_unavailable"), Throttled(timedelta(seconds=20))])
@pytest.mark.parametrize("method", ["upload", "share", "shared"])
async def test_an_outage_of_slack_only_delays_a_picture(workers: FakeWorkers, method: str, error: SlackError) -> None:
    workers.slack.before = failing(method, error, error)
    await text(workers, 1, PNG, body="look")
    await workers.pass_time(120)
    assert thread(workers) == ["look", [("picture-1.png", PNG)]]


async def test_the_thread_says_that_a_picture_is_empty(workers: FakeWorkers) -> None:
    await text(workers, 1, b"", body="look")
    assert thread(workers)[1].endswith("could not be fetched: it is empty.")
