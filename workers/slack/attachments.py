"""Posts the attachments of the contacts' texts in the thread: all attachments of a text in one message.

Nobody sees an uploaded file until it is shared, so an upload may be repeated, but a share may not. The ids of the files
are stored before Slack is asked to share them; after a share without an answer, the file says whether it is shared.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from messages.formats.byline import Byline
from messages.notification import Post, PostKind
from messages.sms import Sms
from workers.claim import CALL_TIMEOUT, Attempt, ClaimEvent, LookupAnswer, NextStep, event_of, failed_lookup, next_step
from workers.failures import CallError, Permanent, Refused, Temporary, TextingError, Throttled, Unreachable
from workers.lease import Lease, LeaseLost
from workers.ports import Attachment, Ports, Posted
from workers.slack import blocks, gone, media, plan
from workers.slack.writing.changes import FIRST_RETRY, PATIENCE
from workers.slack.writing.writer import REPAIR_TIME, Writer, in_thread

log = structlog.get_logger("clerk.slack")

FILE_NOT_FOUND: Final = "file_not_found"
"""Slack's answer about a file that was uploaded and never shared."""

FILES: Final = "files"
"""The methods of Slack for files, which it throttles apart from posts."""

SHARED_WITHIN: Final = timedelta(minutes=5)
"""Slack shares files some moments after its answer; after this long it no longer will."""


class Attachments:
    """Posts the attachments of one conversation, in one pass, under the contact's name."""

    def __init__(self, conversation: str, byline: Byline, writer: Writer, lease: Lease[Any], ports: Ports) -> None:
        self._conversation, self._writer, self._lease, self._ports = conversation, writer, lease, ports
        self._byline = byline
        self._waiting: dict[str, Sms] = {}
        """The texts whose attachments are not in the thread yet."""

    def expect(self, texts: Iterable[Sms]) -> None:
        """Take note of the texts that this pass has read."""
        self._waiting |= {text.id: text for text in texts if text.unattached is not None}

    async def post_up_to(self, posted: int, *, late: bool) -> bool:
        """Post the attachments of the texts up to `posted`; False while later texts must wait for them.

        No text waits for `late` attachments: they are tried after everything else.
        """
        for text in sorted(self._waiting.values(), key=lambda text: text.seq or 0):
            if text.seq is None or text.seq > posted:
                continue
            await self._writer.save()  # fetching and uploading take their time
            post = await self._post(text)
            if (self._age(post) >= media.HOLD) is late and not await self._is_done(text, post) and not late:
                return False
        return True

    async def _post(self, text: Sms) -> Post:
        """The post of a text's attachments, stored at the first attempt."""
        assert self._writer.thread is not None
        seq, channel = text.seq or 0, self._writer.thread.channel
        post = self._writer.new_post(plan.files_id(text), PostKind.FILES, channel, first=seq, last=seq)
        unclaimed = {"attempted_at": None, "called_at": None, "attempts": 0}
        known, _ = await self._ports.stores.posts.claim(post.model_copy(update=unclaimed))
        return known

    async def _is_done(self, text: Sms, post: Post) -> bool:
        """Whether the thread shows a text's attachments, and names the missing ones."""
        if post.retry_at is not None and post.retry_at > self._ports.now():
            self._writer.continue_in(post.retry_at - self._ports.now())
            return False
        if not post.files and not post.failed:
            post = await self._with_files(text, post)
        if post.files and not post.failed and post.ts is None:
            post = await self._with_place(text, post)
        if post.ts is None and not post.failed:
            return False
        line = self._writer.new_post(plan.missing_id(text), PostKind.LINE, post.target)
        subject = blocks.Unshown("The reason why an attachment is missing", (text.id,))
        if post.words and not await self._writer.post_in_thread(line, blocks.missing(post.words), subject):
            return False
        await self._ports.stores.texts.set_attached(text)
        del self._waiting[text.id]
        return True

    async def _with_files(self, text: Sms, post: Post) -> Post:
        """The post with its files, or with the reason for none; unchanged if a later try is scheduled."""
        if not self._writer.may_write(post.target, FILES):
            return post
        try:
            found, words = await self._fetch_all(text, self._age(post))
            files = await self._upload_all(found)
        except TextingError as error:
            return await self._retry_later(post, str(error), getattr(error, "retry_after", None))
        except Throttled as error:
            await self._writer.put_off(post.target, error, FILES)
            return post
        except CallError as error:
            if self._age(post) < media.GIVE_UP and not isinstance(error, Permanent):
                return await self._retry_later(post, error.code, getattr(error, "retry_after", None))
            return await self._fail(text, post, error)
        failed = None if files else "nothing_fetched"
        return await self._ports.stores.posts.set(post, files=files, words=words, failed=failed)

    async def _fetch_all(self, text: Sms, age: timedelta) -> tuple[list[tuple[str, bytes]], str]:
        """The fetched attachments, by name, and the notice about the others; raises TextingError to try again."""
        found: list[tuple[str, bytes]] = []
        words: list[str] = []
        left = media.MOST_BYTES
        until = asyncio.get_running_loop().time() + media.FETCH_WITHIN.total_seconds()
        for number, each in enumerate(text.media, 1):
            try:
                file = await self._fetch_one(each.url, left, until)
            except TextingError as error:
                if not media.is_final(error, age):
                    raise
                log.warning("an attachment can't be fetched", sms=text.id, error=str(error))
                words.append(media.fetch_failure_notice(text.media, number, error))
            else:
                left -= len(file.content)
                found.append((media.filename(each, number, file.content_type), file.content))
        return found, "\n".join(words)

    async def _fetch_one(self, url: str, most: int, until: float) -> Attachment:
        try:
            async with asyncio.timeout_at(until):
                file = await self._ports.texting.media(url, most)
        except TimeoutError:
            raise Unreachable(None, "TimeoutError") from None
        if not file.content:
            raise Refused(None, "empty")
        return file

    async def _upload_all(self, found: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(media.UPLOAD_WITHIN.total_seconds()):
                return tuple([await self._ports.slack.upload(name, content) for name, content in found])
        except TimeoutError:
            raise Temporary("TimeoutError") from None

    async def _with_place(self, text: Sms, post: Post) -> Post:
        """The post with its place in the thread, or Slack's final refusal; otherwise a later check is scheduled."""
        thread, slack, posts = self._writer.thread, self._ports.slack, self._ports.stores.posts
        assert thread is not None
        if not self._writer.may_write(post.target, FILES):
            return post
        attempt, now = plan.attempt(post), self._ports.now()
        if not attempt.is_in_doubt:
            attempt = attempt.after(ClaimEvent.BEGUN, now)
            place = {"target": thread.channel, "thread": thread.ts}
            claimed = await posts.try_set(post, **plan.recorded(attempt), **place, attempts=post.attempts + 1)
            if claimed is None:
                self._writer.continue_in(PATIENCE.look_after)
                return post
            post = claimed
            if not self._lease.lasts(CALL_TIMEOUT):
                await posts.try_set(post, **plan.recorded(attempt.after(ClaimEvent.NOT_DONE, now)))
                raise LeaseLost
            try:
                await slack.share(post.files, thread.channel, thread.ts, self._byline)
            except CallError as error:
                return await self._note_failure(text, post, error)
        return await self._lookup_share(text, post)

    async def _note_failure(self, text: Sms, post: Post, error: CallError) -> Post:
        """Record a share that failed: refused, not done, or without an answer."""
        event = event_of(error)
        if event is ClaimEvent.REFUSED:
            if error.code == FILE_NOT_FOUND:
                return await self._forget_files(post)
            if await self._writer.is_thread_gone(post.model_copy(update={"failed": error.code})):
                return post
            return await self._fail(text, post, error)
        after = plan.recorded(plan.attempt(post).after(event, self._ports.now()))
        await self._writer.put_off(post.target, error, FILES)
        return await self._ports.stores.posts.try_set(post, **after) or post

    async def _lookup_share(self, text: Sms, post: Post) -> Post:
        """The post with its place in the thread, if Slack knows it."""
        posts, now, attempt = self._ports.stores.posts, self._ports.now(), plan.attempt(post)
        waited = now - (attempt.last_at or now)
        known, answer, code = True, LookupAnswer.NO, ""
        try:
            found = await self._ports.slack.find_share(post.files[0], post.target)
        except CallError as error:
            found, code = None, error.code
            known = error.code != FILE_NOT_FOUND
            if known:
                answer = failed_lookup(error)
                if answer is LookupAnswer.FAILED:
                    await self._writer.put_off(post.target, error, FILES)
        if found is not None:
            return await self._settle_share(post, found)
        match next_step(attempt, answer, now, PATIENCE):
            case NextStep.CALL if not known:
                return await self._forget_files(post)
            case NextStep.CALL if waited >= SHARED_WITHIN:
                return await self._fail(text, post, Permanent("not_shared"))
            case NextStep.TELL:
                log.error("nobody can tell whether Slack has a text's attachments", channel=post.target, error=code)
                words = media.share_doubt_notice(text.media, code)
                return await posts.set(post, failed=code, told=code, words=words)
            case _:
                wait = FIRST_RETRY if waited < PATIENCE.look_after else min(waited / 2, PATIENCE.look_at_least_every)
                self._writer.continue_in(wait)
                return post

    async def _settle_share(self, post: Post, found: Posted) -> Post:
        """The post with its place; what was shared in a former thread, or in none, is shared anew."""
        thread, posts = self._writer.thread, self._ports.stores.posts
        assert thread is not None
        is_loose = gone.is_loose(post.thread, found.thread_ts)
        if is_loose and await self._writer.change_message(found.channel, self._ports.slack.delete, found) is None:
            return post
        if not is_loose and not plan.is_elsewhere(post, in_thread(post, thread)):
            return await posts.set(post, channel=found.channel, ts=found.ts, refused=None)
        anew = await posts.set(post, files=(), **plan.recorded(Attempt()))
        wait = FIRST_RETRY
        if is_loose and not plan.is_elsewhere(post, in_thread(post, thread)):
            await self._writer.is_thread_gone(anew.model_copy(update={"failed": gone.UNTHREADED}))
            wait = REPAIR_TIME
        self._writer.continue_in(wait)
        return await posts.set(anew, retry_at=self._ports.now() + wait)

    # -- the outcome of an attempt ---------------------------------------------------------------------------------

    def _age(self, post: Post) -> timedelta:
        """How long a text's attachments have been tried."""
        return self._ports.now() - post.created_at

    async def _retry_later(self, post: Post, why: str, at_least: timedelta | None) -> Post:
        """Schedule another attempt: nobody saw anything of this one."""
        wait = max(media.retry_in(self._age(post)), at_least or timedelta())
        log.warning("attachments will be tried again", post=post.id.rpartition("/")[2], error=why)
        self._writer.continue_in(wait)
        return await self._ports.stores.posts.set(post, retry_at=self._ports.now() + wait)

    async def _forget_files(self, post: Post) -> Post:
        """Forget files that Slack does not have, so that they are uploaded again."""
        lost = await self._ports.stores.posts.set(post, files=(), **plan.recorded(Attempt()))
        return await self._retry_later(lost, FILE_NOT_FOUND, None)

    async def _fail(self, text: Sms, post: Post, error: CallError) -> Post:
        """Give up the attachments, and store the notice for the thread."""
        log.error("Slack refused attachments", channel=post.target, error=error.code)
        words = media.share_failure_notice(text.media, error.code)
        return await self._ports.stores.posts.set(post, failed=error.code, words=words)
