"""Brings Slack into line with the documents, and carries out what agents order about single posts."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog

from messages.conversation import Conversation, Debounce, Thread
from messages.notification import (
    HOME,
    NOTIFICATIONS,
    ChannelMoved,
    HidePost,
    Post,
    PostKind,
    RenderConversation,
    ShowPost,
    UndoHide,
    Whisper,
)
from messages.process.publishing import CLOCK_SKEW
from messages.sms import Sms
from messages.ticket import AgentWrote
from messages.views import ShowHome
from workers.failures import Permanent
from workers.lease import LEASE, Lease, LeaseLost
from workers.mongo.conversations import CardsShown
from workers.ports import Ports
from workers.redraw import REDRAW_WITHIN, redraw
from workers.runtime import actor
from workers.slack import blocks, plan, planned_posts
from workers.slack.elements import Rendered
from workers.slack.reconcile.pass_state import PassState
from workers.slack.reconcile.reconcile_pass import ReconcilePass

log = structlog.get_logger("clerk.slack")


LINE_REMOVED: Final = (
    "Nothing was changed: {line} is no longer one of Clerk's lines, so its cards stay as they are. "
    "An admin can add the line again (clerk lines add)."
)
UNKNOWN: Final = "Nothing was changed: Clerk does not know this card any more."
SHOWN_AGAIN: Final = "Shown again for everyone here."
SHOWN_ALREADY: Final = "Nothing was changed: it is shown again already."

MOVED_AGAIN: Final = timedelta(seconds=30)
"""After this long a worker has saved what it had read before a channel got another id."""

AFTER_LOST_LEASE: Final = timedelta(seconds=3)


@dataclass(frozen=True)
class PassEnd:
    """How a pass ended: the last text in the thread and, if it could not finish, when another must continue.

    `tries` is how many consecutive passes changed nothing in Slack. `thread` is the conversation's thread, if more is
    known of it than is recorded. `cards` are the cards as the pass left them, if it was whole.
    """

    posted: int
    again_in: timedelta | None = None
    tries: int = 0
    thread: Thread | None = None
    cards: CardsShown | None = None


@actor(handles=RenderConversation, time_limit=timedelta(minutes=2))
async def render(message: RenderConversation, ports: Ports) -> None:
    """Bring Slack into line with a conversation; if another worker is doing that, leave it a request to go on."""
    id, holder, stores = message.conversation, uuid.uuid4().hex, ports.stores.conversations
    lease = Lease(partial(stores.take_lease, id, holder), partial(stores.renew_lease, id, holder), ports)
    conversation = await lease.take()
    if conversation is None:
        found = await stores.begin_render(id)
        if found is None or await _is_up_to_date(found, ports):
            return
        await stores.request_pass(id, ports.now() + LEASE)
        conversation = await lease.take()
    elif await _is_up_to_date(conversation, ports):
        if await stores.release_lease(id, holder, conversation.redraw.count):
            return
        conversation = await lease.take()
    while conversation is not None:
        try:
            async with lease.renewing():
                end = await _pass(conversation, lease, ports)
        except LeaseLost:
            log.warning("a pass stops: another worker may have the conversation by now")
            end = PassEnd(conversation.posted, AFTER_LOST_LEASE, conversation.redraw.tries)
        except BaseException:
            again_at = ports.now() + REDRAW_WITHIN
            await stores.postpone(id, holder, again_at, again_at, conversation.redraw.tries)
            raise
        if end.again_in is not None:
            await _continue_later(conversation, holder, end, end.again_in, ports)
            return
        if await stores.release_lease(id, holder, conversation.redraw.count, end.posted, end.thread, cards=end.cards):
            return
        conversation = await lease.take()
        if conversation is not None:
            known = {"thread": end.thread} if end.thread else {}
            conversation = conversation.model_copy(update={"posted": max(conversation.posted, end.posted), **known})


async def _continue_later(
    conversation: Conversation, holder: str, end: PassEnd, again_in: timedelta, ports: Ports
) -> None:
    """Release the lease, and schedule one message to continue; after a longer wait the clock does."""
    now, stores = ports.now(), ports.stores.conversations
    at, waited_for = now + again_in, conversation.redraw.again_at
    again_at = waited_for if waited_for is not None and waited_for > now else at
    soon = again_in <= REDRAW_WITHIN
    due_at = at + REDRAW_WITHIN if soon else at
    await stores.postpone(conversation.id, holder, due_at, again_at, end.tries, end.posted, end.thread)
    if soon and await stores.schedule_render(conversation.id, now + CLOCK_SKEW, at):
        await ports.publisher.publish(RenderConversation(conversation=conversation.id), delay=again_in)


async def _is_up_to_date(conversation: Conversation, ports: Ports) -> bool:
    """Whether no request is left: when workers are behind, the first message usually does the work of the others."""
    if conversation.redraw.due_at is not None:
        return False
    return not await ports.stores.tickets.unsettled(conversation.id, "slack")


async def _pass(conversation: Conversation, lease: Lease[Any], ports: Ports) -> PassEnd:
    """Do one pass."""
    stores = ports.stores
    line, contact, current, throttled = await asyncio.gather(  # one wait for a MongoDB that is far away
        stores.lines.get(conversation.line),
        stores.contacts.get(conversation.contact),
        stores.tickets.newest(conversation.id),
        stores.channels.throttled(ports.now()),
    )
    if current is None and (written := await stores.texts.unshown(conversation.id)):
        await _request_ticket(written, ports)
        return PassEnd(conversation.posted)
    if line is None or contact is None or current is None:
        log.warning("nothing to show: the conversation's line, contact or ticket is gone")
        return PassEnd(conversation.posted)
    unsettled = [current] if current.is_unsettled("slack") else []
    if current.follows is not None:
        unsettled = await stores.tickets.unsettled(conversation.id, "slack")
    state = PassState(conversation, line, contact, current, unsettled, throttled, lease, ports)
    reconciling = ReconcilePass(state)
    await reconciling.run()
    if reconciling.again_at is not None:
        again_in = max(reconciling.again_at - ports.now(), timedelta())
        return PassEnd(reconciling.posted, again_in, reconciling.tries, reconciling.found_thread)
    for ticket in unsettled:
        is_decided = ticket is current and conversation.debounce.has_decided(ticket.id, ticket.version)
        await stores.tickets.settle(ticket, *(("slack", "notifications") if is_decided else ("slack",)))
    return PassEnd(reconciling.posted, thread=reconciling.found_thread, cards=CardsShown(state.cards_until))


async def _request_ticket(texts: Sequence[Sms], ports: Ports) -> None:
    """Begin a ticket for the first text of the team, which has none: the message to do so may be lost."""
    text = next((each for each in texts if each.is_of_team), None)
    if text is not None and text.author is not None:
        wrote = AgentWrote(conversation=text.conversation, by=text.author, at=text.received_at, order=text.id)
        await ports.publisher.publish(wrote)


@actor(handles=HidePost)
async def hide(message: HidePost, ports: Ports) -> None:
    """Remove a notification, or collapse a root, and offer the agent an Undo."""
    post = await ports.stores.posts.by_message(message.channel, message.ts)
    if post is None or post.kind not in NOTIFICATIONS | {PostKind.ROOT}:
        log.warning("asked to hide a post that is not a notification", channel=message.channel)
        await _tell(UNKNOWN, message.by, message.response_url, message.channel, ports)
        return
    if await _is_of_removed_line(post, message, ports):
        return
    conversation = await ports.stores.conversations.get(post.conversation)
    debounce = conversation.debounce if conversation else Debounce()
    change: dict[str, Any] = {}
    if not (plan.is_gone(post) or plan.is_collapsed(post, debounce)):
        change = {"hidden_by": message.by, "hidden_during": debounce.latest.number if debounce.latest else 0}
        if post.kind is PostKind.PAST_CARD:
            change["kind"] = PostKind.CARD  # the next pass deletes it
    new = await ports.stores.posts.obey(post, message.order, **change) and bool(change)
    await redraw(post.conversation, ports)
    if new and message.response_url is not None:
        await _respond(message.response_url, blocks.hidden_notice(post.id), ports)


@actor(handles=ShowPost)
async def show(message: ShowPost, ports: Ports) -> None:
    """Show a collapsed root again."""
    post = await ports.stores.posts.by_message(message.channel, message.ts)
    if post is None:
        await _tell(UNKNOWN, message.by, None, message.channel, ports)
    elif not await _is_of_removed_line(post, message, ports):
        conversation = await ports.stores.conversations.get(post.conversation)
        latest = conversation.debounce.latest if conversation else None
        shown = {"hidden_by": None, "hidden_during": None, "shown_during": latest.number if latest else 0}
        await ports.stores.posts.obey(post, message.order, **shown)
        await redraw(post.conversation, ports)


@actor(handles=UndoHide)
async def undo_hide(message: UndoHide, ports: Ports) -> None:
    """Show a hidden notification again: expand a root, post a deleted card again."""
    post = await ports.stores.posts.get(message.post)
    if post is None:
        await _tell(UNKNOWN, message.by, message.response_url, None, ports)
        return
    if await _is_of_removed_line(post, message, ports):
        return
    words = SHOWN_AGAIN
    if post.hidden_by is not None:
        await ports.stores.posts.show_again(post, message.order)
    elif await ports.stores.posts.obey(post, message.order):
        words = SHOWN_ALREADY
    else:
        words = ""
    if words and message.response_url is not None:
        told = Whisper(text=words, user=message.by, response_url=message.response_url, replaces=True)
        await ports.publisher.publish(told)
    await redraw(post.conversation, ports)


async def _is_of_removed_line(post: Post, message: HidePost | ShowPost | UndoHide, ports: Ports) -> bool:
    """Whether a post's line was removed, so that nothing changes in Slack; the agent is told so once."""
    conversation = await ports.stores.conversations.get(post.conversation)
    if conversation is None or await ports.stores.lines.get(conversation.line) is not None:
        return False
    if await ports.stores.posts.obey(post, message.order):
        words, url = LINE_REMOVED.format(line=conversation.line), getattr(message, "response_url", None)
        await _tell(words, message.by, url, post.channel, ports)
    return True


async def _tell(words: str, user: str, response_url: str | None, channel: str | None, ports: Ports) -> None:
    """Answer an agent's click in private, where that can be done."""
    if response_url is not None or channel is not None:
        await ports.publisher.publish(Whisper(text=words, user=user, response_url=response_url, channel=channel))


@actor(handles=ChannelMoved)
async def move_channel(message: ChannelMoved, ports: Ports) -> None:
    """Let everything that names a channel follow it to its other id, and once more for what was saved meanwhile."""
    await ports.stores.move_channel(message.former, message.channel)
    log.info("a channel has another id", former=message.former, channel=message.channel)
    if message.again > 0:
        again = message.model_copy(update={"again": message.again - 1})
        await ports.publisher.publish(again, delay=MOVED_AGAIN)


@actor(handles=Whisper, max_retries=3)
async def whisper(message: Whisper, ports: Ports) -> None:
    """Send one agent a private message."""
    if message.response_url is None and message.channel == HOME:
        await ports.publisher.publish(ShowHome(user=message.user, said=message.text, markup=message.markup))
        return
    what = await _whispered(message, ports)
    if message.response_url is not None:
        await _respond(message.response_url, what, ports, replace=message.replaces)
    elif message.channel is not None:
        try:
            await ports.slack.whisper(message.channel, message.user, what, message.thread_ts)
        except Permanent as error:
            log.error("an agent can't be told in this channel", channel=message.channel, error=error.code)


async def _whispered(message: Whisper, ports: Ports) -> Rendered:
    """What a whisper shows: words alone, or with planned texts as they are now."""
    if not message.markup:
        return blocks.whisper(message.text, message.back)
    found = {each.id: each for each in await ports.stores.planned.by_ids(message.planned)}
    return planned_posts.whisper(message.text, [found[id] for id in message.planned if id in found])


async def _respond(response_url: str, what: Rendered, ports: Ports, *, replace: bool = False) -> None:
    try:
        await ports.slack.respond(response_url, what, replace=replace)
    except Permanent as error:
        log.warning("the click is too old for an answer", error=error.code)
