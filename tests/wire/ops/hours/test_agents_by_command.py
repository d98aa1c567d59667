"""`clerk agents` on a real MongoDB wire server: who is away, whose hours are whose, and wrong words."""

import json

from tests.commands import clerk_in_process


def test_agents_get_hours_and_are_listed(mongo_url: str) -> None:
    def clerk(*words: str) -> str:
        ended = clerk_in_process({"CLERK_MONGO_URL": mongo_url}, *words)
        return ended.stdout if ended.returncode == 0 else f"{ended.returncode}: {ended.stderr}"

    assert clerk("agents", "list").startswith("Nobody has said that they are away")
    assert json.loads(clerk("agents", "list", "--json")) == []
    assert clerk("agents", "set", "U0ANN", "--hours", "shop") == (
        "2: there is no calendar shop. See clerk calendars list.\n"
    )
    assert clerk("agents", "set", "ann", "--hours", "none").startswith(
        "2: ann: an agent is named by their Slack member"
    )
    clerk("calendars", "add", "shop", "--zone", "UTC", "--week", "mon-sun 0:00-24:00")
    assert clerk("agents", "set", "U0ANN", "--hours", "shop") == "U0ANN has the hours of shop. Now: there.\n"
    listed = clerk("agents", "list")
    assert [line.split() for line in listed.splitlines()] == [["agent", "now", "hours"], ["U0ANN", "there", "shop"]]
    (found,) = json.loads(clerk("agents", "list", "--json"))
    assert found == {
        "id": "U0ANN",
        "zone": "",
        "hours": "shop",
        "available": True,
        "deactivated": False,
        "away_until": None,
        "note": "",
    }
    assert clerk("calendars", "remove", "shop") == (
        "2: shop has the hours of U0ANN. First: clerk agents set U0ANN --hours none\n"
    )
    assert clerk("agents", "set", "U0ANN", "--hours", "none") == "U0ANN has no hours: always there. Now: there.\n"
    assert "no calendar any more" in clerk("calendars", "remove", "shop")
