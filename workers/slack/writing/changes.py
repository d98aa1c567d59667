"""What a pass may write to Slack, and changes to messages that are there: nothing goes to a throttled channel.

What can't be done now (a throttled channel, an outage) is left for a later pass.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from messages.conversation import Conversation
from messages.line import Line
from messages.notification import Post
from messages.process.publishing import CLOCK_SKEW
from workers.claim import MAY_WORK_FOR, Patience
from workers.failures import Ambiguous, CallError, Permanent, Temporary, Throttled
from workers.lease import Lease
from workers.mongo.posts import throttle_key
from workers.ports import Ports, Posted, Renderable

log = structlog.get_logger("clerk.slack")

PATIENCE: Final = Patience(
    look_after=timedelta(seconds=3),
    look_at_least_every=timedelta(seconds=30),
    orphaned_after=MAY_WORK_FOR,
    lapses_after=2 * MAY_WORK_FOR,
    repeats=True,
)
"""How long a post without an answer may take to appear in Slack: a Slack that is slow takes many seconds. A worker that
died can't have begun its call later than the claim, and its lease and the call end after half a minute."""

UNSURE_FOR: Final = PATIENCE.lapses_after
"""How long an update without an answer may still take effect."""

FIRST_RETRY: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(seconds=20)
"""How long a conversation may still wait after Slack is back, unless Slack named a time."""

PASS_LIMIT: Final = timedelta(seconds=30)
"""A pass stops after this long and another one continues, so that no conversation occupies a worker for long."""


class Changes:
    """Changes what Slack shows of one conversation, in one pass; `again_at` is when another must continue, if any.

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

    def set_later(self, post: Post, **fields: Any) -> Post:
        """Store new values of some fields of a post with the next claim, or at the end of the pass.

        Where it is not stored, because the worker dies before or an agent has hidden the post meanwhile, the next pass
        asks Slack again for what this one has asked for, or looks up what this one has posted.
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
        elif refused is not None and post.unsure_at is not None and self._is_sure_at(post, began):
            await self._ports.stores.posts.set(post, unsure_at=None)
        return refused

    async def keep(self, post: Post, at: Posted, what: Renderable) -> bool:
        """Whether a message shows this, or Slack refuses it, and nothing can change that any more.

        If not, a later pass makes sure of it.
        """
        if self.is_shown(post, what):
            return post.unsure_at is None
        was_sure = self.is_sure(post)
        if await self.update(post, at.channel, at, what) is None:
            return False
        await self._ports.stores.posts.set(post, rendering=getattr(what, "digest", ""))
        if not was_sure:
            self._make_sure_later(post)
        return was_sure

    def is_shown(self, post: Post, what: Renderable) -> bool:
        """Whether a message shows what it should; if an earlier update may yet replace that, a later pass draws it."""
        if post.rendering != getattr(what, "digest", ""):
            return False
        if self.is_sure(post):
            return post.unsure_at is None
        self._make_sure_later(post)
        return True

    def _make_sure_later(self, post: Post) -> None:
        """Have a later pass draw a message once an update without an answer can't take effect any more."""
        now = self._ports.now()
        self.continue_in(max(timedelta(), UNSURE_FOR - (now - (post.unsure_at or now))))

    def is_sure(self, post: Post) -> bool:
        """Whether no update without an answer can take effect any more."""
        return self._is_sure_at(post, self._ports.now())

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
