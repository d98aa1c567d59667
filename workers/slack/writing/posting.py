"""Posts each of a conversation's messages once, and looks up what had no answer.

A post is claimed in a document before the call to Slack and settled after it (`workers/claim.py`); a claim without an
answer is looked up in Slack until it is found, or can't take effect any more.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from messages.notification import Post, PostKind
from workers.claim import (
    CALL_TIMEOUT,
    Attempt,
    ClaimEvent,
    LookupAnswer,
    NextStep,
    event_of,
    failed_lookup,
    look_again_in,
    next_step,
)
from workers.failures import CallError
from workers.lease import LeaseLost
from workers.mongo.posts import NOT_POSTED
from workers.platforms.slack_failures import AMBIGUOUS
from workers.ports import Posted, Renderable
from workers.slack import gone, plan
from workers.slack.writing.changes import PATIENCE, Changes

log = structlog.get_logger("clerk.slack")

TRIES: Final = 3
"""How often Slack may fail by itself at a post (internal_error) before a line takes its place."""


class Posting(Changes):
    """Posts what a conversation's pass wants to be in Slack."""

    def new_post(self, id: str, kind: PostKind, target: str, **fields: Any) -> Post:
        """A new post, claimed now."""
        now = self._ports.now()
        return Post(
            id=id,
            conversation=self._conversation.id,
            kind=kind,
            target=target,
            attempted_at=now,
            called_at=now,
            attempts=1,
            created_at=now,
            **fields,
        )

    async def deliver(
        self,
        post: Post,
        what: Renderable,
        plain: Callable[[str], Awaitable[Renderable]] | None = None,
        *,
        is_new: bool = False,
    ) -> Post | None:
        """Post exactly once; returns the post, perhaps `failed` or `told`, or None if a later pass must go on.

        What came of it in another channel or thread, which was given up, does not count. `plain` renders it without
        what Slack may fail at, for when it has failed too often. `is_new` is as for the store's `claim`.
        """
        if not self.may_write(post.target):
            return None
        known, new = await self._ports.stores.posts.claim(post, is_new=is_new, also=self._later)
        self._later = []
        if plan.is_void(known, post):
            known = await self._ports.stores.posts.set(known, **NOT_POSTED)
        if not new and not plan.is_over(known):
            resumed = await self._resume(known, post)
            if resumed is None:
                return None
            known = resumed
        if plan.is_over(known):
            return known
        if plain is not None and known.attempts > TRIES and known.refused in AMBIGUOUS:
            what = await plain(known.refused or "")
        return await self._call(post, known, what)

    async def _resume(self, post: Post, wanted: Post) -> Post | None:
        """A post of an earlier pass, claimed for another call, or with its outcome; None if a later pass must go on.

        The call is made where the post is `wanted`; the lookup, where it was attempted.
        """
        elsewhere = plan.is_elsewhere(post, wanted)
        now, attempt = self._ports.now(), plan.attempt(post)
        if post.retry_at is not None and post.retry_at > now:
            self.continue_in(post.retry_at - now)
            return None
        step = next_step(attempt, LookupAnswer.NOT_ASKED, now, PATIENCE)
        code, at_least = "", timedelta()
        if step is NextStep.LOOK:
            since = attempt.first_at or post.created_at
            asked = post.thread or wanted.thread
            try:
                found = await self._ports.slack.find(post.target, post.id, since, asked)
            except CallError as error:
                log.warning("Slack can't be asked for a post that had no answer", error=error.code)
                code, at_least = error.code, getattr(error, "retry_after", None) or timedelta()
                step = next_step(attempt, failed_lookup(error), now, PATIENCE)
            else:
                if found is not None:
                    log.info("found a post that had no answer", post=post.id.rpartition("/")[2])
                    return await self._settle_found(post, wanted, found)
                step = next_step(attempt, LookupAnswer.NO, now, PATIENCE)
        match step:
            case NextStep.CALL:
                return await self._claim_again(post, wanted, attempt, now)
            case NextStep.TELL if elsewhere:
                return await self._claim_again(post, wanted, attempt, now)
            case NextStep.TELL if self.thread is not None and gone.cannot_go_on(code, self.thread, self._line):
                return await self._try_set(post, failed=code)
            case NextStep.TELL if post.kind is not PostKind.ROOT:
                log.error("nobody can tell whether Slack has a post", kind=post.kind, channel=post.target, error=code)
                return await self._try_set(post, told=code)
            case _:
                await self._look_again(post, attempt, at_least, code if step is NextStep.TELL else None)
                return None

    async def _settle_found(self, post: Post, wanted: Post, found: Posted) -> Post | None:
        """A post that a lookup found, with its outcome where it is `wanted`; None if a later pass must go on."""
        asked = post.thread or wanted.thread
        if gone.is_loose(asked, found.thread_ts):
            return await self._take_away(post, wanted, found)
        if asked is not None and plan.is_elsewhere(post, wanted):
            free = await self._ports.stores.posts.set(post, **NOT_POSTED)
            return await self._claim_again(free, wanted, Attempt(), self._ports.now())
        return await self._ports.stores.posts.set(post, channel=found.channel, ts=found.ts, refused=None)

    async def _take_away(self, post: Post, wanted: Post, at: Posted) -> Post | None:
        """Delete a message that Slack posted outside its thread; None if a later pass must go on.

        Until it is deleted, its claim stays undecided, and the lookup finds it again. It may stay if Slack refuses.
        """
        log.warning("Slack posted a message outside its thread", kind=post.kind, channel=at.channel)
        posts = self._ports.stores.posts
        refused = await self.change_message(at.channel, self._ports.slack.delete, at)
        if refused is None:
            return None
        if refused:
            loose = self.new_post(f"{post.id}/loose/{at.ts}", post.kind, post.target, channel=at.channel, ts=at.ts)
            await posts.claim(loose.model_copy(update={"removed": True}))
        if plan.is_elsewhere(post, wanted):
            free = await posts.set(post, **NOT_POSTED)
            return await self._claim_again(free, wanted, Attempt(), self._ports.now())
        return await posts.try_set(post, failed=gone.UNTHREADED)

    async def _claim_again(self, post: Post, wanted: Post, attempt: Attempt, now: datetime) -> Post | None:
        """Claim a post for another call where it is `wanted`; None if another worker was faster."""
        if attempt.is_in_doubt:
            log.warning("Slack does not have a post that had no answer: posting it again", kind=post.kind)
            attempt = attempt.after(ClaimEvent.LAPSED, now)
        begun = plan.recorded(attempt.after(ClaimEvent.BEGUN, now))
        place = {"target": wanted.target, "thread": wanted.thread}
        return await self._try_set(post, **begun, **place, attempts=post.attempts + 1)

    async def _try_set(self, post: Post, **fields: Any) -> Post | None:
        """Store new values of some fields of a post; if another worker was faster, None, and a later pass goes on."""
        stored = await self._ports.stores.posts.try_set(post, **fields)
        if stored is None:
            self.continue_in(PATIENCE.look_after)
        return stored

    async def _look_again(self, post: Post, attempt: Attempt, at_least: timedelta, unreadable: str | None) -> None:
        """Schedule the next lookup; a root that can't be looked up waits for a person, and /ops shows why."""
        now = self._ports.now()
        wait = max(look_again_in(attempt, now, PATIENCE), at_least)
        refused = {} if unreadable is None else {"refused": unreadable}
        await self._ports.stores.posts.set(post, retry_at=now + wait, **refused)
        self.continue_in(wait)

    async def _call(self, given: Post, post: Post, what: Renderable) -> Post | None:
        """Call Slack for a post that this worker has claimed, and record what comes of it."""
        posts, attempt = self._ports.stores.posts, plan.attempt(post)
        if not self._lease.lasts(CALL_TIMEOUT):
            undone = plan.recorded(attempt.after(ClaimEvent.NOT_DONE, self._ports.now()))
            await posts.try_set(post, **undone)
            raise LeaseLost
        try:
            posted = await self._ports.slack.post(post.target, what, post_id=post.id, thread_ts=post.thread)
        except CallError as error:
            return await self._note_failure(post, attempt, error)
        self._note_progress()
        if gone.is_loose(post.thread, posted.thread_ts):
            return await self._take_away(post, post, posted)
        settled = {
            "channel": posted.channel,
            "ts": posted.ts,
            "rendering": getattr(what, "digest", ""),
            "shown": given.shown,
            "more": given.more,
            "refused": None,
            "told": None,
        }
        if post.kind is PostKind.TEXTS:  # nobody can click it, so it is stored with the next claim
            return self.set_later(post, **settled)
        return await posts.set(post, **settled)

    async def _note_failure(self, post: Post, attempt: Attempt, error: CallError) -> Post | None:
        """Record a failed call; returns the post if Slack refuses it for good."""
        posts, event = self._ports.stores.posts, event_of(error)
        if event is ClaimEvent.REFUSED:
            log.error("Slack refused a post", kind=post.kind, channel=post.target, error=error.code)
            return await self._try_set(post, failed=error.code)
        after = await posts.try_set(post, **plan.recorded(attempt.after(event, self._ports.now())))
        if after is not None and error.code in AMBIGUOUS and post.attempts >= TRIES:
            log.error("Slack fails at a post again and again", kind=post.kind, channel=post.target, error=error.code)
            if post.kind not in {PostKind.ROOT, PostKind.CARD}:
                return await self._try_set(after, failed=error.code)
            await posts.set(after, refused=error.code)
        await self.put_off(post.target, error)
        return None
