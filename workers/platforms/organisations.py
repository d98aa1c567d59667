"""Whether a person speaks for the team: in a shared channel, people of other organisations write and click, too."""

from collections.abc import Collection

from workers.ports import Ports


def is_foreign(team: str, home: Collection[str]) -> bool:
    """Whether somebody may be of another organisation than the app: Slack names another workspace."""
    return bool(team) and bool(home) and team not in home


async def is_of_the_team(user: str, team: str, home: Collection[str], ports: Ports) -> bool:
    """Whether a person of workspace `team` is of the app's organisation, whose ids are `home`.

    Workspaces of one organisation differ in their ids, and have the organisation's in common, which Slack is asked for.
    """
    if not is_foreign(team, home):
        return True
    if not any(id.startswith("E") for id in home):
        return False
    return bool(frozenset(home) & await ports.slack.home_of(user))
