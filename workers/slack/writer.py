"""Writes to Slack about one conversation: each post once, and nothing to a throttled channel.

A post is claimed in a document before the call to Slack and settled after it; a claim without an answer is looked up in
Slack first. What can't be done now (a throttled channel, an outage) is left for a later pass.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from messages.conversation import Conversation
from messages.notification import Post, PostKind
from messages.process.publishing import CLOCK_SKEW
from workers.failures import Ambiguous, Permanent, Temporary, Throttled
from workers.ports import Ports, Posted, Renderable
from workers.slack import plan

log = structlog.get_logger("clerk.slack")

LOOKUP_AFTER: Final = timedelta(seconds=3)
"""How long a post without an answer may take to appear in Slack before a lookup."""

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(seconds=20)
"""How long a conversation may still wait after Slack is back, unless Slack named a time."""

REPAIR_TIME: Final = timedelta(minutes=10)
"""How long until the next try at a thread that a person must repair (an archived channel, a removed bot)."""

PASS_LIMIT: Final = timedelta(seconds=30)
"""A pass stops after this long and another one continues, so that no conversation occupies a worker for long."""


THREAD_NOT_FOUND: Final = "thread_not_found"


class ThreadGone(Exception):
    """The conversation's thread is no longer in Slack: its root was deleted, and it needs a new one."""


class Writer:
    """Writes about one conversation in one pass; `again_at` is when another must continue, if anything is left.

    `tries` is then the number of consecutive passes that changed nothing in Slack, without those before their time.
    """

    def __init__(self, conversation: Conversation, throttled: Mapping[str, datetime], ports: Ports) -> None:
        self.thread = conversation.thread
        self.again_at: datetime | None = None
        self._conversation = conversation
        self._throttled = dict(throttled)
        self._ports = ports
        self._until = ports.now() + PASS_LIMIT
        self._tries = conversation.redraw.tries
        again_at = conversation.redraw.again_at
        self._early = again_at is not None and again_at > ports.now() + CLOCK_SKEW

    @property
    def tries(self) -> int:
        """How many consecutive passes, with this one, changed nothing in Slack."""
        return self._tries if self._early else self._tries + 1

    def new_post(self, id: str, kind: PostKind, target: str, **fields: Any) -> Post:
        """A new post."""
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

    async def deliver(self, post: Post, what: Renderable, thread_ts: str | None = None) -> Post | None:
        """Post exactly once; returns the post, perhaps `failed` for good, or None if a later pass must try."""
        posts, slack = self._ports.stores.posts, self._ports.slack
        if not self.may_write(post.target):
            return None
        known, new = await posts.claim(post)
        if known.ts is not None or known.failed:
            return known
        try:
            if not new and known.attempted_at is not None:
                found = await slack.find(post.target, post.id, known.attempted_at, thread_ts)
                if found is not None:
                    log.info("found a post that had no answer", post=post.id.rpartition("/")[2])
                    return await posts.set(known, channel=found.channel, ts=found.ts)
            if not new:
                await posts.set(known, attempted_at=self._ports.now())
            posted = await slack.post(post.target, what, post_id=post.id, thread_ts=thread_ts)
        except Permanent as error:
            log.error("Slack refused a post", kind=post.kind, channel=post.target, error=error.code)
            return await posts.set(known, failed=error.code)
        except Temporary as error:
            await posts.set(known, attempted_at=None)
            await self.put_off(post.target, error)
            return None
        except Ambiguous as error:
            await self.put_off(post.target, error)
            return None
        self._note_progress()
        digest = getattr(what, "digest", "")
        return await posts.set(
            known,
            channel=posted.channel,
            ts=posted.ts,
            rendering=digest,
            shown=post.shown,
            more=post.more,
            refused=None,
        )

    async def post_in_thread(self, post: Post, what: Renderable) -> bool:
        """Post in the thread; returns whether it is there. If the thread is gone, forget it and raise ThreadGone."""
        thread = self.thread
        assert thread is not None
        posted = await self.deliver(post.model_copy(update={"target": thread.channel}), what, thread.ts)
        if posted is not None and posted.failed == THREAD_NOT_FOUND:
            await self._forget_thread(posted)
            raise ThreadGone
        if posted is not None and posted.failed:
            await self.retry_after_repair(posted)
        return posted is not None and posted.ts is not None

    async def retry_after_repair(self, post: Post) -> None:
        """Schedule another try of a failed post in a thread, for when a person may have repaired the cause."""
        log.error("Clerk can't write to a conversation's channel", channel=post.target, error=post.failed)
        await self._ports.stores.posts.set(post, failed=None, attempted_at=None, refused=post.failed)
        self.continue_in(REPAIR_TIME)

    async def _forget_thread(self, post: Post) -> None:
        """Forget the thread, so that the next pass posts a new root and this post under it."""
        log.error("a conversation's thread is gone, Clerk begins a new one", channel=post.target)
        posts = self._ports.stores.posts
        root = await posts.get(plan.root_id(self._conversation))
        if root is not None:
            await posts.set(root, channel=None, ts=None, attempted_at=None, rendering="")
        await self._ports.stores.conversations.set_thread(self._conversation.id, None)
        await posts.set(post, failed=None, attempted_at=None)
        self.continue_in(timedelta())

    async def change_message(self, channel: str, call: Any, at: Posted, *what: Renderable | str) -> bool:
        """Call Slack to change a message; True when that is done or refused for good."""
        if not self.may_write(channel):
            return False
        try:
            await call(at, *what)
        except Permanent as error:
            log.warning("Slack refused to change a message", channel=channel, error=error.code)
        except (Temporary, Ambiguous) as error:
            await self.put_off(channel, error)
            return False
        self._note_progress()
        return True

    def _note_progress(self) -> None:
        """Record that Slack changed something, so that the next failure counts as the first."""
        self._tries, self._early = 0, True

    def may_write(self, channel: str) -> bool:
        """Whether this pass may write to a channel; if not, schedule a later pass."""
        now = self._ports.now()
        if channel in self._throttled:
            self.continue_in(self._throttled[channel] - now)
            return False
        if now > self._until:
            self.continue_in(timedelta())
            return False
        return True

    async def put_off(self, channel: str, error: Temporary | Ambiguous) -> None:
        """Write nothing more to a channel in this pass, nor, after a 429, in others before Retry-After has passed."""
        now = self._ports.now()
        wait = min(FIRST_RETRY * 2 ** min(self._tries, 10), LONGEST_RETRY)
        if isinstance(error, Ambiguous):
            wait = max(wait, LOOKUP_AFTER)
        elif error.retry_after is not None:
            wait = error.retry_after
        if isinstance(error, Throttled):
            await self._ports.stores.channels.throttle(channel, now + wait)
        self._throttled[channel] = now + wait
        self.continue_in(wait)
        log.warning("Slack postpones our writes", channel=channel, error=error.code, seconds=wait.total_seconds())

    def continue_in(self, wait: timedelta) -> None:
        """Schedule another pass after this long, unless an earlier one is scheduled."""
        at = self._ports.now() + max(wait, timedelta())
        self.again_at = at if self.again_at is None else min(self.again_at, at)
