"""What falls due in a storm: planned texts, automatic answers of a line that is closed, alerts of answers too late.

Each happens to contacts of its own, on a line of its own, so that nothing else that people do there excuses it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import MongoClient

from messages.calendar import WEEKDAYS
from messages.deadlines.alert import AlertCause, AlertState
from messages.planned import PlannedState
from tests.deployment import CHANNEL, LINE, Deployment, Json, clerk_command, new_contact
from tests.servers import wait_until
from workers.slack.alerts.storms import MOST_AT_ONCE

SHUT, TIMED = "+15550001112", "+15550001113"
"""A line that is closed all through the storm, and one on which an answer is late after a minute."""

OTHER_CHANNEL: Final = "C0GENERAL"
"""Theirs: in the channel of the first line, `/clerk later` knows which line is meant."""

WE_ARE_CLOSED: Final = "We are closed, and will answer later."
TEXTS: Final = 3
"""How many texts a contact of the closed line writes: fewer than a machine would."""

PLANNED_BY: Final = "U0ADA"


class TimedStorm:
    """Contacts for whom something falls due: so many of each kind, not more than there are alerts of their own."""

    def __init__(self, count: int) -> None:
        assert count <= MOST_AT_ONCE, "one list would stand for all alerts"
        self.planned, self.interrupted, self.shut, self.late = ([new_contact() for _ in range(count)] for _ in range(4))

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of the deployment that name their lines; none if nothing falls due."""
        lines = f"{LINE}={CHANNEL},{SHUT}={OTHER_CHANNEL},{TIMED}={OTHER_CHANNEL}"
        return {"CLERK_LINES": lines} if self._all() else {}

    def prepare(self, clerk: Deployment) -> None:
        """Give the lines their settings, and plan texts that leave in a minute, while nothing is wrong yet."""
        if not self._all():
            return
        weekday = WEEKDAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()][:3]
        for arguments in (
            ("calendars", "add", "shut", "--zone", "Etc/UTC", "--week", f"{weekday} 3:00-3:05"),
            ("lines", "set", LINE, "--quiet", "off"),
            ("lines", "set", SHUT, "--calendar", "shut", "--auto", f"closed={WE_ARE_CLOSED}"),
            ("lines", "set", TIMED, "--sla", "normal.first=1m/calendar"),
        ):
            told = clerk_command(clerk, *arguments)
            assert told.returncode == 0, told
        for contact in self._to_be_written_to():
            text = f"later {contact} in 1m: {_words(contact)}"
            answer = clerk.world.done("command", user=PLANNED_BY, channel=CHANNEL, text=text)
            assert answer["status"] == 200, answer
        wait_until(lambda: self._are_planned(clerk.environment["CLERK_MONGO_URL"]), "what was typed is planned")

    def live(self, write: Callable[[str, str, str, int], None]) -> None:
        """Have the contacts write: `write` takes the contact, the line, the words, and the number of the text."""
        for contact in self.interrupted:
            write(contact, LINE, "Wait", 0)
        for contact in self.late:
            write(contact, TIMED, "Is anybody there?", 0)
        for number in range(TEXTS):
            for contact in self.shut:
                write(contact, SHUT, f"Hello {number}", number)

    def faults(self, state: Json, mongo_url: str) -> Iterator[str]:
        """What was lost or repeated of it, or not told."""
        if not self._all():
            return
        with MongoClient[dict[str, Any]](mongo_url, tz_aware=True) as client:
            documents = client.get_default_database()
            plans = {each["contact"]: each for each in documents["planned"].find()}
            tickets = {each["_id"]: each["contact"] for each in documents["tickets"].find({"line": TIMED})}
            alerts = list(documents["alerts"].find({"line": TIMED}))
        sent = {contact: [each["body"] for each in state["texts"] if each["to"] == contact] for contact in self._all()}
        yield from self._planned(sent, plans, state)
        for contact in self.shut:
            if sent[contact] != [WE_ARE_CLOSED]:
                yield f"{contact} wrote to a closed line and got {sent[contact]}"
        yield from self._alerted(tickets, alerts, state)

    def _are_planned(self, mongo_url: str) -> bool:
        with MongoClient[dict[str, Any]](mongo_url) as client:
            planned = client.get_default_database()["planned"].distinct("contact")
        return set(planned) >= set(self._to_be_written_to())

    def _to_be_written_to(self) -> Sequence[str]:
        return (*self.planned, *self.interrupted)

    def _all(self) -> Sequence[str]:
        return (*self._to_be_written_to(), *self.shut, *self.late)

    def _planned(self, sent: Mapping[str, list[str]], plans: Mapping[str, Json], state: Json) -> Iterator[str]:
        """It leaves once; or it is held, because the contact wrote first, and the thread says so."""
        for contact in self._to_be_written_to():
            plan = plans.get(contact, {"state": "lost"})
            is_held = contact in self.interrupted and plan["state"] == PlannedState.HELD
            if not is_held and plan["state"] != PlannedState.RELEASED:
                yield f"what was planned for {contact} is {plan['state']}"
            if sent[contact] != ([] if is_held else [_words(contact)]):
                yield f"what was planned for {contact} is {plan['state']}, and they got {sent[contact]}"
            if is_held and not any(
                "planned.keep" in str(each) and _words(contact) in str(each) for each in _posts(state)
            ):
                yield f"nobody was told that what was planned for {contact} is held"

    def _alerted(self, tickets: Mapping[int, str], alerts: Sequence[Json], state: Json) -> Iterator[str]:
        """The channel has one alert about each answer that is late, which says so."""
        stands = Counter(
            tickets[each["ticket"]]
            for each in alerts
            if (each["cause"], each["state"]) == (AlertCause.FIRST_RESPONSE, AlertState.STANDS)
        )
        for contact in self.late:
            shown = [each for each in _posts(state) if contact in each["text"] and "was due" in each["text"]]
            if stands[contact] != 1 or len(shown) != 1:
                yield f"{stands[contact]} alerts stand about {contact}, and {len(shown)} are shown"


def _words(contact: str) -> str:
    return f"planned for {contact[-5:]}"


def _posts(state: Json) -> list[Json]:
    return [message for channel in state["channels"] for message in channel["messages"]]
