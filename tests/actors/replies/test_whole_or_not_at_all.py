"""A reply is sent whole or not at all, by people of the team, and not long after it was written."""

from datetime import timedelta
from typing import Any

import pytest

from messages.formats.thread_replies import ThreadReply
from messages.line import Line
from messages.notification import Whisper
from messages.sms import ResendText, SendLate, SlackFile, State, WriteText
from messages.ticket import Status
from tests import make
from tests.actors.helpers import lines, settle, stored, thread, written
from tests.fakes import FakeWorkers
from workers.failures import Permanent, Temporary
from workers.sms.replies import TEXT_GONE

PICTURE = SlackFile(id="F1", name="plan.png", mimetype="image/png", url_private="https://files.slack.com/F1", size=9)
UNTOLD = SlackFile(id="F1", file_access="check_file_info")
HOME: dict[str, Any] = {"home": ("T0TEAM",), "team": "T0TEAM"}
GUEST: dict[str, Any] = {"home": ("T0TEAM",), "team": "T0PARTNER", "user": "U0GUEST"}


async def reply(workers: FakeWorkers, number: int = 1, text: str = "the plan", **fields: Any) -> Any:
    """A reply in the conversation's thread, delivered twice with all that follows."""
    message = written(workers, await thread(workers), number, text, **fields)
    for _ in range(2):
        await workers.handle(message)
    await settle(workers)
    return message


async def hold_up(workers: FakeWorkers, minutes: float, **fields: Any) -> Any:
    """A reply that a worker gets so many minutes after it was written."""
    message = written(workers, await thread(workers), 1, "the plan", **fields)
    workers.clock.forward(60 * minutes)
    for _ in range(2):
        await workers.handle(message)
    await settle(workers)
    return message


@pytest.mark.parametrize("beyond", [("forwarded message",), ("table",), ("video", "forwarded message")], ids=str)
async def test_a_reply_with_parts_that_can_not_be_sent_is_refused_in_words(
    workers: FakeWorkers, beyond: tuple[str, ...]
) -> None:
    message = await reply(workers, beyond_text=beyond)
    assert (await stored(workers, message)).state is State.REFUSED
    assert workers.texting.bodies(make.CONTACT) == []
    (said,) = lines(workers)
    assert said.startswith(f":warning: <@{make.AGENT}> Not sent: your reply ")


async def test_a_note_with_such_parts_is_a_note(workers: FakeWorkers) -> None:
    message = await reply(workers, text="// look at this", beyond_text=("forwarded message",))
    assert (await stored(workers, message)).state is State.NOTE


async def test_a_file_of_a_shared_channel_is_looked_up_and_sent(workers: FakeWorkers) -> None:
    workers.slack.posted_files["F1"] = PICTURE
    message = await reply(workers, files=(UNTOLD,))
    text = await stored(workers, message)
    assert text.files == (PICTURE,)
    assert workers.texting.bodies(make.CONTACT) == ["the plan"]


async def test_a_reply_whose_file_slack_does_not_show_is_refused_and_sent_without_it_never(
    workers: FakeWorkers,
) -> None:
    message = await reply(workers, files=(UNTOLD,))
    text = await stored(workers, message)
    assert text.state is State.REFUSED
    assert "Slack does not let Clerk see a file" in text.words
    assert workers.texting.bodies(make.CONTACT) == []


async def test_a_reply_with_a_file_is_refused_when_the_app_may_read_none(workers: FakeWorkers) -> None:
    def before(method: str, channel: str) -> None:
        if method == "file":
            raise Temporary("missing_scope", timedelta(minutes=5))

    workers.slack.before = before
    message = await reply(workers, files=(UNTOLD,))
    assert (await stored(workers, message)).state is State.REFUSED


async def test_a_reply_waits_while_slack_can_not_be_asked_about_its_file(workers: FakeWorkers) -> None:
    message = written(workers, await thread(workers), 1, "the plan", files=(UNTOLD,))

    def before(method: str, channel: str) -> None:
        if method == "file":
            raise Temporary("service_unavailable")

    workers.slack.before = before
    with pytest.raises(Temporary):
        await workers.handle(message)
    workers.slack.before = lambda method, channel: None
    workers.slack.posted_files["F1"] = PICTURE
    await workers.handle(message)
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["the plan"]


async def test_what_people_of_another_organisation_write_is_not_kept_and_they_are_told_once(
    workers: FakeWorkers,
) -> None:
    for number in (1, 2):
        message = await reply(workers, number, "spam", files=(PICTURE,), **GUEST)
        text = await stored(workers, message)
        assert (text.body, text.files, text.state, text.mark) == ("", (), State.UNSENT, None)
    assert [(user, words.partition(":")[0]) for user, words in workers.slack.whispers] == [
        ("U0GUEST", "Not sent, and not kept")
    ]
    assert workers.texting.bodies(make.CONTACT) == []


@pytest.mark.parametrize("through", ["event", "list"])
async def test_a_reply_does_not_wait_for_one_that_is_not_kept(workers: FakeWorkers, through: str) -> None:
    place = await thread(workers)
    first = written(workers, place, 1, "spam", **GUEST)
    second = written(workers, place, 2, "ours", after=f"{first.channel}-{first.ts}", **HOME)
    if through == "event":
        await workers.handle(first)
    else:
        found = {"ts": first.ts, "thread_ts": place.ts, "user": "U0GUEST", "text": "spam", "team": "T0PARTNER"}
        workers.slack.replies.append((place.channel, ThreadReply.model_validate(found)))
    await workers.handle(second)
    await settle(workers, 3 if through == "event" else 60)
    assert workers.texting.bodies(make.CONTACT) == ["ours"]


async def test_a_line_can_be_set_to_send_what_they_write(workers: FakeWorkers) -> None:
    await workers.ports.stores.lines.save(make.line(other_organisations=True))
    await reply(workers, text="from a partner", **GUEST)
    assert workers.texting.bodies(make.CONTACT) == ["from a partner"]


@pytest.mark.parametrize(
    ("author", "home", "sent"),
    [
        (frozenset({"T0SISTER", "E0ORG"}), ("T0TEAM", "E0ORG"), True),
        (frozenset({"T0SISTER", "E0OTHER"}), ("T0TEAM", "E0ORG"), False),
        (frozenset({"T0SISTER"}), ("T0TEAM", "E0ORG"), False),
    ],
    ids=["same organisation", "another organisation", "no organisation"],
)
async def test_workspaces_of_one_organisation_are_one_team(
    workers: FakeWorkers, author: frozenset[str], home: tuple[str, ...], sent: bool
) -> None:
    workers.slack.homes["U0SISTER"] = author
    await reply(workers, user="U0SISTER", team="T0SISTER", home=home)
    assert bool(workers.texting.bodies(make.CONTACT)) is sent


async def test_a_message_of_an_earlier_gateway_names_no_team_and_is_sent(workers: FakeWorkers) -> None:
    await reply(workers)
    await reply(workers, 2, **HOME)
    assert workers.texting.bodies(make.CONTACT) == ["the plan"] * 2


@pytest.mark.parametrize("event", ["Ev1", None], ids=["event", "found in the list"])
async def test_a_reply_that_comes_more_than_ten_minutes_late_is_sent_only_at_a_persons_order(
    workers: FakeWorkers, event: str | None
) -> None:
    message = await hold_up(workers, 11, event_id=event)
    text = await stored(workers, message)
    assert (text.state, text.late) == (State.REFUSED, True)
    assert workers.texting.bodies(make.CONTACT) == []
    (said,) = workers.slack.kind("outcome")
    (button,) = said.what.blocks[1]["elements"]
    assert (button["action_id"], button["text"]["text"]) == ("ticket.send_late", "Send it now")
    order = SendLate(sms=text.id, by="U0BOB", at=workers.clock.now(), channel=make.CHANNEL, order="click/1")
    for _ in range(3):
        await workers.handle(order)
        await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["the plan"]
    assert workers.slack.whispers == []
    ticket = await workers.ports.stores.tickets.newest(make.CONVERSATION)
    assert ticket is not None
    assert ticket.status is Status.OPEN
    await workers.handle(order.model_copy(update={"order": "click/2", "by": "U0EVE"}))
    await settle(workers)
    assert [user for user, _ in workers.slack.whispers] == ["U0EVE"]
    assert workers.texting.bodies(make.CONTACT) == ["the plan"]


async def test_a_reply_of_nine_minutes_ago_is_sent(workers: FakeWorkers) -> None:
    await hold_up(workers, 9)
    assert workers.texting.bodies(make.CONTACT) == ["the plan"]


async def test_a_late_reply_that_was_refused_for_another_reason_has_no_button(workers: FakeWorkers) -> None:
    message = await hold_up(workers, 11, beyond_text=("forwarded message",))
    assert (await stored(workers, message)).late is False
    (said,) = workers.slack.kind("outcome")
    assert len(said.what.blocks) == 1


async def test_a_late_text_from_a_modal_is_shown_in_the_thread_and_sent_only_at_a_persons_order(
    workers: FakeWorkers,
) -> None:
    await thread(workers)
    write = WriteText(
        sms="view-V1",
        line=make.LINE,
        contact=make.CONTACT,
        text="from the modal",
        by=make.AGENT,
        at=workers.clock.now(),
        channel=make.CHANNEL,
    )
    workers.clock.forward(660)
    for _ in range(2):
        await workers.handle(write)
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == []
    assert "The conversation's thread has a button" in workers.slack.whispers[0][1]
    assert len(workers.slack.kind("outcome")[0].what.blocks) == 2
    await workers.handle(SendLate(sms="view-V1", by=make.AGENT, at=workers.clock.now(), order="click/1"))
    await settle(workers)
    assert workers.texting.bodies(make.CONTACT) == ["from the modal"]


async def test_an_order_to_send_a_text_that_is_gone_does_no_harm(workers: FakeWorkers) -> None:
    await workers.handle(SendLate(sms="nothing", by=make.AGENT, at=workers.clock.now()))
    assert not any(isinstance(message, Whisper) for _, message in workers.queue.waiting)


@pytest.mark.parametrize("late", [True, False])
async def test_who_clicks_at_a_text_that_is_gone_is_told(workers: FakeWorkers, late: bool) -> None:
    place = {"sms": "nothing", "by": make.AGENT, "channel": make.CHANNEL}
    await workers.handle(SendLate(**place, at=workers.clock.now()) if late else ResendText(**place))
    await workers.drain()
    assert workers.slack.whispers == [(make.AGENT, TEXT_GONE)]


async def test_a_person_whom_slack_does_not_know_does_not_speak_for_an_organisation(workers: FakeWorkers) -> None:
    class Unknown(dict[str, frozenset[str]]):
        """Slack knows nobody."""

        def get(self, user: str, default: Any = None) -> frozenset[str]:
            raise Permanent("user_not_found")

    workers.slack.homes = Unknown()
    await reply(workers, user="U0SISTER", team="T0SISTER", home=("T0TEAM", "E0ORG"))
    assert workers.texting.bodies(make.CONTACT) == []


def test_a_line_keeps_to_its_own_organisation_unless_it_is_set_otherwise() -> None:
    assert Line(id=make.LINE, channel=make.CHANNEL).other_organisations is False
