"""Of a text that was found after an outage, people see when it came and when it was found."""

import json

from messages.planned import PlannedState, PlanText, When
from messages.ticket import ActOnTicket, Reply
from tests import make
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, CONVERSATION, LINE

HOURS = 3600


async def come(workers: FakeWorkers, number: int, late: float = 0) -> None:
    """A text that came `late` seconds ago is taken in now, with all that follows."""
    came_at = make.at((workers.clock.now() - make.NOW).total_seconds() - late)
    after = f"SM{number - 1}" if number > 1 else None
    await workers.handle(make.sms_received(sid=f"SM{number}", body=f"text {number}", received_at=came_at, after=after))
    await workers.drain()


async def test_its_thread_and_card_say_both_times_and_the_contact_waits_since_the_first(
    workers: FakeWorkers,
) -> None:
    workers.clock.forward(3 * HOURS)
    await come(workers, 1, late=2 * HOURS)
    ticket = await workers.ports.stores.tickets.newest(CONVERSATION)
    assert ticket is not None
    assert (ticket.waiting_since, ticket.wait_filed_at) == (make.at(HOURS), make.at(3 * HOURS))
    (posted,) = workers.slack.kind("texts")
    for shown in (posted, workers.slack.messages[0]):
        words = json.dumps(shown.what.blocks)
        assert "came <!date^" in words
        assert "found <!date^" in words


async def test_a_text_that_came_just_now_says_nothing_of_it(workers: FakeWorkers) -> None:
    await come(workers, 1, late=100)
    assert "found" not in json.dumps([each.what.blocks for each in workers.slack.messages])


async def test_what_an_agent_wrote_before_it_was_found_has_not_answered_it(workers: FakeWorkers) -> None:
    await come(workers, 1)
    workers.clock.forward(HOURS)
    written_at = workers.clock.now()
    workers.clock.forward(HOURS)
    order = ActOnTicket(ticket=1, command=Reply(), by=AGENT, at=written_at, order="reply/1")
    await workers.handle(order)
    await come(workers, 2, late=1.5 * HOURS)
    await workers.handle(order.model_copy(update={"order": "reply/2"}))
    ticket = await workers.ports.stores.tickets.newest(CONVERSATION)
    assert ticket is not None
    assert ticket.waiting_since == make.at(0.5 * HOURS)


async def test_a_planned_text_waits_for_its_author_if_a_text_is_found_that_came_before_it(workers: FakeWorkers) -> None:
    await come(workers, 1)
    workers.clock.forward(2 * HOURS)
    given = {"planned": "P1", "line": LINE, "contact": CONTACT, "text": "See you", "by": AGENT, "channel": CHANNEL}
    when = When.model_validate({"after": 3600})
    await workers.handle(PlanText.model_validate({**given, "when": when, "at": workers.clock.now()}))
    await workers.drain()
    workers.clock.forward(600)
    await come(workers, 2, late=HOURS)
    planned = await workers.ports.stores.planned.get("P1")
    assert planned is not None
    assert planned.state is PlannedState.HELD
