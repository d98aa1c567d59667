"""The app's Home shows a person what they have to do, as it is then, of lines whose channel they can see alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from messages.deadlines.snooze import Snooze
from messages.notification import HOME, Whisper
from messages.planned import ActOnPlanned, CancelPlan
from messages.process.publishing import Unpublished
from messages.team.agent import ComeBack, GoAway
from messages.ticket import Status
from messages.views import OpenPlanned, ShowHome
from tests import make
from tests.decisions.helpers import text_objects
from tests.fakes import FakeWorkers
from workers.failures import Permanent, SlackError, Temporary
from workers.last_words import last_words, words_of_delay
from workers.ports import Ports

OTHER = "+15550002222"
SECRET = "C0SECRET"


class AwayDocuments:
    """Documents that can't be read."""

    def __getattr__(self, name: str) -> "AwayDocuments":
        return self

    async def __call__(self, *_: Any, **__: Any) -> Any:
        raise AutoReconnect("cut")


def without_documents(workers: FakeWorkers) -> Ports:
    """The ports, with documents that can't be read."""
    away: Any = AwayDocuments()
    return replace(workers.ports, stores=away)


async def looked_at(workers: FakeWorkers, **asked: Any) -> str:
    """What a person's Home says once they have opened it, or turned a page; the message comes twice."""
    for _ in range(2):
        await workers.handle(ShowHome(user=make.AGENT, **asked))
    return said_in(workers.slack.home_views[make.AGENT])


def said_in(view: Mapping[str, Any]) -> str:
    """All that a view says."""
    return "\n".join(each["text"] for each in text_objects(view["blocks"]))


async def add_ticket(workers: FakeWorkers, id: int, **fields: Any) -> None:
    """An open ticket of the person, in a conversation of its own."""
    contact = f"+1555765{id:04d}"
    line = fields.get("line", make.LINE)
    about = {"contact": contact, "conversation": f"{line}:{contact}", "assignees": (make.AGENT,), **fields}
    assert await workers.ports.stores.tickets.add(make.ticket(id=id, **about))


def order_of(said: str, *numbers: int) -> list[int]:
    """These tickets in the order in which they are said; those that are not are left out."""
    places = {number: said.find(f"#{number}*") for number in numbers}
    return sorted((each for each in numbers if places[each] >= 0), key=lambda each: places[each])


async def test_ones_own_open_tickets_come_late_first_then_due_then_longest_waiting_then_snoozed(
    workers: FakeWorkers,
) -> None:
    late, due = make.ticket_clock(due_at=make.at(-60), breached_at=make.at(-60)), make.ticket_clock()
    await add_ticket(workers, 11, waiting_since=make.at(-50))
    await add_ticket(workers, 12, waiting_since=make.at(-500))
    await add_ticket(workers, 13, clocks=(due,), waiting_since=make.at(-10))
    await add_ticket(workers, 14, clocks=(late,), waiting_since=make.at(-5))
    await add_ticket(workers, 15, status=Status.SOLVED)
    await add_ticket(workers, 16, assignees=("U0BEN",))
    await add_ticket(workers, 17, status=Status.PENDING)
    until = Snooze(until=make.at(3600), by="U0BEN", at=make.NOW)
    await add_ticket(workers, 18, waiting_since=make.at(-900), snooze=until)
    said = await looked_at(workers)
    assert order_of(said, *range(11, 19)) == [14, 13, 12, 11, 17, 18]
    assert "Your open tickets (6)" in said


async def test_of_a_line_whose_channel_one_can_not_see_there_is_nothing(workers: FakeWorkers) -> None:
    workers.slack.private[SECRET] = {"U0BEN"}
    await workers.ports.stores.lines.add(make.line(id=OTHER, channel=SECRET, name="Board"))
    await add_ticket(workers, 11, line=OTHER, waiting_since=make.at(10))
    await add_ticket(workers, 12)
    said = await looked_at(workers)
    assert order_of(said, 11, 12) == [12]
    assert "Your open tickets (1)" in said
    assert "Board" not in said
    workers.slack.private[SECRET].add(make.AGENT)
    said = await looked_at(workers)
    assert order_of(said, 11, 12) == [12, 11]
    assert "Board" in said


async def test_while_slack_does_not_say_what_one_can_see_it_says_so_and_shows_no_line(workers: FakeWorkers) -> None:
    workers.slack.tells_nothing = True
    await add_ticket(workers, 12)
    said = await looked_at(workers)
    assert "tickets of other lines may be missing" in said
    assert order_of(said, 12) == []


async def test_the_pages_of_tickets_are_turned_and_one_that_is_gone_is_the_last(workers: FakeWorkers) -> None:
    for number in range(1, 18):
        await add_ticket(workers, 100 + number, waiting_since=make.at(number))
    assert order_of(await looked_at(workers), *range(101, 118)) == [*range(101, 116)]
    assert "… and 2 more" in str(workers.slack.home_views)
    assert order_of(await looked_at(workers, tickets=1), *range(101, 118)) == [116, 117]
    assert order_of(await looked_at(workers, tickets=7), *range(101, 118)) == [116, 117]


async def test_who_opens_it_late_does_not_undo_what_it_shows_since(workers: FakeWorkers) -> None:
    await workers.handle(ShowHome(user=make.AGENT))
    await workers.handle(ShowHome(user=make.AGENT, said="You are back."))
    await workers.handle(ShowHome(user=make.AGENT, opened="1"))
    assert "You are back." in said_in(workers.slack.home_views[make.AGENT])
    await workers.handle(ShowHome(user=make.AGENT, opened="2"))
    assert "You are back." not in said_in(workers.slack.home_views[make.AGENT])


async def test_who_says_there_that_they_are_back_sees_there_that_they_are(workers: FakeWorkers) -> None:
    stores, now = workers.ports.stores, workers.clock.now()
    await workers.handle(GoAway(typed="2h lunch", by=make.AGENT, at=now, channel=make.CHANNEL))
    assert "You are away until" in await looked_at(workers)
    since = (await stores.agents.all())[0].since
    workers.clock.forward(60)
    back = ComeBack(by=make.AGENT, at=workers.clock.now(), since=since, channel=HOME, order="click/1")
    for _ in range(2):
        await workers.handle(back)
    await workers.drain(times=2)
    said = said_in(workers.slack.home_views[make.AGENT])
    assert said.startswith("You are back: you get notifications again.")
    assert "You are there: you get notifications." in said


async def test_who_cancels_there_what_they_planned_sees_there_that_it_is_gone(workers: FakeWorkers) -> None:
    await workers.ports.stores.planned.add(make.planned())
    assert "See you tomorrow." in await looked_at(workers)
    cancel = ActOnPlanned(
        planned="P1", command=CancelPlan(), by=make.AGENT, at=workers.clock.now(), channel=HOME, order="click/1"
    )
    for _ in range(2):
        await workers.handle(cancel)
    await workers.drain()
    said = said_in(workers.slack.home_views[make.AGENT])
    assert said.startswith("Cancelled:")
    assert "See you tomorrow." not in said


async def test_who_acts_there_while_mongodb_is_away_is_told_there_and_can_look_again(workers: FakeWorkers) -> None:
    back = ComeBack(by=make.AGENT, at=workers.clock.now(), channel=HOME)
    told = words_of_delay(back)
    assert isinstance(told, Whisper)
    await workers.handle(told)
    _, shows = workers.queue.waiting.pop()
    await workers.handle(shows, without_documents(workers))
    said = said_in(workers.slack.home_views[make.AGENT])
    assert "Clerk keeps what you did" in said
    assert "MongoDB does not answer. Please look again in a minute." in said
    assert "Look again" in str(workers.slack.home_views[make.AGENT])


async def test_a_form_that_can_not_open_from_there_says_there_why_also_without_a_broker(workers: FakeWorkers) -> None:
    form = OpenPlanned(planned="P1", user=make.AGENT, trigger_id="1.2", channel=HOME, received_at=workers.clock.now())
    workers.queue.broken = True
    await workers.handle(form, without_documents(workers))
    assert "Please click again in a minute." in said_in(workers.slack.home_views[make.AGENT])
    await workers.handle(form)
    assert "Clerk no longer has that planned text" in said_in(workers.slack.home_views[make.AGENT])
    told = last_words(form)
    assert told is not None
    with pytest.raises(Unpublished):
        await workers.handle(told)


@pytest.mark.parametrize("code", ["not_enabled", "user_not_found"])
async def test_a_home_that_nobody_can_see_is_no_dead_letter(workers: FakeWorkers, code: str) -> None:
    workers.slack.before = refusing(Permanent(code))
    await workers.handle(ShowHome(user=make.AGENT))
    assert workers.slack.home_views == {}


@pytest.mark.parametrize("error", [Permanent("view_too_large"), Temporary("ratelimited", timedelta(seconds=1))])
async def test_any_other_refusal_is_tried_again_and_then_a_dead_letter(workers: FakeWorkers, error: SlackError) -> None:
    workers.slack.before = refusing(error)
    with pytest.raises(type(error)):
        await workers.handle(ShowHome(user=make.AGENT))


def refusing(error: SlackError) -> Any:
    """What fails where a Home is published."""

    def before(method: str, channel: str) -> None:
        if method == "publish_view":
            raise error

    return before


async def test_it_is_noted_for_the_doctor_whether_slack_has_shown_the_last_home(workers: FakeWorkers) -> None:
    events, shown = workers.ports.stores.events, workers.slack.before
    assert await events.find("home") is None
    for before, refused in ((refusing(Permanent("not_enabled")), "not_enabled"), (shown, "")) * 2:
        workers.slack.before = before
        await workers.handle(ShowHome(user=make.AGENT))
        assert await events.find("home") == {"_id": "home", "refused": refused}
    await workers.handle(ShowHome(user=make.AGENT), without_documents(workers))
