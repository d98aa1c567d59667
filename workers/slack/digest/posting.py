"""What a post in a line's channel is made of that lists tickets, and how it is made once."""

from collections.abc import Mapping, Sequence

from messages.conversation import Conversation
from messages.line import Line
from messages.notification import PostKind
from messages.team.agent import TimeAway
from messages.ticket import Ticket
from workers.lease import Lease
from workers.ports import Ports
from workers.slack.digest.card import Waiting
from workers.slack.elements import Rendered
from workers.slack.writing.writer import Writer


async def rows(tickets: Sequence[Ticket], ports: Ports) -> tuple[Sequence[Waiting], Mapping[str, TimeAway]]:
    """The tickets with their contacts' names and their threads' addresses, and who is away of those who are on them."""
    stores = ports.stores
    contacts = {each.id: each.name for each in await stores.contacts.by_ids({each.contact for each in tickets})}
    found = await stores.conversations.by_ids({each.conversation for each in tickets})
    threads = {each.id: each.thread.permalink for each in found if each.thread is not None}
    away = await stores.agents.away({each for ticket in tickets for each in ticket.assignees}, ports.now())
    waiting = [Waiting(each, contacts.get(each.contact, ""), threads.get(each.conversation)) for each in tickets]
    return waiting, away


async def post_for_line[T](id: str, kind: PostKind, what: Rendered, line: Line, lease: Lease[T], ports: Ports) -> bool:
    """Whether the line's channel was told once, or Slack refuses it for good; if not, a later try goes on."""
    now = ports.now()
    nowhere = Conversation(id=id, line=line.id, contact="", created_at=now)
    writer = Writer(nowhere, line, await ports.stores.channels.throttled(now), lease, ports)
    return await writer.deliver(writer.new_post(id, kind, line.channel), what) is not None
