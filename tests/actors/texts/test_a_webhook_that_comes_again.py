"""A repeated webhook changes nothing, however late it comes, and neither does the order of texts.

Twilio's signatures contain no time: anyone who saw a request can send it again at any time.
"""

from itertools import permutations

import pytest

from messages.inbound import DeliveryReported, SmsReceived
from messages.sms import Media, State, WriteText
from tests import make
from tests.fakes import DiesAt, FakeWorkers
from workers.failures import Refused

PNG = b"\x89PNG"


def text(workers: FakeWorkers, number: int, body: str) -> SmsReceived:
    """The contact's `number`-th text, received now."""
    after = f"SM{number - 1}" if number > 1 else None
    return make.sms_received(sid=f"SM{number}", body=body, after=after, received_at=workers.clock.now())


def again(workers: FakeWorkers, message: SmsReceived) -> SmsReceived:
    """The same request again: the gateway takes it as new and gives it the current time."""
    return message.model_copy(update={"received_at": workers.clock.now(), "after": None})


async def come(workers: FakeWorkers, *bodies: str) -> list[SmsReceived]:
    """Deliver the contact's texts, ten seconds apart."""
    came = []
    for number, body in enumerate(bodies, 1):
        workers.clock.forward(10)
        came.append(text(workers, number, body))
        await workers.handle(came[-1])
        await workers.drain()
    return came


async def opted_out(workers: FakeWorkers, contact: str = make.CONTACT) -> bool:
    """Whether Clerk refuses to text the contact."""
    return (await workers.ports.stores.opt_outs.of(make.LINE, contact)).out


def written(workers: FakeWorkers) -> WriteText:
    """An agent's reply to the contact, written now."""
    return WriteText(sms="w1", line=make.LINE, contact=make.CONTACT, text="Here", by=make.AGENT, at=workers.clock.now())


def notices(workers: FakeWorkers) -> list[str]:
    """What the thread says about the contact's keywords."""
    return [each.what.text for each in workers.slack.kind("outcome")]


@pytest.mark.parametrize(
    ("bodies", "replayed", "out"),
    [
        (("STOP", "START"), 0, False),
        (("STOP", "START", "STOP"), 1, True),
        (("STOP", "START"), 1, False),
        (("STOP",), 0, True),
        (("Hello", "STOP", "START", "thanks"), 1, False),
        (("STOP", "HELP", "START"), 1, False),
    ],
)
async def test_a_keyword_that_comes_again_changes_nothing(
    workers: FakeWorkers, bodies: tuple[str, ...], replayed: int, out: bool
) -> None:
    came = await come(workers, *bodies)
    assert await opted_out(workers) is out
    said = notices(workers)
    for wait in (0.5, 30, 100_000):
        workers.clock.forward(wait)
        await workers.handle(again(workers, came[replayed]))
        await workers.drain()
    await workers.pass_time(60)
    assert await opted_out(workers) is out
    assert notices(workers) == said


async def test_a_reply_is_sent_although_a_stop_older_than_the_start_comes_again(workers: FakeWorkers) -> None:
    came = await come(workers, "Hello", "STOP", "START")
    workers.clock.forward(30)
    await workers.handle(again(workers, came[1]))
    await workers.handle(written(workers))
    await workers.drain()
    await workers.pass_time(5, step=1)
    assert workers.texting.bodies(make.CONTACT) == ["Here"]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_keywords_count_in_order_of_arrival_whatever_is_handled_first(
    workers: FakeWorkers, order: tuple[int, ...]
) -> None:
    came = []
    for number, body in enumerate(("STOP", "START", "Hello"), 1):
        workers.clock.forward(1)
        came.append(text(workers, number, body))
    for number in order:
        await workers.handle(came[number])
        await workers.drain()
    await workers.pass_time(60)
    assert not await opted_out(workers)
    said = notices(workers)
    assert ["opted out" in said[0], "opted in" in said[1]] == [True, True]
    assert len(said) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=str)
async def test_the_opt_out_wins_over_another_keyword_of_the_same_millisecond(
    workers: FakeWorkers, order: tuple[int, ...]
) -> None:
    came = [make.sms_received(sid=f"SM{body}", body=body) for body in ("STOP", "START")]
    for number in (*order, *order):
        await workers.handle(came[number])
    await workers.pass_time(60)
    assert await opted_out(workers)


async def test_a_stop_counts_although_an_earlier_text_is_still_missing(workers: FakeWorkers) -> None:
    await come(workers, "Hello")
    workers.clock.forward(1)
    await workers.handle(text(workers, 3, "STOP"))
    assert await opted_out(workers)


@pytest.mark.parametrize("bodies", [("STOP",), ("STOP", "START")], ids=str)
async def test_a_worker_that_dies_at_any_step_loses_no_keyword_and_no_notice(
    workers: FakeWorkers, bodies: tuple[str, ...]
) -> None:
    lived, step = False, 0
    while not lived:
        contact = f"+1555000{step:04d}"
        lived = True
        for number, body in enumerate(bodies, 1):
            workers.clock.forward(1)
            message = text(workers, number, body)
            own = {"contact": contact, "sid": f"{contact}{number}", "after": f"{contact}{number - 1}"}
            message = message.model_copy(update={**own, "after": own["after"] if number > 1 else None})
            lived = await workers.handle_or_die(message, DiesAt(step)) and lived
            await workers.handle(message)
            for _ in range(len(workers.queue.waiting)):
                following = workers.queue.take(0)
                lived = await workers.handle_or_die(following, DiesAt(step)) and lived
                await workers.handle(following)
        await workers.pass_time(30)
        assert await opted_out(workers, contact) is (bodies[-1] == "STOP"), step
        said = [each.what.text for each in workers.slack.kind("outcome") if contact in each.post_id]
        assert len(said) == len(bodies), (step, said)
        step += 1
    assert step > 10


async def test_a_help_or_a_picture_that_comes_again_is_shown_once(workers: FakeWorkers) -> None:
    workers.texting.kept["https://m/1"] = PNG
    picture = text(workers, 1, "look").model_copy(
        update={"media": (Media(url="https://m/1", content_type="image/png"),)}
    )
    await workers.handle(picture)
    await workers.drain()
    asked = text(workers, 2, "HELP")
    await workers.handle(asked)
    await workers.drain()
    await workers.pass_time(1200, step=60)
    before = len(workers.slack.messages)
    for message in (asked, picture):
        workers.clock.forward(1000)
        await workers.handle(again(workers, message))
        await workers.drain()
    assert len(workers.slack.messages) == before


async def test_a_repeated_report_of_an_opt_out_does_not_undo_an_opt_in(workers: FakeWorkers) -> None:
    await come(workers, "Hello")

    def refuse(method: str) -> None:
        if method == "send":
            raise Refused(21610, "unsubscribed")

    workers.texting.before = refuse
    await workers.handle(written(workers))
    await workers.drain()
    await workers.pass_time(5, step=1)
    assert await opted_out(workers)
    workers.texting.before = lambda method: None
    workers.clock.forward(10)
    await workers.handle(text(workers, 2, "START"))
    await workers.drain()
    assert not await opted_out(workers)
    failed = await workers.ports.stores.texts.get("w1")
    assert failed is not None
    assert failed.state is State.FAILED
    for wait in (1, 1000):
        workers.clock.forward(wait)
        report = DeliveryReported(
            sms=failed.id, sid="SM9", status="failed", error_code=21610, received_at=workers.clock.now()
        )
        await workers.handle(report)
        await workers.drain()
    assert not await opted_out(workers)
