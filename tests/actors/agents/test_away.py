"""Agents who are away: they say so, texts reach somebody else meanwhile, and they are back by themselves."""

import json
from collections.abc import Sequence
from datetime import datetime

import pytest

from messages.notification import AgentActed, Whisper
from messages.orders import commands
from messages.team.agent import AccountChanged, ComeBack, GoAway, TimeAway
from messages.team.away_words import NO_END
from messages.ticket import ActOnTicket, Reply, Take
from tests import make
from tests.fakes import DiesAt, FakeWorkers
from tests.mongo_commands import CommandCount, stores_heard_by
from workers.failures import Temporary
from workers.notifications.leaving import BACK, SAID_SINCE
from workers.slack import blocks

ANN, BOB = "U0ANN", "U0BOB"
QUIET = 400
URL = "https://hooks.slack.com/actions/1"


async def receive(workers: FakeWorkers, number: int, contact: str = make.CONTACT) -> None:
    """A contact's text, with all that follows."""
    sid, now = f"SM{contact[-4:]}{number}", workers.clock.now()
    text = make.sms_received(sid=sid, contact=contact, body=f"text {number}", received_at=now)
    await workers.handle(text.model_copy(update={"after": f"SM{contact[-4:]}{number - 1}" if number > 1 else None}))
    await workers.drain()


async def typed(workers: FakeWorkers, text: str, by: str = ANN, order: str | None = None) -> str:
    """What an agent is told who types words after /clerk; the message comes twice."""
    at = workers.clock.now()
    order = order or f"{text}/{at.timestamp()}"
    found = commands.read(
        commands.SlashCommand(text=text, user=by, channel=make.CHANNEL, trigger_id=order, response_url=URL, at=at)
    )
    assert isinstance(found, GoAway | ComeBack)
    for _ in range(2):
        await workers.handle(found)
    await workers.drain()
    (said,) = {words for whom, words in workers.slack.whispers if whom == URL}
    workers.slack.whispers.clear()
    return said


async def away(workers: FakeWorkers, user: str = ANN) -> TimeAway | None:
    """Until when an agent is away now."""
    return (await workers.ports.stores.agents.away([user], workers.clock.now())).get(user)


async def assign(workers: FakeWorkers, assignees: Sequence[str] = (), notify: Sequence[str] = ()) -> None:
    """Save the modal of the first ticket, by somebody else."""
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    edit = make.edit(version=ticket.version, assignees=tuple(assignees), notify=tuple(notify) or (make.CHANNEL,))
    order = ActOnTicket(ticket=1, command=edit, by="U0EVE", at=workers.clock.now(), order=f"edit/{ticket.version}")
    await workers.handle(order)
    await workers.drain()
    workers.clock.forward(QUIET)


def cards_in(workers: FakeWorkers) -> list[str]:
    """The channels of the cards of notifications below the root, in order."""
    return [each.channel for each in workers.slack.kind("card")]


async def test_an_agent_is_away_as_long_as_they_said_and_back_by_themselves(workers: FakeWorkers) -> None:
    workers.slack.zones[ANN] = "Europe/Paris"
    assert (await typed(workers, "away until 14:00 lunch")).startswith("You are away until 14:00 (Paris): lunch.")
    assert await away(workers) == TimeAway(make.at(3.5 * 3600), "lunch")
    workers.clock.forward(3.5 * 3600)
    assert await away(workers) is None
    assert await typed(workers, "back") == BACK


async def test_an_agent_comes_back_sooner(workers: FakeWorkers) -> None:
    await typed(workers, "away 2h", order="one")
    assert await away(workers) == TimeAway(make.at(7200))
    workers.clock.forward(60)
    assert await typed(workers, "back") == BACK
    assert await away(workers) is None
    again = GoAway(typed="2h", by=ANN, at=make.NOW, channel=make.CHANNEL, order="command/one")
    await workers.handle(again)
    assert await away(workers) is None, "an order that comes again undoes nothing"


async def test_without_an_end_an_agent_is_away_until_their_hours_begin_again(workers: FakeWorkers) -> None:
    assert await typed(workers, "away") == NO_END.replace("`", ""), "a private message of plain words has no marks"
    await workers.ports.stores.calendars.add(make.calendar(zone="Europe/London"))
    await workers.ports.stores.agents.set_hours(ANN, "shop")
    assert (await typed(workers, "away")).startswith("You are away until Tue 3 Mar 9:00 (UTC).")
    assert await away(workers) == TimeAway(make.at(23.5 * 3600))


async def test_while_slack_says_no_zone_the_one_that_it_said_last_counts(workers: FakeWorkers) -> None:
    workers.slack.zones[ANN] = "Europe/Paris"
    await typed(workers, "away 2h")

    def before(method: str, channel: str) -> None:
        if method == "zone":
            raise Temporary("service_unavailable")

    workers.slack.before = before
    workers.clock.forward(1)
    assert "14:00 (Paris)" in await typed(workers, "away until 14:00")
    assert "time zone" in await typed(workers, "away until 14:00", by=BOB)
    workers.slack.before = lambda method, channel: None
    workers.slack.zones[BOB] = "Mars/Olympus"
    workers.clock.forward(1)
    assert "time zone" in await typed(workers, "away until 14:00", by=BOB)


async def test_a_worker_may_die_at_any_step_of_going_away(workers: FakeWorkers) -> None:
    for step in range(30):
        user = f"U0{step}"
        order = GoAway(typed="2h", by=user, at=make.NOW, channel=make.CHANNEL, order=f"o{step}")
        survived = await workers.handle_or_die(order, DiesAt(step))
        await workers.handle(order)
        await workers.drain()
        assert await away(workers, user) == TimeAway(make.at(7200))
        assert user in {whom for whom, _ in workers.slack.whispers}
        if survived:
            return
    raise AssertionError("it takes more steps")


async def test_a_text_to_an_agent_who_is_away_is_announced_in_the_channel_too(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await assign(workers, assignees=[ANN], notify=[BOB])
    await receive(workers, 2)
    assert cards_in(workers) == ["D0BOB"]
    await typed(workers, "away 1h on leave")
    workers.clock.forward(QUIET)
    await receive(workers, 3)
    assert cards_in(workers) == ["D0BOB", "D0BOB", make.CHANNEL]
    card = json.dumps(workers.slack.kind("card")[-1].what.blocks)
    assert f"<@{ANN}> is away until <!date^" in card
    assert "(on leave)." in card
    assert "Take it" in card
    ticket = await workers.ports.stores.tickets.get(1)
    assert ticket is not None
    assert ticket.assignees == (ANN,), "nothing is handed on"
    workers.clock.forward(3600)
    await receive(workers, 4)
    assert cards_in(workers)[3:] == ["D0BOB"]


async def test_while_one_of_the_assignees_is_there_the_channel_is_left_alone(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await assign(workers, assignees=[ANN, BOB], notify=[BOB])
    await typed(workers, "away 1h")
    await receive(workers, 2)
    assert cards_in(workers) == ["D0BOB"]
    assert "is away" not in json.dumps(workers.slack.kind("card")[-1].what.blocks)


async def test_who_is_away_gets_no_notification_and_the_channel_gets_it_if_nobody_is_left(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await assign(workers, notify=[ANN, BOB])
    await typed(workers, "away 1h")
    await receive(workers, 2)
    assert cards_in(workers) == ["D0BOB"]
    await typed(workers, "away 1h", by=BOB)
    workers.clock.forward(QUIET)
    await receive(workers, 3)
    assert cards_in(workers) == ["D0BOB", make.CHANNEL]
    workers.clock.forward(3600)
    await receive(workers, 4)
    assert sorted(cards_in(workers)[2:]) == ["D0ANN", "D0BOB"]


async def test_what_is_announced_while_somebody_is_away_is_not_announced_again_when_they_are_back(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    await assign(workers, notify=[ANN])
    await typed(workers, "away 1h")
    await receive(workers, 2)
    assert cards_in(workers) == [make.CHANNEL]
    await typed(workers, "back")
    await workers.handle(ActOnTicket(ticket=1, command=Take(), by=BOB, at=workers.clock.now(), order="take"))
    await workers.pass_time(60)
    assert cards_in(workers) == [make.CHANNEL]


def asking(workers: FakeWorkers) -> list[Whisper]:
    """The questions that wait in the queue."""
    return [each for _, each in workers.queue.waiting if isinstance(each, Whisper) and each.back is not None]


async def acts(workers: FakeWorkers, command: Take | Reply, order: str) -> list[Whisper]:
    """What an agent who acts on the first ticket is asked; the message comes twice."""
    await workers.handle(
        ActOnTicket(ticket=1, command=command, by=ANN, at=workers.clock.now(), order=order, response_url=URL)
    )
    found = []
    while due := workers.queue.due():
        message = workers.queue.take(due[0])
        for _ in range(2 if isinstance(message, AgentActed) else 1):
            await workers.handle(message)
        found += [each for each in asking(workers) if each not in found]
    return found


@pytest.mark.parametrize("command", [Take(), Reply()])
async def test_who_acts_although_they_are_away_is_asked_once_whether_they_are_back(
    workers: FakeWorkers, command: Take | Reply
) -> None:
    await receive(workers, 1)
    assert await acts(workers, command, "before") == []
    await typed(workers, "away 2h on leave")
    workers.clock.forward(1)
    (asked,) = await acts(workers, command, "one")
    assert asked.text == "You are away until 11:30 (UTC): on leave."
    assert (asked.channel, asked.thread_ts) == (make.CHANNEL, workers.slack.kind("root")[0].ts)
    assert asked.response_url == (URL if isinstance(command, Take) else None)
    assert await acts(workers, command, "two") == []
    button = blocks.whisper(asked.text, asked.back).blocks[0]["accessory"]
    assert (button["action_id"], button["text"]["text"]) == ("clerk.back", "I am back")
    back = ComeBack(
        by=ANN, at=workers.clock.now(), since=json.loads(button["value"])["since"], response_url=URL, order="back"
    )
    for _ in range(2):
        await workers.handle(back)
    await workers.drain()
    assert workers.slack.whispers[-2:] == [(URL, BACK)] * 2
    assert await away(workers) is None


async def test_a_button_of_an_earlier_time_ends_no_later_one(workers: FakeWorkers) -> None:
    await typed(workers, "away 1h")
    since = workers.clock.now()
    workers.clock.forward(7200)
    await typed(workers, "away 1h")
    workers.clock.forward(1)
    await workers.handle(ComeBack(by=ANN, at=workers.clock.now(), since=since, response_url=URL, order="old"))
    await workers.drain()
    assert workers.slack.whispers == [(URL, SAID_SINCE)]
    assert await away(workers) is not None


async def test_a_question_that_could_not_be_published_is_asked_at_the_next_try(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    await typed(workers, "away 1h")
    await workers.handle(ActOnTicket(ticket=1, command=Reply(), by=ANN, at=workers.clock.now(), order="one"))
    acted = next(each for _, each in workers.queue.waiting if isinstance(each, AgentActed))
    await workers.drain()
    (agent,) = await workers.ports.stores.agents.named([ANN])
    await workers.ports.stores.agents.set_asked(agent, asked=False)
    publish = workers.queue.publish

    async def no_whisper(message: object, **given: object) -> None:
        if isinstance(message, Whisper):
            raise ConnectionError
        await publish(message, **given)  # type: ignore[arg-type]

    workers.queue.publish = no_whisper  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await workers.handle(acted)
    workers.queue.publish = publish  # type: ignore[method-assign]
    await workers.handle(acted)
    assert len(asking(workers)) == 1


async def test_a_text_in_a_conversation_that_names_nobody_costs_nothing_more(mongo_url: str) -> None:
    """The commands of a text are those of `tests/actors/costs.py`: none of them looks for agents."""
    looked: list[datetime] = []

    class Looks(CommandCount):
        def started(self, event: object) -> None:
            if getattr(event, "command", {}).get("find") == "agents":
                looked.append(make.NOW)

    async with stores_heard_by(Looks(), mongo_url) as stores:
        await stores.lines.add(make.line())
        workers = FakeWorkers(stores)
        await receive(workers, 1)
        workers.clock.forward(QUIET)
        await receive(workers, 2)
        assert looked == []
        await assign(workers, assignees=[ANN])
        await receive(workers, 3)
        assert len(looked) == 1


def away_on_cards(workers: FakeWorkers) -> list[bool]:
    """Whether each card that is shown whole says that somebody is away."""
    shown = [*workers.slack.kind("root"), *workers.slack.kind("card")[-1:]]
    return ["is away" in json.dumps(each.what.blocks) for each in shown]


@pytest.mark.parametrize("end", ["back", "away 3h later still", "their account is deactivated"])
async def test_cards_say_at_once_what_an_agent_says_of_being_away(workers: FakeWorkers, end: str) -> None:
    await receive(workers, 1)
    await assign(workers, assignees=[ANN])
    assert away_on_cards(workers)[-1] is False
    await typed(workers, "away 1h on leave")
    await workers.pass_time(5, 1)
    assert away_on_cards(workers)[-1] is True
    if end == "their account is deactivated":
        workers.slack.deactivated.add(ANN)
        await workers.handle(AccountChanged(user=ANN, deleted=True, at=workers.clock.now()))
        await workers.drain()
    else:
        await typed(workers, end)
    await workers.pass_time(5, 1)
    card = json.dumps(workers.slack.kind("root")[-1].what.blocks)
    assert ("on leave" in card, "later still" in card) == (False, end.startswith("away"))
    assert ("is away" in card) == (end.startswith("away"))


async def test_the_question_whether_an_agent_is_back_loses_its_button_to_the_answer(workers: FakeWorkers) -> None:
    await typed(workers, "away 2h")
    told = workers.slack.replaced
    assert told == [], "what is typed takes no message's place"
    since = workers.clock.now()
    workers.clock.forward(1)
    for order, at in (("one", since), ("two", since)):
        click = ComeBack(by=ANN, at=workers.clock.now(), since=at, response_url=URL, order=order)
        await workers.handle(click)
        await workers.drain()
    assert {url for url, _ in told} == {URL}
    assert [words for _, words in told][:1] == [BACK]


async def test_the_answer_to_away_has_the_button_that_ends_it(workers: FakeWorkers) -> None:
    order = GoAway(typed="2h", by=ANN, at=make.NOW, channel=make.CHANNEL, response_url=URL, order="one")
    await workers.handle(order)
    (told,) = asking(workers)
    assert told.back == make.NOW


def root_of(workers: FakeWorkers) -> str:
    """What the first card says."""
    (root,) = workers.slack.kind("root")
    return json.dumps(root.what.blocks)


@pytest.mark.parametrize("ends", ["by the time they named", "when their hours begin"])
async def test_a_card_says_no_longer_that_somebody_is_away_once_that_is_over(workers: FakeWorkers, ends: str) -> None:
    stores = workers.ports.stores
    await receive(workers, 1)
    if ends == "when their hours begin":
        await stores.calendars.add(make.calendar(zone="UTC"))
        await stores.agents.set_hours(ANN, "shop")
        workers.clock.forward(12 * 3600)
    else:
        await typed(workers, "away 2h on leave")
    await assign(workers, [ANN])
    assert "away" in root_of(workers)
    conversation = await stores.conversations.get(make.CONVERSATION)
    until = (await stores.agents.away([ANN], workers.clock.now()))[ANN].until
    assert conversation is not None and until is not None and conversation.cards_until == until
    await workers.pass_time((until - workers.clock.now()).total_seconds() - 60, step=600)
    assert "away" in root_of(workers)
    await workers.pass_time(120, step=30)
    assert "away" not in root_of(workers)
    conversation = await stores.conversations.get(make.CONVERSATION)
    assert conversation is not None and conversation.cards_until is None


async def test_a_card_says_until_when_somebody_is_away_who_says_another_time(workers: FakeWorkers) -> None:
    stores = workers.ports.stores
    await receive(workers, 1)
    await typed(workers, "away 1h")
    await assign(workers, [ANN])
    await typed(workers, "away 3h")
    await workers.pass_time(3 * 3600 - 900, step=600)
    assert "away" in root_of(workers)
    workers.clock.forward(900)
    await workers.pass_time(60, step=30)
    assert "away" not in root_of(workers)
    conversation = await stores.conversations.get(make.CONVERSATION)
    assert conversation is not None and conversation.cards_until is None
