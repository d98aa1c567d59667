"""Writes to Slack about one conversation: each post once, and nothing to a throttled channel.

A post is claimed in a document before the call to Slack and settled after it (`workers/claim.py`); a claim without an
answer is looked up in Slack until it is found, or can't take effect any more. What can't be done now (a throttled
channel, an outage) is left for a later pass. What Slack will not show, or nobody can look up, a line in its place says.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from messages.conversation import Conversation, Thread
from messages.line import Line
from messages.notification import Post, PostKind
from messages.process.publishing import CLOCK_SKEW
from workers.claim import (
    CALL_TIMEOUT,
    Attempt,
    ClaimEvent,
    LookupAnswer,
    NextStep,
    Patience,
    event_of,
    failed_lookup,
    look_again_in,
    next_step,
)
from workers.failures import Ambiguous, CallError, Permanent, Temporary, Throttled
from workers.lease import Lease, LeaseLost
from workers.mongo.posts import NOT_POSTED, throttle_key
from workers.platforms.slack_failures import AMBIGUOUS, is_about_the_message
from workers.ports import Ports, Posted, Renderable
from workers.slack import blocks, gone, plan

log = structlog.get_logger("clerk.slack")

PATIENCE: Final = Patience(
    look_after=timedelta(seconds=3),
    look_at_least_every=timedelta(seconds=30),
    orphaned_after=timedelta(minutes=1),
    lapses_after=timedelta(minutes=2),
    repeats=True,
)
"""How long a post without an answer may take to appear in Slack: a Slack that is slow takes many seconds. A worker that
died can't have begun its call later than the claim, and its lease and the call end after half a minute."""

UNSURE_FOR: Final = PATIENCE.lapses_after
"""How long an update without an answer may still take effect."""

TRIES: Final = 3
"""How often Slack may fail by itself at a post (internal_error) before a line takes its place."""

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(seconds=20)
"""How long a conversation may still wait after Slack is back, unless Slack named a time."""

REPAIR_TIME: Final = timedelta(minutes=10)
"""How long until the next try at a thread that a person must repair (an archived channel, a removed bot)."""

PASS_LIMIT: Final = timedelta(seconds=30)
"""A pass stops after this long and another one continues, so that no conversation occupies a worker for long."""


class ThreadGone(Exception):
    """The conversation's thread can't be written to any more, and it needs a new one."""


class Writer:
    """Writes about one conversation in one pass; `again_at` is when another must continue, if anything is left.

    `tries` is then the number of consecutive passes that changed nothing in Slack, without those before their time.
    It raises LeaseLost as soon as the conversation may be another worker's.
    """

    def __init__(
        self,
        conversation: Conversation,
        line: Line,
        throttled: Mapping[str, datetime],
        lease: Lease[Any],
        ports: Ports,
    ) -> None:
        self.thread = conversation.thread
        self.again_at: datetime | None = None
        self._conversation = conversation
        self._line = line
        self._throttled = dict(throttled)
        self._lease = lease
        self._ports = ports
        self._until = ports.now() + PASS_LIMIT
        self._tries = conversation.redraw.tries
        self._unanswered = False
        self._later: list[tuple[Post, dict[str, Any]]] = []
        again_at = conversation.redraw.again_at
        self._early = again_at is not None and again_at > ports.now() + CLOCK_SKEW

    @property
    def tries(self) -> int:
        """How many consecutive passes, with this one, changed nothing in Slack."""
        return self._tries if self._early else self._tries + 1

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

    # -- posts ----------------------------------------------------------------------------------------------------

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
        known, new = await self._ports.stores.posts.claim(post, is_new=is_new)
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
        digest = getattr(what, "digest", "")
        return await posts.set(
            post,
            channel=posted.channel,
            ts=posted.ts,
            rendering=digest,
            shown=given.shown,
            more=given.more,
            refused=None,
            told=None,
        )

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

    # -- the thread -----------------------------------------------------------------------------------------------

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

    # -- what Slack shows -----------------------------------------------------------------------------------------

    def set_later(self, post: Post, **fields: Any) -> Post:
        """Store new values of some fields of a post at the end of the pass, and return it with them.

        Where it is not stored, because the pass ends before or an agent has hidden the post meanwhile, the next pass
        asks Slack again for what this one has asked for.
        """
        self._later.append((post, fields))
        return post.model_copy(update=fields)

    async def save(self) -> None:
        """Store what is to be stored at the end of the pass."""
        await self._ports.stores.posts.set_all(self._later)
        self._later = []

    # -- changes --------------------------------------------------------------------------------------------------

    async def update(self, post: Post, channel: str, at: Posted, what: Renderable) -> str | None:
        """Replace a message; the answer is that of `change_message`.

        An update without an answer may take effect later, and then replace one that was made after it. So `is_shown`
        has the message drawn once more, when that can't be any more.
        """
        began = self._ports.now()
        refused = await self.change_message(channel, self._ports.slack.update, at, what)
        if self._unanswered:
            await self._ports.stores.posts.set(post, unsure_at=began)
        elif refused == "" and post.unsure_at is not None and self._is_sure_at(post, began):
            await self._ports.stores.posts.set(post, unsure_at=None)
        return refused

    def is_shown(self, post: Post, what: Renderable) -> bool:
        """Whether a message shows what it should; if an earlier update may yet replace that, a later pass draws it."""
        if post.rendering != getattr(what, "digest", ""):
            return False
        now = self._ports.now()
        if self._is_sure_at(post, now):
            return post.unsure_at is None
        self.continue_in(UNSURE_FOR - (now - (post.unsure_at or now)))
        return True

    def _is_sure_at(self, post: Post, at: datetime) -> bool:
        """Whether no update without an answer can take effect after a time."""
        return post.unsure_at is None or at >= post.unsure_at + UNSURE_FOR

    async def change_message(self, channel: str, call: Any, at: Posted, *what: Renderable | str) -> str | None:
        """Call Slack to change a message: "" if that is done, its reason if it refuses, None if a later pass must."""
        self._unanswered = False
        method = call.__name__
        if not self.may_write(channel, method):
            return None
        try:
            await call(at, *what)
        except Permanent as error:
            log.warning("Slack refused to change a message", channel=channel, error=error.code)
            return error.code
        except CallError as error:
            self._unanswered = isinstance(error, Ambiguous)
            await self.put_off(channel, error, method)
            return None
        self._note_progress()
        return ""

    def _note_progress(self) -> None:
        """Record that Slack changed something, so that the next failure counts as the first."""
        self._tries, self._early = 0, True

    def may_write(self, channel: str, method: str = "") -> bool:
        """Whether this pass may write to a channel, by a method other than posting if one is given.

        If not, schedule a later pass. Raises LeaseLost.
        """
        self._lease.require()
        now = self._ports.now()
        for key in (channel, throttle_key(channel, method)):
            if key in self._throttled:
                self.continue_in(self._throttled[key] - now)
                return False
        if now > self._until:
            self.continue_in(timedelta())
            return False
        return True

    async def put_off(self, channel: str, error: CallError, method: str = "") -> None:
        """Write nothing more to a channel in this pass, nor, after a 429, in others before Retry-After has passed.

        If another method than posting failed, only calls of that method wait: Slack counts each method by itself
        (https://docs.slack.dev/apis/web-api/rate-limits). A Slack that does not answer is left alone.
        """
        key = throttle_key(channel, "" if isinstance(error, Ambiguous) else method)
        now = self._ports.now()
        wait = min(FIRST_RETRY * 2 ** min(self._tries, 10), LONGEST_RETRY)
        if isinstance(error, Ambiguous):
            wait = max(wait, PATIENCE.look_after)
        elif isinstance(error, Temporary) and error.retry_after is not None:
            wait = error.retry_after
        if isinstance(error, Throttled):
            await self._ports.stores.channels.throttle(key, now + wait)
        self._throttled[key] = now + wait
        self.continue_in(wait)
        seconds = wait.total_seconds()
        log.warning("Slack postpones our writes", channel=channel, method=method, error=error.code, seconds=seconds)

    def continue_in(self, wait: timedelta) -> None:
        """Schedule another pass after this long, unless an earlier one is scheduled."""
        at = self._ports.now() + max(wait, timedelta())
        self.again_at = at if self.again_at is None else min(self.again_at, at)


def in_thread(post: Post, thread: Thread) -> Post:
    """A post that is wanted in a thread."""
    return post.model_copy(update={"target": thread.channel, "thread": thread.ts})
