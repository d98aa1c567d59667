"""One pass that brings Slack into line with a conversation's documents: posts, updates or removes the difference.

Every post is claimed in a document before Slack is called and settled after; a claim whose answer never came is
looked up in Slack first. What can't be done now (a throttled channel, an outage) is left for a later pass.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from messages.conversation import Announcement, Contact, Conversation, Thread
from messages.line import Line
from messages.notification import Kind, Post
from messages.sms import Sms
from messages.ticket import Ticket
from workers.observe import TEXT_TO_SLACK
from workers.ports import Ambiguous, Permanent, Ports, Posted, Renderable, Temporary, Throttled
from workers.slack import blocks, plan

log = structlog.get_logger("clerk.slack")

LOOK_AFTER: Final = timedelta(seconds=3)
"""How long an unanswered post is given to appear before it is looked for."""

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(minutes=5)
PERSON_TAKES: Final = timedelta(minutes=10)
"""When to try a thread again that only a person can repair (its channel is archived, the bot was removed)."""

PASS: Final = timedelta(seconds=30)
"""A pass stops after this long and goes on in another, so that no conversation keeps a worker for long."""

BATCH: Final = 30


class Pass:
    """One pass over one conversation, under its lease."""

    def __init__(
        self,
        conversation: Conversation,
        line: Line,
        contact: Contact,
        current: Ticket,
        unsettled: list[Ticket],
        throttled: Mapping[str, datetime],
        ports: Ports,
    ) -> None:
        self._conversation = conversation
        self._line = line
        self._contact = contact
        self._current = current
        self._tickets = {ticket.id: ticket for ticket in [*unsettled, current]}
        self._unsettled = unsettled
        self._throttled = dict(throttled)
        self._ports = ports
        self._until = ports.now() + PASS
        self.again_at: datetime | None = None

    async def run(self) -> None:
        """Do all that can be done now; `again_at` says when to go on, if anything is left."""
        root = await self._root()
        if root is not None:
            await self._thread_texts()
            await self._thread_lines()
            await self._replies()
        await self._cards()
        await self._redraw()

    # -- the thread -----------------------------------------------------------------------------------------------

    async def _root(self) -> Thread | None:
        """The conversation's thread, made if need be."""
        debounce = self._conversation.debounce
        if self._conversation.thread is None:
            post = self._post(
                plan.root_id(self._conversation),
                Kind.ROOT,
                self._line.channel,
                ticket=self._current.id,
                announcement=plan.announced_by_root(debounce, self._current),
                shown=debounce.considered or min(self._current.first_text, self._current.last_text),
            )
            what = await self._card(post, self._current, root=True)
            posted = await self._deliver(post, what)
            if posted is None or posted.failed or posted.channel is None or posted.ts is None:
                if posted is not None and posted.failed:
                    await self._revive(posted)
                return None
            await self._set_thread(Thread(channel=posted.channel, ts=posted.ts))
        thread = self._conversation.thread
        if thread is not None and thread.permalink is None:
            await self._permalink(thread)
        return self._conversation.thread

    async def _revive(self, post: Post) -> None:
        """A thread's post that failed for good is tried again once a person may have repaired the cause."""
        log.error("a conversation's channel can't be written to", channel=post.target, error=post.failed)
        await self._ports.stores.posts.set(post, failed=None, attempted_at=None)
        self._later(PERSON_TAKES)

    async def _permalink(self, thread: Thread) -> None:
        try:
            link = await self._ports.slack.permalink(Posted(thread.channel, thread.ts))
        except Permanent as error:
            log.warning("no permalink", error=error.code)
        except (Temporary, Ambiguous) as error:
            await self._put_off(thread.channel, error)
        else:
            await self._set_thread(thread.model_copy(update={"permalink": link}))

    async def _set_thread(self, thread: Thread) -> None:
        await self._ports.stores.conversations.set_thread(self._conversation.id, thread)
        self._conversation = self._conversation.model_copy(update={"thread": thread})

    async def _thread_texts(self) -> None:
        """Post the texts that are not in the thread yet, in order; the first that can't be posted stops the rest."""
        conversation, stores = self._conversation, self._ports.stores
        posted = conversation.posted
        while posted < self._current.last_text:
            texts = await stores.texts.between(conversation.id, posted + 1, self._current.last_text, BATCH)
            if not texts:
                return
            id = plan.texts_id(conversation, posted + 1)
            claimed = await stores.posts.get(id)
            if claimed is not None:
                texts = [text for text in texts if text.seq is not None and text.seq <= claimed.last]
            what, count = blocks.texts(texts)
            post = self._post(id, Kind.TEXTS, self._line.channel, first=posted + 1, last=posted + count)
            if not await self._in_thread(post, what):
                return
            posted += count
            await stores.conversations.set_posted(conversation.id, posted)
            for text in texts[:count]:
                TEXT_TO_SLACK.observe((self._ports.now() - text.received_at).total_seconds())

    async def _thread_lines(self) -> None:
        """Say in the thread what changed since it was last said."""
        for ticket in self._unsettled:
            said = ticket.settled.get("slack", 0)
            for entry in ticket.history:
                if entry.version <= said or (what := blocks.line(ticket, [entry])) is None:
                    continue
                id = plan.line_id(self._conversation, ticket.id, entry.version)
                if not await self._in_thread(self._post(id, Kind.LINE, self._line.channel, ticket=ticket.id), what):
                    return

    async def _replies(self) -> None:
        """Show on each of the agents' replies how far it has come, and say in the thread what went wrong."""
        for text in await self._ports.stores.texts.unshown(self._conversation.id):
            if plan.is_written_elsewhere(text) and not await self._written(text):
                return
            line = self._post(plan.outcome_id(text), Kind.LINE, self._line.channel)
            if text.words and not await self._in_thread(line, blocks.outcome(text)):
                return
            if not await self._mark(text, plan.mark(text)):
                return
            await self._ports.stores.texts.set_shown(text, plan.mark(text))

    async def _written(self, text: Sms) -> bool:
        """Whether a text that is no message of its author's stands in one of ours, which shows how far it has come."""
        what = blocks.written(text)
        post = self._post(plan.written_id(text), Kind.WRITTEN, self._line.channel)
        if not await self._in_thread(post, what):
            return False
        known = await self._ports.stores.posts.get(post.id)
        if known is None or known.channel is None or known.ts is None or known.rendering == what.digest:
            return True
        if not await self._try(known.channel, self._ports.slack.update, Posted(known.channel, known.ts), what):
            return False
        await self._ports.stores.posts.set(known, rendering=what.digest)
        return True

    async def _mark(self, text: Sms, wanted: str | None) -> bool:
        """Whether a reply carries the reaction that it should, and no other."""
        if text.channel is None or text.ts is None or text.mark == wanted:
            return True
        at, slack = Posted(text.channel, text.ts), self._ports.slack
        if wanted is not None and not await self._try(at.channel, slack.react, at, wanted):
            return False
        return text.mark is None or await self._try(at.channel, slack.unreact, at, text.mark)

    async def _in_thread(self, post: Post, what: Renderable) -> bool:
        """Whether a post stands in the thread now."""
        thread = self._conversation.thread
        assert thread is not None
        posted = await self._deliver(post.model_copy(update={"target": thread.channel}), what, thread.ts)
        if posted is not None and posted.failed:
            await self._revive(posted)
        return posted is not None and posted.ts is not None

    # -- the cards ------------------------------------------------------------------------------------------------

    async def _cards(self) -> None:
        """Post the newest notification to whomever it has not reached; tell the thread once whom it can't reach."""
        announcement = self._conversation.debounce.latest
        if announcement is None or announcement.ticket not in self._tickets:
            return
        root = await self._ports.stores.posts.get(plan.root_id(self._conversation))
        wanted = plan.targets(announcement, self._line, root)
        failed = [target for target in wanted if await self._notify(announcement, target) is False]
        if wanted and len(failed) == len(wanted) and not plan.is_in(self._line.channel, wanted, announcement, root):
            await self._notify(announcement, self._line.channel)

    async def _notify(self, announcement: Announcement, target: str) -> bool | None:
        """Whether a target has its card: None if that is still open."""
        ticket = self._tickets[announcement.ticket]
        post = self._post(
            plan.card_id(self._conversation, announcement, target),
            Kind.CARD,
            target,
            ticket=ticket.id,
            announcement=announcement.number,
        )
        first, more = plan.shown(post, self._conversation.debounce)
        post = post.model_copy(update={"shown": first, "more": more})
        posted = await self._deliver(post, await self._card(post, ticket, root=False))
        if posted is None:
            return None
        reported = set(self._conversation.unreachable)
        if posted.failed and target not in reported:
            id = plan.unreachable_id(self._conversation, announcement, target)
            what = blocks.unreachable(target, posted.failed)
            if self._conversation.thread is None or not await self._in_thread(
                self._post(id, Kind.LINE, self._line.channel), what
            ):
                return False
            await self._report(reported | {target})
        elif not posted.failed and target in reported:
            await self._report(reported - {target})
        return not posted.failed

    async def _report(self, unreachable: set[str]) -> None:
        await self._ports.stores.conversations.set_unreachable(self._conversation.id, sorted(unreachable))
        self._conversation = self._conversation.model_copy(update={"unreachable": tuple(sorted(unreachable))})

    async def _redraw(self) -> None:
        """Make every card of the tickets at hand show what is true now, and take away what was hidden."""
        for post in await self._ports.stores.posts.cards(self._conversation.id, list(self._tickets)):
            if post.removed or post.failed:
                continue
            if post.channel is None or post.ts is None:
                await self._repost(post)
                continue
            at = Posted(post.channel, post.ts)
            if plan.is_gone(post):
                if await self._try(post.target, self._ports.slack.delete, at):
                    await self._ports.stores.posts.set(post, removed=True)
                continue
            root = post.kind is Kind.ROOT
            ticket = self._current if root else self._tickets.get(post.ticket or 0)
            if ticket is None:
                continue
            seq, more = plan.shown(post, self._conversation.debounce)
            now = post.model_copy(update={"shown": seq, "more": more})
            what = await self._card(now, ticket, root=root)
            if what.digest != post.rendering and await self._try(post.target, self._ports.slack.update, at, what):
                await self._ports.stores.posts.set(post, rendering=what.digest, shown=seq, more=more, ticket=ticket.id)

    async def _repost(self, post: Post) -> None:
        """Post a card that is wanted but is not there: one whose deletion was undone."""
        ticket = self._tickets.get(post.ticket or 0)
        if post.kind is Kind.CARD and ticket is not None:
            await self._deliver(post, await self._card(post, ticket, root=False))

    async def _card(self, post: Post, ticket: Ticket, *, root: bool) -> blocks.Rendered:
        newest = await self._ports.stores.texts.numbered(self._conversation.id, post.shown)
        card = blocks.Card(
            ticket=ticket,
            contact=self._contact,
            line=self._line,
            newest=newest,
            more=post.more,
            permalink=self._conversation.thread.permalink if self._conversation.thread else None,
            root=root,
        )
        if plan.is_collapsed(post, self._conversation.debounce):
            return blocks.collapsed(card, post.hidden_by)
        return blocks.card(card)

    # -- Slack ----------------------------------------------------------------------------------------------------

    def _post(self, id: str, kind: Kind, target: str, **fields: Any) -> Post:
        now = self._ports.now()
        return Post(
            id=id,
            conversation=self._conversation.id,
            kind=kind,
            target=target,
            attempted_at=now,
            created_at=now,
            **fields,
        )

    async def _deliver(self, post: Post, what: Renderable, thread_ts: str | None = None) -> Post | None:
        """The post once it is in Slack, exactly once, or has `failed` for good; None if that is for a later pass."""
        posts, slack = self._ports.stores.posts, self._ports.slack
        if not self._may_write(post.target):
            return None
        known, new = await posts.claim(post)
        if known.ts is not None or known.failed:
            return known
        try:
            if not new and known.attempted_at is not None:
                found = await slack.find(post.target, post.id, known.attempted_at, thread_ts)
                if found is not None:
                    log.info("found a post whose answer never came", post=post.id.rpartition("/")[2])
                    return await posts.set(known, channel=found.channel, ts=found.ts)
            if not new:
                await posts.set(known, attempted_at=self._ports.now())
            posted = await slack.post(post.target, what, post_id=post.id, thread_ts=thread_ts)
        except Permanent as error:
            log.error("Slack refused a post", kind=post.kind, channel=post.target, error=error.code)
            return await posts.set(known, failed=error.code)
        except Temporary as error:
            await posts.set(known, attempted_at=None)
            await self._put_off(post.target, error)
            return None
        except Ambiguous as error:
            await self._put_off(post.target, error)
            return None
        digest = getattr(what, "digest", "")
        return await posts.set(
            known, channel=posted.channel, ts=posted.ts, rendering=digest, shown=post.shown, more=post.more
        )

    async def _try(self, channel: str, call: Any, at: Posted, *what: Renderable | str) -> bool:
        """Whether an update or deletion is done with: done, or refused for good."""
        if not self._may_write(channel):
            return False
        try:
            await call(at, *what)
        except Permanent as error:
            log.warning("Slack refused to change a message", channel=channel, error=error.code)
        except (Temporary, Ambiguous) as error:
            await self._put_off(channel, error)
            return False
        return True

    def _may_write(self, channel: str) -> bool:
        """Whether a channel may be written to in this pass; if not, a later one is called for."""
        now = self._ports.now()
        if channel in self._throttled:
            self._later(self._throttled[channel] - now)
            return False
        if now > self._until:
            self._later(timedelta())
            return False
        return True

    async def _put_off(self, channel: str, error: Temporary | Ambiguous) -> None:
        """Leave a channel alone for the rest of this pass, and after a 429 for as long as Slack wants."""
        now = self._ports.now()
        tries = self._conversation.redraw.tries
        wait = min(FIRST_RETRY * 2 ** min(tries, 10), LONGEST_RETRY)
        if isinstance(error, Ambiguous):
            wait = max(wait, LOOK_AFTER)
        elif error.retry_after is not None:
            wait = error.retry_after
        if isinstance(error, Throttled):
            await self._ports.stores.channels.throttle(channel, now + wait)
        self._throttled[channel] = now + wait
        self._later(wait)
        log.warning("Slack puts us off", channel=channel, error=error.code, seconds=wait.total_seconds())

    def _later(self, wait: timedelta) -> None:
        at = self._ports.now() + max(wait, timedelta())
        self.again_at = at if self.again_at is None else min(self.again_at, at)
