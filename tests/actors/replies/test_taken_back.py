"""Replies that their author deletes or edits in Slack: before they leave, as they leave, and afterwards."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from messages.inbound import SlackReplyChanged, SlackReplyPosted
from messages.line import ReplyMode
from messages.notification import RenderConversation
from messages.sms import LIMIT, SendLate, SendTexts, Sms, State, outbound_id
from messages.ticket import ActOnTicket, SetStatus, Status, Ticket
from tests import make
from tests.actors.helpers import lines, receive, settle, stored, thread, written
from tests.fakes import FakeWorkers, Fate
from workers.failures import Unreachable
from workers.ports import Posted
from workers.sms.changes.take_back import CHANGED, EDIT_OF_UNSENT, TAKEN_BACK, TOO_LATE_TO_CHANGE

HOLD = 5


async def hold(workers: FakeWorkers, seconds: float = HOLD, **fields: Any) -> None:
    """Let the line's replies wait so long that they can be taken back."""
    await workers.ports.stores.lines.save(make.line(hold=seconds, **fields))


async def reply(workers: FakeWorkers, number: int = 1, text: str = "", **fields: Any) -> SlackReplyPosted:
    """A reply in the conversation's thread, handled twice, and looked at a second later."""
    conversation = await workers.ports.stores.conversations.get(make.CONVERSATION)
    assert conversation is not None
    place = conversation.thread or await thread(workers)
    message = written(workers, place, number, text, **fields)
    for _ in range(2):
        await workers.handle(message)
    await settle(workers, 1)
    return message


async def change(workers: FakeWorkers, message: SlackReplyPosted, text: str | None = None) -> SlackReplyChanged:
    """The author deletes a reply, or edits it, now; handled twice."""
    changed = make.reply_changed(message, text, received_at=workers.clock.now())
    for _ in range(2):
        await workers.handle(changed)
    await workers.drain()
    return changed


def marks(workers: FakeWorkers, message: SlackReplyPosted) -> set[str]:
    """The reactions on a reply."""
    return workers.slack.reactions.get(Posted(message.channel, message.ts), set())


def told(workers: FakeWorkers) -> list[str]:
    """What agents were told in private."""
    return [words for _, words in workers.slack.whispers]


async def newest(workers: FakeWorkers) -> Ticket:
    """The conversation's newest ticket."""
    found = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert found is not None
    return found


@pytest.fixture
async def holding(workers: FakeWorkers) -> FakeWorkers:
    """Workers with a line that holds replies, and a conversation with a thread."""
    await hold(workers)
    await thread(workers)
    return workers


async def test_a_reply_waits_under_an_hourglass_and_then_leaves(holding: FakeWorkers) -> None:
    message = await reply(holding)
    assert (holding.texting.taken, marks(holding, message)) == ([], {"hourglass"})
    await settle(holding, HOLD)
    assert holding.texting.bodies(make.CONTACT) == ["reply 1"]
    assert marks(holding, message) == {"outbox_tray"}


async def test_without_a_hold_a_reply_leaves_as_ever(workers: FakeWorkers) -> None:
    await thread(workers)
    message = await reply(workers)
    assert workers.texting.bodies(make.CONTACT) == ["reply 1"]
    assert (await stored(workers, message)).hold_until is None


async def test_a_deleted_reply_is_not_sent_and_its_words_are_forgotten(holding: FakeWorkers) -> None:
    message = await reply(holding)
    await change(holding, message)
    await settle(holding, 60)
    text = await stored(holding, message)
    assert (holding.texting.taken, text.state, text.body, text.outbox) == ([], State.UNSENT, "", None)
    assert (told(holding), marks(holding, message)) == ([TAKEN_BACK], set())


async def test_the_contact_waits_on_whose_answer_was_taken_back(holding: FakeWorkers) -> None:
    waited = (await newest(holding)).waiting_since
    message = await reply(holding)
    assert (await newest(holding)).waiting_since is None
    await change(holding, message)
    ticket = await newest(holding)
    assert (ticket.waiting_since, ticket.status) == (waited, Status.OPEN)
    assert ticket.assignees == (make.AGENT,)
    assert any("took back a reply" in each.what.text for each in holding.slack.kind("line"))


async def test_a_solved_ticket_is_solved_again(holding: FakeWorkers) -> None:
    solve = ActOnTicket(
        ticket=1, command=SetStatus(status=Status.SOLVED), by=make.AGENT, at=holding.clock.now(), order="solve"
    )
    await holding.handle(solve)
    await holding.drain()
    message = await reply(holding)
    assert (await newest(holding)).status is Status.OPEN
    await change(holding, message)
    assert (await newest(holding)).status is Status.SOLVED


async def test_an_edit_in_time_is_what_the_contact_gets_after_another_hold(holding: FakeWorkers) -> None:
    message = await reply(holding)
    await settle(holding, HOLD - 2)
    await change(holding, message, "at nine")
    await settle(holding, HOLD - 1)
    assert (holding.texting.taken, marks(holding, message)) == ([], {"hourglass"})
    await settle(holding, 2)
    assert holding.texting.bodies(make.CONTACT) == ["at nine"]
    assert told(holding) == [CHANGED]


async def test_an_earlier_edit_that_comes_later_does_not_count(holding: FakeWorkers) -> None:
    message = await reply(holding)
    first = make.reply_changed(message, "at eight", received_at=holding.clock.now())
    await settle(holding, 1)
    await change(holding, message, "at nine")
    await holding.handle(first)
    await settle(holding, 2 * HOLD)
    assert holding.texting.bodies(make.CONTACT) == ["at nine"]


@pytest.mark.parametrize(
    ("text", "state"), [("// ask ben", State.NOTE), ("", State.REFUSED), ("x" * (LIMIT + 1), State.REFUSED)], ids=len
)
async def test_an_edit_is_decided_as_a_new_reply_would_be(holding: FakeWorkers, text: str, state: State) -> None:
    waited = (await newest(holding)).waiting_since
    message = await reply(holding)
    await change(holding, message, text)
    await settle(holding, 60)
    assert (holding.texting.taken, (await stored(holding, message)).state) == ([], state)
    ticket = await newest(holding)
    assert [note.text for note in ticket.notes] == (["ask ben"] if state is State.NOTE else [])
    assert ticket.waiting_since == waited
    assert marks(holding, message) == {"memo" if state is State.NOTE else "x"}
    assert len(lines(holding)) == (state is State.REFUSED)


@pytest.mark.parametrize("text", [None, "at nine"], ids=["deleted", "edited"])
async def test_a_change_after_a_reply_left_is_too_late_and_its_author_is_told_once(
    holding: FakeWorkers, text: str | None
) -> None:
    message = await reply(holding)
    await settle(holding, HOLD)
    await change(holding, message, text)
    await change(holding, message, None)
    assert holding.texting.bodies(make.CONTACT) == ["reply 1"]
    assert told(holding) == [TOO_LATE_TO_CHANGE]
    assert (await newest(holding)).waiting_since is None


@pytest.mark.parametrize("text", [None, "at nine"], ids=["deleted", "edited"])
async def test_of_a_claim_and_a_change_at_the_same_moment_one_wins(holding: FakeWorkers, text: str | None) -> None:
    message = await reply(holding)
    read, texts = await stored(holding, message), holding.ports.stores.texts
    await change(holding, message, text)
    now = holding.clock.now()
    assert not await texts.claim(read, now, now), "a worker that read the reply before the change does not send it"
    await settle(holding, 3 * HOLD)
    assert holding.texting.bodies(make.CONTACT) == ([] if text is None else ["at nine"])


async def test_a_change_that_was_decided_before_a_claim_does_not_undo_it(holding: FakeWorkers) -> None:
    read, texts, now = await stored(holding, await reply(holding)), holding.ports.stores.texts, holding.clock.now()
    assert await texts.claim(read, now, now)
    assert not await texts.withdraw(read, now)
    assert not await texts.change(read, read.model_copy(update={"body": "at nine", "edited": "1.0"}))
    claimed = await texts.get(read.id)
    assert claimed is not None
    assert (claimed.state, claimed.body, claimed.edited) == (State.SENDING, "reply 1", None)


@pytest.mark.parametrize("text", [None, "at nine", "// ask ben"], ids=["deleted", "edited", "a note"])
async def test_a_change_that_overtakes_its_reply_counts(holding: FakeWorkers, text: str | None) -> None:
    place = await thread(holding)
    message = written(holding, place, 1)
    await change(holding, message, text)
    for _ in range(2):
        await holding.handle(message)
    await settle(holding, 3 * HOLD)
    assert holding.texting.bodies(make.CONTACT) == (["at nine"] if text == "at nine" else [])
    ticket = await newest(holding)
    assert [note.text for note in ticket.notes] == (["ask ben"] if text == "// ask ben" else [])
    assert (ticket.waiting_since is None) == (text == "at nine")


async def test_the_edit_of_an_old_message_that_is_no_text_sends_nothing(holding: FakeWorkers) -> None:
    message = written(holding, await thread(holding), 1)
    holding.clock.forward(3600)
    for text in ("at nine", None):
        await change(holding, message, text)
    await settle(holding, 60)
    assert (holding.texting.taken, told(holding)) == ([], [])


async def test_later_replies_keep_their_order_and_the_holds_do_not_add_up(holding: FakeWorkers) -> None:
    first = await reply(holding, 1)
    await reply(holding, 2)
    await settle(holding, HOLD)
    assert holding.texting.bodies(make.CONTACT) == ["reply 1", "reply 2"]
    third = await reply(holding, 3)
    await reply(holding, 4)
    await change(holding, third)
    await settle(holding, HOLD)
    assert holding.texting.bodies(make.CONTACT) == ["reply 1", "reply 2", "reply 4"]
    assert marks(holding, first) == {"outbox_tray"}


async def test_a_reply_that_waits_for_the_provider_can_be_taken_back_however_long_that_takes(
    workers: FakeWorkers,
) -> None:
    await thread(workers)

    def away(method: str) -> None:
        raise Unreachable(None, "refused")

    workers.texting.before = away
    message = await reply(workers)
    await settle(workers, 60)
    await change(workers, message)
    workers.texting.before = lambda method: None
    await workers.pass_time(120)
    assert (workers.texting.taken, told(workers)) == ([], [TAKEN_BACK])


@pytest.mark.parametrize("text", [None, "at nine"], ids=["deleted", "edited"])
async def test_a_late_reply_is_not_sent_as_it_was_before_it_was_changed(holding: FakeWorkers, text: str | None) -> None:
    message = written(holding, await thread(holding), 1)
    holding.clock.forward(3600)
    await holding.handle(message)
    await holding.drain()
    await change(holding, message, text)
    late = SendLate(
        sms=outbound_id(message.channel, message.ts), by=make.AGENT, at=holding.clock.now(), channel=make.CHANNEL
    )
    await holding.handle(late)
    await settle(holding, 60)
    assert holding.texting.bodies(make.CONTACT) == ([] if text is None else ["at nine"])


async def test_an_edit_of_what_was_refused_or_a_note_sends_nothing(holding: FakeWorkers) -> None:
    refused, note = await reply(holding, 1, "x" * (LIMIT + 1)), await reply(holding, 2, "// ask ben")
    for message in (refused, note):
        await change(holding, message, "at nine")
    await settle(holding, 60)
    assert (holding.texting.taken, told(holding)) == ([], [EDIT_OF_UNSENT])


async def test_an_edit_on_a_line_that_sends_no_replies_any_more_sends_nothing(holding: FakeWorkers) -> None:
    message = await reply(holding)
    await hold(holding, HOLD, reply_mode=ReplyMode.BUTTONS)
    await change(holding, message, "at nine")
    await settle(holding, 60)
    assert (holding.texting.taken, told(holding)) == ([], [TAKEN_BACK])


async def test_the_next_text_of_the_contact_is_answered_by_a_later_reply_alone(holding: FakeWorkers) -> None:
    message = await reply(holding, 1)
    await receive(holding, 2)
    await reply(holding, 2)
    await change(holding, message)
    assert (await newest(holding)).waiting_since is None


async def at_any_step(workers: FakeWorkers, seed: int, says: Callable[[Sms], None]) -> None:
    """A reply, its edit and its deletion, in any order, while workers die between any two steps; some come twice."""
    dice = random.Random(seed)
    await hold(workers, dice.choice((0, 1, 3)))
    place = await thread(workers)
    message = written(workers, place, 1, "first form")
    await workers.queue.publish(message)
    for text in dice.choice((["second form"], [None], ["second form", None], ["// a note"], ["second form", "third"])):
        workers.clock.forward(dice.random() * dice.choice((0.1, 2)))
        for _ in range(dice.choice((1, 2))):
            await workers.queue.publish(make.reply_changed(message, text, received_at=workers.clock.now()))
    last = workers.clock.now()
    for _ in range(12):
        while due := workers.queue.due():
            each = workers.queue.take(dice.choice(due))
            if isinstance(each, SendTexts | RenderConversation) and dice.random() < 0.1:
                continue
            for _ in range(dice.choice((1, 1, 2))):
                while not await workers.handle_or_die(each, Fate(dice, 0.02)):
                    workers.clock.forward(0.1)
            workers.clock.forward(dice.random() / 3)
        workers.clock.forward(1)
    await workers.pass_time(120)
    assert last < workers.clock.now()
    says(await stored(workers, message))


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_a_reply_is_never_both_taken_back_and_sent(workers: FakeWorkers, seed: int) -> None:
    def check(text: Sms) -> None:
        sent, said = workers.texting.bodies(make.CONTACT), told(workers)
        assert len(sent) <= 1
        assert not (sent and TAKEN_BACK in said)
        assert not (CHANGED in said and sent == ["first form"])
        if text.state is State.UNSENT:
            assert (sent, text.withdrawn_at is not None) == ([], True)
        elif text.state is State.NOTE:
            assert sent == []
        else:
            assert sent == [text.body] or text.state is State.UNKNOWN
        if text.body != "first form" and text.state is not State.UNSENT:
            assert TOO_LATE_TO_CHANGE not in said or sent != ["first form"]

    await at_any_step(workers, seed, check)
    ticket = await newest(workers)
    answered = (await workers.ports.stores.texts.newest_sent(make.CONVERSATION, 1))[0].state
    assert (ticket.waiting_since is None) == (answered not in {State.UNSENT, State.NOTE})
