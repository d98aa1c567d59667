"""What one pass over a conversation knows: the documents, read once, and what it has done so far."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from messages.conversation import Contact, Conversation, Thread
from messages.formats.byline import byline
from messages.line import Line
from messages.notification import Post
from messages.opt_outs import Standing
from messages.planned import Planned
from messages.sms import Sms
from messages.team.agent import TimeAway
from messages.ticket import Ticket
from workers.lease import Lease
from workers.ports import Ports
from workers.slack import plan
from workers.slack.attachments import Attachments
from workers.slack.writing.writer import Writer

BATCH: Final = 30

CARDS: Final = 40
"""How many cards of a ticket a pass reads: the newest of each channel and person, and some that are to shrink."""


class PassState:
    """The documents of one pass; `shown` and `posted` follow what it does."""

    def __init__(
        self,
        conversation: Conversation,
        line: Line,
        contact: Contact,
        current: Ticket,
        unsettled: list[Ticket],
        throttled: Mapping[str, datetime],
        lease: Lease[Any],
        ports: Ports,
    ) -> None:
        self.conversation = conversation
        self.line = line
        self.contact = contact
        self.current = current
        self.tickets = {ticket.id: ticket for ticket in [*unsettled, current]}
        self.unsettled = unsettled
        self.ports = ports
        self.writer = Writer(conversation, line, throttled, lease, ports)
        self.attachments = Attachments(conversation.id, byline(contact), self.writer, lease, ports)
        self.posted = conversation.posted
        """The last text in the thread."""
        self.found_thread: Thread | None = None
        """The conversation's thread as it is recorded with the lease's release, if this pass has found out more."""
        self.texts: dict[int, Sms | None] = {}
        """The texts that this pass has read, by their places."""
        self.shown: list[Post] = []
        """The root and the newest cards, as this pass has read or posted them."""
        self.begun: dict[str, Post | None] = {}
        """The posts of the next texts, if an earlier pass began them, as far as this one has looked for them."""
        self.unshown: list[Sms] = []
        """The texts whose state Slack does not show."""
        self.planned: list[Planned] = []
        """The planned texts that may change, or whose end the thread does not show."""
        self.standing = Standing()
        self.away: Mapping[str, TimeAway] = {}
        """Who is away of those named on the tickets."""

    async def read(self) -> None:
        """Read the rest of what the pass needs."""
        self.standing = await self.ports.stores.opt_outs.standing(self.line, self.contact, self.conversation)
        if self.conversation.planned:
            found = await self.ports.stores.planned.by_ids(self.conversation.planned)
            self.planned = sorted(found, key=lambda each: (each.due_at, each.id))
        named = {each for ticket in self.tickets.values() for each in (*ticket.notify, *ticket.assignees)}
        self.away = await self.ports.stores.agents.away(named, self.ports.now())
        await self.read_posts()
        await self._read_texts()

    @property
    def cards_until(self) -> datetime | None:
        """When the first comes back of those whom the cards call away; None if nobody, or nobody knows when."""
        return min((each.until for each in self.away.values() if each.until is not None), default=None)

    async def read_posts(self) -> None:
        """Read what is in Slack, and may have to change."""
        id, begun = self.conversation.id, plan.texts_id(self.conversation, self.posted + 1)
        found = await self.ports.stores.posts.shown(id, begun, list(self.tickets), CARDS)
        self.shown = [post for post in found if post.id != begun]
        self.begun = {begun: next((post for post in found if post.id == begun), None)}

    async def _read_texts(self) -> None:
        """Read the texts that the cards show, those that the thread shows next, and those that wait to be shown."""
        id, debounce = self.conversation.id, self.conversation.debounce
        of_cards = {seq for post in self.shown for seq in (plan.shown(post, debounce)[0], plan.announced(post)[0])}
        self.texts = dict.fromkeys({*of_cards, debounce.considered, *self.next_places()} - {0})
        texts = await self.ports.stores.texts.of_pass(id, self.texts.keys())
        self.texts |= {text.seq: text for text in texts if text.seq is not None}
        self.unshown = [text for text in texts if text.unshown == id]
        self.attachments.expect(texts)

    def next_places(self) -> range:
        """The places of the texts that the thread shows next."""
        return range(self.posted + 1, min(self.current.last_text, self.posted + BATCH) + 1)

    def known(self, id: str) -> Post | None:
        """The root or card with this id, if it is stored."""
        return next((post for post in self.shown if post.id == id), None)

    def note(self, posted: Post) -> None:
        """Take note of a root or card that this pass has posted."""
        self.shown = [posted, *(each for each in self.shown if each.id != posted.id)]

    async def set_thread(self, thread: Thread) -> None:
        """Record the conversation's thread."""
        await self.ports.stores.conversations.set_thread(self.conversation.id, thread)
        self.conversation = self.conversation.model_copy(update={"thread": thread})
        self.writer.thread = thread
        self.found_thread = None

    def note_thread(self, thread: Thread) -> None:
        """Have the thread, of which this pass has found out more, recorded with the lease's release."""
        self.conversation = self.conversation.model_copy(update={"thread": thread})
        self.writer.thread = self.found_thread = thread
