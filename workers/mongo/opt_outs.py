"""The opt-outs: of each conversation, and of a contact and a pool of lines."""

from messages.conversation import Contact, Conversation, conversation_id
from messages.line import Line, Quiet
from messages.opt_outs import Parties, PoolOptOut, Standing, scope_id, standing
from messages.quiet import zones_of
from workers.mongo.collection import DocumentStore, RawCollection
from workers.mongo.contacts import Contacts
from workers.mongo.conversations import Conversations, superseding
from workers.mongo.team.calendars import Calendars
from workers.mongo.team.lines import Lines


class OptOuts(DocumentStore[PoolOptOut]):
    """What contacts want: a conversation's own is in its document, a pool's is here."""

    kind = PoolOptOut

    def __init__(
        self,
        collection: RawCollection,
        lines: Lines,
        calendars: Calendars,
        contacts: Contacts,
        conversations: Conversations,
    ) -> None:
        super().__init__(collection)
        self._lines, self._calendars = lines, calendars
        self._contacts, self._conversations = contacts, conversations

    async def of(self, line: str, contact: str) -> Standing:
        """Whether a contact has opted out of what a line sends."""
        known = await self._lines.get(line)
        between = await self._conversations.get(conversation_id(line, contact))
        return standing(known, await self._contacts.get(contact), between, await self._of_pool(known, contact))

    async def parties(self, line: str, contact: str, just_read: Conversation | None = None) -> Parties:
        """A line, a contact, and whether they have opted out of what it sends; by their conversation as `just_read`."""
        between = just_read or await self._conversations.get(conversation_id(line, contact))
        return await self._parties(await self._lines.get(line), await self._contacts.get(contact), between, contact)

    async def parties_at_door(self, line: Line, conversation: Conversation) -> Parties:
        """As `parties`, for a text that is asked about again before it is sent.

        The contact's document is read only if it decides: by where they are, on a line that asks whether it is night,
        or by a wish that an earlier version recorded before it made the conversation.
        """
        decides = line.quiet is not Quiet.OFF or not conversation.own_opt_out
        contact = await self._contacts.get(conversation.contact) if decides else None
        return await self._parties(line, contact, conversation, conversation.contact)

    async def _parties(
        self, line: Line | None, contact: Contact | None, conversation: Conversation | None, number: str
    ) -> Parties:
        found = standing(line, contact, conversation, await self._of_pool(line, number))
        return Parties(number, line, contact, conversation, found, await self._zone_of(line, contact, number))

    async def _zone_of(self, line: Line | None, contact: Contact | None, number: str) -> str:
        """The zone in which a line is, if it asks for nights of a contact of whom nobody knows where they are."""
        known = zones_of(number) or (contact is not None and contact.zone)
        if line is None or line.quiet is Quiet.OFF or known:
            return ""
        if line.zone or not line.calendar:
            return line.zone
        calendar = await self._calendars.get(line.calendar)
        return calendar.zone if calendar else ""

    async def standing(self, line: Line, contact: Contact, conversation: Conversation) -> Standing:
        """Whether a contact has opted out of what a line sends, by these documents and the pool's."""
        return standing(line, contact, conversation, await self._of_pool(line, contact.id))

    async def is_out(self, conversation: Conversation) -> bool:
        """Whether a contact has opted out of what a line sends, by this document and the pool's."""
        line = await self._lines.get(conversation.line)
        return standing(line, None, conversation, await self._of_pool(line, conversation.contact)).out

    async def _of_pool(self, line: Line | None, contact: str) -> PoolOptOut | None:
        return await self.get(scope_id(line.id, contact, line.pool)) if line is not None and line.pool else None

    async def record(self, line: str, contact: str, wish: Standing, pool: str | None = None) -> list[str]:
        """Record a wish about a line, and so about its pool; returns the conversations that it concerns.

        There are none if a later wish is recorded.

        `pool` is the one that the text's webhook named, blank if none; None: as far as the line's is known.
        """
        if pool is None:
            known = await self._lines.get(line)
            pool = known.pool if known else ""
        own = conversation_id(line, contact)
        if not pool:
            return [own] if await self._conversations.set_opted_out(own, wish) else []
        id = scope_id(line, contact, pool)
        await self._ensure(PoolOptOut(id=id))
        if not await self._update(*superseding(id, wish)):
            return []
        members = await self._lines.in_pool(pool)
        return [own, *(conversation_id(each, contact) for each in members if each != line)]
