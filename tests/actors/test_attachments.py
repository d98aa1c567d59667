"""A contact's pictures stand in the thread once, right behind their text, whatever fails or dies on the way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from messages.inbound import SmsReceived
from messages.sms import Media
from tests import make
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
    """A contact's text with pictures, None for one that the provider does not have yet; handled as far as it goes."""
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


def told(workers: FakeWorkers, message: FakeMessage) -> Any:
    """What a message of the thread says, or the files it shows."""
    if message.files:
        return [(workers.slack.files[id].name, workers.slack.files[id].content) for id in message.files]
    return message.what.text


def thread(workers: FakeWorkers) -> list[Any]:
    """What stands in the thread, in order."""
    return [told(workers, message) for message in workers.slack.messages if message.thread_ts is not None]


def failing(method: str, *errors: BaseException) -> Callable[[str, str], None]:
    """Have the next calls of a method fail."""
    left = list(errors)

    def fail(called: str, channel: str) -> None:
        if called == method and left:
            raise left.pop(0)

    return fail


async def test_all_pictures_of_a_text_stand_in_one_message_right_behind_it(workers: FakeWorkers) -> None:
    await text(workers, 1, PNG, b"two", body="look")
    await text(workers, 2, body="nice?")
    pictures = [("picture-1.png", PNG), ("picture-2.png", b"two")]
    assert thread(workers) == ["look", pictures, "nice?"]
    assert {message.thread_ts for message in workers.slack.messages[1:]} == {workers.slack.messages[0].ts}


async def test_a_picture_without_a_text_is_announced_by_its_kind(workers: FakeWorkers) -> None:
    await text(workers, 1, PNG)
    assert thread(workers) == ["(picture)", [("picture-1.png", PNG)]]


async def test_each_text_of_a_burst_has_its_own_pictures_behind_it(workers: FakeWorkers) -> None:
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


async def test_everything_delivered_twice_shows_once(workers: FakeWorkers) -> None:
    await text(workers, 1, PNG, body="look")
    await text(workers, 1, PNG, body="look")
    await workers.pass_time(60)
    assert thread(workers) == ["look", [("picture-1.png", PNG)]]
    assert workers.texting.fetched == ["https://m/1/0"]


@pytest.mark.parametrize("death", [Crash(), Ambiguous("TimeoutError")])
@pytest.mark.parametrize("method", ["upload", "share", "shared"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_worker_that_dies_at_any_call_leaves_one_message_with_all_pictures(
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
    assert await workers.ports.stores.texts.unattached(make.CONVERSATION) == []


async def test_a_share_that_slack_carries_out_later_is_waited_for_and_not_repeated(workers: FakeWorkers) -> None:
    workers.slack.slow_to_share = True
    await text(workers, 1, PNG, body="look")
    await text(workers, 2, body="nice?")
    assert thread(workers) == ["look", [("picture-1.png", PNG)]]
    workers.slack.slow_to_share = False
    await workers.pass_time(30)
    assert thread(workers) == ["look", [("picture-1.png", PNG)], "nice?"]


async def test_a_picture_that_is_not_there_yet_is_fetched_when_it_is(workers: FakeWorkers) -> None:
    await text(workers, 1, None, body="look")
    await text(workers, 2, body="nice?")
    assert thread(workers) == ["look"]
    workers.texting.kept["https://m/1/0"] = PNG
    await workers.pass_time(15, step=5)
    assert thread(workers) == ["look", [("picture-1.png", PNG)], "nice?"]


async def test_the_texts_behind_wait_for_a_bounded_time_and_the_thread_says_what_is_missing(
    workers: FakeWorkers,
) -> None:
    await text(workers, 1, PNG, None, body="look")
    await text(workers, 2, body="nice?")
    await workers.pass_time(10, step=5)
    assert thread(workers) == ["look"]
    await workers.pass_time(10, step=5)
    line = ":warning: Attachment 2 of 2 (image/png) could not be fetched: the provider does not have it."
    assert thread(workers) == ["look", [("picture-1.png", PNG)], line, "nice?"]
    assert await workers.ports.stores.texts.unattached(make.CONVERSATION) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TooLarge(None, "too_large"), "too large"),
        (Refused(None, "content_type"), "did not send a picture or file"),
        (Refused(None, "not_an_address_of_the_provider"), "does not belong to the provider"),
        (Refused(None, "http_400"), "the provider did not give it (http 400)"),
    ],
)
async def test_what_can_never_be_fetched_is_said_at_once_and_holds_up_nothing(
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
async def test_while_the_provider_is_away_texts_go_on_and_the_picture_comes_late(
    workers: FakeWorkers, error: TextingError
) -> None:
    await text(workers, 1, error, body="look")
    await text(workers, 2, body="nice?")
    await workers.pass_time(60)
    assert thread(workers) == ["look", "nice?"]
    workers.texting.kept["https://m/1/0"] = PNG
    await workers.pass_time(600)
    assert thread(workers) == ["look", "nice?", [("picture-1.png", PNG)]]


async def test_a_provider_that_is_away_for_long_is_given_up_and_the_thread_says_so(workers: FakeWorkers) -> None:
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
async def test_what_slack_does_not_take_is_said_in_words(workers: FakeWorkers, method: str) -> None:
    workers.slack.before = failing(method, Permanent("not_in_channel"))
    await text(workers, 1, PNG, body="look")
    await text(workers, 2, body="nice?")
    first, line, last = thread(workers)
    assert (first, last) == ("look", "nice?")
    assert "can't be shown here: Clerk is not a member of this channel" in line


@pytest.mark.parametrize("error", [Temporary("service_unavailable"), Throttled(timedelta(seconds=20))])
@pytest.mark.parametrize("method", ["upload", "share", "shared"])
async def test_an_outage_of_slack_only_costs_time(workers: FakeWorkers, method: str, error: SlackError) -> None:
    workers.slack.before = failing(method, error, error)
    await text(workers, 1, PNG, body="look")
    await workers.pass_time(120)
    assert thread(workers) == ["look", [("picture-1.png", PNG)]]


async def test_an_empty_picture_is_said_to_be_empty(workers: FakeWorkers) -> None:
    await text(workers, 1, b"", body="look")
    assert thread(workers)[1].endswith("could not be fetched: it is empty.")
