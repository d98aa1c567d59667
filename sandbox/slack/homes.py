"""What the app's Home tab shows each person (https://docs.slack.dev/surfaces/app-home)."""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.config import APP, BOT_ID, TEAM
from sandbox.json_object import Json
from sandbox.record import Record
from sandbox.slack.blockkit.block_checks import home_errors
from sandbox.slack.blockkit.block_ids import with_ids
from sandbox.slack.refusals import SlackRefusal


@dataclass
class PublishedHomes:
    """The published views by person; `enabled` says whether the app has a Home tab."""

    _record: Record
    enabled: bool = True
    views: dict[str, Json] = field(default_factory=dict)

    def publish(self, user: str, people: Collection[str], hash: str | None, view: Mapping[str, Any]) -> Json:
        """Show a view to a person, in place of the one before."""
        if not self.enabled:
            raise SlackRefusal("not_enabled")
        if faults := home_errors(view):
            if faults == ["view_too_large"]:
                raise SlackRefusal("view_too_large")
            raise SlackRefusal("invalid_arguments", *faults)
        if user not in people:
            raise SlackRefusal("user_not_found")
        before = self.views.get(user)
        if hash is not None and before is not None and hash != before["hash"]:
            raise SlackRefusal("hash_conflict")
        external = view.get("external_id")
        if external and any(each["external_id"] == external for id, each in self.views.items() if id != user):
            raise SlackRefusal("duplicate_external_id")
        self.views[user] = _stored_home(view, before["id"] if before else f"V{secrets.token_hex(5).upper()}", user)
        self._record.change()
        return self.views[user]


def _stored_home(view: Mapping[str, Any], id: str, user: str) -> Json:
    given = json.loads(json.dumps(view))
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        **given,
        "blocks": with_ids(given["blocks"]),
        "id": id,
        "team_id": TEAM,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT_ID,
        "title": {"type": "plain_text", "text": "View Title", "emoji": True},
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
        "hash": f"{id[1:]}.{secrets.token_hex(4)}",
        "state": {"values": {}},
        "root_view_id": id,
        "previous_view_id": None,
        "user": user,
    }
