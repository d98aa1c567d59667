"""Posts the attachments of the contacts' texts in the thread: all attachments of a text in one message.

Nobody sees an uploaded file until it is shared, so an upload may be repeated, but a share may not. The ids of the files
are stored before Slack is asked to share them; after a share without an answer, the file says whether it is shared.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from messages.notification import Post, PostKind
from messages.sms import Sms
from workers.failures import Ambiguous, Permanent, Refused, SlackError, Temporary, TextingError, Throttled, Unreachable
from workers.ports import Attachment, Ports
from workers.slack import blocks, media, plan
from workers.slack.writer import FIRST_RETRY, LOOKUP_AFTER, Writer

log = structlog.get_logger("clerk.slack")

LOST_AFTER: Final = timedelta(seconds=10)
"""After this long, a file that Slack does not know was never shared."""

SHARED_WITHIN: Final = timedelta(minutes=5)
"""Slack shares files some moments after its answer; after this long it no longer will."""


class Attachments:
    """Posts the attachments of one conversation, in one pass."""

    def __init__(self, conversation: str, writer: Writer, ports: Ports) -> None:
        self._conversation, self._writer, self._ports = conversation, writer, ports

    async def post_up_to(self, posted: int, *, late: bool) -> bool:
        """Post the attachments of the texts up to `posted`; False while later texts must wait for them.

        No text waits for `late` attachments: they are tried after everything else.
        """
        for text in await self._ports.stores.texts.unattached(self._conversation):
            if text.seq is None or text.seq > posted:
                continue
            post = await self._post(text)
            if (self._age(post) >= media.HOLD) is late and not await self._is_done(text, post) and not late:
                return False
        return True

    async def _post(self, text: Sms) -> Post:
        """The post of a text's attachments, stored at the first attempt."""
        assert self._writer.thread is not None
        seq, channel = text.seq or 0, self._writer.thread.channel
        post = self._writer.new_post(plan.files_id(text), PostKind.FILES, channel, first=seq, last=seq)
        known, _ = await self._ports.stores.posts.claim(post.model_copy(update={"attempted_at": None}))
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
        if post.words and not await self._writer.post_in_thread(line, blocks.missing(post.words)):
            return False
        await self._ports.stores.texts.set_attached(text)
        return True

    async def _with_files(self, text: Sms, post: Post) -> Post:
        """The post with its files, or with the reason for none; unchanged if a later try is scheduled."""
        if not self._writer.may_write(post.target):
            return post
        try:
            found, words = await self._fetch_all(text, self._age(post))
            files = await self._upload_all(found)
        except TextingError as error:
            return await self._retry_later(post, str(error), getattr(error, "retry_after", None))
        except Throttled as error:
            await self._writer.put_off(post.target, error)
            return post
        except (Temporary, Ambiguous) as error:
            if self._age(post) < media.GIVE_UP:
                return await self._retry_later(post, error.code, getattr(error, "retry_after", None))
            return await self._fail(text, post, error)
        except Permanent as error:
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
        if not self._writer.may_write(post.target):
            return post
        if post.attempted_at is None:
            post = await posts.set(post, attempted_at=self._ports.now())
            try:
                await slack.share(post.files, thread.channel, thread.ts)
            except Permanent as error:
                is_lost = error.code == "file_not_found"
                return await (self._forget_files(post) if is_lost else self._fail(text, post, error))
            except Temporary as error:
                await self._writer.put_off(post.target, error)
                return await posts.set(post, attempted_at=None)
            except Ambiguous as error:
                await self._writer.put_off(post.target, error)
                return post
        return await self._lookup_share(text, post)

    async def _lookup_share(self, text: Sms, post: Post) -> Post:
        """The post with its place in the thread, if Slack knows it."""
        waited = self._ports.now() - (post.attempted_at or post.created_at)
        try:
            found = await self._ports.slack.find_share(post.files[0], post.target)
        except Permanent as error:
            if error.code != "file_not_found" or waited >= media.GIVE_UP:
                return await self._fail(text, post, error)
            if waited >= LOST_AFTER:
                return await self._forget_files(post)
            found = None
        except (Temporary, Ambiguous) as error:
            await self._writer.put_off(post.target, error)
            return post
        if found is not None:
            return await self._ports.stores.posts.set(post, channel=found.channel, ts=found.ts)
        if waited >= SHARED_WITHIN:
            return await self._fail(text, post, Permanent("not_shared"))
        self._writer.continue_in(FIRST_RETRY if waited < LOOKUP_AFTER else LOOKUP_AFTER)
        return post

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
        lost = await self._ports.stores.posts.set(post, files=(), attempted_at=None)
        return await self._retry_later(lost, "file_not_found", None)

    async def _fail(self, text: Sms, post: Post, error: SlackError) -> Post:
        """Give up the attachments, and store the notice for the thread."""
        log.error("Slack refused attachments", channel=post.target, error=error.code)
        words = media.share_failure_notice(text.media, error.code)
        return await self._ports.stores.posts.set(post, failed=error.code, words=words)
