"""People write, edit and delete messages, and type slash commands."""

import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from sandbox.config import APP, OTHER_BOT, OTHER_BOT_ID, TEAM
from sandbox.json_object import Json
from sandbox.record import RecordedCall
from sandbox.slack.channel import WorkspaceChannel
from sandbox.slack.file_store import WorkspaceFile
from sandbox.slack.message_shapes import changed_event
from sandbox.slack.methods.files import share
from sandbox.slack.people.typed_text import escaped, rich_text
from sandbox.slack.people.user_actions import UserActions
from sandbox.slack.refusals import SlackRefusal


class Writing(UserActions):
    """Messages and commands; SlackRefusal if Slack's client does not allow the action."""

    async def reply(
        self,
        user: str,
        channel: str,
        thread_ts: str | None,
        text: str,
        *,
        files: Sequence[tuple[str, bytes]] = (),
        broadcast: bool = False,
        **more: Any,
    ) -> httpx.Response:
        """Write a message with these files, in a thread if one is named; `broadcast` also shows it in the channel.

        `text` is what a person types: `<@U…>`, `<#C…>` and `<https://…|label>` are mentions and links.
        """
        place = self._place(channel, user)
        about = {"client_msg_id": str(uuid.uuid4()), **more}
        written = escaped(text)
        if files:
            stored: list[WorkspaceFile] = [self._workspace.files.add(name, content, user) for name, content in files]
            message = share(self._workspace, place, user, written, stored, thread_ts, **about)
            message["upload"] = False
            if blocks := rich_text(text):
                message["blocks"] = [{**each, "block_id": "typed"} for each in blocks]
        else:
            message = self._workspace.post(
                place, written, rich_text(text), thread_ts=thread_ts, user=user, broadcast=broadcast, **about
            )
        return await self.webhooks.message(place, message)

    async def edit(self, user: str, channel: str, ts: str, text: str) -> httpx.Response:
        """Edit the person's own message."""
        place, message = self._own(user, channel, ts)
        before = {**message}
        message["text"] = escaped(text)
        message["blocks"] = [{**each, "block_id": "typed"} for each in rich_text(text)]
        message["edited"] = {"user": user, "ts": self._workspace.ts()}
        self._workspace.mark_changed()
        return await self.webhooks.message(place, changed_event(message, before, self._workspace.ts()))

    async def delete(self, user: str, channel: str, ts: str) -> httpx.Response:
        """Delete the person's own message."""
        place, _ = self._own(user, channel, ts)
        return await self.webhooks.message(place, self._workspace.remove(place, ts))

    async def other_bot(self, channel: str, text: str, thread_ts: str | None = None) -> httpx.Response:
        """Post a message of another app."""
        place = self._workspace.channels[channel]
        profile = {"id": OTHER_BOT_ID, "deleted": False, "name": "other-app", "app_id": "A0OTHER", "team_id": TEAM}
        message = self._workspace.post(
            place, text, [], thread_ts=thread_ts, user=OTHER_BOT, bot_id=OTHER_BOT_ID, bot_profile=profile
        )
        return await self.webhooks.message(place, message)

    async def command(self, user: str, channel: str, text: str, command: str = "/clerk") -> httpx.Response:
        """Type a slash command."""
        call, found, person = self._record.begin(), self._workspace.channels[channel], self._person(user)
        form = {
            "token": "sandbox",
            "team_id": TEAM,
            "team_domain": "sandbox",
            "channel_id": channel,
            "channel_name": "directmessage" if found.person else found.name,
            "user_id": user,
            "user_name": person["name"],
            "command": command,
            "text": escaped(text),
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self._workspace.response_url(channel, user, "", call.number),
            "trigger_id": self._workspace.trigger(user, call.number),
        }
        answer = await self.webhooks.command(form, call)
        if answer.status_code == 200 and answer.content:
            self._show_answer(user, found, answer, call)
        return answer

    def _show_answer(self, user: str, channel: WorkspaceChannel, answer: httpx.Response, call: RecordedCall) -> None:
        """Show the app's answer to a command: to the person who typed it, or to all."""
        try:
            is_json = "json" in answer.headers.get("content-type", "")
            body: Json = answer.json() if is_json else {"text": answer.text}
            blocks = body.get("blocks") or []
            self._workspace.check(blocks)
        except (ValueError, AttributeError) as error:
            self._workspace.violation("command", [f"the answer is malformed: {error!r}"], cause=call.number)
            return
        except SlackRefusal as refused:
            self._workspace.violation(refused.error, refused.details, cause=call.number)
            return
        if body.get("response_type") == "in_channel":
            self._workspace.post(channel, body.get("text", ""), blocks)
        elif body.get("text") or blocks:
            self._workspace.post_ephemeral(channel.id, user, body.get("text", ""), blocks)

    def _place(self, channel: str, user: str) -> WorkspaceChannel:
        place = self._workspace.channels.get(channel)
        if place is None or user not in place.members:
            raise SlackRefusal("not_in_channel")
        if place.archived:
            raise SlackRefusal("is_archived")
        return place

    def _own(self, user: str, channel: str, ts: str) -> tuple[WorkspaceChannel, Json]:
        place = self._place(channel, user)
        message = place.messages.get(ts)
        if message is None or message["user"] != user:
            raise SlackRefusal("this is not your own message")
        return place, message
