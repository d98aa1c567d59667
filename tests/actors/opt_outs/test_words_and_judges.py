"""What a word does on its line, who lifts an opt-out, and what an earlier version had recorded."""

from datetime import datetime

import pytest

from messages.conversation import conversation_id
from messages.line import Line
from messages.opt_outs import setting
from messages.sms import ResendText, SlackFile, State
from tests import make
from tests.actors.opt_outs.helpers import CHANNELS, FREE, SERVICE, A, B, SeveralLines, seconds, several_lines
from tests.fakes import DiesAt, FakeWorkers
from workers.failures import Undecided


@pytest.mark.parametrize("word", ["CANCEL", "END", "Quit", "Stop.", "unsubscribe"])
async def test_a_word_that_a_toll_free_number_does_not_heed_warns_and_blocks_nothing(
    workers: FakeWorkers, word: str
) -> None:
    world = await several_lines(workers)
    await world.text(FREE, "hello")
    await world.text(FREE, word)
    assert await world.out_of() == set()
    (said,) = world.told_in(FREE)
    assert "does not opt them out" in said
    assert "STOP" in said
    await world.reply(FREE, "we called it off")
    assert world.sent(FREE) == ["we called it off"]


async def test_a_toll_free_number_lets_back_in_who_says_start_and_not_who_says_yes(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(FREE, "hello")
    await world.text(FREE, "STOP")
    await world.text(FREE, "Yes")
    assert await world.out_of() == {FREE}
    assert "START or UNSTOP" in world.told_in(FREE)[-1]
    assert "opted in again" not in world.told_in(FREE)[-1]
    await world.reply(FREE, "hello?")
    assert world.sent(FREE) == []
    await world.text(FREE, "unstop")
    await world.reply(FREE, "hello again")
    assert world.sent(FREE) == ["hello again"]


async def test_in_a_service_that_does_not_say_what_a_text_asks_everyday_words_warn(workers: FakeWorkers) -> None:
    world = await several_lines(workers, {A: SERVICE})
    await world.text(A, "hello", pool=SERVICE)
    await world.text(A, "Cancel", pool=SERVICE)
    assert await world.out_of() == set()
    assert "does not opt them out" in world.told_in(A)[-1]
    await world.reply(A, "called off")
    assert world.sent(A) == ["called off"]
    await world.text(A, "Cancel", pool=SERVICE, opt_out="STOP")
    assert await world.out_of() == {A}
    await world.text(A, "debut", pool=SERVICE, opt_out="START")
    assert await world.out_of() == set()


@pytest.mark.parametrize(
    ("words", "out"), [("us", True), ("toll-free", False), ("none", False), ("CANCEL,ARRET", True), ("ARRET", False)]
)
async def test_the_words_of_a_line_are_its_setting_and_those_of_the_others_are_theirs(
    workers: FakeWorkers, words: str, out: bool
) -> None:
    world = await several_lines(workers)
    await workers.ports.stores.lines.save(Line(id=A, channel=CHANNELS[A], opt_out=setting(words)))
    for line in (A, B):
        await world.text(line, "hello")
    await world.text(A, "cancel")
    assert await world.out_of() == ({A} if out else set())
    await world.text(B, "ARRET")
    assert B not in await world.out_of()


async def test_where_no_word_opts_out_a_start_still_ends_what_a_21610_began(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await workers.ports.stores.lines.save(Line(id=A, channel=CHANNELS[A], opt_out="none"))
    await world.text(A, "hello")
    world.provider.blocked.add(f"{A}:{make.CONTACT}")
    await world.reply(A, "an answer")
    assert await world.out_of() == {A}
    await world.text(A, "START")
    assert await world.out_of() == set()
    await world.reply(A, "an answer again")
    assert world.sent(A) == ["an answer again"]


@pytest.mark.parametrize("line", [A, FREE])
async def test_a_21610_names_the_words_that_lead_back_on_its_line(workers: FakeWorkers, line: str) -> None:
    world = await several_lines(workers)
    await world.text(line, "hello")
    world.provider.blocked.add(f"{line}:{make.CONTACT}")
    failed = await world.reply(line, "an answer")
    assert (failed.state, failed.error_code) == (State.FAILED, 21610)
    assert "texting START or UNSTOP to the line" in failed.words


async def test_a_word_that_asks_for_help_changes_nothing(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(A, "hello")
    await world.text(A, "STOP")
    await world.text(A, "info")
    assert await world.out_of() == {A}
    assert "asks for help" in world.told_in(A)[-1]


async def test_a_stop_that_comes_again_is_still_one_opt_out(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    for body in ("hello", "STOP", "stop", " Stop "):
        await world.text(A, body)
    assert await world.out_of() == {A}
    await world.text(A, "START")
    assert await world.out_of() == set()


# -- an agent says so -------------------------------------------------------------------------------------------------


async def test_an_agent_lifts_an_opt_out_by_name_and_the_provider_is_the_judge(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    for line in (A, B):
        await world.text(line, "hello")
        await world.text(line, "STOP")
    world.provider.blocked.discard(f"{A}:{make.CONTACT}")  # somebody let them in again in Twilio's console
    order = await world.told(A)
    assert await world.out_of() == {B}
    assert not world.shows_opt_out(A)
    (entry,) = [each for each in (await world.ticket(A)).history if each.why == "opt_in"]
    assert (entry.by, entry.at, entry.changes[0].what) == (make.AGENT, order.at, "opted_out")
    assert [f"<@{make.AGENT}> lifted the opt-out" in said for said in world.lines_in(A)] == [True]
    await world.reply(A, "welcome back")
    assert world.sent(A) == ["welcome back"]

    await world.told(B)  # they did not tell the provider
    assert await world.out_of() == set()
    failed = await world.reply(B, "welcome back")
    assert (failed.state, failed.error_code) == (State.FAILED, 21610)
    assert await world.out_of() == {B}
    assert world.shows_opt_out(B)


async def test_the_provider_judges_a_text_that_is_sent_at_the_very_moment_of_the_click(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(A, "hello")
    await world.text(A, "STOP")
    workers.clock.forward(60)
    since = (await workers.ports.stores.opt_outs.of(A, make.CONTACT)).since
    assert since is not None
    await workers.handle(world.click(await world.ticket(A), since))
    failed = await world.reply(A, "welcome back", after=0)
    assert failed.error_code == 21610
    assert await world.out_of() == {A}
    assert world.shows_opt_out(A)


async def test_a_click_that_comes_again_undoes_no_later_stop(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(A, "hello")
    await world.text(A, "STOP")
    order = await world.told(A)
    await world.text(A, "STOP")
    for wait in (1, 1000):
        workers.clock.forward(wait)
        await workers.handle(order)
        await workers.pass_time(3, step=1)
    assert await world.out_of() == {A}
    assert len([each for each in (await world.ticket(A)).history if each.why == "opt_in"]) == 1


async def test_a_click_on_a_card_that_is_behind_is_answered_and_changes_nothing(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(A, "hello")
    order = await world.told(A)
    await world.text(A, "STOP")
    await workers.handle(order)
    await workers.pass_time(3, step=1)
    assert await world.out_of() == {A}
    assert any("opted in again meanwhile" in said for _, said in workers.slack.whispers)


async def test_a_click_of_a_wrong_clock_lifts_the_opt_out_that_the_card_showed(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(A, "hello")
    await world.text(A, "STOP")
    since = (await workers.ports.stores.opt_outs.of(A, make.CONTACT)).since
    assert since is not None
    order = world.click(await world.ticket(A), since).model_copy(update={"at": make.NOW - seconds(3600)})
    await workers.handle(order)
    assert await world.out_of() == set()


async def test_a_worker_that_dies_at_any_step_of_a_click_lifts_the_opt_out_once(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(A, "hello")
    lived, step = False, 0
    while not lived:
        await world.text(A, "STOP")
        since = (await workers.ports.stores.opt_outs.of(A, make.CONTACT)).since
        assert since is not None
        workers.clock.forward(5)
        order = world.click(await world.ticket(A), since)
        lived = await workers.handle_or_die(order, DiesAt(step))
        await workers.handle(order)
        assert await world.out_of() == set(), step
        entries = [each for each in (await world.ticket(A)).history if each.order == order.order]
        assert len(entries) == 1, step
        step += 3
    assert step > 10


# -- the provider's word ----------------------------------------------------------------------------------------------

PICTURE = SlackFile(
    id="F1", name="a.png", mimetype="image/png", url_private="https://files.slack.com/files-pri/T1-F1/a.png", size=1000
)


@pytest.mark.parametrize("files", [(), (PICTURE,)], ids=["text", "picture"])
@pytest.mark.parametrize("late", [False, True], ids=["at once", "in a report"])
async def test_a_21610_counts_on_whatever_is_sent_and_however_it_comes(
    workers: FakeWorkers, files: tuple[SlackFile, ...], late: bool
) -> None:
    world = await several_lines(workers)
    for line in (A, B):
        await world.text(line, "hello")
    if not late:
        world.provider.blocked.add(f"{A}:{make.CONTACT}")
    text = await world.reply(A, "look", files)
    if late:
        await world.report(text, "failed", 21610)
    assert await world.out_of() == {A}
    assert world.shows_opt_out(A)
    again = await world.reply(A, "look again", files)
    assert again.state is State.REFUSED


@pytest.mark.parametrize("known", [False, True], ids=["by the provider", "by Clerk"])
async def test_a_resend_to_who_opted_out_meanwhile_is_refused(workers: FakeWorkers, known: bool) -> None:
    world = await several_lines(workers)
    for line in (A, B):
        await world.text(line, "hello")

    def lose(method: str) -> None:
        if method == "send":
            raise Undecided(None, "timeout")

    world.provider.before = lose
    text = await world.reply(A, "is it lost?")
    await workers.pass_time(90)
    world.provider.before = lambda method: None
    if known:
        await world.text(A, "STOP")
    world.provider.blocked.add(f"{A}:{make.CONTACT}")
    await workers.handle(ResendText(sms=text.id, by=make.AGENT, order="again"))
    await workers.pass_time(5, step=1)
    found = await workers.ports.stores.texts.get(text.id)
    assert found is not None
    assert found.state is (State.REFUSED if known else State.FAILED)
    assert world.sent(A) == []
    assert await world.out_of() == {A}


# -- what an earlier version had recorded -----------------------------------------------------------------------------


async def as_before(world: SeveralLines, *lines: str, opted_at: datetime) -> None:
    """Documents as an earlier version wrote them: the opt-out is the contact's."""
    stores, known = world.workers.ports.stores, {"created_at": make.NOW}
    flag = {"$set": {"opted_out": True, "opted_at": opted_at}, "$setOnInsert": known}
    await stores.contacts._collection.update_one({"_id": make.CONTACT}, flag, upsert=True)
    for line in lines:
        fields = {**known, "_id": conversation_id(line, make.CONTACT), "line": line, "contact": make.CONTACT}
        await stores.conversations._collection.insert_one(fields)


async def test_an_opt_out_of_an_earlier_version_holds_for_its_conversations_until_each_says_otherwise(
    workers: FakeWorkers,
) -> None:
    world = await several_lines(workers)
    await as_before(world, A, B, opted_at=make.NOW)
    assert await world.out_of() == {A, B}
    await world.text(B, "START")
    assert await world.out_of() == {A}
    assert "opted in again" in world.told_in(B)[-1]
    await world.reply(B, "welcome back")
    assert world.sent(B) == ["welcome back"]
    await world.text(FREE, "hello")
    assert await world.out_of() == {A}, "a conversation that begins now never had that opt-out"
    await world.text(A, "hello")
    assert world.shows_opt_out(A)
    await world.told(A)
    assert await world.out_of() == set()


async def test_what_an_old_worker_records_beside_new_ones_holds_until_a_later_wish(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    for line in (A, B):
        await world.text(line, "hello")
    await as_before(world, opted_at=workers.clock.now())
    assert await world.out_of() == {A, B}
    await world.text(A, "START")
    assert await world.out_of() == {B}
    contact = await workers.ports.stores.contacts.get(make.CONTACT)
    assert contact is not None
    assert contact.opted_out, "nothing writes the old flag"
