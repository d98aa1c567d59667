"""A snooze on the card, in its menu, and in the thread."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.snooze import SetSnooze, Snooze, SnoozeAgain, SnoozeEnd, WakeUp
from messages.orders.clicks import Click, orders
from messages.orders.snoozes import CHOICES, MENU, PICK
from messages.planned import When
from messages.ticket import ActOnTicket, Command, SetStatus, Status, Ticket
from messages.views import OpenSnooze
from sandbox.slack.blockkit.block_checks import block_errors, too_long
from tests import make
from tests.decisions.helpers import ALIVE, text_objects
from tests.make import AGENT, NOW, SOLVED_FOR, at
from workers.slack import blocks, cards, snoozes
from workers.slack.elements import Rendered
from workers.tickets.lifecycle import decide, receive

SNOOZE: Final = Snooze(
    by=AGENT, at=NOW, until=at(84_600), wall="2026-03-03 09:00", zone="UTC", note="the part", last_text=1
)


def card(ticket: Ticket, **fields: Any) -> Rendered:
    given = {"newest": make.sms(), "more": 0, "permalink": None, "root": False, **fields}
    return cards.card(cards.Card(ticket=ticket, contact=make.contact(name="Ann Lee"), line=make.line(), **given))


def said(rendered: Rendered) -> str:
    return " ".join(each["text"] for each in text_objects(rendered.blocks))


def clicked(rendered: Rendered, action: str, option: int | None = None) -> list[Any]:
    """What a click on an element of a message orders; `option` is the place of the one that is picked."""
    elements = [
        each
        for block in rendered.blocks
        for each in (*block.get("elements", ()), *filter(None, [block.get("accessory")]))
        if each.get("action_id") == action
    ]
    assert len(elements) == 1
    value = elements[0]["value"] if option is None else elements[0]["options"][option]["value"]
    click = Click(action_id=action, value=value, user="U0BOB", channel="C1", ts="1.1", trigger_id="T", at=at(9))
    return [*orders(click)]


def test_a_card_says_until_when_by_whom_and_why_and_how_many_texts_came_since() -> None:
    shown = said(card(make.ticket(snooze=SNOOZE, last_text=3)))
    assert "*Snoozed* until <!date^1772528400^{date_short_pretty} {time}|" in shown
    assert f"(9:00 in UTC) by <@{AGENT}>: the part · *2 texts since*" in shown
    assert "texts since" not in said(card(make.ticket(snooze=SNOOZE)))


def test_a_card_of_another_ticket_says_nothing_of_it() -> None:
    for ticket in (
        make.ticket(),
        make.ticket(snooze=SNOOZE.model_copy(update={"ended": SnoozeEnd.TEXT, "ended_at": at(1)})),
        make.ticket(status=Status.SOLVED, snooze=SNOOZE),
    ):
        assert "Snoozed" not in said(card(ticket))


def test_the_menu_orders_what_it_says_and_the_last_choice_opens_the_form() -> None:
    shown = card(make.ticket())
    for place, choice in enumerate(MENU):
        first = clicked(shown, "ticket.snooze", place)[0]
        if choice == PICK:
            assert isinstance(first, OpenSnooze)
        else:
            assert isinstance(first, ActOnTicket)
            assert first.command == SetSnooze(when=CHOICES[choice])


@pytest.mark.parametrize("status", Status)
def test_what_is_over_has_no_menu(status: Status) -> None:
    found = json.dumps(card(make.ticket(status=status)).blocks)
    assert ("ticket.snooze" in found) is (status not in {Status.SOLVED, Status.CLOSED})


def test_wake_now_orders_that() -> None:
    (order,) = clicked(card(make.ticket(snooze=SNOOZE)), "ticket.wake")
    assert order.command == WakeUp()


def test_the_line_of_a_text_that_woke_it_offers_the_same_time_again() -> None:
    pending = make.ticket(status=Status.PENDING, snooze=SNOOZE)
    woken = receive(pending, 2, at(60), SOLVED_FOR)
    assert woken is not None
    line = blocks.line(woken, woken.history, "Ann <Lee>")
    assert line is not None
    assert "Awake: Ann &lt;Lee&gt; wrote. Ticket #7 is Open again." in said(line)
    assert "Snooze again until Tue 3 Mar 9:00 (UTC)" in said(line)
    (order,) = clicked(line, "ticket.snooze_again")
    assert order.command == SnoozeAgain(until=SNOOZE.until)
    again = decide(woken, order.command, AGENT, at(90), SOLVED_FOR).ticket
    assert again.asleep is not None


LINES: Final[dict[str, tuple[Ticket, Command, str]]] = {
    "set": (make.ticket(), SetSnooze(when=When(day="tomorrow", clock="09:00"), note="the part"), AGENT),
    "deep": (
        make.ticket(),
        SetSnooze(when=When(day="tomorrow", clock="09:00"), wake_on_text=False),
        AGENT,
    ),
    "woken": (make.ticket(snooze=SNOOZE), WakeUp(), AGENT),
    "status": (make.ticket(status=Status.OPEN, snooze=SNOOZE), SetStatus(status=Status.PENDING), AGENT),
    "solved": (
        make.ticket(status=Status.OPEN, snooze=SNOOZE, assignees=(AGENT,)),
        SetStatus(status=Status.SOLVED),
        AGENT,
    ),
}
TOMORROW: Final = "<!date^1772528400^{date_short_pretty} {time}|2026-03-03 09:00 UTC> (9:00 in UTC)"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("set", f"<@{AGENT}> snoozed it until {TOMORROW}: the part"),
        ("deep", f"<@{AGENT}> snoozed it until {TOMORROW}, whatever the contact writes"),
        ("woken", f"<@{AGENT}> woke it"),
        ("status", f"<@{AGENT}> set status Open → *Pending*, ended its snooze"),
        ("solved", f"<@{AGENT}> set status Open → *Solved*"),
    ],
)
def test_the_thread_says_what_an_agent_did_to_a_snooze(what: str, words: str) -> None:
    ticket, command, by = LINES[what]
    after = decide(ticket, command, by, NOW, SOLVED_FOR).ticket
    line = blocks.line(after, after.history[-1:])
    assert line is not None
    assert said(line) == words


def test_the_thread_says_that_a_snooze_is_over_and_what_was_waited_for() -> None:
    over = make.ticket(
        snooze=SNOOZE.model_copy(update={"ended": SnoozeEnd.TIME, "ended_at": at(84_601), "waited": True})
    )
    assert over.snooze is not None
    before = {"by": AGENT, "until": over.snooze.until.isoformat(), "zone": "UTC", "note": "the part", "waited": True}
    entry = make.entry({"what": "woken", "before": before, "after": "time"}, by=None, why="snooze_over")
    line = blocks.line(over, [entry])
    assert line is not None
    assert said(line) == (
        f":alarm_clock: Ticket #7 is awake: the part. It was snoozed until {TOMORROW}, when the line was closed."
    )


@given(make.tickets(), make.written(200), st.booleans(), st.integers(0, 10**6), make.texts())
def test_every_card_of_a_snoozed_ticket_is_within_slacks_limits_and_dead(
    ticket: Ticket, note: str, wakes: bool, texts: int, newest: Any
) -> None:
    snooze = SNOOZE.model_copy(update={"note": note, "wake_on_text": wakes})
    rendered = card(ticket.model_copy(update={"snooze": snooze, "last_text": texts}), newest=newest)
    sent = json.loads(json.dumps(rendered.blocks))
    assert block_errors(sent) == []
    assert not too_long(sent)
    assert not any(ALIVE.search(each["text"]) for each in text_objects(rendered.blocks))


def test_the_fullest_note_is_within_slacks_limits_on_the_fullest_card() -> None:
    full = make.ticket(
        subject="&" * 150,
        tags=tuple(f"{number:030d}" for number in range(20)),
        notify=make.many("U", 100),
        assignees=make.many("U", 100),
        snooze=SNOOZE.model_copy(update={"note": "&" * 200}),
        last_text=10**6,
    )
    rendered = card(full, newest=make.sms(body="&" * 1600), more=9999)
    assert not too_long(json.loads(json.dumps(rendered.blocks)))
    assert len(snoozes.card_blocks(full)) == 1
