"""A card says that the contact has opted out, and its button orders what an agent was told."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.line import Line
from messages.opt_outs import TOLD
from messages.orders.clicks import Click, orders
from messages.ticket import ActOnTicket, OptIn, Status
from sandbox.slack.blockkit.block_checks import block_errors, too_long
from tests import make
from workers.slack import blocks, cards
from workers.slack.cards import Card
from workers.tickets.lifecycle import NOT_OPTED_OUT, decide

WORDS = ",".join(f"{number:030d}" for number in range(30))


def shown(line: Line, body: str, *, out: bool = True) -> list[dict[str, Any]]:
    """A card's blocks, as Slack gets them."""
    since = make.NOW if out else None
    card = Card(make.ticket(), make.contact(), line, make.sms(body=body), 0, None, root=True, opted_out_since=since)
    found: list[dict[str, Any]] = json.loads(json.dumps(cards.card(card).blocks))
    return found


@given(make.written(1600), st.sampled_from((None, "us", "toll-free", "none", f"STOP:{WORDS}")), st.booleans())
def test_every_card_says_whether_the_contact_has_opted_out_within_slacks_limits(
    body: str, words: str | None, out: bool
) -> None:
    found = shown(make.line(opt_out=words), body, out=out)
    assert block_errors(found) == []
    assert not too_long(found)
    assert ("*Opted out.*" in str(found)) is out
    assert (f"'text': '{TOLD}'" in str(found)) is out


@pytest.mark.parametrize(
    ("line", "back"),
    [
        (make.line(), "START or UNSTOP"),
        (make.line(id="+18005550199"), "START or UNSTOP"),
        (make.line(opt_out="ARRET:DEBUT"), "DEBUT"),
        (make.line(opt_out="none"), "START or UNSTOP"),
    ],
)
def test_the_card_names_the_words_that_bring_the_contact_back(line: Line, back: str) -> None:
    assert f"until they text {back}, or" in str(shown(line, "hello"))


def test_the_button_orders_that_the_contact_told_an_agent_so_and_nothing_else_does() -> None:
    (section,) = [each for each in shown(make.line(), "hello") if "'accessory'" in str(each)]
    button = section["accessory"]
    click = Click(
        action_id=button["action_id"],
        value=button["value"],
        user=make.AGENT,
        channel=make.CHANNEL,
        ts="1.0",
        trigger_id="t",
        at=make.at(9),
        clicked_at=make.at(7),
        order="o",
    )
    (order,) = orders(click)
    assert order == ActOnTicket(ticket=7, command=OptIn(since=make.NOW), by=make.AGENT, at=make.at(7), order="o")
    for broken in ('{"ticket": 7}', '{"ticket": 7, "since": "x"}', '{"since": "2026-03-02T09:30:00Z"}', "[]", ""):
        assert orders(click.model_copy(update={"value": broken})) == []


@pytest.mark.parametrize("status", Status)
def test_what_an_agent_was_told_is_in_the_history_of_any_ticket_and_changes_nothing_else(status: Status) -> None:
    ticket = make.ticket(status=status)
    order = OptIn(since=make.NOW)
    lifted = decide(ticket, order, make.AGENT, make.at(5), timedelta(days=4), "o", opted_out=True)
    assert lifted.refusals == ()
    (entry,) = lifted.ticket.history
    assert (entry.by, entry.at, entry.why, entry.order) == (make.AGENT, make.at(5), "opt_in", "o")
    kept = {"version": lifted.ticket.version, "updated_at": make.at(5), "history": lifted.ticket.history}
    assert lifted.ticket == ticket.model_copy(update=kept)
    told = blocks.line(lifted.ticket, [entry])
    assert told is not None
    assert f"<@{make.AGENT}> lifted the opt-out" in told.text

    again = decide(lifted.ticket, order, make.AGENT, make.at(5), timedelta(days=4), "o", opted_out=False)
    assert (again.ticket, again.refusals) == (lifted.ticket, ())


def test_what_is_lifted_already_is_refused_in_words_and_stays_refused() -> None:
    order = OptIn(since=make.NOW)
    refused = decide(make.ticket(), order, make.AGENT, make.at(5), timedelta(days=4), "o", opted_out=False)
    assert refused.refusals == (NOT_OPTED_OUT,)
    assert blocks.line(refused.ticket, refused.ticket.history) is None
    again = decide(refused.ticket, order, make.AGENT, make.at(5), timedelta(days=4), "o", opted_out=True)
    assert again == replace(refused)
