"""Whom a line's alerts reach, as operators type it, and as it is said; and what Slack says of these people."""

from datetime import timedelta
from typing import Any, Final

import pytest

from messages.deadlines.alert import AlertSettings
from messages.deadlines.alert_words import changed, described, inert
from ops.checks import alerts
from ops.checks.finding import Verdict
from tests import make

HOUR: Final = timedelta(hours=1)

TYPED: Final[dict[str, dict[str, Any]]] = {
    "escalation=U0ANN,C0OPS": {"escalation": ("U0ANN", "C0OPS")},
    "escalation= U0ANN , U0ANN": {"escalation": ("U0ANN",)},
    "Escalate-After=1h30m": {"escalate_after": 1.5 * HOUR},
    "unanswered-after=2h": {"unanswered_after": 2 * HOUR},
    "unassigned-after=45min": {"unassigned_after": 0.75 * HOUR},
    "nag=1h": {"nag": HOUR},
    "nag=off": {"nag": timedelta()},
}


@pytest.mark.parametrize("typed", TYPED)
def test_a_setting_is_read(typed: str) -> None:
    assert changed(AlertSettings(), [typed]) == AlertSettings(**TYPED[typed])


def test_what_is_typed_later_counts_and_off_is_as_it_is_by_itself() -> None:
    given = ["escalation=U0ANN", "unanswered-after=1h", "unanswered-after=off", "nag=2h"]
    assert changed(AlertSettings(), given) == AlertSettings(escalation=("U0ANN",), nag=2 * HOUR)
    assert changed(AlertSettings(), [*given, "escalation=off"]).escalation == ()
    assert changed(AlertSettings(), [*given, "off"]) == AlertSettings()


WRONG: Final = {
    "escalation": "give escalation=",
    "escalation=": "name people or channels",
    "escalation=@ann": "@ann is no id of a Slack user or channel",
    "escalation=" + ",".join(f"U0A{each}" for each in range(11)): "at most 10 people",
    "nag=soon": "write a time such as 30m",
    "nag=": "write a time such as 30m",
    "nag=0m": "between one minute and 28 days",
    "escalate-after=700h": "between one minute and 28 days",
    "escalate-after=off": "write a time such as 30m",
    "loud=yes": "give escalation=",
}


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_wrong_is_refused_with_the_reason(typed: str) -> None:
    with pytest.raises(ValueError, match=WRONG[typed]):
        changed(AlertSettings(), [typed])


def test_only_what_somebody_set_is_said_and_what_does_nothing_too() -> None:
    assert list(described(AlertSettings())) == []
    whole = changed(AlertSettings(), ["escalation=U0ANN", "unanswered-after=1h", "unassigned-after=2h", "nag=15m"])
    assert list(described(whole)) == [
        "tells U0ANN of what is late for 30 min open time, and nobody does anything",
        "tells of contacts who have waited for 1 h open time",
        "tells of tickets on which nobody has been for 2 h open time",
        "repeats an alert after 15 min, twice and four times that",
    ]
    assert list(described(changed(AlertSettings(), ["nag=off"]))) == ["repeats no alert"]
    assert list(inert(whole)) == []
    assert len(list(inert(changed(AlertSettings(), ["escalate-after=2h"])))) == 1


FOUND: Final[dict[str, tuple[dict[str, Any], Verdict, str]]] = {
    "a person": ({"ok": True, "user": {"deleted": False}}, Verdict.GOOD, "can be told"),
    "who has left": ({"ok": True, "user": {"deleted": True}}, Verdict.BAD, "deactivated"),
    "a bot": ({"ok": True, "user": {"is_bot": True}}, Verdict.BAD, "is a bot"),
    "nobody": ({"ok": False, "error": "user_not_found"}, Verdict.BAD, "does not exist"),
    "a channel": ({"ok": True, "channel": {"is_member": True}}, Verdict.GOOD, "can be told"),
    "an archived channel": ({"ok": True, "channel": {"is_archived": True}}, Verdict.BAD, "is archived"),
    "a channel without the bot": ({"ok": True, "channel": {"is_member": False}}, Verdict.BAD, "the bot is not in"),
    "an answer that is none": ({"ok": False, "error": "429"}, Verdict.SKIPPED, "429"),
}


@pytest.mark.parametrize("name", FOUND)
def test_slack_says_of_whom_a_line_tells(name: str) -> None:
    fields, verdict, words = FOUND[name]
    found = alerts.of_target(make.line(), "U0ANN", fields)
    assert found.state is verdict
    assert words in found.found


def test_doctor_asks_slack_of_people_and_channels_and_names_settings_that_do_nothing() -> None:
    assert alerts.question("U0ANN") == ("users.info", {"user": "U0ANN"})
    assert alerts.question("C0OPS") == ("conversations.info", {"channel": "C0OPS"})
    (found,) = alerts.check([make.line(), make.line(alerts=AlertSettings(escalate_after=2 * HOUR))])
    assert found.state is Verdict.ADVICE
