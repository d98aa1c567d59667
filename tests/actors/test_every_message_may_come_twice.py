"""Each message is delivered twice, and the world looks as if it had come once."""

from datetime import timedelta

from messages.inbound import SmsReceived
from messages.notification import AgentActed, HidePost, OpenModal, ShowPost, UndoHide
from messages.ticket import ActOnTicket, Edit, SetStatus, Status
from tests import make
from tests.fakes import Workers
from workers.ports import Permanent, Throttled


async def receive(workers: Workers, number: int, after: int | None = None, contact: str = make.CONTACT) -> None:
    """A contact's text, handled twice with all that follows."""
    message = SmsReceived(
        sid=f"SM{contact[-4:]}{number}",
        line=make.LINE,
        contact=contact,
        body=f"text {number}",
        received_at=workers.clock.now(),
        after=f"SM{contact[-4:]}{after}" if after is not None else None,
    )
    for _ in range(2):
        await workers.handle(message)
    await workers.drain(times=2)


def thread(workers: Workers) -> list[str]:
    """The thread's texts, in order."""
    return [line for message in workers.slack.kind("texts") for line in message.what.text.splitlines()]


async def test_a_text_makes_one_contact_conversation_ticket_root_and_thread_post(workers: Workers) -> None:
    await receive(workers, 1)
    assert len(workers.slack.kind("root")) == 1
    assert thread(workers) == ["text 1"]
    assert workers.slack.kind("card") == []
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert ticket.status is Status.NEW


async def test_texts_are_announced_once_after_the_quiet(workers: Workers) -> None:
    for number in range(1, 4):
        await receive(workers, number)
        workers.clock.forward(10)
    assert workers.slack.kind("card") == []
    await workers.pass_time(200)
    (card,) = workers.slack.kind("card")
    assert "text 3" in card.what.text
    assert "+1 more" in card.what.text


async def test_the_clock_announces_when_the_delayed_message_is_lost(workers: Workers) -> None:
    await receive(workers, 1)
    workers.clock.forward(10)
    await receive(workers, 2)
    workers.queue.waiting.clear()
    await workers.pass_time(210)
    assert len(workers.slack.kind("card")) == 1


async def test_an_agents_action_cancels_what_was_pending(workers: Workers) -> None:
    await receive(workers, 1)
    workers.clock.forward(10)
    await receive(workers, 2)
    for _ in range(2):
        await workers.handle(AgentActed(ticket=1, by=make.AGENT, at=workers.clock.now()))
    await workers.drain(times=2)
    await workers.pass_time(1000)
    assert workers.slack.kind("card") == []


async def test_an_order_is_carried_out_once_and_said_once(workers: Workers) -> None:
    await receive(workers, 1)
    edit = Edit(version=1, origin=make.CHANNEL, subject="Heating", note="asked", new_tags=("heat",))
    order = ActOnTicket(ticket=1, command=edit, by=make.AGENT, at=workers.clock.now())
    for _ in range(2):
        await workers.handle(order)
    await workers.drain(times=2)
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert [note.text for note in ticket.notes] == ["asked"]
    assert len(workers.slack.kind("line")) == 1


async def test_hide_show_and_undo_each_twice(workers: Workers) -> None:
    await receive(workers, 1)
    (root,) = workers.slack.kind("root")
    for _ in range(2):
        await workers.handle(HidePost(channel=root.channel, ts=root.ts, by=make.AGENT, response_url="https://r"))
        await workers.drain(times=2)
    assert "ticket.show" in str(root.what.blocks)
    assert len(workers.slack.whispers) == 1
    for _ in range(2):
        await workers.handle(ShowPost(channel=root.channel, ts=root.ts, by=make.AGENT))
        await workers.drain(times=2)
    assert "ticket.assign" in str(root.what.blocks)
    workers.clock.forward(200)
    await receive(workers, 2)
    (card,) = workers.slack.kind("card")
    await workers.handle(HidePost(channel=card.channel, ts=card.ts, by=make.AGENT))
    await workers.drain(times=2)
    assert workers.slack.kind("card") == []
    for _ in range(2):
        await workers.handle(UndoHide(post=card.post_id, by=make.AGENT))
        await workers.drain(times=2)
    assert len(workers.slack.kind("card")) == 1


async def test_a_click_that_waited_too_long_is_answered_with_click_again(workers: Workers) -> None:
    await receive(workers, 1)
    click = OpenModal(
        ticket=1,
        user=make.AGENT,
        trigger_id="1.2",
        response_url="https://r",
        received_at=workers.clock.now() - timedelta(seconds=2.6),
    )
    await workers.handle(click)
    await workers.drain()
    assert workers.slack.views == []
    assert [(to, "click again" in said) for to, said in workers.slack.whispers] == [("https://r", True)]


async def test_a_solved_ticket_closes_when_its_time_has_passed_and_a_text_reopens_it_before(workers: Workers) -> None:
    await receive(workers, 1)
    solve = ActOnTicket(ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=workers.clock.now())
    await workers.handle(solve)
    await workers.drain()
    workers.clock.forward(95 * 3600)
    await receive(workers, 2)
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert ticket.status is Status.OPEN
    again = ActOnTicket(ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=workers.clock.now())
    await workers.handle(again)
    await workers.drain()
    workers.clock.forward(97 * 3600)
    await workers.pass_time(30)
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert ticket.status is Status.CLOSED


async def test_texts_that_overtook_each_other_stand_in_the_order_of_arrival(workers: Workers) -> None:
    await receive(workers, 2, after=1)
    assert thread(workers) == []
    await receive(workers, 1)
    await receive(workers, 3, after=2)
    assert thread(workers) == ["text 1", "text 2", "text 3"]


async def test_a_text_whose_predecessor_never_comes_is_shown_by_the_clock(workers: Workers) -> None:
    await receive(workers, 2, after=1)
    await workers.pass_time(30)
    assert thread(workers) == ["text 2"]


async def test_a_text_to_a_number_that_is_no_line_is_kept_and_shown_once_the_line_is_added(workers: Workers) -> None:
    stray = SmsReceived(
        sid="SM9", line="+15559990000", contact=make.CONTACT, body="stray", received_at=workers.clock.now()
    )
    await workers.handle(stray)
    await workers.drain()
    assert workers.slack.messages == []
    kept = await workers.ports.stores.texts.get("SM9")
    assert kept is not None
    assert kept.body == "stray"


async def test_a_throttled_channel_waits_and_holds_up_no_other(workers: Workers) -> None:
    await workers.ports.stores.lines.add(make.line(id="+15550001112", channel="C0OTHER"))
    workers.slack.refused[make.CHANNEL] = Throttled(timedelta(seconds=40))
    await receive(workers, 1)
    other = SmsReceived(
        sid="SMother", line="+15550001112", contact=make.CONTACT, body="hi", received_at=workers.clock.now()
    )
    await workers.handle(other)
    await workers.drain()
    assert [each.channel for each in workers.slack.kind("root")] == ["C0OTHER"]
    workers.slack.refused.clear()
    await workers.pass_time(30)
    assert len(workers.slack.kind("root")) == 1
    await workers.pass_time(30)
    assert len(workers.slack.kind("root")) == 2


async def test_a_channel_that_is_archived_is_used_again_once_it_is_not(workers: Workers) -> None:
    workers.slack.refused[make.CHANNEL] = Permanent("is_archived")
    await receive(workers, 1)
    assert workers.slack.messages == []
    workers.slack.refused.clear()
    await workers.pass_time(700)
    assert thread(workers) == ["text 1"]
