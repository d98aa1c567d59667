"""When a line opens, its channel is told once what came while it was closed."""

import json

import pytest

from messages.line import Line
from messages.team.agent import TimeAway
from messages.team.opening import PostDigest
from messages.ticket import ActOnTicket, Reply, SetPriority
from tests import make
from tests.fakes import DiesAt, FakeWorkers
from workers import clock
from workers.failures import Ambiguous, Permanent
from workers.slack.digest.card import LISTED, Waiting, digest

OPENS = make.at(4.5 * 3600)
"""The shop in New York opens, and NOW is the night before."""


@pytest.fixture
async def night(workers: FakeWorkers) -> FakeWorkers:
    """Workers whose line is closed, and who know that."""
    await workers.ports.stores.calendars.add(make.calendar())
    await workers.ports.stores.lines.save(make.line(calendar="shop"))
    await clock.sweep(workers.ports)
    return workers


def digests(workers: FakeWorkers) -> list[str]:
    """The digests in the line's channel."""
    return [each.what.text for each in workers.slack.messages if each.post_id.startswith("digest/")]


async def receive(workers: FakeWorkers, number: int, contact: str = make.CONTACT) -> None:
    """A contact's text, with all that follows."""
    sid, now = f"SM{contact[-4:]}{number}", workers.clock.now()
    text = make.sms_received(sid=sid, contact=contact, body=f"text {number}", received_at=now)
    await workers.handle(text.model_copy(update={"after": f"SM{contact[-4:]}{number - 1}" if number > 1 else None}))
    await workers.drain()


async def open_the_line(workers: FakeWorkers) -> None:
    """Let the line open, and the clock look at it several times."""
    workers.clock.time = OPENS
    await workers.pass_time(60)


async def act(workers: FakeWorkers, ticket: int, command: SetPriority | Reply) -> None:
    """Somebody changes a ticket."""
    order = ActOnTicket(ticket=ticket, command=command, by=make.AGENT, at=workers.clock.now(), order=f"{ticket}")
    await workers.handle(order)
    await workers.drain()


async def test_what_came_while_a_line_was_closed_is_told_once_when_it_opens(night: FakeWorkers) -> None:
    for contact in ("+15550002001", "+15550002002", "+15550002003"):
        await receive(night, 1, contact=contact)
        night.clock.forward(60)
    await act(night, 2, SetPriority.model_validate({"priority": "urgent"}))
    await act(night, 3, Reply())
    await night.ports.stores.contacts.set_name("+15550002001", "Ann *Lee*", night.clock.now(), None)
    await night.pass_time(60)
    assert digests(night) == []
    await open_the_line(night)
    (said,) = digests(night)
    assert said.startswith("While you were closed: 2 conversations, 1 urgent, oldest since <!date^")
    (card,) = [each for each in night.slack.messages if each.post_id.startswith("digest/")]
    assert (card.channel, card.thread_ts) == (make.CHANNEL, None)
    shown = [each["text"]["text"] for each in card.what.blocks[1:]]
    assert shown[0].startswith("*<https://team.slack.com/archives/C0TEXTS/p")
    assert "|#1>* Ann ∗Lee∗ · “text 1” <!date^" in shown[0]
    assert "|#2>* +15550002002 · Urgent · “text 1”" in shown[1]
    assert len(shown) == 2
    await night.pass_time(1200, step=600)
    assert len(digests(night)) == 1


async def test_nothing_is_told_if_nothing_came_and_the_next_opening_is_another_one(night: FakeWorkers) -> None:
    await open_the_line(night)
    await receive(night, 1)
    assert digests(night) == []
    night.clock.time = make.at((4.5 + 24) * 3600)
    await night.pass_time(30)
    assert digests(night) == [], "it came while the line was open"
    night.clock.time = make.at((4.5 + 40) * 3600)
    await receive(night, 2)
    night.clock.time = make.at((4.5 + 48) * 3600)
    await night.pass_time(30)
    assert len(digests(night)) == 1


async def test_a_digest_that_is_late_tells_of_nobody_who_wrote_when_the_line_was_open(night: FakeWorkers) -> None:
    await receive(night, 1, contact="+15550002001")
    night.clock.time = OPENS
    await receive(night, 1, contact="+15550002002")
    night.clock.forward(600)
    await receive(night, 2, contact="+15550002001")
    await night.pass_time(60)
    (said,) = digests(night)
    assert said.startswith("While you were closed: 1 conversation, since")


async def test_a_line_without_a_calendar_or_with_one_that_is_gone_is_told_nothing(night: FakeWorkers) -> None:
    await receive(night, 1)
    await night.ports.stores.calendars.remove("shop")
    await open_the_line(night)
    await night.ports.stores.lines.save(make.line())
    await night.pass_time(60)
    assert digests(night) == []


@pytest.mark.parametrize("opens_at", [OPENS, make.at(0)])
async def test_a_message_that_comes_again_or_late_posts_nothing(night: FakeWorkers, opens_at: object) -> None:
    await receive(night, 1)
    await open_the_line(night)
    again = PostDigest.model_validate({"line": make.LINE, "opens_at": opens_at})
    for _ in range(2):
        await night.handle(again)
    await night.handle(again.model_copy(update={"line": "+15559999999"}))
    assert len(digests(night)) == 1


async def test_a_worker_may_die_at_any_step_and_the_digest_is_posted_once(night: FakeWorkers) -> None:
    await receive(night, 1)
    night.clock.time = OPENS
    step = 0
    while not await night.handle_or_die(PostDigest(line=make.LINE, opens_at=OPENS), DiesAt(step)):
        step += 1
        night.clock.forward(30)
        assert step < 100
    await night.pass_time(300, step=60)
    assert step > 10
    assert len(digests(night)) == 1


async def test_a_digest_without_an_answer_is_looked_up_and_not_posted_again(night: FakeWorkers) -> None:
    await receive(night, 1)

    def after(method: str, channel: str) -> None:
        night.slack.after = lambda method, channel: None
        raise Ambiguous("TimeoutError")

    night.slack.after = after
    await open_the_line(night)
    await night.pass_time(300, step=60)
    assert len(digests(night)) == 1


async def test_a_channel_that_takes_no_digest_keeps_the_line_from_no_later_one(night: FakeWorkers) -> None:
    await receive(night, 1)
    night.slack.refused[make.CHANNEL] = Permanent("is_archived")
    await open_the_line(night)
    night.slack.refused.clear()
    await night.pass_time(60)
    opening = await night.ports.stores.openings.get(make.LINE)
    assert opening is not None
    assert (opening.closed_at, opening.due_at) == (make.at(12.5 * 3600), make.at(28.5 * 3600))
    assert digests(night) == []


async def test_a_line_whose_calendar_can_not_be_read_keeps_no_other_from_its_digest(night: FakeWorkers) -> None:
    other = Line(id="+15550009999", channel="C0OTHER", calendar="broken")
    await night.ports.stores.lines.add(other)
    await night.ports.stores.calendars._collection.insert_one({"_id": "broken", "zone": "Mars/Olympus"})
    await receive(night, 1)
    await open_the_line(night)
    assert len(digests(night)) == 1


def test_a_long_digest_names_the_first_and_counts_the_others() -> None:
    many = [
        Waiting(make.ticket(id=each, conversation=f"c{each}", assignees=("U0ANN",)), "", None) for each in range(20)
    ]
    what = digest(many, {"U0ANN": TimeAway(make.at(60))})
    assert len(what.blocks) == LISTED + 2
    assert "and 5 more" in json.dumps(what.blocks[-1])
    assert what.text.startswith("While you were closed: 20 conversations, oldest since")
    assert "(away until" in json.dumps(what.blocks[1])
    assert digest(many[:1], {}).text.startswith("While you were closed: 1 conversation, since")
