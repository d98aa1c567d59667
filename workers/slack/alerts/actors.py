"""Brings the alerts of a line to Slack: each post is claimed before the call and settled after, one pass at a time."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from messages.conversation import Conversation
from messages.deadlines.alert import Alert, AlertBoard, AlertState, AlertStorm, ShowAlerts, StormState
from messages.line import Line
from messages.notification import Post, PostKind
from workers.lease import Lease, LeaseLost
from workers.mongo.posts import NOT_POSTED
from workers.ports import Ports, Posted
from workers.runtime import actor
from workers.slack import plan
from workers.slack.alerts import storms
from workers.slack.alerts.card import AlertCard, card, ended, storm_list
from workers.slack.alerts.reading import cards_of
from workers.slack.elements import Rendered
from workers.slack.writing.writer import Writer

log = structlog.get_logger("clerk.slack")


TRY_AGAIN_AFTER: Final = timedelta(seconds=2)


@actor(handles=ShowAlerts)
async def show_alerts(message: ShowAlerts, ports: Ports) -> None:
    """Post, update and delete what Slack shows of a line's alerts, until it is what their documents say.

    What can't be done now stays due, and the clock wakes it again.
    """
    holder, boards = uuid.uuid4().hex, ports.stores.alert_boards
    line = await ports.stores.lines.get(message.line)
    if line is None:
        log.warning("alerts of a line that was removed")
        return
    lease = Lease(partial(boards.take_lease, line.id, holder), partial(boards.renew_lease, line.id, holder), ports)
    board = await lease.take()
    if board is None:
        await ports.publisher.publish(message, delay=TRY_AGAIN_AFTER)  # whoever has it may have looked before
        return
    try:
        async with lease.renewing():
            await _Pass(board, line, await _writer(line, lease, ports), ports).make()
    except LeaseLost:
        log.warning("alerts wait: another worker may have them by now")
    finally:
        await boards.release_lease(line.id, holder)


async def _writer(line: Line, lease: Lease[AlertBoard | None], ports: Ports) -> Writer:
    now = ports.now()
    nowhere = Conversation(id=f"{line.id}/alerts", line=line.id, contact="", created_at=now)
    return Writer(nowhere, line, await ports.stores.channels.throttled(now), lease, ports)


class _Pass:
    """One comparison of a line's alerts with Slack."""

    def __init__(self, board: AlertBoard, line: Line, writer: Writer, ports: Ports) -> None:
        self._board, self._line, self._writer, self._ports = board, line, writer, ports

    async def make(self) -> None:
        """Bring the alerts that changed to Slack, and the lists that stand for many."""
        stores, now = self._ports.stores, self._ports.now()
        changed = await stores.alerts.to_show(self._line.id)
        standing = await stores.alerts.in_state(self._line.id, AlertState.STANDS)
        after = storms.looked_at(self._board, standing, now)
        if after is not self._board:
            saved = await stores.alert_boards.save(after)
            if saved is None:
                return
            self._board = saved
        untidy = [each.target for each in self._board.storms if each.state is StormState.RAGES and not each.tidy]
        covered = [each for each in standing if set(untidy) & set(each.targets)]
        alerts = {each.id: each for each in [*covered, *changed]}
        listed = [each for each in standing if self._raging() & set(each.targets)]
        cards = await cards_of([*alerts.values(), *listed], self._ports)
        shown = [each for each in alerts.values() if each.id in cards and await self._bring(cards[each.id])]
        gone = [each for each in alerts.values() if each.id not in cards]
        tidy = len(shown) + len(gone) == len(alerts)
        await self._lists([cards[each.id] for each in listed if each.id in cards], tidy=tidy)
        for each in (*shown, *gone):
            if each.show_at is not None:
                await stores.alerts.set_shown(each)
        if self._writer.again_at is not None:
            for each in alerts.values():
                if each not in shown and each.show_at is not None:
                    await stores.alerts.show_again(each, self._writer.again_at)

    def _raging(self) -> set[str]:
        """The targets at which a list stands for all alerts."""
        return {each.target for each in self._board.storms if each.state is StormState.RAGES}

    async def _bring(self, what: AlertCard) -> bool:
        """Whether Slack shows an alert at its targets as it is, and nowhere else."""
        alert, raging = what.alert, self._raging()
        posts = {each.id: each for each in await self._ports.stores.posts.of_alert(alert.id)}
        kept: set[str] = set()
        done = True
        if alert.stands:
            targets, last = [each for each in alert.targets if each not in raging], self._line.channel
            for target in targets:
                post = await self._post(alert, target, card(what), posts.get(_post_id(alert, target)))
                kept.add(_post_id(alert, target))
                done = done and post is not None
                if post is not None and post.failed and last not in {*targets, *raging}:
                    targets.append(last)  # whom Slack can't reach, somebody else must see
        elif alert.state is AlertState.ENDED:
            for post in posts.values():
                if post.target[:1] not in {"U", "W"} and post.target not in raging and post.ts is not None:
                    done = await self._keep(post, ended(what)) and done
                    kept.add(post.id)
        if not done:
            return False
        for post in posts.values():
            if post.id not in kept and not post.removed:
                done = await self._delete(post, ended(what)) and done
        return done

    async def _post(self, alert: Alert, target: str, what: Rendered, known: Post | None) -> Post | None:
        """The post of an alert at a target, as it is to be; None if a later pass must go on."""
        if known is not None and known.removed:  # it left this target, and is to be there again
            await self._ports.stores.posts.set(known, **NOT_POSTED, removed=False)
        new = self._writer.new_post(_post_id(alert, target), PostKind.ALERT, target, ticket=alert.ticket)
        post = await self._writer.deliver(new.model_copy(update={"conversation": alert.id}), what)
        return post if post is None or await self._keep(post, what) else None

    async def _keep(self, post: Post, what: Rendered) -> bool:
        """Whether a post shows this; one that is not in Slack shows nothing."""
        if post.channel is None or post.ts is None or post.removed:
            return True
        return await self._writer.keep(post, Posted(post.channel, post.ts), what)

    async def _delete(self, post: Post, last_words: Rendered) -> bool:
        """Whether a post is gone from Slack; where nobody knows whether it is there, it is found out first."""
        if post.ts is None and plan.attempt(post).is_in_doubt:
            found = await self._writer.deliver(post, last_words)
            if found is None:
                return False
            post = found
        if post.channel is not None and post.ts is not None:
            at = Posted(post.channel, post.ts)
            if await self._writer.change_message(post.channel, self._ports.slack.delete, at) is None:
                return False
        await self._ports.stores.posts.set(post, removed=True)
        return True

    async def _lists(self, there: Sequence[AlertCard], *, tidy: bool) -> None:
        """Bring the lists to Slack that stand for many alerts; drop those that are past."""
        kept = []
        for storm in self._board.storms:
            done = True
            if storm.state is StormState.PAST:
                if await self._delete_lists(storm, kept=None):
                    continue
            else:
                what = storm_list(storm, [each for each in there if storm.target in each.alert.targets])
                id = storms.list_id(self._line.id, storm)
                new = self._writer.new_post(id, PostKind.ALERT, storm.target)
                of_storm = {"conversation": storms.storm_id(self._line.id, storm)}
                post = await self._writer.deliver(new.model_copy(update=of_storm), what)
                done = post is not None and await self._keep(post, what)
                if done and storm.round and not storm.tidy:
                    done = await self._delete_lists(storm, kept=id)
            kept.append(storm.model_copy(update={"tidy": done and (tidy or storm.tidy)}))
        look_at = storms.look_at(kept, self._ports.now())
        again_at = self._writer.again_at
        if look_at is not None and again_at is not None:
            look_at = min(look_at, again_at)
        after = self._board.model_copy(update={"storms": tuple(kept), "look_at": look_at})
        if after != self._board:
            await self._ports.stores.alert_boards.save(after)

    async def _delete_lists(self, storm: AlertStorm, kept: str | None) -> bool:
        """Whether the lists that a storm has had are gone from Slack, but for the one that is kept."""
        id = storms.storm_id(self._line.id, storm)
        found = {each.id: each for each in await self._ports.stores.posts.of_alert(id)}
        if id not in found and (first := await self._ports.stores.posts.get(id)) is not None:
            found[id] = first  # that of an earlier version
        done = True
        for each in found.values():
            if each.id != kept and not each.removed:
                done = await self._delete(each, storm_list(storm, ())) and done
        return done


def _post_id(alert: Alert, target: str) -> str:
    return f"{alert.id}/{alert.round}/{target}"
