"""What a line does by itself, drawn from a seed: its hours, what it answers, quiet hours, time to take replies back."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from messages.answering import AutoReplies
from messages.calendar import WEEKDAYS, Calendar, Period
from messages.deadlines.alert import AlertSettings
from messages.deadlines.clocks import ClockKind, HoursCounted
from messages.deadlines.policy import Policy, Target
from messages.deadlines.priority import Priority
from messages.line import Line, Quiet, QuietHours
from messages.team.auto_replies import OFFERED
from tests import make

LINE: Final = make.line(window=timedelta(seconds=15), cap=timedelta(seconds=40))

OPENS: Final = ("09:33", "09:36", "09:38", "09:40")
"""When a line may open: a simulation begins at 9:30, on a Monday."""

CLOSES: Final = ("09:00", "09:31")
WAITING_AFTER: Final = (1, 2, 3)


@dataclass(frozen=True)
class Shop:
    """A line with its settings, and its calendar, if it has one."""

    line: Line = LINE
    calendar: Calendar | None = None

    @property
    def opens_at(self) -> datetime | None:
        """When it opens in a simulation; None if it is always open."""
        return None if self.calendar is None else _today(self.calendar.week[WEEKDAYS[0]][1].opens)

    @property
    def closes_at(self) -> datetime | None:
        """When it closed, or closes in a simulation; None if it is always open."""
        return None if self.calendar is None else _today(self.calendar.week[WEEKDAYS[0]][0].closes)

    @property
    def day_begins_at(self) -> datetime | None:
        """When quiet hours end in a simulation; None if there are none."""
        return None if self.line.quiet is Quiet.OFF else _today(self.line.quiet_hours.ends)

    def __str__(self) -> str:
        kinds = ", ".join(self.line.auto_replies.kinds) or "nothing"
        hours = f"closed {self.closes_at:%H:%M} to {self.opens_at:%H:%M}" if self.calendar else "always open"
        night = f"{self.line.quiet} until {self.day_begins_at:%H:%M}" if self.day_begins_at else "no quiet hours"
        targets = ", has targets" if self.line.policy.targets else ""
        return f"a line{targets} that is {hours}, says {kinds} by itself, {night}, replies wait {self.line.hold}"


PLAIN: Final = Shop()
"""A line that is always open and says nothing by itself."""


def shop(dice: random.Random) -> Shop:
    """A line with hours that answers some of what it can by itself, and perhaps has quiet hours."""
    calendar = None
    if dice.random() < 0.8:
        periods = (Period(opens="00:00", closes=dice.choice(CLOSES)), Period(opens=dice.choice(OPENS), closes="24:00"))
        calendar = Calendar(id="shop", zone="Europe/London", week=dict.fromkeys(WEEKDAYS, periods))
    words = {kind.value: words for kind, words in OFFERED.items() if dice.random() < 0.8}
    replies = AutoReplies(**words, waiting_after=dice.choice(WAITING_AFTER))
    night = QuietHours(begins="23:00", ends=dice.choice(OPENS))
    update = {"auto_replies": replies, "zone": "Europe/London", "quiet": Quiet.OFF}
    if dice.random() < 0.5:
        update |= {"quiet": dice.choice((Quiet.WARN, Quiet.HOLD)), "quiet_hours": night}
    if calendar is not None:
        update["calendar"] = calendar.id
    return Shop(LINE.model_copy(update=update), calendar)


LONGEST_TARGET: Final = timedelta(minutes=8)


def watched(dice: random.Random, at: Shop) -> Shop:
    """The same line with targets of minutes, and with somebody who is told of what is late."""
    times = {
        ClockKind.FIRST_RESPONSE: 2,
        ClockKind.NEXT_RESPONSE: 3,
        ClockKind.RESOLUTION: LONGEST_TARGET.seconds // 60,
    }
    targets = {
        kind: Target(within=timedelta(minutes=minutes), counts=HoursCounted.CALENDAR)
        for kind, minutes in times.items()
        if dice.random() < 0.8
    }
    alerts = AlertSettings(
        escalation=("U0BOSS",),
        escalate_after=timedelta(minutes=dice.choice((1, 4))),
        unanswered_after=dice.choice((None, timedelta(minutes=4))),
        unassigned_after=dice.choice((None, timedelta(minutes=2))),
        nag=timedelta(minutes=dice.choice((0, 2))),
    )
    policy = Policy(targets={Priority.NORMAL: targets}, version=1)
    return Shop(at.line.model_copy(update={"policy": policy, "alerts": alerts}), at.calendar)


def _today(clock: str) -> datetime:
    """A time of day in London in winter, on the day of a simulation."""
    hours, minutes = clock.split(":")
    return make.NOW.replace(hour=int(hours), minute=int(minutes))
