"""Messages carry what their sender knew. One that is late, comes again or carries nothing leads to the same."""

from messages.conversation import Arrival, SequenceTexts
from messages.notification import AgentActed, ConsiderNotifying
from messages.ticket import ActOnTicket, Edit, FileTexts
from tests import make
from tests.actors.helpers import texts_in_thread
from tests.fakes import FakeWorkers
from workers.mongo import Stores


async def text(workers: FakeWorkers, number: int) -> None:
    """A contact's text, as far as it is stored and has its place."""
    sid, after = f"SM{number}", f"SM{number - 1}" if number > 1 else None
    now = workers.clock.now()
    await workers.handle(make.sms_received(sid=sid, body=f"text {number}", received_at=now, after=after))
    orders = [message for _, message in workers.queue.waiting if isinstance(message, SequenceTexts)]
    workers.queue.waiting = [each for each in workers.queue.waiting if each[1] not in orders]
    for order in orders:
        await workers.handle(order)


def carried[M](workers: FakeWorkers, kind: type[M]) -> list[M]:
    """Take the waiting messages of a kind, in order; all others are lost."""
    found: list[M] = [message for _, message in workers.queue.waiting if isinstance(message, kind)]
    workers.queue.waiting.clear()
    return found


async def test_texts_that_are_filed_in_any_order_are_announced_once_and_completely(workers: FakeWorkers) -> None:
    for number in (1, 2, 3):
        await text(workers, number)
    first, second, third = (each for each in carried(workers, FileTexts) if each.arrivals)
    for message in (third, first, second, third):
        await workers.handle(message)
        await workers.drain()
    assert texts_in_thread(workers) == ["text 1", "text 2", "text 3"]
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.debounce.considered == 3


async def test_messages_that_carry_nothing_lead_to_the_same(workers: FakeWorkers) -> None:
    await text(workers, 1)
    carried(workers, FileTexts)
    await workers.handle(FileTexts(conversation=make.CONVERSATION))
    carried(workers, ConsiderNotifying)
    await workers.handle(ConsiderNotifying(conversation=make.CONVERSATION))
    await workers.drain()
    assert texts_in_thread(workers) == ["text 1"]
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert ticket.newest is not None
    assert (ticket.newest.words, ticket.due_at) == ("text 1", None)


async def test_a_ticket_that_has_changed_since_is_not_announced_as_it_was(workers: FakeWorkers, stores: Stores) -> None:
    await text(workers, 1)
    [filing] = carried(workers, FileTexts)
    await workers.handle(filing)
    [old] = carried(workers, ConsiderNotifying)
    edit = Edit(version=1, origin=make.CHANNEL, notify=("C0OTHER",))
    await workers.handle(ActOnTicket(ticket=1, command=edit, by=make.AGENT, at=workers.clock.now(), order="edit"))
    [acted] = carried(workers, AgentActed)
    await workers.handle(acted)
    await text(workers, 2)
    workers.queue.waiting.clear()
    await workers.handle(FileTexts(conversation=make.CONVERSATION))
    [new] = carried(workers, ConsiderNotifying)
    await workers.handle(new)
    conversation = await stores.conversations.get(make.CONVERSATION)
    await workers.handle(old)  # it comes again, and says that the line's channel is notified
    after = await stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert after is not None
    assert after.debounce == conversation.debounce


async def test_texts_of_which_a_message_does_not_tell_are_not_left_out(workers: FakeWorkers, stores: Stores) -> None:
    times = []
    for number in (1, 2, 3):
        times.append(workers.clock.now())
        await text(workers, number)
        workers.clock.forward(100)
    workers.queue.waiting.clear()
    await workers.handle(FileTexts(conversation=make.CONVERSATION))
    [whole] = carried(workers, ConsiderNotifying)
    assert whole.episode is not None
    newest = Arrival(3, times[2])
    await workers.handle(whole.model_copy(update={"arrivals": (newest,)}))
    await workers.drain()
    assert texts_in_thread(workers) == ["text 1", "text 2", "text 3"]
    conversation = await stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    assert conversation.debounce.considered == 3
    assert conversation.debounce.waiting_since == times[1], "the second text waits for its announcement, too"


async def test_a_text_whose_worker_died_before_it_began_the_conversation_is_not_lost(
    workers: FakeWorkers, stores: Stores
) -> None:
    await stores.texts.add(
        make.sms(id="SM1", seq=None, body="text 1", due_at=workers.clock.now(), received_at=workers.clock.now())
    )
    workers.clock.forward(30)
    await workers.pass_time(30)
    assert texts_in_thread(workers) == ["text 1"]
