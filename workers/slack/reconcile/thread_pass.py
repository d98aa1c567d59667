"""The thread of one pass: its root, the contact's texts in order, what changed, and what became of agents' texts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from messages.conversation import Thread
from messages.deadlines.alert import ConsiderAlerts
from messages.formats.byline import byline
from messages.notification import PostKind
from messages.planned import AT_NIGHT, PREFIX, Planned, PlannedState
from messages.sms import Origin, Sms
from workers.observe import TEXT_TO_SLACK
from workers.ports import Posted
from workers.slack import blocks, plan, planned_posts, recap
from workers.slack.elements import Rendered
from workers.slack.reconcile.cards_pass import CardsPass
from workers.slack.reconcile.pass_state import CARDS, PassState

RECORDED_WITHIN: Final = timedelta(seconds=2)
"""How long a pass takes to record what it has found out: what follows from that is considered after it."""


class ThreadPass:
    """The thread of a conversation, in one pass."""

    def __init__(self, state: PassState, cards: CardsPass) -> None:
        self._state, self._cards = state, cards
        self._ports, self._writer, self._attachments = state.ports, state.writer, state.attachments
        self._line, self._contact = state.line, state.contact
        self._current, self._tickets = state.current, state.tickets

    async def write(self, root: Thread) -> None:
        """Write what the thread does not show yet."""
        if not await self._recap(root):
            return
        before = self._state.posted
        await self._thread_texts()
        if self._state.posted > before:
            await self._say_if_absent(root)
        await self._thread_lines()
        await self._replies()
        await self._planned()

    async def root(self) -> Thread | None:
        """The conversation's thread, posted if necessary."""
        debounce = self._state.conversation.debounce
        if self._state.conversation.thread is None:
            post = self._writer.new_post(
                plan.root_id(self._state.conversation),
                PostKind.ROOT,
                self._line.channel,
                ticket=self._current.id,
                announcement=plan.announced_by_root(debounce, self._current),
                shown=debounce.considered or min(self._current.first_text, self._current.last_text),
            )
            is_new = self._state.known(post.id) is None
            posted = await self._cards.deliver(post, self._current, root=True, is_new=is_new)
            if posted is None or posted.failed or posted.channel is None or posted.ts is None:
                if posted is not None and posted.failed:
                    await self._writer.retry_after_repair(posted)
                return None
            self._state.note(posted)
            number = plan.thread_number(self._state.conversation)
            begun = Thread(channel=posted.channel, ts=posted.ts, begun_at=self._ports.now())
            await self._state.set_thread(begun.model_copy(update={"number": number, "recapped": number == 0}))
        thread = self._state.conversation.thread
        if thread is not None and thread.permalink is None:
            await self._permalink(thread)
        return self._state.conversation.thread

    async def _permalink(self, thread: Thread) -> None:
        link = await self._cards.address(Posted(thread.channel, thread.ts))
        if link and await self._lead_here(thread.model_copy(update={"permalink": link})):
            self._state.note_thread(thread.model_copy(update={"permalink": link}))

    async def _lead_here(self, thread: Thread) -> bool:
        """Whether the cards of earlier tickets lead to a thread, too, if it is not the conversation's first one."""
        if not thread.number:
            return True
        here = self._state.conversation
        self._state.conversation = here.model_copy(update={"thread": thread})
        for post in await self._ports.stores.posts.present_cards(here.id, CARDS):
            ticket = None if post.ticket in self._tickets else await self._ports.stores.tickets.get(post.ticket or 0)
            if ticket is not None and post.channel is not None and post.ts is not None and not plan.is_gone(post):
                await self._cards.update(post, Posted(post.channel, post.ts), ticket, None)
        self._state.conversation = here
        await self._writer.save()
        await self._state.read_posts()
        return self._writer.again_at is None

    async def _recap(self, thread: Thread) -> bool:
        """Whether a thread that begins anew says why, and shows the last texts of the one before it."""
        if thread.recapped:
            return True
        conversation, texts = self._state.conversation, self._ports.stores.texts
        inbound = await texts.between(conversation.id, max(1, self._state.posted - recap.TEXTS + 1), self._state.posted)
        outbound = await texts.newest_outbound(conversation.id, 2 * recap.TEXTS)
        what = recap.recap(self._contact, conversation.former, recap.last_texts(inbound, outbound))
        post = self._writer.new_post(recap.recap_id(conversation, thread), PostKind.LINE, thread.channel)
        if not await self._writer.post_in_thread(post, what, blocks.Unshown("The last texts")):
            return False
        thread = self._state.conversation.thread or thread
        await self._state.set_thread(thread.model_copy(update={"recapped": True}))
        return True

    async def _thread_texts(self) -> None:
        """Post the texts that are not in the thread yet, in order; the first that can't be posted stops the rest."""
        while (
            await self._attachments.post_up_to(self._state.posted, late=False)
            and self._state.posted < self._current.last_text
        ):
            texts = await self._next_texts()
            if not texts:
                return
            id = plan.texts_id(self._state.conversation, self._state.posted + 1)
            if id not in self._state.begun:
                self._state.begun[id] = await self._ports.stores.posts.get(id)
            if (begun := self._state.begun[id]) is not None:
                texts = [text for text in texts if text.seq is not None and text.seq <= begun.last]
            what, count = blocks.texts(plan.sharing_a_post(texts), byline(self._contact))
            last = self._state.posted + count
            post = self._writer.new_post(
                id, PostKind.TEXTS, self._line.channel, first=self._state.posted + 1, last=last
            )
            subject = _subject(texts[:count])
            if not await self._writer.post_in_thread(post, what, subject, is_new=begun is None):
                return
            self._state.posted = last
            for text in texts[:count]:
                TEXT_TO_SLACK.observe((self._ports.now() - text.received_at).total_seconds())

    async def _next_texts(self) -> list[Sms]:
        """The texts that the thread shows next: some of them, if they are many."""
        places = self._state.next_places()
        if any(seq not in self._state.texts for seq in places):
            found = await self._ports.stores.texts.between(self._state.conversation.id, places[0], places[-1])
            self._state.texts |= {text.seq: text for text in found if text.seq is not None}
            self._attachments.expect(found)
        return [text for seq in places if (text := self._state.texts.get(seq)) is not None]

    async def _say_if_absent(self, thread: Thread) -> None:
        """Say below new texts, once an absence, that Clerk does not see replies here."""
        absence = await self._ports.stores.absences.of(thread.channel)
        if absence is not None:
            line = self._writer.new_post(
                plan.absence_id(self._state.conversation, absence.since), PostKind.LINE, thread.channel
            )
            await self._writer.post_in_thread(line, blocks.absent(), blocks.Unshown("A warning"))

    async def _thread_lines(self) -> None:
        """Post the thread lines for the changes that have none."""
        for ticket in self._state.unsettled:
            said = ticket.settled.get("slack", 0)
            for entry in (*await self._ports.stores.past.entries_since(ticket, said), *ticket.history):
                if entry.version <= said or (what := blocks.line(ticket, [entry], self._contact.label)) is None:
                    continue
                id = plan.line_id(self._state.conversation, ticket.id, entry.version)
                line = self._writer.new_post(id, PostKind.LINE, self._line.channel, ticket=ticket.id)
                if not await self._writer.post_in_thread(
                    line, what, blocks.Unshown("A change of the ticket"), is_new=True
                ):
                    return

    async def _replies(self) -> None:
        """Show the state of the agents' replies, and say in the thread what went wrong."""
        await self._note_outcome(self._state.unshown)
        for text in self._state.unshown:
            if plan.is_told_later(text, self._state.posted):
                continue
            if plan.is_written_elsewhere(text) and not await self._post_written(text):
                return
            line = self._writer.new_post(plan.outcome_id(text), PostKind.LINE, self._line.channel)
            if text.words and not await self._writer.post_in_thread(
                line, blocks.outcome(text), blocks.Unshown("What became of a text", (text.id,))
            ):
                return
            mark = plan.reaction_for(text)
            if text.origin is Origin.PLANNED and not await self._mark_reply(text.id.removeprefix(PREFIX), mark):
                continue
            if await self._update_written(text) and await self._mark(text, mark):
                await self._ports.stores.texts.set_shown(text, mark)

    async def _note_outcome(self, texts: Sequence[Sms]) -> None:
        """Record for the cards what became of the newest agent's text."""
        outcome = plan.outcome(self._state.conversation.outcome, texts)
        if outcome is not None and outcome != self._state.conversation.outcome:
            before = self._state.conversation.outcome
            if outcome.failed or (before is not None and before.failed):
                await self._consider_alerts()
            await self._ports.stores.conversations.set_outcome(self._state.conversation.id, outcome)
            self._state.conversation = self._state.conversation.model_copy(update={"outcome": outcome})

    async def _consider_alerts(self) -> None:
        """Have the alerts of the ticket considered, a moment after what this pass is about to record."""
        await self._ports.publisher.publish(ConsiderAlerts(ticket=self._current.id), delay=RECORDED_WITHIN)

    async def _post_written(self, text: Sms) -> bool:
        """Whether one of our posts shows a text from a modal or command."""
        post = self._writer.new_post(plan.written_id(text), PostKind.WRITTEN, self._line.channel)
        subject = blocks.Unshown("A text to the contact", (text.id,))
        return await self._writer.post_in_thread(post, blocks.written(text), subject)

    async def _update_written(self, text: Sms) -> bool:
        """Whether the post of a text from a modal or command shows its state, and nothing can change that any more."""
        if not plan.is_written_elsewhere(text):
            return True
        return await self._keep_in_line(plan.written_id(text), blocks.written(text))

    async def _keep_in_line(self, id: str, what: Rendered) -> bool:
        """Whether a post in the thread shows this, and nothing can change that any more; if it was posted at all."""
        known = await self._ports.stores.posts.get(id)
        if known is None or known.channel is None or known.ts is None:
            return True
        return await self._writer.keep(known, Posted(known.channel, known.ts), what)

    async def _planned(self) -> None:
        """Show what agents planned, and what became of it; forget what has ended and is shown."""
        conversation, over = self._state.conversation, []
        for planned in self._state.planned:
            if planned.shown < planned.version or plan.thread_number(conversation):
                if not await self._show_planned(planned):
                    break
                if planned.state is PlannedState.HELD or self._state.conversation.alerts:
                    await self._consider_alerts()
                await self._ports.stores.planned.set_shown(planned)
            if planned.is_over:
                over.append(planned.id)
        await self._ports.stores.conversations.settle_planned(conversation.id, over)

    async def _show_planned(self, planned: Planned) -> bool:
        """Whether the thread shows a planned text as it is, and says what Clerk did to it."""
        id, what = plan.planned_id(self._state.conversation, planned), planned_posts.post(planned)
        subject = blocks.Unshown("A planned text")
        post = self._writer.new_post(id, PostKind.LINE, self._line.channel)
        if not (await self._writer.post_in_thread(post, what, subject) and await self._keep_in_line(id, what)):
            return False
        ended = plan.ENDED.get(planned.state)
        if planned.at_night and ended is not None and not await self._mark_reply(planned.id, ended):
            return False
        if (said := planned_posts.note(planned)) is None:
            return True
        line = self._writer.new_post(plan.planned_note_id(planned), PostKind.LINE, self._line.channel)
        return await self._writer.post_in_thread(line, said, subject)

    async def _mark_reply(self, planned: str, mark: str | None) -> bool:
        """Whether the reply of the night that became a planned text shows what became of that; if there is one."""
        if not planned.startswith(AT_NIGHT):
            return True
        reply = await self._ports.stores.texts.get(planned.removeprefix(AT_NIGHT))
        if reply is None or reply.planned != planned:
            return True
        if not await self._mark(reply, mark):
            return False
        return await self._ports.stores.texts.set_shown(reply, mark)

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


def _subject(texts: Sequence[Sms]) -> blocks.Unshown:
    """Texts of the contact, as a line names them that are not shown."""
    words = "A text" if len(texts) == 1 else f"{len(texts)} texts"
    return blocks.Unshown(words, tuple(text.id for text in texts))
