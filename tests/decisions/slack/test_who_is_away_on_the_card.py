"""A card says who of those on the ticket is away, and that anybody may take it if all are."""

import json

import pytest

from messages.team.agent import TimeAway
from tests import make
from workers.interactive import assign_modal
from workers.slack import cards

ANN, BOB = "U0ANN", "U0BOB"
UNTIL = "<!date^1772447400^{date_short_pretty} {time}|2026-03-02 10:30 UTC>"
LEAVE = TimeAway(make.at(3600), "*on* <leave>")
SAID = f"<@{ANN}> is away until {UNTIL} (∗on∗ &lt;leave&gt;)."


def shown(*assignees: str, away: dict[str, TimeAway] | None = None, **fields: object) -> str:
    """A card of a ticket with these assignees."""
    ticket = make.ticket(assignees=assignees, **fields)
    card = cards.Card(ticket, make.contact(), make.line(), make.sms(), 0, None, root=False, away=away or {})
    return json.dumps(cards.card(card).blocks, ensure_ascii=False)


def test_a_card_names_who_is_away_and_until_when() -> None:
    both = shown(ANN, BOB, notify=(ANN,), away={ANN: LEAVE})
    assert both.count(f"<@{ANN}> (away until {UNTIL})") == 2
    assert ":palm_tree:" not in both
    assert "(away)" in shown(ANN, BOB, away={BOB: TimeAway(None)})


def test_a_card_says_that_nobody_is_there_if_all_assignees_are_away() -> None:
    alone = shown(ANN, away={ANN: LEAVE})
    assert f":palm_tree: {SAID}" in alone
    assert "Take it" in alone
    assert "is away" not in shown(ANN)
    assert ":palm_tree:" not in shown(away={ANN: LEAVE})


@pytest.mark.parametrize("status", ["closed"])
def test_a_closed_ticket_waits_for_nobody(status: str) -> None:
    assert ":palm_tree:" not in shown(ANN, away={ANN: LEAVE}, status=status)


def test_the_assign_modal_says_who_is_away() -> None:
    ticket = make.ticket(assignees=(ANN,))
    view = assign_modal.edit(ticket, make.line(), (), away={ANN: LEAVE})
    assert SAID in json.dumps(view, ensure_ascii=False)
    assert "is away" not in json.dumps(assign_modal.edit(ticket, make.line(), ()))
