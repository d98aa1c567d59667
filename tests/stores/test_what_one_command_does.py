"""What several commands used to do is done by one, under the same conditions."""

from datetime import timedelta

import pytest

from messages.conversation import SendingOutcome
from messages.notification import PostKind
from messages.sms import Direction, State
from tests import make
from workers.mongo import Stores
from workers.mongo.conversations import OutboxNews, RedrawWish

LATER = make.NOW + timedelta(seconds=20)
WISH = RedrawWish(at=make.NOW, by=LATER, lost=make.NOW - timedelta(minutes=1))


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_claim_stores_what_became_of_the_post_before_it(stores: Stores, is_known: bool) -> None:
    before, new = make.post(id="texts", kind=PostKind.TEXTS), make.post(id="card", announcement=1)
    await stores.posts.claim(before)
    if is_known:
        await stores.posts.claim(new.model_copy(update={"ts": "7.7"}))
    found, is_ours = await stores.posts.claim(new, is_new=True, also=[(before, {"channel": "C1", "ts": "1.1"})])
    settled = await stores.posts.get("texts")
    assert settled is not None
    assert (settled.channel, settled.ts) == ("C1", "1.1")
    assert (is_ours, found.ts) == (not is_known, "7.7" if is_known else None)
    assert await stores.posts.get("card") == found


async def test_a_text_that_was_tried_since_it_was_read_is_not_claimed(stores: Stores) -> None:
    read = make.sms(direction=Direction.OUTBOUND, state=State.WAITING, outbox=make.CONVERSATION, ts="1.1")
    await stores.texts.add(read)
    assert await stores.texts.claim(read, make.NOW, LATER)
    await stores.texts.unclaim(read, make.NOW, LATER)
    assert not await stores.texts.claim(read, make.NOW, LATER)
    again = await stores.texts.get(read.id)
    assert again is not None
    assert await stores.texts.claim(again, make.NOW, LATER)


async def test_the_release_of_an_outbox_asks_for_a_redraw_and_tells_who_has_come_for_it(stores: Stores) -> None:
    outboxes, id, until = stores.conversations, make.CONVERSATION, make.NOW + timedelta(seconds=20)
    await outboxes.ensure(make.LINE, make.CONTACT, make.NOW)
    assert await outboxes.take_outbox(id, "a", make.NOW, until) is not None
    assert await outboxes.take_outbox(id, "b", make.NOW, until) is None
    assert await outboxes.release_outbox(id, "b", make.NOW) is None, "it is another's"
    released = await outboxes.release_outbox(id, "a", make.NOW, OutboxNews(), WISH)
    assert released is not None
    assert (released.asks, released.was_awaited) == (True, False)
    assert await outboxes.take_outbox(id, "a", make.NOW, until) is not None
    assert await outboxes.schedule_sending(id, make.NOW, make.NOW + timedelta(seconds=3))
    released = await outboxes.release_outbox(id, "a", make.NOW, OutboxNews(lead_until=until), WISH)
    assert released is not None
    assert (released.asks, released.was_awaited) == (False, True), "a message waits already"
    conversation = await outboxes.get(id)
    assert conversation is not None
    assert (conversation.redraw.count, conversation.redraw.due_at, conversation.lead_until) == (2, LATER, until)


@pytest.mark.parametrize("failed", ["", "It was not delivered."])
async def test_the_outcome_of_a_text_takes_the_place_of_none_that_people_were_told_of(
    stores: Stores, failed: str
) -> None:
    outboxes, id = stores.conversations, make.CONVERSATION
    await outboxes.ensure(make.LINE, make.CONTACT, make.NOW)
    await outboxes.set_outcome(id, before := SendingOutcome(at=make.NOW, failed=failed))
    await outboxes.take_outbox(id, "a", make.NOW, LATER)
    sent = SendingOutcome(at=LATER)
    assert await outboxes.release_outbox(id, "a", make.NOW, OutboxNews(outcome=sent)) is not None
    conversation = await outboxes.get(id)
    assert conversation is not None
    assert conversation.outcome == (before if failed else sent)
    assert await outboxes.take_outbox(id, "b", make.NOW, LATER) is not None, "it is released"
