"""Modals and the triggers that open them (https://docs.slack.dev/surfaces/modals)."""

import itertools
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.config import APP, BOT_ID, TEAM
from sandbox.json_object import Json
from sandbox.record import Record
from sandbox.slack.blockkit.block_checks import modal_errors
from sandbox.slack.blockkit.block_ids import with_ids
from sandbox.slack.blockkit.find_elements import inputs
from sandbox.slack.refusals import SlackRefusal

TRIGGER_LIFE: Final = 3.0
STACK: Final = 3
MAX_KEPT: Final = 1000
_TRIGGER: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9a-f]+")


@dataclass
class _Trigger:
    user: str
    until: float
    view: str | None
    cause: int | None
    used: bool = False


@dataclass
class OpenModals:
    """The open modals; a pushed modal covers the one that its `previous_view_id` names.

    `typed` is what people have entered so far, by view, block_id and action_id.
    """

    _record: Record
    _clock: Callable[[], float]
    views: dict[str, Json] = field(default_factory=dict)
    typed: dict[str, dict[tuple[str, str], Any]] = field(default_factory=dict)
    _triggers: dict[str, _Trigger] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def trigger(self, user: str, view: str | None = None, cause: int | None = None) -> str:
        """Make a trigger for a person's action, in a modal if `view` names one; it works once, within three seconds."""
        id = f"{next(self._numbers)}.{secrets.randbelow(10**9)}.{secrets.token_hex(8)}"
        self._triggers[id] = _Trigger(user, self._clock() + TRIGGER_LIFE, view, cause)
        if len(self._triggers) > MAX_KEPT:
            del self._triggers[next(iter(self._triggers))]
        return id

    def cause(self, trigger: str) -> int | None:
        """The record's number of the action that made a trigger."""
        found = self._triggers.get(trigger)
        return found.cause if found else None

    def open(self, trigger: str, view: Mapping[str, Any]) -> Json:
        """Open a modal for the person who made the trigger."""
        refuse_invalid(view)
        self._unused_external_id(view, None)
        user = self._exchange(trigger).user
        return self._show(user, view, None)

    def push(self, trigger: str, view: Mapping[str, Any]) -> Json:
        """Open a modal on top of the one that the trigger came from; a stack has three modals at most."""
        refuse_invalid(view)
        self._unused_external_id(view, None)
        found = self._exchange(trigger)
        if found.view not in self.views:
            raise SlackRefusal("not_found")
        return self.push_on(found.user, found.view, view)

    def push_on(self, user: str, on: str, view: Mapping[str, Any]) -> Json:
        """Open a checked modal on top of another."""
        depth, below = 1, self.views[on]["previous_view_id"]
        while below is not None:
            depth, below = depth + 1, self.views[below]["previous_view_id"]
        if depth >= STACK:
            raise SlackRefusal("push_limit_reached")
        return self._show(user, view, on)

    def update(self, view_id: str, external_id: str, hash: str | None, view: Mapping[str, Any]) -> Json:
        """Replace a modal; inputs that remain keep what was typed."""
        refuse_invalid(view)
        found = self.find(view_id, external_id)
        if found is None:
            raise SlackRefusal("not_found")
        if hash is not None and hash != found["hash"]:
            raise SlackRefusal("hash_conflict")
        self._unused_external_id(view, found["id"])
        return self.replace(found["id"], view)

    def replace(self, id: str, view: Mapping[str, Any]) -> Json:
        """Replace a modal with a checked one."""
        old = self.views[id]
        new = _stored_modal(view, id, old["user"], old["previous_view_id"], old["root_view_id"])
        self.views[id] = new
        stays = {(block["block_id"], element["action_id"]) for block, element in inputs(new["blocks"])}
        self.typed[id] = {key: value for key, value in self.typed.get(id, {}).items() if key in stays}
        self._record.change()
        return new

    def find(self, view_id: str, external_id: str) -> Json | None:
        """Find an open modal by either of its ids."""
        if view_id:
            return self.views.get(view_id)
        return next((each for each in self.views.values() if external_id and each["external_id"] == external_id), None)

    def close(self, id: str) -> None:
        """Close a modal and those on top of it; the one below shows again."""
        for above in [each for each in self.views.values() if each["previous_view_id"] == id]:
            self.close(above["id"])
        self.views.pop(id, None)
        self.typed.pop(id, None)
        self._record.change()

    def clear(self, id: str) -> None:
        """Close a modal's whole stack."""
        self.close(self.views[id]["root_view_id"])

    def _exchange(self, trigger: str) -> _Trigger:
        if not _TRIGGER.fullmatch(trigger):
            raise SlackRefusal("invalid_arguments", "invalid `trigger_id` [json-pointer:/trigger_id]")
        found = self._triggers.get(trigger)
        if found is None:
            raise SlackRefusal("invalid_trigger_id")
        if found.used:
            raise SlackRefusal("exchanged_trigger_id")
        if self._clock() > found.until:
            raise SlackRefusal("expired_trigger_id")
        found.used = True
        return found

    def _show(self, user: str, view: Mapping[str, Any], on: str | None) -> Json:
        id = f"V{secrets.token_hex(5).upper()}"
        self.views[id] = _stored_modal(view, id, user, on, self.views[on]["root_view_id"] if on else id)
        self.typed[id] = {}
        if len(self.views) > MAX_KEPT:
            self.close(next(iter(self.views)))
        self._record.change()
        return self.views[id]

    def _unused_external_id(self, view: Mapping[str, Any], own: str | None) -> None:
        external = view.get("external_id")
        if external and any(each["external_id"] == external and each["id"] != own for each in self.views.values()):
            raise SlackRefusal("duplicate_external_id")


def refuse_invalid(view: Mapping[str, Any]) -> None:
    """Refuse a modal that Slack would refuse."""
    if faults := modal_errors(view):
        if faults == ["view_too_large"]:
            raise SlackRefusal("view_too_large")
        raise SlackRefusal("invalid_arguments", *faults)


def public_modal(view: Mapping[str, Any]) -> Json:
    """A modal as the app sees it: without its user."""
    return {name: value for name, value in view.items() if name != "user"}


def _stored_modal(view: Mapping[str, Any], id: str, user: str, on: str | None, root: str) -> Json:
    given = json.loads(json.dumps(view))
    return {
        "submit": None,
        "close": None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        **given,
        "blocks": with_ids(given["blocks"]),
        "id": id,
        "team_id": TEAM,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT_ID,
        "hash": f"{id[1:]}.{secrets.token_hex(4)}",
        "state": {"values": {}},
        "root_view_id": root,
        "previous_view_id": on,
        "user": user,
    }
