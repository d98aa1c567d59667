"""Requests that come again byte for byte, at any later time and after others' actions: each is carried out once."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from gateway import slack_webhook
from gateway.webhook import Request
from messages.base import QueueMessage
from messages.notification import AgentActed
from messages.opt_outs import Standing
from messages.sms import ResendText, State
from messages.ticket import ActOnTicket, AgentWrote, Expire, Reply, SetStatus, Status, Ticket
from tests import make
from tests.fakes import FakeWorkers
from tests.wire.gateway.helpers import slack_headers
from workers.failures import Undecided
from workers.tickets.lifecycle import ACCEPTED_BEFORE

APP: Final = slack_webhook.App(b"a signing secret", "https://slack.com/api/")
BEN: Final = "U0BEN"
CARLA: Final = "U0CARLA"


@dataclass
class SlackRequests:
    """What people do in Slack, as the requests that Slack sends."""

    workers: FakeWorkers
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def click(self, user: str, action_id: str, value: Any, *, ts: str = "", channel: str = make.CHANNEL) -> bytes:
        """A click on a button, or the choice of an option."""
        number, option = next(self.numbers), action_id in {"ticket.status", "ticket.priority"}
        said = json.dumps(value)
        action = {"action_id": action_id, "action_ts": f"{self.workers.clock.now().timestamp():.6f}"}
        payload = {
            "type": "block_actions",
            "user": {"id": user},
            "trigger_id": f"{number}.22.ab",
            "response_url": f"https://hooks.slack.com/actions/{number}",
            "container": {"message_ts": ts, "channel_id": channel},
            "actions": [{**action, **({"selected_option": {"value": said}} if option else {"value": said})}],
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    def save(self, user: str, view: str = "", version: int = 1, **values: Any) -> bytes:
        """The submission of ticket #1's Assign modal."""
        shown = {"ticket": 1, "version": version, "origin": make.CHANNEL}
        view = view or f"V{next(self.numbers)}"
        payload = {
            "type": "view_submission",
            "user": {"id": user},
            "trigger_id": f"{next(self.numbers)}.22.ab",
            "view": {
                "id": view,
                "hash": "1700000000.abc",
                "callback_id": "ticket.edit",
                "private_metadata": json.dumps(shown),
                "state": {"values": {name: {name: {"value": value}} for name, value in values.items()}},
            },
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    def command(self, user: str, text: str) -> bytes:
        """A text after /clerk."""
        number = next(self.numbers)
        typed = {"text": text, "user_id": user, "channel_id": make.CHANNEL, "trigger_id": f"{number}.22.ab"}
        return urlencode(typed).encode()

    def messages(self, body: bytes) -> Sequence[QueueMessage]:
        """What the gateway publishes for a request that comes now."""
        now = self.workers.clock.now()
        headers = {
            name.encode(): value.encode()
            for name, value in slack_headers(body, str(int(now.timestamp())), APP.signing_secret.decode()).items()
        }
        receive = slack_webhook.interaction if body.startswith(b"payload=") else slack_webhook.command
        return receive(Request("/slack", "", headers, body), APP, now).messages

    async def deliver(self, *bodies: bytes, times: int = 1) -> None:
        """Deliver requests and handle everything that follows."""
        for body in bodies:
            for message in self.messages(body):
                for _ in range(times):
                    await self.workers.handle(message)
            await self.workers.drain(times=times)
            self.workers.clock.forward(1)

    async def text(self, number: int) -> None:
        """Handle a contact's text and everything that follows."""
        text = make.sms_received(sid=f"SM{number}", body=f"text {number}", received_at=self.workers.clock.now())
        await self.workers.handle(text)
        await self.workers.drain()
        self.workers.clock.forward(1)

    async def ticket(self, number: int = 1) -> Ticket:
        """The current ticket."""
        found = await self.workers.ports.stores.tickets.get(number)
        assert found is not None
        return found


async def desk_with_a_ticket(workers: FakeWorkers) -> SlackRequests:
    """Workers with ticket #1, which has one text."""
    desk = SlackRequests(workers)
    await desk.text(1)
    return desk


async def test_a_repeated_save_adds_no_second_note_and_posts_nothing_twice(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    save = desk.save(make.AGENT, note="asked Ben", subject="Heating")
    await desk.deliver(save, times=2)
    await desk.deliver(desk.save(BEN, version=9, subject="Boiler"))
    workers.clock.forward(120)
    await desk.deliver(save, times=2)
    ticket = await desk.ticket()
    assert [note.text for note in ticket.notes] == ["asked Ben"]
    assert ticket.subject == "Boiler"
    assert len(workers.slack.kind("line")) == 2


async def test_a_second_save_of_the_same_form_with_other_values_is_answered_and_not_carried_out(
    workers: FakeWorkers,
) -> None:
    desk = await desk_with_a_ticket(workers)
    await desk.deliver(desk.save(make.AGENT, view="V7", note="asked Ben"))
    await desk.deliver(desk.save(make.AGENT, view="V7", note="asked Ben, again"))
    assert [note.text for note in (await desk.ticket()).notes] == ["asked Ben"]
    assert [said for _, said in workers.slack.whispers] == [ACCEPTED_BEFORE]


async def test_a_repeated_status_change_does_not_undo_another_agents_change(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    solved = desk.click(make.AGENT, "ticket.status", {"ticket": 1, "status": "solved"})
    await desk.deliver(solved, desk.click(BEN, "ticket.status", {"ticket": 1, "status": "open"}), solved)
    assert (await desk.ticket()).status is Status.OPEN


async def test_an_order_that_changed_nothing_changes_nothing_later_either(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "open"}))
    nothing = [
        desk.click(make.AGENT, "ticket.status", {"ticket": 1, "status": "open"}),
        desk.click(make.AGENT, "ticket.priority", {"ticket": 1, "priority": "none"}),
        desk.save(make.AGENT, subject=""),
    ]
    await desk.deliver(*nothing)
    await desk.deliver(
        desk.click(BEN, "ticket.status", {"ticket": 1, "status": "pending"}),
        desk.click(BEN, "ticket.priority", {"ticket": 1, "priority": "high"}),
        desk.save(BEN, version=99, subject="Boiler"),
    )
    before = await desk.ticket()
    lines = len(workers.slack.kind("line"))
    await desk.deliver(*nothing, times=2)
    after = await desk.ticket()
    assert after.model_copy(update={"settled": {}, "due_at": None}) == before.model_copy(
        update={"settled": {}, "due_at": None}
    )
    assert (after.status, after.priority, after.subject) == (Status.PENDING, "high", "Boiler")
    assert len(workers.slack.kind("line")) == lines


async def test_a_repeated_take_does_not_reassign_a_ticket_given_to_another_agent(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    take = desk.click(make.AGENT, "ticket.take", {"ticket": 1})
    await desk.deliver(take)
    taken = await desk.ticket()
    assert taken.assignees == (make.AGENT,)
    given = taken.model_copy(update={"assignees": (BEN,), "version": taken.version + 1})
    assert await workers.ports.stores.tickets.save(given, taken.version)
    await desk.deliver(take, times=2)
    assert (await desk.ticket()).assignees == (BEN,)


async def test_a_refused_order_is_refused_again_with_an_explanation_and_never_carried_out(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "closed"}))
    take = desk.click(make.AGENT, "ticket.take", {"ticket": 1})
    await desk.deliver(take, times=2)
    closed = await desk.ticket()
    reopened = closed.model_copy(update={"status": Status.OPEN, "version": closed.version + 1})
    assert await workers.ports.stores.tickets.save(reopened, closed.version)
    await desk.deliver(take)
    assert (await desk.ticket()).assignees == closed.assignees
    refusals = [said for to, said in workers.slack.whispers if to.startswith("https://hooks.slack.com/actions/")]
    assert len(refusals) >= 2
    assert all("Closed for good" in said for said in refusals)


async def test_hide_show_and_undo_come_again_after_one_another_and_each_works_once(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    (root,) = workers.slack.kind("root")

    def shown() -> bool:
        return "ticket.assign" in str(root.what.blocks)

    hide = desk.click(make.AGENT, "ticket.hide", {"ticket": 1}, ts=root.ts)
    await desk.deliver(hide, times=2)
    assert not shown()
    show = desk.click(BEN, "ticket.show", {"ticket": 1}, ts=root.ts)
    await desk.deliver(show)
    assert shown()
    await desk.deliver(hide)
    assert shown()
    await desk.deliver(desk.click(CARLA, "ticket.hide", {"ticket": 1}, ts=root.ts), show)
    assert not shown()
    undo = desk.click(CARLA, "ticket.undo_hide", {"post": root.post_id})
    await desk.deliver(undo)
    assert shown()
    await desk.deliver(desk.click(BEN, "ticket.hide", {"ticket": 1}, ts=root.ts), undo, hide, show)
    assert not shown()


async def test_a_hide_of_a_hidden_card_hides_nothing_later(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    (root,) = workers.slack.kind("root")
    late = desk.click(BEN, "ticket.hide", {"ticket": 1}, ts=root.ts)
    await desk.deliver(desk.click(make.AGENT, "ticket.hide", {"ticket": 1}, ts=root.ts), late)
    await desk.deliver(desk.click(make.AGENT, "ticket.show", {"ticket": 1}, ts=root.ts), late)
    assert "ticket.assign" in str(root.what.blocks)


async def test_a_repeated_click_on_open_does_not_cover_texts_that_came_since(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    seen = [desk.click(make.AGENT, f"ticket.{each}", {"ticket": 1}) for each in ("open", "assign", "reply")]
    await desk.deliver(*seen)
    await desk.text(2)
    workers.clock.forward(60)
    await desk.deliver(*seen, times=2)
    await workers.pass_time(300)
    (card,) = workers.slack.kind("card")
    assert "text 2" in card.what.text


async def test_a_repeated_name_command_does_not_undo_a_later_name(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    first = desk.command(make.AGENT, f"name {make.CONTACT} Anne")
    await desk.deliver(first, desk.command(BEN, f"name {make.CONTACT} Ann Lee"), first)
    contact = await workers.ports.stores.contacts.get(make.CONTACT)
    assert contact is not None
    assert contact.name == "Ann Lee"


async def test_a_repeated_send_sends_nothing_and_does_not_cover_texts_that_came_since(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    send = desk.command(make.AGENT, f"send {make.CONTACT} hello")
    await desk.deliver(send, times=2)
    await workers.pass_time(2, 1)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "pending"}))
    await desk.text(2)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "pending"}))
    await desk.text(3)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "pending"}))
    await desk.deliver(send, times=2)
    await workers.pass_time(2, 1)
    assert workers.texting.bodies(make.CONTACT) == ["hello"]
    assert (await desk.ticket()).status is Status.PENDING


async def test_a_repeated_send_cancels_no_notification(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    send = desk.command(make.AGENT, f"send {make.CONTACT} hello")
    await desk.deliver(send)
    await desk.text(2)
    workers.clock.forward(60)
    await desk.deliver(send)
    await workers.pass_time(400)
    (card,) = workers.slack.kind("card")
    assert "text 2" in card.what.text


async def test_a_text_that_was_refused_is_not_sent_later_by_a_repeat(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    opt_outs = workers.ports.stores.opt_outs
    await opt_outs.record(make.LINE, make.CONTACT, Standing(out=True, since=workers.clock.now()))
    nowhere = desk.command(make.AGENT, "send 5550009999 hello")
    await workers.ports.stores.lines.remove(make.LINE)
    await desk.deliver(nowhere)
    await workers.ports.stores.lines.add(make.line())
    refused = desk.command(make.AGENT, f"send {make.CONTACT} hello")
    await desk.deliver(refused, times=2)
    workers.clock.forward(1)
    await opt_outs.record(make.LINE, make.CONTACT, Standing(out=False, since=workers.clock.now()))
    said = len(workers.slack.whispers)
    await desk.deliver(refused, nowhere)
    await workers.pass_time(5, 1)
    assert workers.texting.taken == []
    assert len(workers.slack.whispers) == said + 2
    await desk.deliver(desk.command(make.AGENT, f"send {make.CONTACT} hello"))
    await workers.pass_time(5, 1)
    assert workers.texting.bodies(make.CONTACT) == ["hello"]


async def test_a_late_repeat_of_a_reply_changes_no_ticket_and_begins_none(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    (root,) = workers.slack.kind("root")
    at = workers.clock.now()
    reply = make.reply_posted(ts=f"{at.timestamp():.6f}", thread_ts=root.ts, received_at=at)
    await workers.handle(reply)
    published = [message for _, message in workers.queue.waiting]
    (order,) = [message for message in published if isinstance(message, ActOnTicket)]
    await workers.drain()
    await workers.pass_time(3, 1)
    assert (await desk.ticket()).status is Status.OPEN
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "pending"}))
    await workers.handle(order)
    await workers.drain()
    assert (await desk.ticket()).status is Status.PENDING
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "closed"}))
    await workers.handle(order)
    await workers.drain()
    assert (await workers.ports.stores.tickets.newest(make.CONVERSATION)) == await desk.ticket(1)


async def test_a_late_repeat_of_a_sent_text_changes_no_ticket_and_begins_none(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    wrote = AgentWrote(conversation=make.CONVERSATION, by=make.AGENT, at=workers.clock.now(), order="typed-1")
    for _ in range(2):
        await workers.handle(wrote)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "closed"}))
    await workers.handle(wrote)
    await workers.drain()
    assert (await workers.ports.stores.tickets.newest(make.CONVERSATION)) == await desk.ticket(1)


async def test_a_repeated_resend_sends_nothing_when_the_outcome_is_unknown_again(
    workers: FakeWorkers,
) -> None:
    desk = await desk_with_a_ticket(workers)

    def lost(method: str) -> None:
        if method == "send":
            raise Undecided(None, "TimeoutError")

    workers.texting.before = lost
    await desk.deliver(desk.command(make.AGENT, f"send {make.CONTACT} hello"))
    await workers.pass_time(90, 5)
    (text,) = await workers.ports.stores.texts.unshown(make.CONVERSATION) or await workers.ports.stores.texts.by_ids(
        [next(iter(await workers.ports.stores.texts.known(["typed-1.22.ab-U0ADA"])))]
    )
    assert text.state is State.UNKNOWN
    resend = desk.click(make.AGENT, "ticket.resend", {"sms": text.id})
    await desk.deliver(resend, times=2)
    await workers.pass_time(90, 5)
    again = await workers.ports.stores.texts.get(text.id)
    assert again is not None
    assert (again.state, again.attempts) == (State.UNKNOWN, 2)
    workers.texting.before = lambda method: None
    await desk.deliver(resend, times=2)
    await workers.pass_time(60, 5)
    assert workers.texting.bodies(make.CONTACT) == []
    await workers.handle(ResendText(sms=text.id, by=make.AGENT))
    await workers.drain()
    await workers.pass_time(5, 1)
    assert workers.texting.bodies(make.CONTACT) == ["hello"]


async def test_an_order_from_an_earlier_version_is_recognized_by_its_agent_time_and_kind(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    at: datetime = workers.clock.now()
    before = ActOnTicket(ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=at)
    await workers.handle(before)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "open"}))
    await workers.handle(before)
    await workers.handle(before.model_copy(update={"order": "click/1.22.ab/ticket.status/1"}))
    assert (await desk.ticket()).status is Status.OPEN


async def test_an_order_of_the_clock_has_no_identity_and_is_recognized_by_its_time(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    await desk.deliver(desk.click(BEN, "ticket.status", {"ticket": 1, "status": "solved"}))
    expire = ActOnTicket(ticket=1, command=Expire(), by=None, at=workers.clock.now())
    await workers.handle(expire)
    assert (await desk.ticket()).status is Status.SOLVED
    workers.clock.forward(timedelta(hours=97).total_seconds())
    late = expire.model_copy(update={"at": workers.clock.now()})
    for _ in range(2):
        await workers.handle(late)
    assert (await desk.ticket()).status is Status.CLOSED


async def test_a_late_repeat_counts_as_an_action_at_the_time_of_the_order(workers: FakeWorkers) -> None:
    desk = await desk_with_a_ticket(workers)
    order = ActOnTicket(ticket=1, command=Reply(), by=make.AGENT, at=workers.clock.now(), order="C0-1")
    await workers.handle(order)
    workers.clock.forward(500)
    workers.queue.waiting.clear()
    await workers.handle(order.model_copy(update={"at": workers.clock.now()}))
    (acted,) = [message for _, message in workers.queue.waiting if isinstance(message, AgentActed)]
    assert acted.at == order.at
    assert (await desk.ticket()).version == 2
