"""Files of texts from forms: sent with the text, and looked for before a planned one leaves."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from messages.planned import (
    ActOnPlanned,
    ChangePlan,
    KeepPlan,
    LookAtPlanned,
    Planned,
    PlannedState,
    PlanText,
    SendPlanNow,
    When,
)
from messages.sms import SlackFile, State, WriteText
from tests import make
from tests.actors.helpers import settle, thread
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, CONVERSATION, LINE
from workers.failures import Permanent, Temporary


def file(id: str = "F1", **fields: Any) -> SlackFile:
    """A picture."""
    url = f"https://files.slack.com/files-pri/T1-{id}/plan.png"
    return SlackFile(**{"id": id, "name": "plan.png", "mimetype": "image/png", "url_private": url, "size": 9, **fields})


async def plan(workers: FakeWorkers, *files: SlackFile, hours: int = 3) -> Planned:
    """Plan a text with files that are at Slack."""
    await thread(workers)
    workers.clock.forward(1)
    workers.slack.posted_files |= {each.id: each for each in files}
    said: dict[str, Any] = {"line": LINE, "contact": CONTACT, "text": "See the plan", "by": AGENT, "channel": CHANNEL}
    when = When(after=timedelta(hours=hours))
    order = PlanText(planned="P1", files=files, when=when, at=workers.clock.now(), **said)
    for _ in range(2):
        await workers.handle(order)
    await workers.drain()
    return await stored(workers)


async def stored(workers: FakeWorkers) -> Planned:
    """The planned text as it is now."""
    found = await workers.ports.stores.planned.get("P1")
    assert found is not None
    return found


async def order(workers: FakeWorkers, command: Any, name: str) -> str:
    """Give an order about the planned text; what its author is told last."""
    given = {"planned": "P1", "command": command, "by": AGENT, "at": workers.clock.now(), "channel": CHANNEL}
    await workers.handle(ActOnPlanned(**given, order=name))
    await workers.drain(times=2)
    await settle(workers)
    return workers.slack.whispers[-1][1]


def refuse(workers: FakeWorkers, error: Exception) -> None:
    """Have Slack answer so, whichever file it is asked for."""

    def before(method: str, channel: str) -> None:
        if method == "file":
            raise error

    workers.slack.before = before


def sent_files(workers: FakeWorkers) -> list[int]:
    """How many files each text had that the contact got."""
    return [len(each.media) for each in workers.texting.taken if each.contact == CONTACT]


async def test_a_text_of_a_form_goes_out_with_its_files_once(workers: FakeWorkers) -> None:
    await thread(workers)
    write = WriteText(
        sms="view-1",
        line=LINE,
        contact=CONTACT,
        text="",
        files=(file(), file("F2")),
        by=AGENT,
        at=workers.clock.now(),
        channel=CHANNEL,
    )
    for _ in range(2):
        await workers.handle(write)
    await workers.drain()
    await settle(workers)
    assert (workers.texting.bodies(CONTACT), sent_files(workers)) == ([""], [2])
    assert "[plan.png, plan.png]" in str(workers.slack.kind("written")[0].what.blocks)
    assert "with 2 files" in workers.slack.whispers[-1][1]


async def test_a_note_of_a_form_keeps_no_files_and_its_author_is_told_where_it_does(workers: FakeWorkers) -> None:
    await thread(workers)
    said: dict[str, Any] = {"line": LINE, "contact": CONTACT, "by": AGENT, "at": workers.clock.now()}
    await workers.handle(WriteText(sms="view-1", text="// the plan", files=(file(),), channel=CHANNEL, **said))
    await workers.drain()
    assert "keeps no files" in workers.slack.whispers[-1][1]
    assert await workers.ports.stores.texts.get("view-1") is None


async def test_a_file_of_a_shared_channel_is_looked_up_before_a_text_of_a_form_is_sent(workers: FakeWorkers) -> None:
    await thread(workers)
    workers.slack.posted_files["F1"] = file()
    bare = SlackFile(id="F1", file_access="check_file_info")
    said: dict[str, Any] = {"line": LINE, "contact": CONTACT, "by": AGENT, "at": workers.clock.now()}
    await workers.handle(WriteText(sms="view-1", text="Here", files=(bare,), channel=CHANNEL, **said))
    await workers.drain()
    text = await workers.ports.stores.texts.get("view-1")
    assert text is not None
    assert (text.files, text.state is State.REFUSED) == ((file(),), False)


async def test_a_planned_text_leaves_with_its_files(workers: FakeWorkers) -> None:
    planned = await plan(workers, file())
    assert planned.look_at == planned.due_at - timedelta(hours=1)
    await workers.pass_time(2.5 * 3600, 600)
    assert (await stored(workers)).look_at == planned.due_at
    assert (await stored(workers)).version == planned.version
    assert workers.texting.bodies(CONTACT) == []
    await workers.pass_time(3600, 600)
    assert (workers.texting.bodies(CONTACT), sent_files(workers)) == (["See the plan"], [1])


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Permanent("file_not_found"), "“plan.png” was deleted in Slack"),
        (Permanent("file_deleted"), "“plan.png” was deleted in Slack"),
        (Temporary("missing_scope"), "Slack does not let Clerk see “plan.png” any more"),
    ],
)
async def test_a_text_whose_file_is_gone_is_held_an_hour_before_it_is_due(
    workers: FakeWorkers, error: Exception, why: str
) -> None:
    planned = await plan(workers, file())
    refuse(workers, error)
    await workers.pass_time(2 * 3600 + 60, 600)
    held = await stored(workers)
    assert (held.state, held.why, held.due_at) == (PlannedState.HELD, why, planned.due_at)
    assert why in str(workers.slack.kind("planned/")[-1].what.blocks)
    for number, command in enumerate((SendPlanNow(), KeepPlan())):
        assert f"Nothing was sent: {why}" in await order(workers, command, f"order {number}")
    keeps = ChangePlan(version=held.version, text="Without it", keep=("F1",))
    assert f"Nothing was changed: {why}" in await order(workers, keeps, "keeps")
    await order(workers, ChangePlan(version=held.version, text="Without it", keep=()), "takes it out")
    assert (await stored(workers)).state is PlannedState.PLANNED
    await workers.pass_time(4800, 600)
    assert (workers.texting.bodies(CONTACT), sent_files(workers)) == (["Without it"], [0])


async def test_a_file_that_is_deleted_in_the_last_hour_holds_the_text_too(workers: FakeWorkers) -> None:
    await plan(workers, file())
    await workers.pass_time(2.5 * 3600, 600)
    workers.slack.posted_files.clear()
    await workers.pass_time(3600, 600)
    assert (await stored(workers)).state is PlannedState.HELD
    assert workers.texting.bodies(CONTACT) == []


async def test_while_slack_does_not_answer_only_the_text_with_files_waits(workers: FakeWorkers) -> None:
    await plan(workers, file(), hours=1)
    now = workers.clock.now()
    plain = make.planned(id="P2", body="Plain", wall="", since=now, due_at=now + timedelta(hours=1))
    await workers.ports.stores.planned.add(plain)
    refuse(workers, Temporary("service_unavailable"))
    workers.clock.forward(3700)
    with suppress(Temporary):
        await workers.handle(LookAtPlanned(conversation=CONVERSATION))
    other = await workers.ports.stores.planned.get("P2")
    assert other is not None
    assert ((await stored(workers)).state, other.state) == (PlannedState.PLANNED, PlannedState.RELEASED)
    workers.slack.before = lambda method, channel: None
    await workers.pass_time(600, 60)
    assert sorted(workers.texting.bodies(CONTACT)) == ["Plain", "See the plan"]


async def test_an_edit_keeps_and_adds_files(workers: FakeWorkers) -> None:
    planned = await plan(workers, file(), file("F2"))
    workers.slack.posted_files["F3"] = file("F3")
    change = ChangePlan(version=planned.version, keep=("F2",), files=(file("F3"),))
    await order(workers, change, "edit")
    changed = await stored(workers)
    assert [each.id for each in changed.files] == ["F2", "F3"]
    assert [each.id for each in changed.edits[0].files] == ["F1", "F2"]
    too_big = ChangePlan(version=changed.version, text="x", files=(file("F4", size=6_000_000),))
    assert "a text can have at most 5 MB" in await order(workers, too_big, "too big")
    assert (await stored(workers)).files == changed.files


async def test_a_form_that_is_submitted_again_with_other_files_plans_what_came_first(workers: FakeWorkers) -> None:
    planned = await plan(workers, file())
    said: dict[str, Any] = {"line": LINE, "contact": CONTACT, "text": "See the plan", "by": AGENT, "channel": CHANNEL}
    later = workers.clock.now() + timedelta(seconds=5)
    again = PlanText(planned="P1", files=(file("F2"),), when=When(after=timedelta(hours=3)), at=later, **said)
    await workers.handle(again)
    await workers.drain()
    assert any("Your second Save changed nothing" in words for _, words in workers.slack.whispers)
    assert (await stored(workers)).files == planned.files
