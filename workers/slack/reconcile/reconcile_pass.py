"""One pass that brings Slack into line with a conversation's documents: posts, updates or removes the difference."""

from datetime import datetime

from messages.conversation import Thread
from workers.slack.reconcile.cards_pass import CardsPass
from workers.slack.reconcile.pass_state import PassState
from workers.slack.reconcile.thread_pass import ThreadPass
from workers.slack.writing.writer import ThreadGone


class ReconcilePass:
    """One pass over one conversation, under its lease."""

    def __init__(self, state: PassState) -> None:
        self._state = state
        self._cards = CardsPass(state)
        self._thread = ThreadPass(state, self._cards)

    @property
    def again_at(self) -> datetime | None:
        """When another pass must continue, if anything is left."""
        return self._state.writer.again_at

    @property
    def tries(self) -> int:
        """How many consecutive passes changed nothing in Slack, if anything is left."""
        return self._state.writer.tries

    @property
    def posted(self) -> int:
        """The last text in the thread."""
        return self._state.posted

    @property
    def found_thread(self) -> Thread | None:
        """The conversation's thread, if the pass has found out more about it than is recorded."""
        return self._state.found_thread

    async def run(self) -> None:
        """Do all that can be done now."""
        await self._state.read()
        try:
            await self._reconcile()
        except ThreadGone:  # the next pass begins a new thread
            self._state.found_thread = None
        finally:
            await self._state.writer.save()  # what Slack has answered stays true if the lease is lost

    async def _reconcile(self) -> None:
        root = await self._thread.root()
        if root is not None:
            await self._thread.write(root)
        await self._cards.notify()
        await self._cards.redraw()
        if root is not None:
            await self._state.attachments.post_up_to(self._state.posted, late=True)
        await self._cards.shrink()
