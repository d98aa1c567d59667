"""At night a person is told once, what Clerk sends by itself waits until the morning, and no reply waits behind it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from messages.conversation import PlaceContact
from messages.line import Quiet, QuietHours
from messages.sms import Direction, Origin, SendLate, SendTexts, Sms, State, WriteTyped
from tests import make
from tests.actors.helpers import settle, thread, written
from tests.fakes import FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by
from workers import clock

NEW_YORK: Final = "America/New_York"
NIGHT: Final = datetime(2026, 3, 3, 4, 10, tzinfo=UTC)
"""23:10 in New York."""

MORNING: Final = datetime(2026, 3, 3, 13, tzinfo=UTC)
"""8:00 in New York."""

TOLD: Final = "It is 23:10 for +15550002222 (New York). Next time: /clerk later."


async def place(workers: FakeWorkers, zone: str = NEW_YORK, number: int = 1) -> None:
    """An agent says where the contact is; the order comes twice."""
    order = PlaceContact(
        typed=f"{make.CONTACT} {zone}",
        by=make.AGENT,
        at=workers.clock.now(),
        channel=make.CHANNEL,
        order=f"place-{number}",
    )
    for _ in range(2):
        await workers.handle(order)
        await workers.drain()


def said(workers: FakeWorkers) -> list[tuple[str, str]]:
    """What agents were told of the hour."""
    return [(user, words) for user, words in workers.slack.whispers if "/clerk later" in words]


async def automatic(workers: FakeWorkers, **fields: Any) -> Sms:
    """A text of Clerk's own in the outbox, handled twice."""
    now = workers.clock.now()
    given = {
        "id": "auto-waiting-1",
        "direction": Direction.OUTBOUND,
        "origin": Origin.AUTO,
        "body": "Still with you.",
        "received_at": now,
        "due_at": now,
        "state": State.WAITING,
        "outbox": make.CONVERSATION,
        "unshown": make.CONVERSATION,
    }
    text = make.sms(**{**given, **fields})
    await workers.ports.stores.texts.add(text)
    for _ in range(2):
        await workers.handle(SendTexts(conversation=text.conversation))
    await settle(workers, 5)
    return text


def sent(workers: FakeWorkers) -> list[str]:
    """The words that the contact got, in order."""
    return [each.sent.body for each in workers.texting.taken]


async def state_of(workers: FakeWorkers, text: Sms) -> State | None:
    found = await workers.ports.stores.texts.get(text.id)
    assert found is not None
    return found.state


async def at(workers: FakeWorkers, when: datetime) -> None:
    """Let time pass until then; the clock looks for what is due."""
    workers.clock.time = when
    for _ in range(2):
        await clock.sweep(workers.ports)
        await settle(workers, 5)


async def test_an_agent_who_writes_at_night_is_told_once_a_night_and_the_text_goes(workers: FakeWorkers) -> None:
    where = await thread(workers)
    await place(workers)
    workers.clock.time = NIGHT
    for number in (1, 2):
        message = written(workers, where, number)
        for _ in range(2):
            await workers.handle(message)
        await settle(workers, 5)
    assert said(workers) == [(make.AGENT, TOLD)]
    await workers.handle(written(workers, where, 3, user="U0BOB"))
    await settle(workers, 5)
    assert [user for user, _ in said(workers)] == [make.AGENT, "U0BOB"]
    workers.clock.time = NIGHT + timedelta(days=1)
    await workers.handle(written(workers, where, 4))
    await settle(workers, 5)
    assert [user for user, _ in said(workers)] == [make.AGENT, "U0BOB", make.AGENT]
    assert sent(workers) == [f"reply {number}" for number in (1, 2, 3, 4)]


async def test_a_text_that_an_agent_types_at_night_is_confirmed_with_the_hour(workers: FakeWorkers) -> None:
    await thread(workers)
    await place(workers)
    workers.clock.time = NIGHT
    order = WriteTyped(sms="typed-1", typed=f"{make.CONTACT} hello", by=make.AGENT, at=NIGHT, channel=make.CHANNEL)
    for _ in range(2):
        await workers.handle(order)
        await settle(workers, 5)
    ((user, words),) = said(workers)
    assert (user, words.endswith(TOLD), words.startswith("On its way")) == (make.AGENT, True, True)
    assert sent(workers) == ["hello"]


@pytest.mark.parametrize(
    ("settings", "zone", "hours_ago"),
    [
        ({"quiet": Quiet.OFF}, NEW_YORK, 15),
        ({}, "", 15),
        ({"zone": NEW_YORK}, "", 15),
        ({}, "Asia/Kolkata", 15),
        ({"quiet_hours": QuietHours(begins="23:30", ends="07:00")}, NEW_YORK, 15),
        ({}, NEW_YORK, 1),
    ],
    ids=["off", "unknown", "assumed", "day there", "too early", "wrote lately"],
)
async def test_an_agent_is_told_nothing_where_it_is_no_night_or_nobody_knows(
    workers: FakeWorkers, settings: dict[str, Any], zone: str, hours_ago: int
) -> None:
    await workers.ports.stores.lines.save(make.line(**settings))
    workers.clock.time = NIGHT - timedelta(hours=hours_ago)
    where = await thread(workers)
    if zone:
        await place(workers, zone)
    workers.clock.time = NIGHT
    await workers.handle(written(workers, where, 1))
    await settle(workers, 5)
    assert said(workers) == []
    assert sent(workers) == ["reply 1"]


@pytest.mark.parametrize("quiet", [Quiet.WARN, Quiet.HOLD])
@pytest.mark.parametrize("origin", [Origin.AUTO, Origin.PLANNED, Origin.SURVEY])
async def test_what_no_person_sends_now_waits_for_the_morning_and_keeps_no_reply_waiting(
    workers: FakeWorkers, origin: Origin, quiet: Quiet
) -> None:
    await workers.ports.stores.lines.save(make.line(quiet=quiet))
    where = await thread(workers)
    await place(workers)
    workers.clock.time = NIGHT
    text = await automatic(workers, origin=origin, author=None if origin.is_automatic else make.AGENT)
    assert sent(workers) == []
    (post,) = workers.slack.kind("written")
    assert f"held until <!date^{int(MORNING.timestamp())}" in str(post.what.blocks)
    await workers.handle(written(workers, where, 1))
    await settle(workers, 5)
    at_night = [] if quiet is Quiet.HOLD else ["reply 1"]
    assert sent(workers) == at_night
    assert not [message for _, message in workers.queue.waiting if isinstance(message, SendTexts)]
    await at(workers, MORNING - timedelta(minutes=1))
    assert sent(workers) == at_night
    await at(workers, MORNING)
    assert sorted(sent(workers)) == ["Still with you.", "reply 1"]
    assert await state_of(workers, text) is State.QUEUED
    post = next(each for each in workers.slack.kind("written") if each.post_id.endswith(text.id))
    assert "held until" not in str(post.what.blocks)


@pytest.mark.parametrize(
    ("settings", "ends"),
    [
        ({"calendar": "shop"}, MORNING),
        ({"calendar": "shop", "zone": "America/Chicago"}, MORNING + timedelta(hours=1)),
        ({"calendar": "gone"}, None),
    ],
    ids=["of its calendar", "its own", "unknown"],
)
async def test_where_nobody_knows_where_the_contact_is_the_night_is_that_of_the_line(
    workers: FakeWorkers, settings: dict[str, Any], ends: datetime | None
) -> None:
    await workers.ports.stores.calendars.add(make.calendar(zone=NEW_YORK))
    await workers.ports.stores.lines.save(make.line(**settings))
    await thread(workers)
    workers.clock.time = NIGHT
    text = await workers.ports.stores.texts.get((await automatic(workers)).id)
    assert text is not None
    assert (text.wanted_at, len(sent(workers))) == (ends, 0 if ends else 1)


async def test_an_answer_to_somebody_who_just_wrote_goes_at_night(workers: FakeWorkers) -> None:
    await thread(workers)
    await place(workers)
    workers.clock.time = NIGHT
    await automatic(workers, exempt=True)
    assert sent(workers) == ["Still with you."]


@pytest.mark.parametrize(("origin", "minutes", "expected"), [(Origin.AUTO, 16, 0), (Origin.PLANNED, 241, 1)])
async def test_a_text_that_could_not_go_in_time_is_refused_and_a_planned_one_may_go_all_the_same(
    workers: FakeWorkers, origin: Origin, minutes: int, expected: int
) -> None:
    await thread(workers)
    await place(workers)
    workers.clock.time = NIGHT
    written_at = NIGHT - timedelta(minutes=minutes)
    text = await automatic(workers, origin=origin, author=make.AGENT, received_at=written_at)
    assert (sent(workers), await state_of(workers, text)) == ([], State.REFUSED)
    assert str(workers.slack.kind("outcome")[0].what.blocks).count("ticket.send_late") == expected
    order = SendLate(sms=text.id, by=make.AGENT, at=NIGHT, channel=make.CHANNEL, order="once")
    for _ in range(2):
        await workers.handle(order)
        await settle(workers, 20)
    assert len(sent(workers)) == expected


async def test_a_text_of_a_line_that_was_removed_is_not_sent(workers: FakeWorkers) -> None:
    await thread(workers)
    await workers.ports.stores.lines.remove(make.LINE)
    text = await automatic(workers)
    assert (sent(workers), await state_of(workers, text)) == ([], State.REFUSED)


async def test_the_zone_of_a_contact_is_the_one_that_was_typed_last(workers: FakeWorkers) -> None:
    await thread(workers)
    await place(workers, "new york")
    assert "there is none called new york" in workers.slack.whispers[-1][1]
    await place(workers, "america/new york", 2)
    assert workers.slack.whispers[-1][1].startswith(f"{make.CONTACT} is in {NEW_YORK}")
    now = workers.clock.now()
    for seconds, zone in ((5, "Europe/Berlin"), (1, "Asia/Kolkata")):
        later = now + timedelta(seconds=seconds)
        await workers.handle(
            PlaceContact(typed=f"{make.CONTACT} {zone}", by=make.AGENT, at=later, channel=make.CHANNEL)
        )
    found = await workers.ports.stores.contacts.get(make.CONTACT)
    assert found is not None
    assert found.zone == "Europe/Berlin"
    workers.clock.forward(10)
    await place(workers, "number", 3)
    found = await workers.ports.stores.contacts.get(make.CONTACT)
    assert found is not None
    assert found.zone == ""


async def test_quiet_hours_cost_a_reply_one_command_and_a_night_its_first_one_two_more(mongo_url: str) -> None:
    """That its author hears of the hour is recorded after they were told: so it is looked up before."""
    count, counts = CommandCount(), []
    async with stores_heard_by(count, mongo_url) as stores:
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        where = await thread(workers)
        await place(workers)
        days = ((Quiet.OFF, 0), (Quiet.OFF, 24), (Quiet.WARN, 58), (Quiet.WARN, 96))
        for number, (quiet, hours) in enumerate(days):
            await stores.lines.save(make.line(quiet=quiet))
            await stores.lines.get(make.LINE)
            workers.clock.time = NIGHT + timedelta(hours=hours)
            count.take()
            await workers.handle(written(workers, where, number))
            await settle(workers)
            counts.append(count.take()[0])
    assert [user for user, _ in said(workers)] == [make.AGENT]
    _, off, by_day, at_night = counts
    assert (by_day, at_night) == (off + 1, off + 3)
