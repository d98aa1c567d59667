"""Somebody whose account is deactivated is told nothing any more, and what they had in hand is handed on once."""

import json
from datetime import timedelta

import pytest

from messages.planned import PlannedState, PlanText, When
from messages.team.agent import AccountChanged, HandOn
from messages.ticket import ActOnTicket, Edit, SetStatus, Status, Take
from sandbox.slack.blockkit.block_checks import block_errors, too_long
from tests import make
from tests.actors.helpers import receive, settle, thread
from tests.fakes import DiesAt, FakeWorkers
from workers.failures import Permanent, Temporary
from workers.slack.hand_on.card import LISTED, in_hand, left_in_hand

ANN, BOB = "U0ANN", "U0BOB"
OTHERS = ("+15550002001", "+15550002002", "+15550002003")


def lists(workers: FakeWorkers) -> list[str]:
    """The lists of tickets to hand on, in the lines' channels."""
    return [each.what.text for each in workers.slack.messages if each.post_id.startswith("hand-on/")]


async def act(workers: FakeWorkers, ticket: int, command: Take | SetStatus | Edit, by: str = ANN) -> None:
    """Somebody changes a ticket."""
    order = ActOnTicket(ticket=ticket, command=command, by=by, at=workers.clock.now(), order=f"{ticket}{command.kind}")
    await workers.handle(order)
    await settle(workers)


def left(workers: FakeWorkers, user: str = ANN, *, deleted: bool = True) -> AccountChanged:
    """Slack says now that an account is deactivated, or active again."""
    (workers.slack.deactivated.add if deleted else workers.slack.deactivated.discard)(user)
    return AccountChanged(user=user, deleted=deleted, at=workers.clock.now())


async def hears(workers: FakeWorkers, *events: AccountChanged) -> None:
    """Each event is delivered twice, with all that follows."""
    for event in events:
        for _ in range(2):
            await workers.handle(event)
    await workers.drain(times=2)
    await workers.pass_time(90, 30)


async def test_what_they_had_in_hand_is_listed_once_and_nothing_that_is_over_is(workers: FakeWorkers) -> None:
    for number, contact in enumerate(OTHERS, 1):
        await receive(workers, 1, contact=contact)
        await act(workers, number, Take())
    await act(workers, 3, SetStatus(status=Status.SOLVED))
    await hears(workers, left(workers))
    (told,) = lists(workers)
    assert f"<@{ANN}> was deactivated. They are on 2 open tickets" in told
    (post,) = [each for each in workers.slack.messages if each.post_id.startswith("hand-on/")]
    shown = str(post.what.blocks)
    assert (post.channel, shown.count("'Hand on'"), shown.count("ticket.assign")) == (make.CHANNEL, 2, 2)
    workers.clock.forward(60)
    await hears(workers, left(workers))
    assert len(lists(workers)) == 1, "Slack may say more than once that an account is deactivated"


async def test_nothing_is_posted_where_they_had_nothing_in_hand(workers: FakeWorkers) -> None:
    await thread(workers)
    await act(workers, 1, Take(), by=BOB)
    await hears(workers, left(workers))
    assert lists(workers) == []


async def test_no_notification_goes_to_them_and_the_channel_gets_it_instead(workers: FakeWorkers) -> None:
    await thread(workers)
    await act(workers, 1, Edit(version=1, origin=make.CHANNEL, notify=(ANN,), assignees=(ANN,)), by=BOB)
    await hears(workers, left(workers))
    workers.clock.forward(3600)
    await receive(workers, 2)
    assert [each.channel for each in workers.slack.kind("card")] == [make.CHANNEL]
    (card,) = workers.slack.kind("card")
    assert f"<@{ANN}> (deactivated)" in str(card.what.blocks)


async def test_what_they_planned_is_held_and_who_is_on_the_ticket_is_asked(workers: FakeWorkers) -> None:
    place = await thread(workers)
    await act(workers, 1, Edit(version=1, origin=make.CHANNEL, assignees=(BOB, ANN)), by=BOB)
    given = {"planned": "P1", "line": make.LINE, "contact": make.CONTACT, "text": "See you", "by": ANN}
    plan = PlanText(**given, when=When(after=timedelta(hours=1)), at=workers.clock.now(), channel=make.CHANNEL)
    await workers.handle(plan)
    await workers.drain()
    workers.clock.forward(5)
    workers.slack.whispers.clear()
    await hears(workers, left(workers))
    await workers.pass_time(4000, 1000)
    found = await workers.ports.stores.planned.get("P1")
    assert found is not None
    assert (found.state, workers.texting.bodies(make.CONTACT)) == (PlannedState.HELD, [])
    asked = {whom for whom, words in workers.slack.whispers if "was deactivated, and what they planned" in words}
    assert asked == {BOB}
    assert any("1 text that they planned is held" in each for each in lists(workers))
    assert place.channel == make.CHANNEL


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_who_is_active_again_is_there_in_whichever_order_slack_says_so(
    workers: FakeWorkers, order: tuple[int, int]
) -> None:
    events = [left(workers)]
    workers.clock.forward(30)
    events.append(left(workers, deleted=False))
    workers.clock.forward(30)
    await hears(workers, *(events[each] for each in order))
    assert await workers.ports.stores.agents.away([ANN], workers.clock.now()) == {}
    workers.clock.forward(30)
    await hears(workers, left(workers))
    found = await workers.ports.stores.agents.away([ANN], workers.clock.now())
    assert found[ANN].deactivated


async def test_a_late_event_undoes_no_later_one_also_if_slack_does_not_say_what_is_so(workers: FakeWorkers) -> None:
    workers.slack.before = lambda what, _: (_ for _ in ()).throw(Permanent("missing_scope"))
    first = left(workers)
    workers.clock.forward(30)
    await hears(workers, first, left(workers, deleted=False), first)
    assert await workers.ports.stores.agents.away([ANN], workers.clock.now()) == {}


async def test_without_an_answer_of_slack_the_event_is_tried_again(workers: FakeWorkers) -> None:
    workers.slack.before = lambda what, _: (_ for _ in ()).throw(Temporary("service_unavailable"))
    with pytest.raises(Temporary):
        await workers.handle(left(workers))


@pytest.mark.parametrize("step", range(1, 24, 2))
async def test_a_worker_that_dies_at_any_step_lists_neither_twice_nor_nothing(workers: FakeWorkers, step: int) -> None:
    await thread(workers)
    await act(workers, 1, Take())
    await workers.handle(left(workers))
    await workers.handle_or_die(HandOn(user=ANN), DiesAt(step))
    await workers.pass_time(300, 30)
    assert len(lists(workers)) == 1


def test_a_long_list_keeps_slacks_limits_and_counts_the_rest() -> None:
    words = make.ticket().newest
    tickets = [
        make.ticket(id=number, subject="<&>" * 50, assignees=(ANN, *(f"U{each}" for each in range(40))), newest=words)
        for number in range(1, 40)
    ]
    mine = in_hand([*tickets, make.ticket(id=99), make.ticket(id=98, assignees=(ANN,), line="+1")], ANN, make.LINE)
    assert mine == tickets
    shown = json.loads(json.dumps(left_in_hand(ANN, mine, 2).blocks))
    assert block_errors(shown) == []
    assert not too_long(shown)
    assert f"and {len(tickets) - LISTED} more" in str(shown)
