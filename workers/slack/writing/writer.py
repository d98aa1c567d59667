"""Writes to Slack about one conversation: its thread, with what else a pass posts and changes (`Posting`, `Changes`).

What Slack will not show, or nobody can look up, a line in its place says.
"""

from datetime import timedelta
from typing import Final

import structlog

from messages.conversation import Thread
from messages.notification import Post, PostKind
from workers.claim import Attempt
from workers.mongo.posts import NOT_POSTED
from workers.platforms.slack_failures import AMBIGUOUS, is_about_the_message
from workers.ports import Renderable
from workers.slack import blocks, gone, plan
from workers.slack.writing.posting import Posting

log = structlog.get_logger("clerk.slack")

REPAIR_TIME: Final = timedelta(minutes=10)
"""How long until the next try at a thread that a person must repair (an archived channel, a removed bot)."""

PASS_LIMIT: Final = timedelta(seconds=30)
"""A pass stops after this long and another one continues, so that no conversation occupies a worker for long."""


class ThreadGone(Exception):
    """The conversation's thread can't be written to any more, and it needs a new one."""


class Writer(Posting):
    """Writes about one conversation in one pass."""

    async def post_in_thread(
        self, post: Post, what: Renderable, subject: blocks.Unshown | None = None, *, is_new: bool = False
    ) -> bool:
        """Post in the thread, or a line in its place; returns whether the thread can go on.

        `subject` names the post in that line; `is_new` is as for the store's `claim`. If the thread is gone, forget it
        and raise ThreadGone.
        """
        thread = self.thread
        assert thread is not None
        posted = await self.deliver(in_thread(post, thread), what, is_new=is_new)
        if posted is None:
            return False
        if await self.is_thread_gone(posted):
            return False
        if posted.ts is not None:
            return True
        if posted.told is None and not is_about_the_message(posted.failed or ""):
            await self.retry_after_repair(posted)
            return False
        if posted.first < posted.last and posted.told is None and posted.failed not in AMBIGUOUS:
            await self._narrow(posted)
            return False
        return await self._post_instead(posted, subject or blocks.Unshown())

    async def _narrow(self, post: Post) -> None:
        """Post the first text of several alone: one of them may be what Slack does not take."""
        await self._ports.stores.posts.set(post, last=post.first, **plan.recorded(Attempt()), failed=None)
        self.continue_in(timedelta())

    async def _post_instead(self, post: Post, subject: blocks.Unshown) -> bool:
        """Whether the thread says, in the place of a post, that it is missing or may be missing."""
        assert self.thread is not None
        posts, code = self._ports.stores.posts, post.told or post.failed or ""
        line = in_thread(self.new_post(plan.notice_id(post), PostKind.LINE, post.target), self.thread)
        what = blocks.undecided(subject, code) if post.failed is None else blocks.withheld(subject, code)
        instead = await self.deliver(line, what)
        if instead is not None and await self.is_thread_gone(instead, post):
            return False
        if instead is not None and instead.failed:
            await posts.set(instead, failed=None, **plan.recorded(Attempt()))
            await self.retry_after_repair(post)
            return False
        if instead is None:
            if post.failed in AMBIGUOUS:
                await posts.set(post, failed=None)  # Slack may fail at any post: try this one again first
            return False
        if post.told is None:
            await posts.set(post, told=code)
        return True

    async def retry_after_repair(self, post: Post) -> None:
        """Schedule another try of a failed post in a thread, for when a person may have repaired the cause."""
        log.error("Clerk can't write to a conversation's channel", channel=post.target, error=post.failed)
        if post.failed is not None:
            free = {} if post.failed in AMBIGUOUS else plan.recorded(Attempt())
            await self._ports.stores.posts.set(post, failed=None, **free, refused=post.failed)
        self.continue_in(REPAIR_TIME)

    async def is_thread_gone(self, *refused: Post) -> bool:
        """Whether the first of these posts was refused because the thread is gone.

        If so, forget the thread and raise ThreadGone: the next pass posts a new root, and these posts below it. It is
        True, and nothing is forgotten, if that was just done.
        """
        thread, code = self.thread, refused[0].failed
        if thread is None or code is None or not gone.cannot_go_on(code, thread, self._line):
            return False
        stores = self._ports.stores
        for post in refused:  # before the thread: a refusal that is left behind would end the next thread, too
            await stores.posts.set(post, **NOT_POSTED, refused=code)
        if gone.is_too_young(thread, self._ports.now()):
            log.error("Slack accepts no reply in a new thread", channel=thread.channel, error=code)
            self.continue_in(REPAIR_TIME)
            return True
        log.error("a conversation's thread is gone, Clerk begins a new one", channel=thread.channel, error=code)
        root = await stores.posts.get(plan.root_id(self._conversation.model_copy(update={"thread": thread})))
        if root is not None:
            await stores.posts.set(root, removed=True)
        await stores.conversations.forget_thread(self._conversation.id, thread.model_copy(update={"gone": code}))
        self.continue_in(timedelta())
        raise ThreadGone


def in_thread(post: Post, thread: Thread) -> Post:
    """A post that is wanted in a thread."""
    return post.model_copy(update={"target": thread.channel, "thread": thread.ts})
