"""A contact's opt-out of one line, or of a pool of lines, leaves every other line as it was."""

from itertools import permutations

import pytest

from messages.conversation import conversation_id
from messages.opt_outs import Standing
from tests import make
from tests.actors.opt_outs.helpers import CHANNELS, FREE, SERVICE, A, B, several_lines
from tests.fakes import FakeWorkers

POOL = {A: SERVICE, B: SERVICE}


async def test_a_stop_to_one_line_leaves_the_others_alone_until_they_are_told_the_same(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    await world.text(A, "hi marketing")
    await world.text(B, "hi support, my order is broken")
    await world.reply(B, "we look into it")
    await world.text(A, "STOP")
    assert await world.out_of() == {A}
    assert (world.shows_opt_out(A), world.shows_opt_out(B)) == (True, False)
    assert len(world.told_in(A)) == 1
    assert "opted out" in world.told_in(A)[0]
    assert world.told_in(B) == []

    await world.text(B, "any news on my order?")
    await world.reply(B, "it left today")
    await world.send(B, "your parcel left")
    assert world.sent(B) == ["we look into it", "it left today", "your parcel left"]
    await world.send(A, "an offer")
    await world.reply(A, "an offer here")
    assert world.sent(A) == []
    assert any("opted out" in said for _, said in workers.slack.whispers)

    await world.text(B, "START")
    assert await world.out_of() == {A}
    assert world.told_in(B) == [], "there was nothing to lift"
    await world.text(B, "yes")
    assert await world.out_of() == {A}
    await world.text(A, "START")
    assert await world.out_of() == set()
    assert not world.shows_opt_out(A)
    await world.reply(A, "welcome back")
    assert world.sent(A) == ["welcome back"]


async def test_a_21610_marks_its_own_line_alone_and_a_delivered_text_lifts_it_there_alone(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    for line in (A, B):
        await world.text(line, "hello")
        world.provider.blocked.add(f"{line}:{make.CONTACT}")  # a STOP of before Clerk
    for line, out in ((A, {A}), (B, {A, B})):
        await world.reply(line, "an answer")
        assert await world.out_of() == out
        assert world.shows_opt_out(line)
    opt_outs = workers.ports.stores.opt_outs
    await opt_outs.record(A, make.CONTACT, Standing(out=False, since=workers.clock.now()))
    world.provider.blocked.clear()
    text = await world.reply(A, "now it goes")
    await opt_outs.record(A, make.CONTACT, Standing(out=True, since=text.claimed_at))
    await world.report(text, "sent")
    assert await world.out_of() == {A, B}, "of one moment, the opt-out counts"


async def test_a_delivered_text_lifts_an_opt_out_from_before_it_and_none_from_after(workers: FakeWorkers) -> None:
    world = await several_lines(workers)
    opt_outs = workers.ports.stores.opt_outs
    for line in (A, B):
        await world.text(line, "hello")
    early, late = await world.reply(A, "early"), await world.reply(B, "late")
    assert early.claimed_at is not None
    assert late.claimed_at is not None
    await world.text(A, "STOP")
    await opt_outs.record(B, make.CONTACT, Standing(out=True, since=make.NOW))
    assert await world.out_of() == {A, B}
    await world.report(early, "delivered")
    await world.report(late, "queued")
    assert await world.out_of() == {A, B}, "sent before the STOP; and queued is not yet past the provider's list"
    await world.report(late, "delivered")
    assert await world.out_of() == {A}
    assert not world.shows_opt_out(B)
    await world.report(early, "delivered")
    assert await world.out_of() == {A}


async def test_a_stop_in_a_messaging_service_concerns_its_lines_and_no_other(workers: FakeWorkers) -> None:
    world = await several_lines(workers, POOL)
    for line in (A, B):
        await world.text(line, "hello", pool=SERVICE)
    await world.text(FREE, "hello")
    await world.text(A, "STOP", pool=SERVICE)
    assert await world.out_of() == {A, B}
    assert [world.shows_opt_out(line) for line in (A, B, FREE)] == [True, True, False]
    assert [len(world.told_in(line)) for line in (A, B, FREE)] == [1, 0, 0], "only where it was said"
    await world.reply(B, "no")
    await world.reply(FREE, "yes")
    assert (world.sent(B), world.sent(FREE)) == ([], ["yes"])
    await world.text(B, "START", pool=SERVICE)
    assert await world.out_of() == set()
    assert [world.shows_opt_out(line) for line in (A, B, FREE)] == [False, False, False]
    await world.reply(A, "yes")
    assert world.sent(A) == ["yes"]


async def test_in_a_pool_a_refusal_a_delivery_and_an_agents_word_concern_all_its_lines(workers: FakeWorkers) -> None:
    world = await several_lines(workers, POOL)
    for line in (A, B):
        await world.text(line, "hello", pool=SERVICE)
    await world.text(FREE, "hello")
    world.provider.blocked.add(f"{SERVICE}:{make.CONTACT}")
    await world.reply(A, "an answer")
    assert await world.out_of() == {A, B}
    assert world.shows_opt_out(B)
    await world.told(B)
    assert await world.out_of() == set()
    assert not world.shows_opt_out(A)
    assert [sum("lifted" in said for said in world.lines_in(line)) for line in (A, B)] == [0, 1]


async def test_who_opted_out_of_a_pool_is_refused_a_text_from_a_line_that_they_never_texted(
    workers: FakeWorkers,
) -> None:
    world = await several_lines(workers, POOL)
    await world.text(A, "hello", pool=SERVICE)
    await world.text(B, "hello", pool=SERVICE, contact="+15550007777")
    await world.text(A, "STOP", pool=SERVICE)
    await world.send(B, "an offer")
    assert world.sent(B) == []
    assert await workers.ports.stores.conversations.get(conversation_id(B, make.CONTACT)) is None
    await world.send(FREE, "a parcel")
    assert world.sent(FREE) == ["a parcel"]


async def test_a_stop_to_a_number_of_the_pool_that_is_no_line_counts_for_its_lines(workers: FakeWorkers) -> None:
    world = await several_lines(workers, POOL)
    await world.text(A, "hello", pool=SERVICE)
    await world.text("+15550008888", "STOP", pool=SERVICE)
    assert await world.out_of() == {A}
    assert world.shows_opt_out(A)
    await world.text("+15550008888", "STOP", pool=SERVICE, contact="+15550007777")
    await world.send(A, "hello", contact="+15550007777")
    known = await workers.ports.stores.conversations.get(conversation_id(A, "+15550007777"))
    assert (world.sent(A), known) == ([], None), "also to a contact whom Clerk did not know"
    await world.text("+15550008888", "START")
    assert await world.out_of() == {A}, "of that number alone, which is in no pool by now"
    await world.text("+15550008888", "START", pool=SERVICE)
    assert await world.out_of() == set()


async def test_a_line_that_leaves_its_pool_no_longer_follows_it(workers: FakeWorkers) -> None:
    world = await several_lines(workers, {A: SERVICE})
    for line in (A, B):
        await world.text(line, "hello", pool=SERVICE)
    await world.text(B, "I am still here")
    await world.text(A, "STOP", pool=SERVICE)
    assert await world.out_of() == {A}
    await world.reply(B, "so am I")
    assert world.sent(B) == ["so am I"]


async def test_a_line_that_is_removed_and_added_again_keeps_its_opt_outs(workers: FakeWorkers) -> None:
    world, lines = await several_lines(workers), workers.ports.stores.lines
    for line in (A, B):
        await world.text(line, "hello")
    await world.text(A, "STOP")
    await lines.remove(A)
    assert not (await workers.ports.stores.opt_outs.of(B, make.CONTACT)).out
    await lines.add(make.line(id=A, channel=CHANNELS[A]))
    assert await world.out_of() == {A}
    await world.reply(A, "hello?")
    assert world.sent(A) == []


async def test_a_stop_to_a_line_that_was_removed_counts_when_it_is_added_again(workers: FakeWorkers) -> None:
    world, lines = await several_lines(workers), workers.ports.stores.lines
    for line in (A, B):
        await world.text(line, "hello")
    await lines.remove(A)
    await world.text(A, "STOP")
    await lines.add(make.line(id=A, channel=CHANNELS[A]))
    assert await world.out_of() == {A}


async def test_what_the_network_of_a_toll_free_number_blocks_concerns_no_other_line_of_its_pool(
    workers: FakeWorkers,
) -> None:
    world = await several_lines(workers, {A: SERVICE})
    for line in (A, FREE):
        await world.text(line, "hello", pool=SERVICE)
    world.provider.blocked.add(f"{FREE}:{make.CONTACT}")
    await world.reply(FREE, "an answer")
    assert await world.out_of() == {FREE}
    await world.reply(A, "an answer")
    assert world.sent(A) == ["an answer"]


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2], ids=str)
async def test_a_stop_in_the_middle_of_a_burst_counts_for_its_line_in_whatever_order_it_is_handled(
    workers: FakeWorkers, order: tuple[int, ...]
) -> None:
    world = await several_lines(workers)
    came = []
    for number, (line, body) in enumerate(((A, "no"), (A, "STOP"), (B, "where is it?")), 1):
        workers.clock.forward(0.2)
        now = workers.clock.now()
        came.append(make.sms_received(sid=f"SM{number}", line=line, body=body, pool="", received_at=now))
    for number in order:
        await workers.handle(came[number])
    await workers.pass_time(60)
    assert await world.out_of() == {A}
    assert [len(world.told_in(line)) for line in (A, B)] == [1, 0]


async def test_two_lines_of_one_contact_and_two_contacts_of_one_line_are_four_conversations(
    workers: FakeWorkers,
) -> None:
    world, other = await several_lines(workers), "+15550007777"
    for contact in (make.CONTACT, other):
        for line in (A, B):
            await world.text(line, "hello", contact=contact)
    await world.text(B, "STOP", contact=other)
    assert await world.out_of() == set()
    opt_outs = workers.ports.stores.opt_outs
    assert [(await opt_outs.of(line, other)).out for line in (A, B)] == [False, True]
