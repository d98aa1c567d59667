"""What contacts and agents do in a simulation, drawn from its seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ACTS_WITHIN: Final = 45.0
AGENTS: Final = ("U0ADA", "U0BEN", "U0CEM")
CONTACTS: Final = ("+15550002222", "+15550003333")

PLAN_ORDERS: Final = ("planned.send_now", "planned.cancel", "planned.keep", "planned.edit")
"""The buttons below a planned text."""

TYPED: Final[Mapping[str, str]] = {
    "later": "later {contact} in {detail}m: {words}",
    "send": "send {contact}: {words}",
    "snooze": "snooze #{ticket} {detail}m",
    "unsnooze": "unsnooze #{ticket}",
    "block": "block {contact} spam",
    "unblock": "unblock {contact}",
    "away": "away {detail}m",
    "back": "back",
    "close": "close {detail}m training",
    "open": "open",
}
"""What agents type after `/clerk`."""

BUTTONS: Final = ("ticket.take", "ticket.status", "ticket.assign", "ticket.hide", "ticket.open")


@dataclass(frozen=True, order=True)
class Act:
    """Something that a person does: a contact's `text`, an agent's `reply`, `note` or `click`.

    With `delete` or `edit` an agent changes their reply whose number is `detail`. With `later` they plan a text for
    `detail` minutes ahead, and with a word of `PLAN_ORDERS` they order something about what they planned as `detail`.

    With another word of `TYPED` they type that after `/clerk`, with `detail` minutes. With `form` they write a text in
    the Reply form, and with `take_back` they take the text back that they typed or wrote so as `detail`. With `pick`
    they put the agent `detail` on the ticket, and with `leave` or `rejoin` the account of that agent is deactivated, or
    active again. With `menu` they put the ticket off by the option `detail` of its card's menu, and with `put_off` by
    the form, for `detail` minutes.
    """

    at: float
    number: int
    what: str
    contact: str
    detail: str = ""

    @property
    def words(self) -> str:
        """What they write: unique in a simulation."""
        if self.what == "note":
            return f"note: aside {self.number}"
        return self.detail if self.what in {"text", "reply"} and self.detail else f"{self.what} {self.number}"

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.at:7.2f} s  {self.what} {self.number}{detail}, contact {self.contact[-4:]}"


def acts(dice: random.Random, *, keywords: bool = False, equal: bool = False) -> tuple[Act, ...]:
    """A few acts of people, by time: bursts and pauses.

    With `keywords` contacts opt out and in again; with `equal` some replies have the same words.
    """
    found: list[Act] = []
    contacts = CONTACTS[: dice.choice((1, 1, 2))]
    at = 0.2
    for number in range(1, dice.randint(3, 10) + 1):
        at += dice.choice((0.05, 0.3, 1.0, 4.0, 9.0)) * (0.5 + dice.random())
        if at > ACTS_WITHIN:
            break
        what = dice.choice(("text", "text", "text", "reply", "reply", "note", "click", "click")) if found else "text"
        detail = dice.choice(BUTTONS) if what == "click" else ""
        if keywords and what == "text" and found:
            detail = dice.choice(("", "STOP", "START"))
        if equal and what == "reply":
            detail = dice.choice(("", "ok"))
        found.append(Act(round(at, 2), number, what, dice.choice(contacts), detail))
    return tuple(found)


def with_changes(dice: random.Random, acts: tuple[Act, ...]) -> tuple[Act, ...]:
    """The same acts, and what agents do to some of their replies within the next seconds."""
    changes = [
        Act(round(each.at + dice.choice((0.1, 0.8, 2.5, 4.0)) * (0.5 + dice.random()), 2), 100 * turn + each.number,
            dice.choice(("delete", "edit")), each.contact, str(each.number))
        for each in acts if each.what == "reply" for turn in range(1, dice.choice((1, 2, 3)))
    ]  # fmt: skip
    return tuple(sorted([*acts, *changes]))


def with_plans(dice: random.Random, acts: tuple[Act, ...]) -> tuple[Act, ...]:
    """The same acts, and texts that agents plan, what they order about them, and what contacts write meanwhile."""
    contacts = sorted({each.contact for each in acts})
    found: list[Act] = []
    for number in range(501, 501 + dice.randint(1, 3)):
        at, minutes = round(dice.uniform(0.5, 30), 2), dice.randint(1, 3)
        contact, due = dice.choice(contacts), at + 60 * minutes
        found.append(Act(at, number, "later", contact, str(minutes)))
        moments = [at + dice.uniform(2, 20), dice.uniform(at + 20, due), due + dice.uniform(-2, 2)]
        for turn, moment in enumerate(moments, 1):
            what = dice.choice((*PLAN_ORDERS, "text", "", ""))
            if what:
                detail = "" if what == "text" else str(number)
                found.append(Act(round(moment, 2), number + 100 * turn, what, contact, detail))
            if what in PLAN_ORDERS and dice.random() < 0.5:
                other = dice.choice((*PLAN_ORDERS, *PLAN_ORDERS[:2]))  # of another agent, at about the same moment
                found.append(
                    Act(round(moment + dice.uniform(0, 0.04), 2), number + 100 * turn + 50, other, contact, detail)
                )
    return tuple(sorted([*acts, *found]))
