"""A contact is blocked and unblocked by name, on a ticket in any status, and the ticket then waits for nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from messages.conversation import BlockContact
from messages.orders import commands
from messages.orders.clicks import Click, orders
from messages.orders.commands import SlashCommand
from messages.ticket import ActOnTicket, Block, Status, Ticket, Unblock
from sandbox.slack.blockkit.block_checks import block_errors, too_long
from tests import make
from tests.make import AGENT, CHANNEL, CONTACT, LINE, NOW, at
from workers.slack import blocks, cards
from workers.slack.cards import Card
from workers.tickets.blocking import (
    BLOCKED_ALREADY,
    NOT_BLOCKED,
    WHICH_LINE,
    BlockOrder,
    blocking_of,
    parse_block,
)
from workers.tickets.lifecycle import decide, receive

FOR = timedelta(days=4)


def blocked(status: Status = Status.OPEN, why: str = "spam") -> Ticket:
    """A ticket whose contact has waited, and was blocked."""
    waiting = make.ticket(status=status, waiting_since=NOW)
    return decide(waiting, Block(why=why), AGENT, at(5), FOR, "o1").ticket


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("why", ["spam & <!channel>", ""])
def test_a_block_is_in_the_history_and_ends_the_wait_and_changes_no_status(status: Status, why: str) -> None:
    ticket = blocked(status, why)
    assert (ticket.status, ticket.blocked, ticket.waits_since) == (status, True, None)
    (entry,) = ticket.history
    assert (entry.by, entry.at, entry.why, entry.order) == (AGENT, at(5), "block", "o1")
    told = blocks.line(ticket, [entry])
    assert told is not None
    assert told.text.startswith(f"<@{AGENT}> blocked the contact")
    assert ("spam &amp;" in told.text, "<!channel>" in told.text) == (bool(why), False)
    found = blocking_of(ticket)
    assert found is not None
    assert (found.on, found.by, found.at, found.why, found.blocked_at) == (True, AGENT, at(5), why, at(5))

    ended = decide(ticket, Unblock(), "U0BEN", at(9), FOR, "o2").ticket
    assert (ended.status, ended.blocked) == (status, False)
    after = blocking_of(ended)
    assert after is not None
    assert (after.on, after.by, after.version > found.version, after.blocked_at) == (False, "U0BEN", True, None)
    said = blocks.line(ended, ended.history[-1:])
    assert said is not None
    assert "<@U0BEN> unblocked the contact" in said.text


def test_what_is_so_already_is_refused_in_words_and_an_order_that_comes_again_repeats_its_answer() -> None:
    ticket = blocked()
    again = decide(ticket, Block(why="spam"), AGENT, at(5), FOR, "o1")
    assert (again.ticket, again.refusals) == (ticket, ())
    second = decide(ticket, Block(), "U0BEN", at(7), FOR, "o3")
    assert second.refusals == (BLOCKED_ALREADY,)
    free = decide(make.ticket(), Unblock(), AGENT, at(5), FOR, "o4")
    assert (free.refusals, free.ticket.blocked) == ((NOT_BLOCKED,), False)
    assert blocking_of(free.ticket) is None
    late = decide(decide(ticket, Unblock(), AGENT, at(9), FOR, "o2").ticket, Block(why="spam"), AGENT, at(5), FOR, "o1")
    assert (late.ticket.blocked, late.refusals) == (False, ()), "a block that comes again undoes no later order"


@pytest.mark.parametrize("status", Status)
def test_silent_texts_change_nothing_but_how_far_the_ticket_goes(status: Status) -> None:
    ticket = make.ticket(status=status, last_text=1, waiting_since=None)
    after = receive(ticket, 3, at(50), FOR, silent=True)
    assert after is not None
    same = {"version": ticket.version, "updated_at": ticket.updated_at, "last_text": 1}
    assert after.model_copy(update=same) == ticket
    assert after.last_text == 3


def typed(words: str, **fields: Any) -> BlockContact:
    return BlockContact(**{"typed": words, "by": AGENT, "at": NOW, "channel": CHANNEL, **fields})


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (typed(f"{CONTACT} selling  things"), BlockOrder(CONTACT, make.line(), Block(why="selling things"))),
        (typed(CONTACT), BlockOrder(CONTACT, make.line(), Block())),
        (typed(f"{CONTACT} they said sorry", block=False), BlockOrder(CONTACT, make.line(), Unblock())),
        (typed("SHORTY now", block=False), BlockOrder("SHORTY", make.line(), Unblock())),
    ],
)
def test_whom_an_agent_blocks_is_a_number_and_a_reason(message: BlockContact, expected: BlockOrder) -> None:
    assert parse_block(message, [make.line()], {"SHORTY"}) == expected


def test_what_is_wrong_with_it_is_said() -> None:
    lines = [make.line(), make.line(id="+15550003333", channel="C0SUPPORT")]
    assert parse_block(typed(CONTACT, channel="C0OTHER"), lines, ()) == WHICH_LINE
    assert parse_block(typed(CONTACT, channel="C0SUPPORT"), lines, ()) == BlockOrder(CONTACT, lines[1], Block())
    assert "Nothing was changed" in str(parse_block(typed("nobody"), lines, ()))
    assert "at most 200 characters" in str(parse_block(typed(f"{CONTACT} {'x' * 201}"), lines, ()))


@pytest.mark.parametrize(("word", "block"), [("block", True), ("unblock", False)])
def test_the_words_after_clerk_are_the_order(word: str, block: bool) -> None:
    given = {"user": AGENT, "channel": CHANNEL, "trigger_id": "t", "at": NOW}
    found = commands.read(SlashCommand(text=f"{word} {LINE} a &amp; b", **given))
    assert found == typed(f"{LINE} a & b", block=block, order="command/t")
    assert "/clerk" in str(commands.read(SlashCommand(text=word, **given)))


@given(make.written(1600), make.written(200))
def test_the_card_says_who_blocked_the_contact_and_why_within_slacks_limits(body: str, why: str) -> None:
    ticket = blocked(why=why)
    card = Card(ticket, make.contact(), make.line(), make.sms(body=body), 0, None, root=True)
    plain = json.loads(json.dumps(cards.card(card).blocks))
    assert "ticket.unblock" not in str(plain)
    shown = Card(**{**card.__dict__, "blocking": blocking_of(ticket)})
    found = json.loads(json.dumps(cards.card(shown).blocks))
    assert block_errors(found) == []
    assert not too_long(found)
    (section,) = [each for each in found if "ticket.unblock" in str(each)]
    assert f"*Blocked* by <@{AGENT}>" in section["text"]["text"]
    button = section["accessory"]
    given = {"user": AGENT, "channel": CHANNEL, "ts": "1.0", "trigger_id": "t", "at": at(9), "order": "o"}
    click = Click(action_id=button["action_id"], value=button["value"], clicked_at=at(7), **given)
    assert orders(click) == [ActOnTicket(ticket=ticket.id, command=Unblock(), by=AGENT, at=at(7), order="o")]
