"""People join and leave channels, archive and rename them, and remove the app."""

from dataclasses import replace

import httpx

from sandbox.config import BOT, TEAM
from sandbox.json_object import Json
from sandbox.slack.people.user_actions import UserActions


class Administering(UserActions):
    """Changes to channels and to the app, with Slack's events for them."""

    async def join(self, user: str, channel: str) -> httpx.Response:
        """Join a channel; with the bot's id as `user`, invite the bot."""
        place = self._workspace.channels[channel]
        if user == BOT:
            place.joined = True
        else:
            place.members.add(user)
        text = f"<@{user}> has joined the channel"
        message = self._workspace.post(place, text, [], user=user, subtype="channel_join")
        answer = await self.webhooks.message(place, message)
        if place.joined:
            await self._send_event({"type": "member_joined_channel", "user": user, "channel": channel, "team": TEAM})
        return answer

    async def leave(self, user: str, channel: str) -> None:
        """Leave a channel; with the bot's id as `user`, remove the bot."""
        place = self._workspace.channels[channel]
        if user == BOT:
            place.joined = False
        place.members.discard(user)
        self._workspace.mark_changed()

    async def archive(self, user: str, channel: str, *, archived: bool = True) -> httpx.Response:
        """Archive a channel or, with `archived` false, unarchive it."""
        self._workspace.channels[channel].archived = archived
        self._workspace.mark_changed()
        kind = "channel_archive" if archived else "channel_unarchive"
        return await self._send_event({"type": kind, "channel": channel, "user": user})

    async def purge(self, channel: str) -> None:
        """Delete all messages of a channel at once, as a retention policy does; the app gets no event of it."""
        self._workspace.channels[channel].messages.clear()
        self._workspace.mark_changed()

    async def delete_channel(self, user: str, channel: str) -> httpx.Response:
        """Delete a channel with all that is in it: the app can't see it any more."""
        del self._workspace.channels[channel]
        self._workspace.mark_changed()
        return await self._send_event({"type": "channel_deleted", "channel": channel, "actor_id": user})

    async def rename(self, channel: str, name: str) -> httpx.Response:
        """Rename a channel."""
        self._workspace.channels[channel].name = name
        self._workspace.mark_changed()
        created = int(self._workspace.clock())
        return await self._send_event(
            {"type": "channel_rename", "channel": {"id": channel, "name": name, "created": created}}
        )

    async def deactivate(self, person: str, *, deactivated: bool = True) -> httpx.Response:
        """Deactivate a person's account or, with `deactivated` false, activate it again."""
        changed = replace(self._workspace.people[person], deactivated=deactivated)
        self._workspace.people[person] = changed
        self._workspace.mark_changed()
        user = {"id": person, "name": changed.name, "deleted": deactivated, "is_bot": False}
        return await self._send_event({"type": "user_change", "user": user})

    async def uninstall(self) -> None:
        """Remove the app: Slack revokes its token and sends two events, in either order."""
        self._workspace.revoked = True
        await self._send_event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT]}})
        await self._send_event({"type": "app_uninstalled"})

    async def _send_event(self, event: Json) -> httpx.Response:
        if event["type"] not in self._workspace.config.events:
            return httpx.Response(204, text="no event: the app is not subscribed")
        return await self.webhooks.event({**event, "event_ts": self._workspace.ts()})
