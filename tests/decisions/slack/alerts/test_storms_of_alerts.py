"""When one list stands for many alerts, and what an alert says."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from messages.deadlines.alert import (
    LINE_FOR,
    Alert,
    AlertBoard,
    AlertCause,
    AlertEnd,
    AlertStage,
    AlertState,
    AlertStorm,
    StormState,
)
from messages.deadlines.clocks import TicketClock
from messages.deadlines.snooze import Snooze
from tests import make
from workers.slack.alerts.card import LISTED, AlertCard, card, ended, storm_list
from workers.slack.alerts.storms import STORMS, Weather, looked_at, weather

MINUTE: Final = timedelta(minutes=1)

TABLE: Final = """
state calm  stormy growing empty long empty
-     -     rages  rages   -     -
rages rages rages  rages   ended ended
ended past  past   past    ended past
past  past  past   past    past  past
"""
ROWS: Final = {
    (state, found): after
    for state, *cells in (line.split() for line in TABLE.strip().splitlines()[1:])
    for found, after in zip(Weather, cells, strict=True)
}


@pytest.mark.parametrize(("state", "found"), ROWS, ids=str)
def test_a_row_of_the_table_of_storms(state: str, found: Weather) -> None:
    def of(name: str) -> StormState | None:
        return None if name == "-" else StormState(name)

    assert STORMS[of(state), found] is of(ROWS[state, found])
    assert set(STORMS) == {(each, weather) for each in (None, *StormState) for weather in Weather}


def alert(number: int, at: datetime = make.NOW, **fields: Any) -> Alert:
    """An alert about a ticket that stands in the line's channel since a time."""
    defaults = {"id": f"alert/{number}", "ticket": number, "conversation": f"c{number}", "line": make.LINE}
    more = {"cause": AlertCause.NEXT_RESPONSE, "began_at": make.NOW, "since": at, "state": AlertState.STANDS}
    return Alert(**{**defaults, **more, "targets": (make.CHANNEL,), "posted_at": at, **fields})


def storm(**fields: Any) -> AlertStorm:
    """A storm in the line's channel."""
    return AlertStorm(**{"target": make.CHANNEL, "began_at": make.NOW, **fields})


def many(count: int, apart: timedelta = timedelta()) -> list[Alert]:
    """Some alerts, one after the other."""
    return [alert(each, make.NOW + each * apart) for each in range(count)]


WEATHERS: Final[dict[str, tuple[AlertStorm | None, list[Alert], datetime, Weather]]] = {
    "five at once": (None, many(5), make.NOW, Weather.CALM),
    "six at once": (None, many(6), make.NOW, Weather.STORMY),
    "six within five minutes": (None, many(6, timedelta(seconds=59)), make.at(295), Weather.STORMY),
    "six in more than five minutes": (None, many(6, MINUTE), make.at(300), Weather.CALM),
    "twice as many as were heard of": (storm(heard=6), many(12, MINUTE), make.at(720), Weather.GROWING),
    "one less": (storm(heard=6), many(11, MINUTE), make.at(660), Weather.CALM),
    "twice as many as a list of before showed": (storm(most=6), many(12, MINUTE), make.at(720), Weather.GROWING),
    "many, once a list is over": (storm(state="ended", heard=6), many(12), make.NOW, Weather.STORMY),
    "none": (None, [], make.NOW, Weather.EMPTY),
    "none since just now": (storm(ended_at=make.NOW), [], make.NOW, Weather.EMPTY),
    "none for ten minutes": (storm(ended_at=make.NOW), [], make.NOW + LINE_FOR, Weather.LONG_EMPTY),
}


@pytest.mark.parametrize("name", WEATHERS)
def test_the_weather_of(name: str) -> None:
    before, there, now, expected = WEATHERS[name]
    assert weather(before, there, now) is expected


def test_a_storm_is_of_one_target_and_a_board_that_does_not_change_is_the_same() -> None:
    board = AlertBoard(id=make.LINE)
    assert looked_at(board, many(5), make.NOW) is board
    elsewhere = [alert(90 + each, targets=("U0ANN",)) for each in range(5)]
    after = looked_at(board, [*many(6), *elsewhere], make.NOW)
    assert [(each.target, each.state, each.most) for each in after.storms] == [(make.CHANNEL, StormState.RAGES, 6)]
    assert after.look_at is not None, "until the posts of its alerts are gone"
    assert looked_at(after, [*many(6), *elsewhere], make.at(60)) is after
    ending = looked_at(after, elsewhere, make.at(60))
    assert [(each.state, each.ended_at) for each in ending.storms] == [(StormState.ENDED, make.at(60))]


def test_a_list_is_heard_again_each_time_that_it_has_doubled_and_shrinks_without_a_sound() -> None:
    board, heard = looked_at(AlertBoard(id=make.LINE), many(6), make.NOW), []
    for count in (6, 7, 11, 12, 23, 24, 10, 19, 20, 2, 11, 12):
        board = looked_at(board, many(count, MINUTE), make.at(3600))
        heard.append((count, board.storms[0].round, board.storms[0].heard))
    assert heard == [
        (6, 0, 6),
        (7, 0, 6),
        (11, 0, 6),
        (12, 1, 12),
        (23, 1, 12),
        (24, 2, 24),
        (10, 2, 10),
        (19, 2, 10),
        (20, 3, 20),
        (2, 3, 6),
        (11, 3, 6),
        (12, 4, 12),
    ]


def shown(**fields: Any) -> AlertCard:
    """An alert about ticket #7 as a card."""
    ticket = fields.pop("ticket", make.ticket())
    more = {name: fields.pop(name) for name in ("name", "permalink", "why") if name in fields}
    return AlertCard(alert(7, **fields), ticket, **more)


SNOOZED: Final = make.ticket(
    snooze=Snooze(by="U0ANN", at=make.NOW, until=make.NOW, wall="2026-03-02 09:30", zone="UTC", note="the *part*")
)
WARNED: Final = make.ticket(
    clocks=(TicketClock(kind="next_response", began_at=make.NOW, target=MINUTE, due_at=make.at(900)),)
)

SAYS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a warning": ({"stage": AlertStage.WARN, "ticket": WARNED}, "The next answer is due <!date^1772444700^"),
    "a breach": ({}, "The next answer was due <!date^1772443800^"),
    "a first answer": ({"cause": "first_response"}, "The first answer was due"),
    "a solution": ({"cause": "resolution"}, "The solution was due"),
    "who waits": ({"cause": "unanswered"}, "The contact has waited for an answer since"),
    "who is alone": ({"cause": "unassigned"}, "Nobody has been on it since"),
    "a snooze": ({"cause": "snooze_over", "ticket": SNOOZED, "owner": "U0ANN"}, "put off by <@U0ANN> has come"),
    "a note": ({"cause": "snooze_over", "ticket": SNOOZED, "owner": "U0ANN"}, "(“the ∗part∗”)"),
    "a held text": ({"cause": "held_text", "count": 1}, "A planned text waits for a person."),
    "held texts": ({"cause": "held_text", "count": 3}, "3 planned texts wait for a person."),
    "a failed text": ({"cause": "failed_text", "why": "a landline"}, "did not arrive: a landline"),
    "who has it": ({"acted_by": "U0ANN", "acted_at": make.NOW}, "<@U0ANN> has it"),
    "its button": ({}, "alert.have"),
    "nobody is on it": ({}, "ticket.take"),
    "its thread": ({"permalink": "https://team.slack.com/p1"}, "<https://team.slack.com/p1|#7>"),
    "a name that looks like markup": ({"name": "*Ann*"}, "∗Ann∗"),
}


@pytest.mark.parametrize("name", SAYS)
def test_an_alert_says(name: str) -> None:
    fields, words = SAYS[name]
    assert words in json.dumps(card(shown(**fields)).blocks, ensure_ascii=False)


def test_nobody_is_asked_to_take_what_somebody_is_on() -> None:
    assert "ticket.take" not in str(card(shown(ticket=make.ticket(assignees=("U0ANN",)))).blocks)


BY: Final[dict[str, Any]] = {"ended_by": "U0ANN", "ended_at": make.NOW}
ENDS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "answered": (BY, "Answered by <@U0ANN> at <!date^"),
    "answered late": ({**BY, "end": "answered", "late": 12 * MINUTE}, ", 12 min late"),
    "answered a moment late": ({**BY, "end": "answered", "late": timedelta(seconds=2)}, ", 1 min late"),
    "answered hours late": ({**BY, "end": "answered", "late": 125 * MINUTE}, ", 2 h 5 min late"),
    "solved": ({"late": 120 * MINUTE}, "Solved, 2 h late"),
    "paused": (BY, "Paused by <@U0ANN>"),
    "assigned": (BY, "<@U0ANN> is on it"),
    "taken_up": (BY, "Taken up by <@U0ANN>"),
    "snoozed": (BY, "Put off by <@U0ANN>"),
    "sent": ({}, "No text waits or is missing any more"),
    "dropped": ({}, "No longer due"),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_alert_ends_as(name: str) -> None:
    fields, words = ENDS[name]
    assert words in json.dumps(ended(shown(**{"end": name, **fields})).blocks, ensure_ascii=False)
    assert set(AlertEnd) <= set(ENDS)


def test_a_list_shrinks_and_names_the_first_and_counts_the_others() -> None:
    there = [AlertCard(each, make.ticket(id=each.ticket)) for each in many(18)]
    what = storm_list(storm(most=18), there)
    assert what.text == "18 tickets are overdue"
    assert len(what.blocks) == LISTED + 2
    assert "and 3 more" in str(what.blocks[-1])
    assert storm_list(storm(most=18), there[:1]).text == "1 ticket is overdue"
    over = storm_list(storm(most=18, state=StormState.ENDED), [])
    assert over.text == "None of the 18 tickets is overdue any more."
