"""The Slack Web API as Clerk uses it, and what its errors mean; the only importer of the Slack client.

The client's own retries are off: they would repeat a chat.postMessage whose answer was lost, and the channel would get
the message twice.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import structlog
from prometheus_client import Counter
from pydantic import TypeAdapter
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from messages.formats.byline import SCOPE, Byline
from messages.formats.thread_replies import ThreadReply, only_slacks
from messages.process.proxies import Proxies
from messages.process.remembered import Remembered
from messages.process.telemetry import start_at_zero
from messages.sms import SlackFile
from workers.claim import CALL_TIMEOUT
from workers.failures import Ambiguous, CallError, Permanent, Temporary
from workers.platforms.calls import NOT_REACHED, recorded_call
from workers.platforms.message_addresses import MessageAddresses
from workers.platforms.slack_failures import NO_SUCH_THREAD, error_for, retry_after
from workers.ports import Posted, Renderable, Sight

log = structlog.get_logger("clerk.calls")

CALLS = Counter("clerk_slack_calls_total", "Calls of the Slack Web API", ["method", "outcome"])

METHODS: Final = (
    *("auth.test", "chat.delete", "chat.getPermalink", "chat.postEphemeral", "chat.postMessage", "chat.update"),
    *("conversations.history", "conversations.info", "conversations.open", "conversations.replies"),
    *("files.completeUploadExternal", "files.getUploadURLExternal", "files.info"),
    *("reactions.add", "reactions.remove", "users.conversations", "users.info"),
    *("views.open", "views.publish", "views.push", "views.update", "upload", "response_url"),
)
"""What Clerk calls."""

COUNTED: Final = (
    *("ok", "ratelimited", "account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_revoked"),
)
"""The outcomes that an alert looks for; Slack may give any other."""

UNEQUAL_CLOCKS: Final = timedelta(minutes=10)
MISSING_SCOPE: Final = "missing_scope"
WITHOUT_NAME_AFTER: Final = timedelta(seconds=1)
"""When a post that Slack refused because of its name is made without one."""
SEEN_WITHIN: Final = timedelta(seconds=1.2)
"""A modal with what a user can see must open within three seconds of a click."""

MOST_ASKED: Final = 20
"""How many channels are asked about for one list, so that Slack does not throttle Clerk."""

UPLOAD: Final = aiohttp.ClientTimeout(total=30)

_THREAD_REPLY: Final = TypeAdapter(ThreadReply)


class SlackApi:
    """Slack's Web API over HTTP; one pool of connections for the process."""

    def __init__(self, token: str, base_url: str, proxies: Proxies | None = None) -> None:
        start_at_zero(CALLS, METHODS, COUNTED)
        self._token, self._base_url = token, base_url.rstrip("/") + "/"
        self._proxies = proxies or Proxies()
        self._names = Remembered[str](timedelta(hours=1))
        self._zones = Remembered[str](timedelta(hours=1))
        self._may_customize = True
        self._own_channels = Remembered[frozenset[str]](timedelta(minutes=1))
        self._admins = Remembered[bool](timedelta(minutes=1))
        self._guests, self._public = Remembered[bool](timedelta(minutes=10)), Remembered[bool](timedelta(minutes=10))
        self._home: frozenset[str] = frozenset()
        self._homes = Remembered[frozenset[str]](timedelta(hours=1))
        self._addresses = MessageAddresses(self._ask_permalink)
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = self._client = None

    async def post(self, channel: str, what: Renderable, *, post_id: str, thread_ts: str | None = None) -> Posted:
        """Post a message that carries `post_id` as metadata; a user's id as channel makes it a direct message."""
        answer = await self._call_as(
            what.byline,
            "chat.postMessage",
            channel=channel,
            text=what.text,
            blocks=list(what.blocks),
            metadata={"event_type": "clerk", "event_payload": {"id": post_id}},
            thread_ts=thread_ts,
            unfurl_links=False,
            unfurl_media=False,
        )
        message = answer.get("message")
        return Posted(answer["channel"], answer["ts"], message.get("thread_ts") if message else thread_ts)

    async def find(self, channel: str, post_id: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """The message that carries `post_id`, if it was posted after `since` (less ten minutes for unequal clocks).

        If there is no such thread, it may be outside it.
        """
        if channel[:1] in {"U", "W"}:
            channel = (await self._call("conversations.open", users=channel))["channel"]["id"]
        oldest = f"{(since - UNEQUAL_CLOCKS).timestamp():.6f}"
        try:
            return await self._find(channel, thread_ts, post_id, oldest)
        except Permanent as error:
            if thread_ts is None or error.code not in NO_SUCH_THREAD:
                raise
        return await self._find(channel, None, post_id, oldest)

    async def _find(self, channel: str, thread_ts: str | None, post_id: str, oldest: str) -> Posted | None:
        async for message in self._messages(channel, thread_ts, oldest=oldest, include_all_metadata=True):
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("id") == post_id:
                return Posted(channel, message["ts"], message.get("thread_ts"))
        return None

    async def replies_between(self, thread: Posted, after: str, before: str) -> Sequence[ThreadReply]:
        """The replies that people wrote in a thread between two moments (as `ts`) and have not edited, in order."""
        messages = self._messages(thread.channel, thread.ts, oldest=after, latest=before)
        replies = [_THREAD_REPLY.validate_python(message) async for message in messages]
        found = [reply for reply in replies if reply.is_persons_reply and reply.edited is None]
        return sorted((reply for reply in found if after < reply.ts < before), key=lambda reply: reply.ts)

    async def _messages(self, channel: str, thread_ts: str | None, **asked: Any) -> AsyncIterator[dict[str, Any]]:
        """The messages of a thread, oldest first, or of a channel, newest first."""
        method = "conversations.replies" if thread_ts else "conversations.history"
        cursor: str | None = None
        while True:
            answer = await self._call(method, channel=channel, ts=thread_ts, limit=200, cursor=cursor, **asked)
            for message in answer.get("messages", ()):
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def update(self, at: Posted, what: Renderable) -> None:
        """Replace a message's text and blocks; always both, because text alone would remove the blocks."""
        await self._call("chat.update", channel=at.channel, ts=at.ts, text=what.text, blocks=list(what.blocks))

    async def delete(self, at: Posted) -> None:
        """Delete a message; no error if it no longer exists."""
        try:
            await self._call("chat.delete", channel=at.channel, ts=at.ts)
        except Permanent as error:
            if error.code != "message_not_found":
                raise

    async def permalink(self, at: Posted) -> str:
        """The address of a message that is no reply; for each channel, a process asks Slack once an hour."""
        return await self._addresses.of(at)

    async def _ask_permalink(self, at: Posted) -> str:
        return str((await self._call("chat.getPermalink", channel=at.channel, message_ts=at.ts))["permalink"])

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal for the user who made the trigger, which lives three seconds."""
        await self._call("views.open", trigger_id=trigger_id, view=dict(view))

    async def push_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """Open a modal on top of the one in which the trigger was made; a trigger lives three seconds."""
        await self._call("views.push", trigger_id=trigger_id, view=dict(view))

    async def update_view(self, external_id: str, view: Mapping[str, Any]) -> None:
        """Replace the modal that has this external id."""
        await self._call("views.update", external_id=external_id, view=dict(view))

    async def publish_view(self, user: str, view: Mapping[str, Any], hash: str | None = None) -> None:
        """Let a user's Home show a view (https://docs.slack.dev/reference/methods/views.publish)."""
        await self._call("views.publish", user_id=user, view=dict(view), hash=hash)

    async def whisper(self, channel: str, user: str, what: Renderable, thread_ts: str | None = None) -> None:
        """Send one user a private message in a channel."""
        await self._call(
            "chat.postEphemeral",
            channel=channel,
            user=user,
            text=what.text,
            blocks=list(what.blocks),
            thread_ts=thread_ts,
        )

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file, which nobody sees until it is shared; returns its id.

        https://docs.slack.dev/messaging/working-with-files#upload
        """
        room = await self._call("files.getUploadURLExternal", filename=name, length=len(content))
        url, session = str(room["upload_url"]), await self._sessions()
        with recorded_call("slack", "upload", CALLS) as call:
            try:
                async with session.post(
                    url, data=content, allow_redirects=False, timeout=UPLOAD, proxy=self._proxies.leading_to(url)
                ) as answer:
                    status = answer.status
            except (TimeoutError, aiohttp.ClientError) as error:
                raise Temporary(type(error).__name__) from error
            if status != 200:
                call.outcome = f"http_{status}"
                raise Temporary(call.outcome)
        return str(room["file_id"])

    async def share(self, files: Sequence[str], channel: str, thread_ts: str, byline: Byline | None = None) -> None:
        """Share uploaded files in one message of a thread."""
        shown = [{"id": file} for file in files]
        await self._call_as(
            byline, "files.completeUploadExternal", files=shown, channel_id=channel, thread_ts=thread_ts
        )

    async def find_share(self, file: str, channel: str) -> Posted | None:
        """The message that shares a file in a channel; None if there is none yet, file_not_found if never shared."""
        shares = (await self._call("files.info", file=file))["file"].get("shares") or {}
        places = [place for by_channel in shares.values() for place in by_channel.get(channel, ())]
        if not places:
            return None
        ts = places[0]["ts"]
        return Posted(channel, ts, places[0].get("thread_ts") or await self._thread_of(channel, ts))

    async def _thread_of(self, channel: str, ts: str) -> str | None:
        """The thread of a message; None if it is in none."""
        messages = (await self._call("conversations.replies", channel=channel, ts=ts, limit=1)).get("messages") or [{}]
        thread_ts: str | None = messages[0].get("thread_ts")
        return thread_ts

    async def react(self, at: Posted, emoji: str) -> None:
        """Add our reaction to a message; no error if it is there already."""
        await self._reaction("reactions.add", at, emoji, fine="already_reacted")

    async def unreact(self, at: Posted, emoji: str) -> None:
        """Remove our reaction from a message; no error if it is not there."""
        await self._reaction("reactions.remove", at, emoji, fine="no_reaction")

    async def _reaction(self, method: str, at: Posted, emoji: str, *, fine: str) -> None:
        try:
            await self._call(method, channel=at.channel, timestamp=at.ts, name=emoji)
        except Permanent as error:
            if error.code != fine:
                raise

    async def is_member(self, channel: str) -> bool:
        """Whether the bot is a member of a channel; an archived one counts, since nobody can write there."""
        found = (await self._call("conversations.info", channel=channel))["channel"]
        return bool(found.get("is_member") or found.get("is_archived"))

    async def file(self, id: str) -> SlackFile:
        """A file that a person posted; an address outside Slack is left out."""
        found = SlackFile.model_validate(_without_nulls((await self._call("files.info", file=id))["file"]))
        return only_slacks(found, self._base_url)

    async def home(self) -> frozenset[str]:
        """The ids of the app's own workspace and organisation; each process asks Slack once."""
        if not self._home:
            found = await self._call("auth.test")
            self._home = _ids(found.get("team_id"), found.get("enterprise_id"))
        return self._home

    async def home_of(self, user: str) -> frozenset[str]:
        """The ids of a user's workspace and organisation; each process asks Slack once an hour."""
        return await self._homes.get(user, self._ask_home)

    async def _ask_home(self, user: str) -> frozenset[str]:
        found = (await self._call("users.info", user=user))["user"]
        organisation = found.get("enterprise_user") or {}
        return _ids(found.get("team_id"), organisation.get("enterprise_id"))

    async def user_name(self, user: str) -> str:
        """A user's display name, else the real name; each process asks Slack once an hour."""
        return await self._names.get(user, self._ask_name)

    async def _ask_name(self, user: str) -> str:
        found = (await self._call("users.info", user=user))["user"]
        profile = found.get("profile") or {}
        return str(profile.get("display_name") or profile.get("real_name") or found.get("real_name") or found["name"])

    async def zone_of(self, user: str) -> str:
        """A user's time zone (https://docs.slack.dev/reference/objects/user-object); each process asks once an hour."""
        return await self._zones.get(user, self._ask_zone)

    async def _ask_zone(self, user: str) -> str:
        return str((await self._call("users.info", user=user))["user"].get("tz") or "")

    async def is_deactivated(self, user: str) -> bool:
        """Whether a user's account is deactivated (https://docs.slack.dev/reference/objects/user-object)."""
        return bool((await self._call("users.info", user=user))["user"].get("deleted"))

    async def is_admin(self, user: str) -> bool:
        """Whether a user is an admin or owner (https://docs.slack.dev/reference/objects/user-object)."""
        return await self._admins.get(user, self._ask_admin)

    async def _ask_admin(self, user: str) -> bool:
        found = (await self._call("users.info", user=user))["user"]
        return any(found.get(kind) for kind in ("is_admin", "is_owner", "is_primary_owner"))

    async def sees(self, user: str, channels: Collection[str]) -> Sight:
        """Which of some channels a user can see.

        Members see a channel, and all others but guests see a public one. Each process asks for a user's channels once
        a minute, and for a channel once in ten.
        """
        try:
            async with asyncio.timeout(SEEN_WITHIN.total_seconds()):
                return await self._seen(user, frozenset(channels))
        except TimeoutError:
            log.warning("Slack does not say in time what a user can see")
            return Sight(unsure=True)

    async def _seen(self, user: str, wanted: frozenset[str]) -> Sight:
        try:
            own = await self._own_channels.get(user, self._channels_of)
            if wanted <= own or await self._guests.get(user, self._is_guest):
                return Sight(wanted & own)
        except CallError as error:
            log.warning("Slack does not say what a user can see", error=error.code)
            return Sight(unsure=True)
        others = sorted(wanted - own)[:MOST_ASKED]
        public = await asyncio.gather(
            *(self._public.get(each, self._is_public) for each in others), return_exceptions=True
        )
        for each in public:
            if isinstance(each, CallError):
                log.warning("Slack does not say who can see a channel", error=each.code)
            elif isinstance(each, BaseException):
                raise each
        seen = {channel for channel, found in zip(others, public, strict=True) if found is True}
        unsure = len(wanted - own) > MOST_ASKED or any(isinstance(each, CallError) for each in public)
        return Sight(wanted & own | seen, unsure)

    async def _channels_of(self, user: str) -> frozenset[str]:
        """The channels that a user is a member of, private ones only where Clerk is one too."""
        found: set[str] = set()
        cursor: str | None = None
        while True:
            kinds = "public_channel,private_channel"
            answer = await self._call("users.conversations", user=user, types=kinds, limit=999, cursor=cursor)
            found |= {channel["id"] for channel in answer.get("channels", ())}
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return frozenset(found)

    async def _is_guest(self, user: str) -> bool:
        """Whether a user sees only the channels that they are a member of."""
        found = (await self._call("users.info", user=user))["user"]
        return any(found.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger"))

    async def _is_public(self, channel: str) -> bool:
        try:
            found = (await self._call("conversations.info", channel=channel))["channel"]
        except Permanent:
            return False  # it is gone, or private and without Clerk
        return not found.get("is_private")

    async def respond(self, response_url: str, what: Renderable, *, replace: bool = False) -> None:
        """Send the user who clicked a private message, through the response_url (valid for 30 minutes and 5 uses).

        It may `replace` the one in which they clicked
        (https://docs.slack.dev/interactivity/handling-user-interaction#updating_message_response).
        """
        body = {
            "response_type": "ephemeral",
            "replace_original": replace,
            "text": what.text,
            "blocks": list(what.blocks),
        }
        with recorded_call("slack", "response_url", CALLS) as call:
            try:
                async with (await self._sessions()).post(
                    response_url, json=body, allow_redirects=False, proxy=self._proxies.leading_to(response_url)
                ) as answer:
                    status = answer.status
            except NOT_REACHED as error:
                raise Temporary(type(error).__name__) from error
            except (TimeoutError, aiohttp.ClientError) as error:
                raise Ambiguous(type(error).__name__) from error
            if status != 200:
                call.outcome = f"http_{status}"
                raise error_for("used_url" if 400 <= status < 500 else "", status, None)

    async def _call_as(self, byline: Byline | None, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method under a name, unless the app may not: Slack ignores the name then, or refuses the call.

        After a refusal the error says to try again soon; no name is given any more until Slack says that the app may.
        """
        if byline is None or not self._may_customize:
            return await self._call(method, **arguments)
        try:
            return await self._call(method, **arguments, username=byline.name, icon_emoji=byline.emoji)
        except Temporary as error:
            if error.code != MISSING_SCOPE or self._may_customize:
                raise
            raise Temporary(error.code, WITHOUT_NAME_AFTER) from error

    def _note_scopes(self, answer: AsyncSlackResponse) -> None:
        """Learn from an answer whether the app may post under other names (https://docs.slack.dev/apis/web-api)."""
        granted = answer.headers.get("x-oauth-scopes")
        if granted is not None:
            self._may_customize = SCOPE in {scope.strip() for scope in granted.split(",")}
        elif isinstance(answer.data, dict) and answer.data.get("error") == MISSING_SCOPE:
            self._may_customize = False

    async def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method once; every failure is a CallError."""
        given = {name: value for name, value in arguments.items() if value is not None}
        with recorded_call("slack", method, CALLS) as call:
            try:
                answer = await (await self._clients()).api_call(method, **_body(method, given))
            except SlackApiError as error:
                self._note_scopes(error.response)
                failure = _failure(error)
            except NOT_REACHED as error:
                failure = Temporary(type(error).__name__)
            except (TimeoutError, aiohttp.ClientError, SlackClientError, json.JSONDecodeError) as error:
                failure = Ambiguous(type(error).__name__)
            else:
                self._note_scopes(answer)
                return answer.data if isinstance(answer.data, dict) else {}
            call.outcome = failure.code
            raise failure

    async def _sessions(self) -> aiohttp.ClientSession:
        if self._session is None:
            seconds = CALL_TIMEOUT.total_seconds()
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 2),
                connector=aiohttp.TCPConnector(limit=50, loop=asyncio.get_running_loop()),
            )
        return self._session

    async def _clients(self) -> AsyncWebClient:
        if self._client is None:
            self._client = AsyncWebClient(
                token=self._token, base_url=self._base_url, session=await self._sessions(), retry_handlers=[]
            )
            self._client.proxy = self._proxies.leading_to(self._base_url)  # the client itself ignores NO_PROXY
        return self._client


def _body(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A method's arguments in the form it accepts: methods that only read accept no JSON (https://docs.slack.dev/apis/web-api)."""
    reads = method.startswith("conversations.") or method in {
        "chat.getPermalink",
        "files.getUploadURLExternal",
        "files.info",
        "users.conversations",
        "users.info",
    }
    return {"params": dict(arguments)} if reads else {"json": dict(arguments)}


def _ids(*found: str | None) -> frozenset[str]:
    return frozenset(id for id in found if id)


def _without_nulls(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _failure(error: SlackApiError) -> CallError:
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    after = response.headers.get("Retry-After") or response.headers.get("retry-after")
    return error_for(str(data.get("error") or ""), int(response.status_code), retry_after(after))
