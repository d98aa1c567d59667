"""People click buttons, pick from menus, fill in modals and submit them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from sandbox.json_object import Json
from sandbox.record import RecordedCall
from sandbox.slack.blockkit.find_elements import find_element
from sandbox.slack.message_shapes import public_message
from sandbox.slack.modals import public_modal, refuse_invalid
from sandbox.slack.people.user_actions import UserActions
from sandbox.slack.people.view_state import element_state, options_of, state_values, submission_errors
from sandbox.slack.refusals import SlackRefusal


class Clicking(UserActions):
    """Buttons, menus and modals; SlackRefusal if Slack's client does not allow the action."""

    async def click(self, user: str, channel: str, ts: str, action_id: str, selected: Any = None) -> httpx.Response:
        """Use a button or menu of a message, or of an ephemeral one.

        `selected` is what was picked: an option's value, a user's or channel's id, a date, or a list of such.
        """
        found = self._workspace.channels.get(channel)
        message = found.messages.get(ts) if found else None
        post_ephemeral = next((each for each in self._workspace.ephemerals if each["ts"] == ts), None)
        shown = message or post_ephemeral
        place = find_element(shown.get("blocks", ()), action_id) if shown else None
        if shown is None or place is None:
            raise SlackRefusal("no such button")
        block, element = place
        action = self._action(block, element, selected)

        def entered(block_id: str, action: str) -> Any:
            return selected if (block_id, action) == (block["block_id"], action_id) else None

        call = self._record.begin()
        return await self.webhooks.interaction(
            {
                **self._interaction("block_actions", user),
                "container": {
                    "type": "message",
                    "message_ts": ts,
                    "channel_id": channel,
                    "is_ephemeral": message is None,
                    **({"thread_ts": shown["thread_ts"]} if shown.get("thread_ts") else {}),
                },
                "trigger_id": self._workspace.trigger(user, call.number),
                "channel": {"id": channel, "name": found.name if found and not found.person else "directmessage"},
                **({"message": public_message(message)} if message else {}),
                "response_url": self._workspace.response_url(channel, user, ts, call.number),
                "state": {"values": state_values(shown.get("blocks", ()), entered)},
                "actions": [action],
            },
            call,
        )

    async def open_home(self, user: str) -> httpx.Response:
        """Open the app's Home; Slack tells the app, with the view that it shows, if there is one."""
        homes = self._workspace.homes
        if not homes.enabled:
            raise SlackRefusal("the app has no Home tab")
        if "app_home_opened" not in self._workspace.config.events:
            return httpx.Response(204, text="no event: the app is not subscribed")
        shown = homes.views.get(user)
        about = {"channel": f"D{user[1:]}", "tab": "home", "event_ts": self._workspace.ts()}
        view = {"view": public_modal(shown)} if shown else {}
        return await self.webhooks.event({"type": "app_home_opened", "user": user, **about, **view})

    async def click_in_home(
        self, user: str, action_id: str, block_id: str | None = None, selected: Any = None
    ) -> httpx.Response:
        """Use a button or menu of the person's Home: of the first block that has it, unless `block_id` names one."""
        view = self._workspace.homes.views.get(user)
        blocks = [each for each in view["blocks"] if block_id in {None, each["block_id"]}] if view else []
        place = find_element(blocks, action_id)
        if view is None or place is None:
            raise SlackRefusal("no such button")
        block, element = place
        call = self._record.begin()
        return await self.webhooks.interaction(
            {
                **self._interaction("block_actions", user),
                "container": {"type": "view", "view_id": view["id"]},
                "trigger_id": self._workspace.trigger(user, call.number),
                "view": public_modal(view),
                "actions": [self._action(block, element, selected)],
            },
            call,
        )

    async def click_in_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        selected: Any = None,
        entered: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Use a button or menu of a modal; `entered` is what its inputs hold by then, by block_id."""
        view = self._view(view_id)
        place = find_element(view["blocks"], action_id)
        if place is None:
            raise SlackRefusal("no such button")
        block, element = place
        self.enter(view_id, entered or {})
        if element["type"] not in {"button", "overflow"}:
            self._workspace.modals.typed[view_id][block["block_id"], action_id] = selected
        call = self._record.begin()
        return await self.webhooks.interaction(
            {
                **self._interaction("block_actions", user),
                "container": {"type": "view", "view_id": view_id},
                "trigger_id": self._workspace.modals.trigger(user, view_id, call.number),
                "view": self._public_view(view),
                "actions": [self._action(block, element, selected)],
            },
            call,
        )

    def _action(self, block: Json, element: Json, selected: Any) -> Json:
        action: Json = {
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "type": element["type"],
            "action_ts": self._workspace.ts(),
        }
        if element["type"] == "button":
            return action | {name: element[name] for name in ("text", "value", "url", "style") if name in element}
        if element["type"] == "overflow":
            option = next((each for each in options_of(element) if each["value"] == selected), None)
            if option is None:
                raise SlackRefusal("no such option")
            return {**action, "selected_option": option}
        initial = {name: value for name, value in element.items() if name.startswith("initial_")}
        return {**action, **initial, **element_state(element, selected)}

    def enter(self, view_id: str, entered: Mapping[str, Any]) -> None:
        """Fill in inputs of a modal, by block_id, without submitting it; an update of the modal keeps them."""
        view = self._view(view_id)
        for block in view["blocks"]:
            if block.get("block_id") in entered and block["type"] == "input":
                key = (block["block_id"], block["element"]["action_id"])
                value = entered[block["block_id"]]
                files = block["element"]["type"] == "file_input"
                self._workspace.modals.typed[view_id][key] = self._uploaded(value) if files else value

    def _uploaded(self, chosen: Sequence[Mapping[str, Any]]) -> list[Json]:
        """The files of a file input, as their public views; each is chosen by its `id`."""
        files = self._workspace.files
        return [files.public_view(files.find(each["id"])) for each in chosen]

    async def submit(self, user: str, view_id: str, entered: Mapping[str, Any]) -> httpx.Response:
        """Submit a modal; `entered` overrides what its inputs hold, by block_id.

        Where Slack's client would not send it, SlackRefusal holds the errors by block_id, as JSON.
        """
        view = self._view(view_id)
        if view["submit"] is None:
            raise SlackRefusal("this modal has no submit button")
        self.enter(view_id, entered)
        view.pop("errors", None)
        shown = self._public_view(view)
        if errors := submission_errors(view["blocks"], shown["state"]["values"]):
            raise SlackRefusal(json.dumps(errors))
        call = self._record.begin()
        answer = await self.webhooks.interaction(
            {
                **self._interaction("view_submission", user),
                "trigger_id": self._workspace.modals.trigger(user, view_id, call.number),
                "view": shown,
                "response_urls": [],
            },
            call,
        )
        if answer.status_code == 200 and view_id in self._workspace.views:
            self._apply_response(user, view, answer, call)
        return answer

    async def close(self, user: str, view_id: str) -> httpx.Response:
        """Close a modal with its close button; Slack tells the app if the modal has notify_on_close."""
        view = self._view(view_id)
        shown, call = self._public_view(view), self._record.begin()
        cleared = bool(view["clear_on_close"])
        if cleared:
            self._workspace.modals.clear(view_id)
        else:
            self._workspace.close_view(view_id)
        if not view["notify_on_close"]:
            return httpx.Response(204, text="no webhook: notify_on_close is off")
        payload = {**self._interaction("view_closed", user), "view": shown, "is_cleared": cleared}
        return await self.webhooks.interaction(payload, call)

    def _apply_response(self, user: str, view: Json, answer: httpx.Response, call: RecordedCall) -> None:
        """Apply the app's answer to a submission (https://docs.slack.dev/surfaces/modals#response_actions)."""
        modals = self._workspace.modals
        if not answer.content:
            modals.close(view["id"])
            return
        try:
            body = answer.json()
            match body.get("response_action"):
                case "errors":
                    self._show_errors(view, body["errors"])
                case "clear":
                    modals.clear(view["id"])
                case "update" | "push" as action:
                    refuse_invalid(body["view"])
                    if action == "update":
                        modals.replace(view["id"], body["view"])
                    else:
                        modals.push_on(user, view["id"], body["view"])
                case None if not body:
                    modals.close(view["id"])
                case other:
                    raise SlackRefusal("invalid_arguments", f"unknown response_action: {other}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._workspace.violation("view_submission", [f"the answer is malformed: {error!r}"], cause=call.number)
        except SlackRefusal as refused:
            self._workspace.violation(refused.error, refused.details, cause=call.number)

    def _show_errors(self, view: Json, errors: Mapping[str, str]) -> None:
        ids = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        wrong = [id for id, text in errors.items() if id not in ids or not isinstance(text, str) or not text]
        if wrong or not errors:
            raise SlackRefusal("invalid_arguments", *(f"no input block has the block_id {id}" for id in wrong))
        view["errors"] = dict(errors)
        self._workspace.mark_changed()

    def _view(self, view_id: str) -> Json:
        view = self._workspace.views.get(view_id)
        if view is None:
            raise SlackRefusal("this modal is not open")
        return view

    def _public_view(self, view: Json) -> Json:
        typed = self._workspace.modals.typed[view["id"]]
        values = state_values(view["blocks"], lambda block, action: typed.get((block, action)))
        shown = {name: value for name, value in public_modal(view).items() if name != "errors"}
        return {**shown, "state": {"values": values}}
