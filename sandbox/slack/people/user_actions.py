"""What every action of a person in the workspace needs."""

import httpx

from sandbox.config import APP, TEAM
from sandbox.json_object import Json
from sandbox.record import Record
from sandbox.slack.webhooks import SlackWebhooks
from sandbox.slack.workspace import Workspace


class UserActions:
    """The workspace, and the webhooks that Slack sends to the app."""

    def __init__(self, workspace: Workspace, record: Record, http: httpx.AsyncClient) -> None:
        self._workspace = workspace
        self._record = record
        self.webhooks = SlackWebhooks(workspace, record, http)

    async def settled(self) -> None:
        """Wait until Slack has delivered every event or given it up."""
        await self.webhooks.background.settled()

    def _person(self, user: str) -> Json:
        person = self._workspace.people[user]
        return {"id": user, "username": person.name, "name": person.name, "team_id": TEAM}

    def _interaction(self, kind: str, user: str) -> Json:
        return {
            "type": kind,
            "user": self._person(user),
            "api_app_id": APP,
            "token": "sandbox",
            "team": {"id": TEAM, "domain": "sandbox"},
            "enterprise": None,
            "is_enterprise_install": False,
        }
