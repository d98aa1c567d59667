"""Each message is delivered twice, and the result is the same as if it had been delivered once."""

from datetime import timedelta

from messages.conversation import NameContact
from messages.inbound import SmsReceived
from messages.notification import AgentActed, HidePost, OpenModal, ShowPost, UndoHide
from messages.sms import WriteTyped
from messages.ticket import ActOnTicket, Edit, SetStatus, Status, Take
from messages.views import FindTickets
from tests import make
from tests.actors.helpers import receive, texts_in_thread
from tests.fakes import DiesAt, FakeWorkers
from workers.failures import Permanent, Throttled


async def test_a_text_creates_one_contact_conversation_ticket_root_and_thread_post(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    assert len(workers.slack.kind("root")) == 1
    assert texts_in_thread(workers) == ["text 1"]
    assert workers.slack.kind("card") == []
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert ticket.status is Status.NEW


async def test_texts_are_announced_once_after_the_quiet(workers: FakeWorkers) -> None:
    for number in range(1, 4):
        await receive(workers, number)
        workers.clock.forward(10)
    assert workers.slack.kind("card") == []
    await workers.pass_time(200)
    (card,) = workers.slack.kind("card")
    assert "text 3" in card.what.text
    assert "+1 more" in card.what.text


async def test_the_clock_announces_when_the_delayed_message_is_lost(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.clock.forward(10)
    await receive(workers, 2)
    workers.queue.waiting.clear()
    await workers.pass_time(210)
    assert len(workers.slack.kind("card")) == 1


async def test_an_agents_action_cancels_what_was_pending(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.clock.forward(10)
    await receive(workers, 2)
    for _ in range(2):
        await workers.handle(AgentActed(ticket=1, by=make.AGENT, at=workers.clock.now()))
    await workers.drain(times=2)
    await workers.pass_time(1000)
    assert workers.slack.kind("card") == []


async def test_an_order_is_carried_out_and_reported_once(workers: FakeWorkers) -> None:
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


async def test_hide_show_and_undo_each_twice(workers: FakeWorkers) -> None:
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


async def test_hide_and_show_complete_at_whatever_step_a_worker_dies(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    (root,) = workers.slack.kind("root")
    workers.clock.forward(200)
    await receive(workers, 2)
    lives, step = [False], 0
    while not all(lives):
        (card,) = workers.slack.kind("card")
        await workers.handle(HidePost(channel=card.channel, ts=card.ts, by=make.AGENT))
        await workers.drain()
        assert workers.slack.kind("card") == []
        lives = []
        for order in (
            UndoHide(post=card.post_id, by=make.AGENT),
            HidePost(channel=root.channel, ts=root.ts, by="U0BEN"),
        ):
            lives.append(await workers.handle_or_die(order, DiesAt(step)))
            await workers.handle(order)
            await workers.pass_time(120, step=30)
            assert len(workers.slack.kind("card")) == 1, f"it died at step {step}"
        assert "ticket.show" in str(root.what.blocks), f"it died at step {step}"
        await workers.handle(ShowPost(channel=root.channel, ts=root.ts, by=make.AGENT))
        await workers.drain()
        step += 1
    assert step > 5


async def test_a_click_that_waited_too_long_is_answered_with_click_again(workers: FakeWorkers) -> None:
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


async def test_a_solved_ticket_closes_after_its_time_and_an_earlier_text_reopens_it(
    workers: FakeWorkers,
) -> None:
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


async def test_texts_that_overtook_each_other_are_posted_in_order_of_arrival(workers: FakeWorkers) -> None:
    await receive(workers, 2, after=1)
    assert texts_in_thread(workers) == []
    await receive(workers, 1)
    await receive(workers, 3, after=2)
    assert texts_in_thread(workers) == ["text 1", "text 2", "text 3"]


async def test_the_clock_shows_a_text_whose_predecessor_never_comes(workers: FakeWorkers) -> None:
    await receive(workers, 2, after=1)
    await workers.pass_time(60)
    assert texts_in_thread(workers) == ["text 2"]


async def test_a_text_to_an_unknown_number_is_kept_and_shown_once_its_line_is_added(
    workers: FakeWorkers,
) -> None:
    stray = SmsReceived(
        sid="SM9", line="+15559990000", contact=make.CONTACT, body="stray", received_at=workers.clock.now()
    )
    await workers.handle(stray)
    await workers.drain()
    assert workers.slack.messages == []
    kept = await workers.ports.stores.texts.get("SM9")
    assert kept is not None
    assert kept.body == "stray"


async def test_a_throttled_channel_waits_and_delays_no_other(workers: FakeWorkers) -> None:
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


async def test_an_archived_channel_is_used_again_once_it_is_unarchived(workers: FakeWorkers) -> None:
    workers.slack.refused[make.CHANNEL] = Permanent("is_archived")
    await receive(workers, 1)
    assert workers.slack.messages == []
    workers.slack.refused.clear()
    await workers.pass_time(700)
    assert texts_in_thread(workers) == ["text 1"]


async def test_a_conversation_whose_thread_was_deleted_continues_in_a_new_one(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    workers.slack.messages.clear()
    await receive(workers, 2)
    await workers.pass_time(1)
    (root,) = workers.slack.kind("root")
    assert [each.thread_ts for each in workers.slack.kind("texts")] == [root.ts]
    assert texts_in_thread(workers) == ["text 2"]


async def test_a_click_that_comes_too_late_is_refused_with_an_explanation_and_a_new_card(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    (root,) = workers.slack.kind("root")
    workers.slack.before = _no_updates
    close = ActOnTicket(ticket=1, command=SetStatus(status=Status.CLOSED), by=make.AGENT, at=workers.clock.now())
    await workers.handle(close)
    await workers.drain()
    assert "ticket.take" in str(root.what.blocks)
    workers.slack.before = lambda method, channel: None
    take = ActOnTicket(
        ticket=1, command=Take(), by="U0BEN", at=workers.clock.now(), response_url="https://hooks.slack.com/r"
    )
    for _ in range(2):
        await workers.handle(take)
    await workers.drain(times=2)
    assert {("https://hooks.slack.com/r", "Closed for good" in said) for _, said in workers.slack.whispers} == {
        ("https://hooks.slack.com/r", True)
    }
    assert "ticket.take" not in str(root.what.blocks)
    assert len(workers.slack.kind("line")) == 1


def _no_updates(method: str, channel: str) -> None:
    if method == "update":
        raise Permanent("cant_update_message")


# -- what agents write elsewhere --------------------------------------------------------------------------------------


async def write(workers: FakeWorkers, text: str, number: int = 1) -> None:
    """A command to send a text, handled twice with everything that follows."""
    order = WriteTyped(
        sms=f"typed-{number}",
        typed=text,
        by=make.AGENT,
        at=workers.clock.now(),
        channel=make.CHANNEL,
        response_url="https://r",
    )
    for _ in range(2):
        await workers.handle(order)
    await workers.drain(times=2)
    await workers.pass_time(2, 1)


async def test_a_text_sent_by_command_goes_out_once_and_creates_one_of_everything(workers: FakeWorkers) -> None:
    await write(workers, f"{make.CONTACT} hello")
    await write(workers, f"{make.CONTACT} hello again", 2)
    assert [each.sent.body for each in workers.texting.taken] == ["hello", "hello again"]
    assert len(workers.slack.kind("root")) == 1
    assert [message.what.text for message in workers.slack.kind("written")] == ["hello", "hello again"]
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert (ticket.id, ticket.status, ticket.assignees) == (1, Status.OPEN, (make.AGENT,))
    assert len(set(workers.slack.whispers)) == 1


async def test_two_texts_sent_by_command_at_one_moment_are_two_texts(workers: FakeWorkers) -> None:
    for number in (1, 2):
        order = WriteTyped(
            sms=f"typed-{number}",
            typed=f"{make.CONTACT} hello",
            by=make.AGENT,
            at=workers.clock.now(),
            channel=make.CHANNEL,
        )
        await workers.handle(order)
    await workers.drain()
    await workers.pass_time(3, 1)
    assert [each.sent.body for each in workers.texting.taken] == ["hello", "hello"]


async def test_a_ticket_is_created_although_the_message_for_it_was_lost(workers: FakeWorkers) -> None:
    order = WriteTyped(
        sms="typed-1", typed=f"{make.CONTACT} hello", by=make.AGENT, at=workers.clock.now(), channel=make.CHANNEL
    )
    await workers.handle(order)
    workers.queue.waiting.clear()
    await workers.pass_time(60)
    assert [each.sent.body for each in workers.texting.taken] == ["hello"]
    assert len(workers.slack.kind("root")) == len(workers.slack.kind("written")) == 1


async def test_the_answer_to_a_text_sent_by_command_is_announced_in_the_channel(workers: FakeWorkers) -> None:
    await write(workers, f"{make.CONTACT} hello")
    workers.clock.forward(10)
    await receive(workers, 1)
    (card,) = workers.slack.kind("card")
    assert (card.channel, "text 1" in card.what.text) == (make.CHANNEL, True)
    assert len(workers.slack.kind("root")) == 1


async def test_the_later_name_wins_in_whatever_order_the_names_come(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    for seconds, name in ((5, "Ann"), (0, "Anne")):
        order = NameContact(
            typed=f"{make.CONTACT} {name}",
            by=make.AGENT,
            at=workers.clock.now() + timedelta(seconds=seconds),
            channel=make.CHANNEL,
        )
        await workers.handle(order)
        await workers.drain()
    (root,) = workers.slack.kind("root")
    assert "Ann · +15550002222" in str(root.what.blocks)


async def test_a_modal_that_is_not_open_yet_is_filled_once_it_is(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    search = FindTickets(
        query="#1", user=make.AGENT, channel=make.CHANNEL, view="found-1", received_at=workers.clock.now()
    )
    await workers.handle(search)
    assert workers.slack.views == []
    workers.slack.views.append({"external_id": "found-1"})
    workers.clock.forward(1)
    await workers.drain()
    assert make.CONTACT in str(workers.slack.views[0])


async def test_a_modal_that_was_closed_is_not_waited_for(workers: FakeWorkers) -> None:
    search = FindTickets(
        query="#1", user=make.AGENT, channel=make.CHANNEL, view="found-1", received_at=workers.clock.now()
    )
    await workers.handle(search)
    workers.clock.forward(6)
    await workers.drain()
    assert workers.queue.waiting == []
