"""The cards of one pass: posts the newest notification, keeps what the cards show in line, and shrinks older ones."""

from dataclasses import replace
from typing import Any, Final

import structlog

from messages.conversation import Announcement
from messages.notification import Post, PostKind
from messages.ticket import Ticket
from workers.claim import Attempt
from workers.failures import CallError, Permanent
from workers.platforms.slack_failures import is_about_the_message
from workers.ports import Posted
from workers.slack import blocks, cards, plan, planned_posts
from workers.slack.elements import Rendered
from workers.slack.reconcile.pass_state import PassState
from workers.slack.writing.writer import REPAIR_TIME

log = structlog.get_logger("clerk.slack")

SHRINKING: Final = 10
"""How many older cards shrink in one pass: those of earlier versions must not use up what Slack allows in a minute."""


class CardsPass:
    """The cards of a conversation, in one pass."""

    def __init__(self, state: PassState) -> None:
        self._state = state
        self._ports, self._writer = state.ports, state.writer
        self._line, self._contact = state.line, state.contact
        self._current, self._tickets = state.current, state.tickets
        self._older: list[tuple[Post, Post]] = []
        """The cards that are to shrink, each with the newer one that it links to."""
        self._links: dict[str, str] = {}

    async def notify(self) -> None:
        """Post the newest notification to the targets without it; report an unreachable target in the thread once."""
        announcement = self._state.conversation.debounce.latest
        if announcement is None or announcement.ticket not in self._tickets:
            return
        root = self._state.known(plan.root_id(self._state.conversation))
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
            plan.card_id(self._state.conversation, announcement, target),
            PostKind.CARD,
            target,
            ticket=ticket.id,
            announcement=announcement.number,
            first=announcement.first,
            last=announcement.last,
        )
        first, more = plan.shown(post, self._state.conversation.debounce)
        post = post.model_copy(update={"shown": first, "more": more})
        known = self._state.known(post.id)
        if known is not None and known.ts is not None and not plan.is_void(known, post):
            posted: Post | None = known
        else:
            posted = await self.deliver(post, ticket, root=False, is_new=known is None)
        if posted is None:
            return None
        self._state.note(posted)
        if posted.told is not None:
            return await self._say_maybe_notified(post, posted.told)
        reported = set(self._state.conversation.unreachable)
        if posted.failed and target not in reported:
            id = plan.unreachable_id(self._state.conversation, announcement, target)
            what = blocks.unreachable(target, posted.failed)
            if self._state.conversation.thread is None or not await self._writer.post_in_thread(
                self._writer.new_post(id, PostKind.LINE, self._line.channel), what
            ):
                return False
            await self._report(reported | {target})
        elif not posted.failed and target in reported:
            await self._report(reported - {target})
        return not posted.failed

    async def _say_maybe_notified(self, post: Post, code: str) -> bool | None:
        """Say in the thread that nobody knows whether a target got its card; it counts as notified."""
        if self._state.conversation.thread is None:
            return None
        line = self._writer.new_post(plan.notice_id(post), PostKind.LINE, self._line.channel)
        said = await self._writer.post_in_thread(line, blocks.maybe_notified(post.target, code))
        return True if said else None

    async def deliver(self, post: Post, ticket: Ticket, *, root: bool, is_new: bool = False) -> Post | None:
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
        await self._ports.stores.conversations.set_unreachable(self._state.conversation.id, sorted(unreachable))
        self._state.conversation = self._state.conversation.model_copy(
            update={"unreachable": tuple(sorted(unreachable))}
        )

    async def redraw(self) -> None:
        """Update the root and the newest cards of this pass's tickets, and delete the hidden ones."""
        # It goes on with the posts that it began with: each one that it changes makes the state a new list.
        for post in self._state.shown:
            if plan.is_past(post, self._state.conversation.debounce):
                self._writer.set_later(post, kind=PostKind.PAST_CARD)
                continue
            if post.removed or post.failed or (post.told is not None and post.ts is None):
                continue
            root = post.kind is PostKind.ROOT
            ticket = self._current if root else self._tickets.get(post.ticket or 0)
            newer = plan.superseded_by(post, ticket.id, self._state.shown) if ticket else None
            if post.channel is None or post.ts is None:
                if not root and ticket is not None:
                    await self.deliver(post, ticket, root=False)  # its Hide was undone
            elif plan.is_gone(post):
                await self._remove(post, Posted(post.channel, post.ts))
            elif newer is not None and not root:
                self._older.append((post, newer))
            elif ticket is not None:
                await self.update(post, Posted(post.channel, post.ts), ticket, newer)

    async def shrink(self) -> None:
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
            is_sure = self._writer.is_sure(post)
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
            is_past = bool(refused) or is_sure
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
            link = await self.address(Posted(post.channel, post.ts))
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

    async def update(self, post: Post, at: Posted, ticket: Ticket, newer: Post | None) -> None:
        """Show a card as it should be; a root that a `newer` one has superseded is one line."""
        root = post.kind is PostKind.ROOT
        seq, more = plan.shown(post, self._state.conversation.debounce)
        now = post.model_copy(update={"shown": seq, "more": more})
        link = await self._link(newer) if newer is not None else None
        what = await self._card(now, ticket, root=root, newer=link)
        if self._writer.is_shown(post, what):
            return
        refused = await self._writer.update(post, post.target, at, what)
        if refused and is_about_the_message(refused) and refused not in plan.CANT_BE_CHANGED:
            plain = await self._card(now, ticket, root=root, withheld=refused)
            refused = await self._writer.update(post, post.target, at, plain)
        is_left = plan.is_left(post, self._state.conversation, self._line)
        if refused and not is_about_the_message(refused) and not is_left:
            if not ticket.is_closed:
                self._writer.continue_in(REPAIR_TIME)  # an archived channel: it may be unarchived
        elif refused is not None:
            drawn = {"rendering": what.digest, "shown": seq, "more": more, "ticket": ticket.id}
            self._writer.is_shown(self._writer.set_later(post, **drawn), what)

    async def address(self, at: Posted) -> str | None:
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

    async def _card(
        self, post: Post, ticket: Ticket, *, root: bool, withheld: str | None = None, newer: str | None = None
    ) -> Rendered:
        """A post's card; with `withheld`, Slack's error, without the text that Slack did not accept.

        `newer` is the address of the card that has superseded a root.
        """
        card = await self._contents(post, ticket, root=root, withheld=withheld)
        if plan.is_collapsed(post, self._state.conversation.debounce):
            return cards.collapsed(card, post.hidden_by)
        return cards.card(card) if newer is None else cards.superseded(card, newer)

    async def _contents(self, post: Post, ticket: Ticket, *, root: bool, withheld: str | None = None) -> cards.Card:
        """What a post's card shows."""
        conversation, texts = self._state.conversation, self._state.texts
        if post.shown not in texts:
            texts[post.shown] = await self._ports.stores.texts.at_place(conversation.id, post.shown)
        return cards.Card(
            ticket=ticket,
            contact=self._contact,
            line=self._line,
            newest=texts[post.shown],
            more=post.more,
            permalink=conversation.thread.permalink if conversation.thread else None,
            root=root,
            withheld=withheld,
            failed=conversation.outcome.failed if conversation.outcome else "",
            planned=planned_posts.card_line(self._state.planned),
            opted_out_since=self._state.standing.since if self._state.standing.out else None,
            blocking=conversation.blocking,
            away=self._state.away,
        )
