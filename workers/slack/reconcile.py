"""One pass that brings Slack into line with a conversation's documents: posts, updates or removes the difference."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog

from messages.conversation import Announcement, Contact, Conversation, Thread
from messages.formats.byline import byline
from messages.line import Line
from messages.notification import Post, PostKind
from messages.opt_outs import Standing
from messages.sms import Sms
from messages.ticket import Ticket
from workers.claim import Attempt
from workers.failures import CallError, Permanent
from workers.lease import Lease
from workers.observe import TEXT_TO_SLACK
from workers.platforms.slack_failures import is_about_the_message
from workers.ports import Ports, Posted
from workers.slack import blocks, cards, plan, recap
from workers.slack.attachments import Attachments
from workers.slack.elements import Rendered
from workers.slack.writer import REPAIR_TIME, ThreadGone, Writer

log = structlog.get_logger("clerk.slack")

BATCH: Final = 30

CARDS: Final = 40
"""How many cards of a ticket a pass reads: the newest of each channel and person, and some that are to shrink."""

SHRINKING: Final = 10
"""How many older cards shrink in one pass: those of earlier versions must not use up what Slack allows in a minute."""


class ReconcilePass:
    """One pass over one conversation, under its lease."""

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
        self._conversation = conversation
        self._line = line
        self._contact = contact
        self._current = current
        self._tickets = {ticket.id: ticket for ticket in [*unsettled, current]}
        self._unsettled = unsettled
        self._ports = ports
        self._writer = Writer(conversation, line, throttled, lease, ports)
        self._attachments = Attachments(conversation.id, byline(contact), self._writer, lease, ports)
        self._posted = conversation.posted
        self._older: list[tuple[Post, Post]] = []
        """The cards that are to shrink, each with the newer one that it links to."""
        self._links: dict[str, str] = {}
        self._texts: dict[int, Sms | None] = {}
        """The texts that this pass has read, by their places."""
        self._shown: list[Post] = []
        """The root and the newest cards, as this pass has read or posted them."""
        self._begun: dict[str, Post | None] = {}
        """The posts of the next texts, if an earlier pass began them, as far as this one has looked for them."""
        self._unshown: list[Sms] = []
        """The texts whose state Slack does not show."""
        self._standing = Standing()

    @property
    def again_at(self) -> datetime | None:
        """When another pass must continue, if anything is left."""
        return self._writer.again_at

    @property
    def tries(self) -> int:
        """How many consecutive passes changed nothing in Slack, if anything is left."""
        return self._writer.tries

    @property
    def posted(self) -> int:
        """The last text in the thread."""
        return self._posted

    async def run(self) -> None:
        """Do all that can be done now."""
        self._standing = await self._ports.stores.opt_outs.standing(self._line, self._contact, self._conversation)
        await self._read_posts()
        await self._read_texts()
        with suppress(ThreadGone):  # the next pass begins a new thread
            await self._reconcile()
        await self._writer.save()

    async def _read_posts(self) -> None:
        """Read what is in Slack, and may have to change."""
        id, begun = self._conversation.id, plan.texts_id(self._conversation, self._posted + 1)
        found = await self._ports.stores.posts.shown(id, begun, list(self._tickets), CARDS)
        self._shown = [post for post in found if post.id != begun]
        self._begun = {begun: next((post for post in found if post.id == begun), None)}

    async def _read_texts(self) -> None:
        """Read the texts that the cards show, those that the thread shows next, and those that wait to be shown."""
        id, debounce = self._conversation.id, self._conversation.debounce
        of_cards = {seq for post in self._shown for seq in (plan.shown(post, debounce)[0], plan.announced(post)[0])}
        self._texts = dict.fromkeys({*of_cards, debounce.considered, *self._next_places()} - {0})
        texts = await self._ports.stores.texts.of_pass(id, self._texts.keys())
        self._texts |= {text.seq: text for text in texts if text.seq is not None}
        self._unshown = [text for text in texts if text.unshown == id]
        self._attachments.expect(texts)

    def _next_places(self) -> range:
        """The places of the texts that the thread shows next."""
        return range(self._posted + 1, min(self._current.last_text, self._posted + BATCH) + 1)

    async def _reconcile(self) -> None:
        root = await self._root()
        if root is not None and await self._recap(root):
            before = self._posted
            await self._thread_texts()
            if self._posted > before:
                await self._say_if_absent(root)
            await self._thread_lines()
            await self._replies()
        await self._cards()
        await self._redraw()
        if root is not None:
            await self._attachments.post_up_to(self._posted, late=True)
        await self._shrink()

    # -- the thread -----------------------------------------------------------------------------------------------

    async def _root(self) -> Thread | None:
        """The conversation's thread, posted if necessary."""
        debounce = self._conversation.debounce
        if self._conversation.thread is None:
            post = self._writer.new_post(
                plan.root_id(self._conversation),
                PostKind.ROOT,
                self._line.channel,
                ticket=self._current.id,
                announcement=plan.announced_by_root(debounce, self._current),
                shown=debounce.considered or min(self._current.first_text, self._current.last_text),
            )
            posted = await self._deliver_card(post, self._current, root=True, is_new=self._known(post.id) is None)
            if posted is None or posted.failed or posted.channel is None or posted.ts is None:
                if posted is not None and posted.failed:
                    await self._writer.retry_after_repair(posted)
                return None
            self._note(posted)
            number = plan.thread_number(self._conversation)
            begun = Thread(channel=posted.channel, ts=posted.ts, begun_at=self._ports.now())
            await self._set_thread(begun.model_copy(update={"number": number, "recapped": number == 0}))
        thread = self._conversation.thread
        if thread is not None and thread.permalink is None:
            await self._permalink(thread)
        return self._conversation.thread

    async def _permalink(self, thread: Thread) -> None:
        link = await self._address(Posted(thread.channel, thread.ts))
        if link and await self._lead_here(thread.model_copy(update={"permalink": link})):
            await self._set_thread(thread.model_copy(update={"permalink": link}))

    def _known(self, id: str) -> Post | None:
        """The root or card with this id, if it is stored."""
        return next((post for post in self._shown if post.id == id), None)

    def _note(self, posted: Post) -> None:
        """Take note of a root or card that this pass has posted."""
        self._shown = [posted, *(each for each in self._shown if each.id != posted.id)]

    async def _lead_here(self, thread: Thread) -> bool:
        """Whether the cards of earlier tickets lead to a thread, too, if it is not the conversation's first one."""
        if not thread.number:
            return True
        here = self._conversation
        self._conversation = here.model_copy(update={"thread": thread})
        for post in await self._ports.stores.posts.present_cards(here.id, CARDS):
            ticket = None if post.ticket in self._tickets else await self._ports.stores.tickets.get(post.ticket or 0)
            if ticket is not None and post.channel is not None and post.ts is not None and not plan.is_gone(post):
                await self._update(post, Posted(post.channel, post.ts), ticket, None)
        self._conversation = here
        await self._writer.save()
        await self._read_posts()
        return self.again_at is None

    async def _address(self, at: Posted) -> str | None:
        """The address of a message: empty if Slack gives none, None if a later pass must ask."""
        if not self._writer.may_write(at.channel, "permalink"):
            return None
        try:
            return await self._ports.slack.permalink(at)
        except Permanent as error:
            log.warning("no permalink", error=error.code)
            return ""
        except CallError as error:
            await self._writer.put_off(at.channel, error, "permalink")
            return None

    async def _set_thread(self, thread: Thread) -> None:
        await self._ports.stores.conversations.set_thread(self._conversation.id, thread)
        self._conversation = self._conversation.model_copy(update={"thread": thread})
        self._writer.thread = thread

    async def _recap(self, thread: Thread) -> bool:
        """Whether a thread that begins anew says why, and shows the last texts of the one before it."""
        if thread.recapped:
            return True
        conversation, texts = self._conversation, self._ports.stores.texts
        inbound = await texts.between(conversation.id, max(1, self._posted - recap.TEXTS + 1), self._posted)
        outbound = await texts.newest_outbound(conversation.id, 2 * recap.TEXTS)
        what = recap.recap(self._contact, conversation.former, recap.last_texts(inbound, outbound))
        post = self._writer.new_post(recap.recap_id(conversation, thread), PostKind.LINE, thread.channel)
        if not await self._writer.post_in_thread(post, what, blocks.Unshown("The last texts")):
            return False
        thread = self._conversation.thread or thread
        await self._set_thread(thread.model_copy(update={"recapped": True}))
        return True

    async def _thread_texts(self) -> None:
        """Post the texts that are not in the thread yet, in order; the first that can't be posted stops the rest."""
        while await self._attachments.post_up_to(self._posted, late=False) and self._posted < self._current.last_text:
            texts = await self._next_texts()
            if not texts:
                return
            id = plan.texts_id(self._conversation, self._posted + 1)
            if id not in self._begun:
                self._begun[id] = await self._ports.stores.posts.get(id)
            if (begun := self._begun[id]) is not None:
                texts = [text for text in texts if text.seq is not None and text.seq <= begun.last]
            what, count = blocks.texts(plan.sharing_a_post(texts), byline(self._contact))
            last = self._posted + count
            post = self._writer.new_post(id, PostKind.TEXTS, self._line.channel, first=self._posted + 1, last=last)
            subject = _subject(texts[:count])
            if not await self._writer.post_in_thread(post, what, subject, is_new=begun is None):
                return
            self._posted = last
            for text in texts[:count]:
                TEXT_TO_SLACK.observe((self._ports.now() - text.received_at).total_seconds())

    async def _next_texts(self) -> list[Sms]:
        """The texts that the thread shows next: some of them, if they are many."""
        places = self._next_places()
        if any(seq not in self._texts for seq in places):
            found = await self._ports.stores.texts.between(self._conversation.id, places[0], places[-1])
            self._texts |= {text.seq: text for text in found if text.seq is not None}
            self._attachments.expect(found)
        return [text for seq in places if (text := self._texts.get(seq)) is not None]

    async def _say_if_absent(self, thread: Thread) -> None:
        """Say below new texts, once an absence, that Clerk does not see replies here."""
        absence = await self._ports.stores.absences.of(thread.channel)
        if absence is not None:
            line = self._writer.new_post(
                plan.absence_id(self._conversation, absence.since), PostKind.LINE, thread.channel
            )
            await self._writer.post_in_thread(line, blocks.absent(), blocks.Unshown("A warning"))

    async def _thread_lines(self) -> None:
        """Post the thread lines for the changes that have none."""
        for ticket in self._unsettled:
            said = ticket.settled.get("slack", 0)
            for entry in (*await self._ports.stores.past.entries_since(ticket, said), *ticket.history):
                if entry.version <= said or (what := blocks.line(ticket, [entry])) is None:
                    continue
                id = plan.line_id(self._conversation, ticket.id, entry.version)
                line = self._writer.new_post(id, PostKind.LINE, self._line.channel, ticket=ticket.id)
                if not await self._writer.post_in_thread(
                    line, what, blocks.Unshown("A change of the ticket"), is_new=True
                ):
                    return

    async def _replies(self) -> None:
        """Show the state of the agents' replies, and say in the thread what went wrong."""
        await self._note_outcome(self._unshown)
        for text in self._unshown:
            if plan.is_told_later(text, self._posted):
                continue
            if plan.is_written_elsewhere(text) and not await self._post_written(text):
                return
            line = self._writer.new_post(plan.outcome_id(text), PostKind.LINE, self._line.channel)
            if text.words and not await self._writer.post_in_thread(
                line, blocks.outcome(text), blocks.Unshown("What became of a text", (text.id,))
            ):
                return
            if await self._update_written(text) and await self._mark(text, plan.reaction_for(text)):
                await self._ports.stores.texts.set_shown(text, plan.reaction_for(text))

    async def _note_outcome(self, texts: Sequence[Sms]) -> None:
        """Record for the cards what became of the newest agent's text."""
        outcome = plan.outcome(self._conversation.outcome, texts)
        if outcome is not None and outcome != self._conversation.outcome:
            await self._ports.stores.conversations.set_outcome(self._conversation.id, outcome)
            self._conversation = self._conversation.model_copy(update={"outcome": outcome})

    async def _post_written(self, text: Sms) -> bool:
        """Whether one of our posts shows a text from a modal or command."""
        post = self._writer.new_post(plan.written_id(text), PostKind.WRITTEN, self._line.channel)
        subject = blocks.Unshown("A text to the contact", (text.id,))
        return await self._writer.post_in_thread(post, blocks.written(text), subject)

    async def _update_written(self, text: Sms) -> bool:
        """Whether the post of a text from a modal or command shows its state, and nothing can change that any more."""
        if not plan.is_written_elsewhere(text):
            return True
        what = blocks.written(text)
        known = await self._ports.stores.posts.get(plan.written_id(text))
        if known is None or known.channel is None or known.ts is None:
            return True
        if self._writer.is_shown(known, what):
            return known.unsure_at is None
        at = Posted(known.channel, known.ts)
        if await self._writer.update(known, at.channel, at, what) is None:
            return False
        drawn = await self._ports.stores.posts.set(known, rendering=what.digest)
        return self._writer.is_shown(drawn, what) and drawn.unsure_at is None

    async def _mark(self, text: Sms, wanted: str | None) -> bool:
        """Whether a reply has the wanted reaction, and no other of ours."""
        if text.channel is None or text.ts is None:
            return True
        at, slack = Posted(text.channel, text.ts), self._ports.slack
        if wanted is not None and text.mark != wanted:
            await self._ports.stores.texts.set_marking(text, wanted)
            if await self._writer.change_message(at.channel, slack.react, at, wanted) is None:
                return False
        for other in sorted({*text.marking, *filter(None, [text.mark])} - {wanted}):
            if await self._writer.change_message(at.channel, slack.unreact, at, other) is None:
                return False
        return True

    # -- the cards ------------------------------------------------------------------------------------------------

    async def _cards(self) -> None:
        """Post the newest notification to the targets without it; report an unreachable target in the thread once."""
        announcement = self._conversation.debounce.latest
        if announcement is None or announcement.ticket not in self._tickets:
            return
        root = self._known(plan.root_id(self._conversation))
        wanted = plan.targets(announcement, self._line, root)
        failed = [target for target in wanted if await self._notify(announcement, target) is False]
        if (
            wanted
            and len(failed) == len(wanted)
            and not plan.origin_has_card(self._line.channel, wanted, announcement, root)
        ):
            await self._notify(announcement, self._line.channel)

    async def _notify(self, announcement: Announcement, target: str) -> bool | None:
        """Whether a target got its card: None if a later pass tries again."""
        ticket = self._tickets[announcement.ticket]
        post = self._writer.new_post(
            plan.card_id(self._conversation, announcement, target),
            PostKind.CARD,
            target,
            ticket=ticket.id,
            announcement=announcement.number,
            first=announcement.first,
            last=announcement.last,
        )
        first, more = plan.shown(post, self._conversation.debounce)
        post = post.model_copy(update={"shown": first, "more": more})
        known = self._known(post.id)
        if known is not None and known.ts is not None and not plan.is_void(known, post):
            posted: Post | None = known
        else:
            posted = await self._deliver_card(post, ticket, root=False, is_new=known is None)
        if posted is None:
            return None
        self._note(posted)
        if posted.told is not None:
            return await self._say_maybe_notified(post, posted.told)
        reported = set(self._conversation.unreachable)
        if posted.failed and target not in reported:
            id = plan.unreachable_id(self._conversation, announcement, target)
            what = blocks.unreachable(target, posted.failed)
            if self._conversation.thread is None or not await self._writer.post_in_thread(
                self._writer.new_post(id, PostKind.LINE, self._line.channel), what
            ):
                return False
            await self._report(reported | {target})
        elif not posted.failed and target in reported:
            await self._report(reported - {target})
        return not posted.failed

    async def _say_maybe_notified(self, post: Post, code: str) -> bool | None:
        """Say in the thread that nobody knows whether a target got its card; it counts as notified."""
        if self._conversation.thread is None:
            return None
        line = self._writer.new_post(plan.notice_id(post), PostKind.LINE, self._line.channel)
        said = await self._writer.post_in_thread(line, blocks.maybe_notified(post.target, code))
        return True if said else None

    async def _deliver_card(self, post: Post, ticket: Ticket, *, root: bool, is_new: bool = False) -> Post | None:
        """Post a card; if Slack does not accept its text, without the text."""
        withheld: str | None = None

        async def plain(code: str) -> Rendered:
            nonlocal withheld
            withheld = code
            return await self._card(post, ticket, root=root, withheld=code)

        whole = await self._card(post, ticket, root=root)
        posted = await self._writer.deliver(post, whole, plain=plain, is_new=is_new)
        if posted is not None and posted.failed is not None and is_about_the_message(posted.failed):
            again = await self._ports.stores.posts.set(posted, failed=None, **plan.recorded(Attempt()))
            posted = await self._writer.deliver(again, await plain(posted.failed))
        if withheld is None or posted is None or posted.ts is None:
            return posted
        return await self._ports.stores.posts.set(posted, rendering=whole.digest, told=withheld)

    async def _report(self, unreachable: set[str]) -> None:
        await self._ports.stores.conversations.set_unreachable(self._conversation.id, sorted(unreachable))
        self._conversation = self._conversation.model_copy(update={"unreachable": tuple(sorted(unreachable))})

    async def _redraw(self) -> None:
        """Update the root and the newest cards of this pass's tickets, and delete the hidden ones."""
        for post in self._shown:
            if plan.is_past(post, self._conversation.debounce):
                self._writer.set_later(post, kind=PostKind.PAST_CARD)
                continue
            if post.removed or post.failed or (post.told is not None and post.ts is None):
                continue
            root = post.kind is PostKind.ROOT
            ticket = self._current if root else self._tickets.get(post.ticket or 0)
            newer = plan.superseded_by(post, ticket.id, self._shown) if ticket else None
            if post.channel is None or post.ts is None:
                if not root and ticket is not None:
                    await self._deliver_card(post, ticket, root=False)  # its Hide was undone
            elif plan.is_gone(post):
                await self._remove(post, Posted(post.channel, post.ts))
            elif newer is not None and not root:
                self._older.append((post, newer))
            elif ticket is not None:
                await self._update(post, Posted(post.channel, post.ts), ticket, newer)

    async def _shrink(self) -> None:
        """Shrink some of the cards that newer ones have superseded, each once and for good."""
        refusing: set[str] = set()
        for post, newer in self._older[:SHRINKING]:
            ticket = self._tickets.get(post.ticket or 0)
            if post.channel in refusing or post.channel is None or post.ts is None or ticket is None:
                continue
            link = await self._link(newer)
            if link is None:
                return
            seq, more = plan.announced(post)
            card = await self._contents(post.model_copy(update={"shown": seq, "more": more}), ticket, root=False)
            at, what, refused = Posted(post.channel, post.ts), cards.shrunk(card, link), None
            change: dict[str, Any] = {}
            if not self._writer.is_shown(post, what):
                refused = await self._writer.update(post, post.target, at, what)
                if refused and is_about_the_message(refused) and refused not in plan.CANT_BE_CHANGED:
                    what = cards.shrunk(replace(card, withheld=refused), link)
                    refused = await self._writer.update(post, post.target, at, what)
                if refused is None:
                    return
                if refused and not is_about_the_message(refused):
                    refusing.add(post.channel)
                    continue
                change["rendering"] = what.digest
            is_past = bool(refused) or post.unsure_at is None
            if is_past:
                change["kind"] = PostKind.PAST_CARD
            if change:
                post = self._writer.set_later(post, **change)
            if not is_past:
                self._writer.is_shown(post, what)  # a later pass makes sure of it

    async def _link(self, post: Post) -> str | None:
        """The address of a card, as `_address` has it; Slack is asked once for each that it knows."""
        assert post.channel is not None
        assert post.ts is not None
        if post.permalink is None and post.id not in self._links:
            link = await self._address(Posted(post.channel, post.ts))
            if link is None:
                return None
            if link:
                self._writer.set_later(post, permalink=link)
            self._links[post.id] = link
        return self._links.get(post.id, post.permalink)

    async def _remove(self, post: Post, at: Posted) -> None:
        """Delete a hidden card."""
        refused = await self._writer.change_message(post.target, self._ports.slack.delete, at)
        if refused is not None and (not refused or is_about_the_message(refused)):
            await self._ports.stores.posts.set_removed(post)

    async def _update(self, post: Post, at: Posted, ticket: Ticket, newer: Post | None) -> None:
        """Show a card as it should be; a root that a `newer` one has superseded is one line."""
        root = post.kind is PostKind.ROOT
        seq, more = plan.shown(post, self._conversation.debounce)
        now = post.model_copy(update={"shown": seq, "more": more})
        link = await self._link(newer) if newer is not None else None
        what = await self._card(now, ticket, root=root, newer=link)
        if self._writer.is_shown(post, what):
            return
        refused = await self._writer.update(post, post.target, at, what)
        if refused and is_about_the_message(refused) and refused not in plan.CANT_BE_CHANGED:
            plain = await self._card(now, ticket, root=root, withheld=refused)
            refused = await self._writer.update(post, post.target, at, plain)
        is_left = plan.is_left(post, self._conversation, self._line)
        if refused and not is_about_the_message(refused) and not is_left:
            if not ticket.is_closed:
                self._writer.continue_in(REPAIR_TIME)  # an archived channel: it may be unarchived
        elif refused is not None:
            drawn = {"rendering": what.digest, "shown": seq, "more": more, "ticket": ticket.id}
            self._writer.is_shown(self._writer.set_later(post, **drawn), what)

    async def _card(
        self, post: Post, ticket: Ticket, *, root: bool, withheld: str | None = None, newer: str | None = None
    ) -> Rendered:
        """A post's card; with `withheld`, Slack's error, without the text that Slack did not accept.

        `newer` is the address of the card that has superseded a root.
        """
        card = await self._contents(post, ticket, root=root, withheld=withheld)
        if plan.is_collapsed(post, self._conversation.debounce):
            return cards.collapsed(card, post.hidden_by)
        return cards.card(card) if newer is None else cards.superseded(card, newer)

    async def _contents(self, post: Post, ticket: Ticket, *, root: bool, withheld: str | None = None) -> cards.Card:
        """What a post's card shows."""
        if post.shown not in self._texts:
            self._texts[post.shown] = await self._ports.stores.texts.at_place(self._conversation.id, post.shown)
        return cards.Card(
            ticket=ticket,
            contact=self._contact,
            line=self._line,
            newest=self._texts[post.shown],
            more=post.more,
            permalink=self._conversation.thread.permalink if self._conversation.thread else None,
            root=root,
            withheld=withheld,
            failed=self._conversation.outcome.failed if self._conversation.outcome else "",
            opted_out_since=self._standing.since if self._standing.out else None,
        )


def _subject(texts: Sequence[Sms]) -> blocks.Unshown:
    """Texts of the contact, as a line names them that are not shown."""
    words = "A text" if len(texts) == 1 else f"{len(texts)} texts"
    return blocks.Unshown(words, tuple(text.id for text in texts))
