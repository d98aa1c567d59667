"""What agents do besides answering, drawn from a seed: they put off, block, take back, go away, close the line."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Final

from messages.calendar import Period
from tests.simulation.people.acts import AGENTS, Act
from tests.simulation.people.shops import Shop

ON_CALL: Final = ("U0ONE", "U0TWO")

OPENS_LATE: Final = "09:58"
"""When a line opens at which everybody was called before: two people, ten minutes apart, and the channel."""

BY_MENU: Final = ("1h", "3h", "tomorrow", "mon")
"""What the card's menu offers, but for a time of one's own."""

HOLDS: Final = (0, 2, 5)
"""How many seconds a text can be taken back."""


def with_orders(dice: random.Random, acts: tuple[Act, ...]) -> tuple[Act, ...]:
    """The same acts; agents snooze tickets, block contacts, take back texts besides, and contacts write meanwhile."""
    contacts, found = sorted({each.contact for each in acts}), list[Act]()
    for number in range(4001, 4001 + dice.randint(1, 4)):
        at, contact = round(dice.uniform(1, 40), 2), dice.choice(contacts)
        match dice.choice(("snooze", "snooze", "block", "send", "form", "text")):
            case "snooze":
                minutes = dice.randint(1, 3)
                found.append(Act(at, number, "snooze", contact, str(minutes)))
                follows = dice.choice(("", "", "text", "unsnooze", "snooze"))
                detail = str(dice.randint(1, 2)) if follows == "snooze" else ""
                until = at + 60 * minutes
            case "block":
                found.append(Act(at, number, "block", contact))
                follows, detail, until = dice.choice(("", "text", "unblock", "send")), "", at + 200
            case "text":
                found.append(Act(at, number, "text", contact))
                follows, detail, until = "text", "", at + 20
            case what:
                found.append(Act(at, number, what, contact))
                follows, detail, until = dice.choice(("", "take_back", "take_back")), str(number), at + 6
        if follows:
            moment = dice.choice((dice.uniform(at, until), until + dice.uniform(-1, 1), at + dice.uniform(0, 3)))
            found.append(Act(round(max(moment, at + 0.1), 2), number + 100, follows, contact, detail))
            if follows in {"text", "unblock"} and dice.random() < 0.5:
                found.append(Act(round(moment + dice.uniform(1, 90), 2), number + 200, "text", contact))
    return tuple(sorted([*acts, *found]))


def with_snoozes(dice: random.Random, acts: tuple[Act, ...]) -> tuple[Act, ...]:
    """The same acts; agents put tickets off by the card's menu and form besides, and wake them or change their minds.

    What the menu sets lasts for hours at least, which no simulation does: often somebody ends it sooner.
    """
    contacts, found = sorted({each.contact for each in acts}), list[Act]()
    for number in range(6001, 6001 + dice.randint(1, 2)):
        at, contact = dice.uniform(1, 40), dice.choice(contacts)
        for turn in range(dice.randint(1, 2)):
            what = dice.choice(("menu", "put_off", "put_off"))
            detail = dice.choice(BY_MENU) if what == "menu" else str(dice.randint(1, 3))
            found.append(Act(round(at, 2), number + 100 * turn, what, contact, detail))
            at += dice.choice((dice.uniform(0, 5), dice.uniform(5, 90)))
        if follows := dice.choice(("", "text", "unsnooze")):
            found.append(Act(round(at, 2), number + 300, follows, contact))
    return tuple(sorted([*acts, *found]))


def with_absences(dice: random.Random, acts: tuple[Act, ...], shop: Shop) -> tuple[Act, ...]:
    """The same acts; agents get tickets and go away besides, accounts are deactivated, and the line is closed."""
    contacts, found = sorted({each.contact for each in acts}), list[Act]()
    for number in range(1001, 1001 + dice.randint(1, 2)):
        agent, contact, at = AGENTS[number % len(AGENTS)], dice.choice(contacts), dice.uniform(1, 15)
        found.append(Act(round(at, 2), number, "pick", contact, agent))
        at += dice.uniform(5, 40)
        gone = dice.choice(("away", "away", "leave"))
        found.append(Act(round(at, 2), number + 100 * len(AGENTS), gone, contact, "" if gone == "leave" else "3"))
        for turn in range(2, dice.randint(2, 4) + 1):
            at += dice.uniform(2, 90)
            found.append(Act(round(at, 2), number + 100 * len(AGENTS) * turn, "text", contact))
        if dice.random() < 0.3:
            back = "rejoin" if gone == "leave" else "back"
            at += dice.uniform(-30, 60)
            found.append(Act(round(max(at, 1.0), 2), number + 500 * len(AGENTS), back, contact))
    if shop.calendar is not None and dice.random() < 0.5:
        at, contact = dice.uniform(1, 60), contacts[0]
        found.append(Act(round(at, 2), 3001, "close", contact, str(dice.randint(1, 3))))
        if dice.random() < 0.5:
            found.append(Act(round(at + dice.uniform(0, 60), 2), 3002, "open", contact))
    return tuple(sorted([*acts, *found]))


def with_hold(dice: random.Random, at: Shop) -> Shop:
    """The same line, on which a text can be taken back for a few seconds, or not."""
    hold = timedelta(seconds=dice.choice(HOLDS))
    return replace(at, line=at.line.model_copy(update={"hold": hold}))


def on_call(at: Shop) -> Shop:
    """The same line, with people who are called while it is closed."""
    return replace(at, line=at.line.model_copy(update={"on_call": ON_CALL}))


def with_long_night(at: Shop) -> Shop:
    """The same line, which stays closed until everybody was called who is on call, and the channel."""
    if at.calendar is None:
        return at
    week = {day: (periods[0], Period(opens=OPENS_LATE, closes="24:00")) for day, periods in at.calendar.week.items()}
    return replace(at, calendar=at.calendar.model_copy(update={"week": week}))
