"""Lists of tickets: whoever has waited longest comes first, to the end, and only for those who see the channel."""

import re
from typing import Any

import pytest

from messages.ticket import ActOnTicket, Reply, SetStatus, Status
from messages.views import FindTickets, OpenDashboard, PushSend
from tests import make
from tests.actors.helpers import receive
from tests.fakes import FakeWorkers
from workers.interactive.lists import FOUND, MAY_BE_INCOMPLETE, PER_STATUS
from workers.interactive.reply_modals import LINES_NOT_TOLD

PRIVATE, PUBLIC, HERE = "G0PRIVATE", "C0PUBLIC", "C0SOMEWHERE"
MEMBER, OTHER = "U0MEMBER", "U0OTHER"
LINE_2, LINE_3 = "+15550001112", "+15550001113"


async def tickets(workers: FakeWorkers, *numbers: int, **fields: Any) -> None:
    """Tickets of contacts who have waited the longer, the higher the ticket's number is."""
    for number in numbers:
        contact, line = f"+1202555{number:04d}", fields.get("line", make.LINE)
        await workers.ports.stores.contacts.ensure(contact, make.NOW)
        given = {
            "id": number,
            "conversation": f"{line}:{contact}",
            "contact": contact,
            "status": Status.OPEN,
            "waiting_since": make.at(1000 - number),
            **fields,
        }
        assert await workers.ports.stores.tickets.add(make.ticket(**given))


def numbers(shown: object) -> list[int]:
    """The tickets of a list, in its order."""
    return [int(each) for each in re.findall(r"\*(?:<[^|]*\|)?#(\d+)", str(shown))]


async def found(workers: FakeWorkers, query: str, page: int = 0, user: str = MEMBER, channel: str = HERE) -> list[int]:
    """The tickets that an agent finds in the dashboard's search."""
    workers.slack.views[:] = [{"external_id": "found-1"}]
    await workers.handle(
        FindTickets(query=query, user=user, channel=channel, view="found-1", page=page, received_at=workers.clock.now())
    )
    return numbers(workers.slack.views[0])


async def dashboard(workers: FakeWorkers, user: str = MEMBER, channel: str = HERE) -> str:
    """The dashboard that opens for an agent."""
    order = OpenDashboard(user=user, trigger_id="1.2", received_at=workers.clock.now(), channel=channel)
    await workers.handle(order)
    return str(workers.slack.views[-1])


async def lines_in_a_private_and_a_public_channel(workers: FakeWorkers) -> None:
    await workers.ports.stores.lines.add(make.line(id=LINE_2, channel=PRIVATE))
    await workers.ports.stores.lines.add(make.line(id=LINE_3, channel=PUBLIC))
    workers.slack.private[PRIVATE] = {MEMBER}
    await tickets(workers, 2, line=LINE_2, subject="heating")
    await tickets(workers, 3, line=LINE_3, subject="heating")


@pytest.mark.parametrize("query", ["open", "heating", "202555"])
async def test_every_ticket_is_on_some_page_and_whoever_has_waited_longest_on_the_first(
    workers: FakeWorkers, query: str
) -> None:
    count = 2 * FOUND + 7
    await tickets(workers, *range(1, count + 1), subject="heating")
    for number in range(1, count + 1):
        ticket = await workers.ports.stores.tickets.get(number)
        assert ticket is not None
        await workers.ports.stores.tickets.update_search_terms(ticket)
    pages = [await found(workers, query, page) for page in range(4)]
    assert [number for page in pages for number in page] == list(range(count, 0, -1))
    assert [len(page) for page in pages] == [FOUND, FOUND, 7, 0]


async def test_the_dashboard_begins_with_whoever_has_waited_longest_and_counts_all(workers: FakeWorkers) -> None:
    await tickets(workers, *range(1, 65))
    shown = await dashboard(workers)
    assert numbers(shown) == list(range(64, 64 - PER_STATUS, -1))
    assert "Open (64)" in shown
    assert "All 64 Open" in shown


@pytest.mark.parametrize("query", ["open", "#2", "2025550002", "0002", "heating"])
async def test_who_does_not_see_a_lines_channel_finds_none_of_its_tickets(workers: FakeWorkers, query: str) -> None:
    await lines_in_a_private_and_a_public_channel(workers)
    for number in (2, 3):
        ticket = await workers.ports.stores.tickets.get(number)
        assert ticket is not None
        await workers.ports.stores.tickets.update_search_terms(ticket)
    assert 2 in await found(workers, query)
    assert 2 not in await found(workers, query, user=OTHER)
    assert 3 in await found(workers, "open", user=OTHER)
    assert 2 in await found(workers, query, user=OTHER, channel=PRIVATE), "who asks in a channel sees it"


async def test_the_dashboard_and_its_form_show_only_lines_whose_channel_a_user_sees(workers: FakeWorkers) -> None:
    await lines_in_a_private_and_a_public_channel(workers)
    assert numbers(await dashboard(workers)) == [3, 2]
    shown = await dashboard(workers, user=OTHER)
    assert numbers(shown) == [3]
    assert "Open (1)" in shown
    for user, sees in ((MEMBER, True), (OTHER, False)):
        await workers.handle(PushSend(user=user, trigger_id="1.2", channel=HERE, received_at=workers.clock.now()))
        form = str(workers.slack.views[-1])
        assert LINE_3 in form
        assert (LINE_2 in form, "+12025550002" in form) == (sees, sees)


async def test_a_contact_waits_from_the_first_unanswered_text_until_an_agent_answers(workers: FakeWorkers) -> None:
    async def waits_since() -> object:
        ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
        assert ticket is not None
        return ticket.waits_since

    first = workers.clock.now()
    await receive(workers, 1)
    workers.clock.forward(60)
    await receive(workers, 2)
    assert await waits_since() == first
    for number, command in enumerate((Reply(), SetStatus(status=Status.SOLVED))):
        order = ActOnTicket(ticket=1, command=command, by=make.AGENT, at=workers.clock.now(), order=f"o{number}")
        for _ in range(2):
            await workers.handle(order)
        await workers.drain()
        assert await waits_since() is None
        workers.clock.forward(60)
        again = workers.clock.now()
        await receive(workers, 3 + number)
        assert await waits_since() == again


async def test_a_reply_from_before_the_last_text_leaves_the_contact_waiting(workers: FakeWorkers) -> None:
    written = workers.clock.now()
    workers.clock.forward(60)
    await receive(workers, 1)
    await workers.handle(ActOnTicket(ticket=1, command=Reply(), by=make.AGENT, at=written, order="o1"))
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert ticket.waits_since is not None


async def test_who_looks_while_slack_tells_nothing_hears_that_something_may_be_missing(workers: FakeWorkers) -> None:
    await lines_in_a_private_and_a_public_channel(workers)
    assert MAY_BE_INCOMPLETE not in await dashboard(workers)
    workers.slack.tells_nothing = True
    shown = await dashboard(workers)
    assert numbers(shown) == []
    assert MAY_BE_INCOMPLETE in shown
    assert await found(workers, "open") == []
    assert MAY_BE_INCOMPLETE in str(workers.slack.views[-1])
    await workers.handle(PushSend(user=MEMBER, trigger_id="1.2", channel="C0ELSE", received_at=workers.clock.now()))
    assert LINES_NOT_TOLD in str(workers.slack.views[-1])


async def test_a_list_shows_the_last_text_also_where_a_worker_of_before_filed_it(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await receive(workers, 2, after=1)
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert ticket.newest is not None
    assert (ticket.newest.seq, ticket.newest.words) == (2, "text 2")
    for newest in (None, ticket.newest.model_copy(update={"seq": 1, "words": "text 1"})):
        before = ticket.model_copy(update={"newest": newest, "version": ticket.version + 1})
        assert await workers.ports.stores.tickets.save(before, ticket.version)
        ticket = before
        shown = await dashboard(workers, user=make.AGENT, channel=make.CHANNEL)
        assert "“text 2”" in shown
        assert "“text 1”" not in shown
