"""What an agent must be told of a reply is told at whatever step a worker dies, and by no later repeat."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

import pytest

from messages.base import QueueMessage
from messages.calendar import wall_time
from messages.line import Quiet
from messages.planned import PlanText, When
from messages.sms import TakeBackText, WriteText, WriteTyped
from tests import make
from tests.actors.helpers import receive, settle, thread, written
from tests.fakes import DiesAt, FakeWorkers
from workers.sms.changes.take_back import TAKEN_BACK, TEXT_LEFT, TEXT_TAKEN_BACK, TOO_LATE_TO_CHANGE
from workers.sms.compose import KEPT_AS_NOTE
from workers.sms.planned.words import OFFER

type Scene = Callable[[FakeWorkers], Awaitable[tuple[QueueMessage, str]]]
"""What happens before an agent does something; the message of that, and what they must be told."""


async def _deleted(workers: FakeWorkers, hold: int) -> QueueMessage:
    await workers.ports.stores.lines.save(make.line(hold=hold))
    message = written(workers, await thread(workers), 1)
    await workers.handle(message)
    await settle(workers, 2)
    return make.reply_changed(message, None, received_at=workers.clock.now())


async def a_reply_is_deleted_in_time(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    return await _deleted(workers, 30), TAKEN_BACK


async def a_reply_is_deleted_too_late(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    return await _deleted(workers, 0), TOO_LATE_TO_CHANGE


async def _clicked(workers: FakeWorkers, hold: int) -> QueueMessage:
    await workers.ports.stores.lines.save(make.line(hold=hold))
    await receive(workers, 1)
    given = {"line": make.LINE, "contact": make.CONTACT, "text": "See you", "by": make.AGENT}
    await workers.handle(WriteText(sms="view-V1", **given, at=workers.clock.now(), channel=make.CHANNEL))
    await settle(workers, 2)
    return TakeBackText(sms="view-V1", by=make.AGENT, at=workers.clock.now(), channel=make.CHANNEL, order="click/1")


async def a_text_of_a_form_is_taken_back_in_time(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    return await _clicked(workers, 30), TEXT_TAKEN_BACK


async def a_text_of_a_form_is_taken_back_too_late(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    return await _clicked(workers, 0), TEXT_LEFT


async def a_reply_is_written_on_a_line_that_was_removed(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    place = await thread(workers)
    await workers.ports.stores.lines.remove(make.LINE)
    return written(workers, place, 1), f"Not sent: {make.LINE} is no longer one of Clerk's lines"


async def a_reply_is_written_while_a_text_is_held(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    place = await thread(workers)
    given = {"line": make.LINE, "contact": make.CONTACT, "text": "See you", "by": make.AGENT}
    plan = PlanText(planned="P1", **given, when=When(after=timedelta(hours=1)), at=workers.clock.now())
    await workers.handle(plan)
    await workers.drain()
    workers.clock.forward(60)
    await receive(workers, 2)
    return written(workers, place, 1, user="U0BOB"), OFFER


def _said(workers: FakeWorkers, text: str) -> WriteTyped:
    given = {"sms": "typed-1", "typed": f"{make.CONTACT} {text}", "by": make.AGENT, "channel": make.CHANNEL}
    return WriteTyped(**given, at=workers.clock.now())


async def a_text_is_typed(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    await receive(workers, 1)
    return _said(workers, "On our way"), f"On its way to {make.CONTACT}"


async def a_text_is_typed_that_is_kept_as_a_note(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    await receive(workers, 1)
    return _said(workers, "// mind the cat"), KEPT_AS_NOTE


async def a_text_is_typed_while_another_is_held(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    await a_reply_is_written_while_a_text_is_held(workers)
    return _said(workers, "On our way"), OFFER


async def _at_night(workers: FakeWorkers, quiet: Quiet) -> None:
    """It is eleven in the evening for a contact who wrote hours ago."""
    await receive(workers, 1)
    zone = "Asia/Tokyo"
    await workers.ports.stores.lines.save(make.line(quiet=quiet))
    await workers.ports.stores.contacts.set_zone(make.CONTACT, zone, workers.clock.now())
    while wall_time(workers.clock.now(), zone).hour != 23:
        workers.clock.forward(3600)


async def a_text_is_typed_at_night(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    await _at_night(workers, Quiet.WARN)
    return _said(workers, "On our way"), f"On its way to {make.CONTACT}"


async def a_text_is_typed_that_waits_for_the_morning(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    await _at_night(workers, Quiet.HOLD)
    return _said(workers, "On our way"), "Held until"


async def a_reply_is_written_at_night(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    place = await thread(workers)
    await _at_night(workers, Quiet.WARN)
    return written(workers, place, 1), "It is "


async def a_reply_is_written_that_waits_for_the_morning(workers: FakeWorkers) -> tuple[QueueMessage, str]:
    place = await thread(workers)
    await _at_night(workers, Quiet.HOLD)
    return written(workers, place, 1), "Held until"


SCENES: Final[Mapping[str, Scene]] = {
    each.__name__: each
    for each in (
        a_reply_is_deleted_in_time,
        a_reply_is_deleted_too_late,
        a_text_of_a_form_is_taken_back_in_time,
        a_text_of_a_form_is_taken_back_too_late,
        a_reply_is_written_on_a_line_that_was_removed,
        a_reply_is_written_while_a_text_is_held,
        a_text_is_typed,
        a_text_is_typed_that_is_kept_as_a_note,
        a_text_is_typed_while_another_is_held,
        a_text_is_typed_at_night,
        a_text_is_typed_that_waits_for_the_morning,
        a_reply_is_written_at_night,
        a_reply_is_written_that_waits_for_the_morning,
    )
}


@pytest.mark.parametrize("name", SCENES)
async def test_who_must_be_told_is_told_at_whatever_step_a_worker_dies(workers: FakeWorkers, name: str) -> None:
    order, words = await SCENES[name](workers)

    async def told() -> int:
        await workers.drain()
        return sum(each.startswith(words) for _, each in workers.slack.whispers)

    step = 0
    while not await workers.handle_or_die(order, DiesAt(step)):
        step += 1
    before = await told()
    assert step > 3
    assert before >= 1
    await workers.handle(order)
    assert await told() == before
