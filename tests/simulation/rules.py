"""The protocol's rules, each taken out alone: in each such world some seed must break a promise."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final, override

from messages.conversation import Conversation
from messages.formats.thread_replies import ThreadReply
from messages.notification import Post
from messages.planned import Planned
from messages.sms import Direction, Origin, Sms, State
from messages.team.agent import TimeAway
from tests.simulation.faults import HELD
from tests.simulation.machines import Machine
from tests.simulation.seeds import ABSENT_EVERY, PLANS_EVERY, RESENDS_EVERY, schedule, verdict
from tests.simulation.slack import WiredSlack
from tests.simulation.virtual_time import SimulatedProcess
from tests.simulation.wires import FaultyWire
from tests.simulation.world import SimulatedWorld
from workers.mongo import Stores
from workers.mongo.conversations import Conversations
from workers.mongo.planned import PlannedTexts
from workers.mongo.posts import Posts
from workers.mongo.team.agents import Agents
from workers.mongo.texts import Texts
from workers.ports import Ports, Posted
from workers.sms.attempt import RESEND_AFTER

WITHIN: Final = 1000
"""How many seeds the simulator has to find what a rule is for."""


class UnclaimedPosts(Posts):
    """An attempt at a post that has no answer yet is as good as none."""

    @override
    async def claim(
        self, post: Post, *, is_new: bool = False, also: Sequence[tuple[Post, Mapping[str, Any]]] = ()
    ) -> tuple[Post, bool]:
        known, new = await super().claim(post, is_new=is_new, also=also)
        return known, new or known.ts is None


class UnclaimedTexts(Texts):
    """A worker sends a text without a record that it is about to."""

    @override
    async def claim(self, text: Sms, now: datetime, due_at: datetime, allowed_since: datetime | None = None) -> bool:
        return True


class HastyResends(Texts):
    """A text whose outcome is unknown may be sent again at once."""

    @override
    async def get(self, id: str) -> Sms | None:
        text = await super().get(id)
        if text is None or text.state is not State.UNKNOWN:
            return text
        times = {name: getattr(text, name) for name in ("claimed_at", "called_at", "undecided_at")}
        return text.model_copy(update={name: at and at - RESEND_AFTER for name, at in times.items()})


class UnorderedTexts(Texts):
    """Contacts' texts come in the order in which workers store them."""

    @override
    async def _with_known_predecessors(self, unplaced: Sequence[Sms], newest: Sms | None) -> list[Sms]:
        free = {"after": None, "asking": False}
        return [text.model_copy(update=free) for text in await super()._with_known_predecessors(unplaced, newest)]


class TextsThatWaitForNobody(Texts):
    """A text that seems to come alone gets its place, whichever others wait for theirs."""

    @override
    async def if_alone(self, text: Sms, placed: int) -> tuple[Sms | None, list[Sms]]:
        newest, _ = await super().if_alone(text, placed)
        return newest, [text.model_copy(update={"after": None})]


class UnorderedReplies(Texts):
    """Replies go out in the order in which workers store them."""

    @override
    async def add(self, text: Sms) -> bool:
        is_reply = text.direction is Direction.OUTBOUND
        return await super().add(text.model_copy(update={"after": None, "asking": False}) if is_reply else text)


class UncomparedPlans(PlannedTexts):
    """Whoever changes a planned text last is right."""

    @override
    async def save(self, planned: Planned, read: Planned) -> bool:
        newest = await self.get(read.id)
        return newest is not None and await super().save(planned, newest)


class TextsNamedAnew(Texts):
    """What Clerk writes by itself, or releases, is another text each time."""

    @override
    async def add(self, text: Sms) -> bool:
        if text.origin in {Origin.AUTO, Origin.PLANNED} and await self.get(text.id) is not None:
            count = await self._collection.count_documents({})
            text = text.model_copy(update={"id": f"{text.id}-{count}"})
        return await super().add(text)


class UnleasedPasses(Conversations):
    """Any number of workers make passes over a conversation at once."""

    @override
    async def take_lease(self, id: str, holder: str, now: datetime, until: datetime) -> Conversation | None:
        return await super().take_lease(id, holder, now, until) or await self.get(id)

    @override
    async def renew_lease(self, id: str, holder: str, until: datetime) -> bool:
        return True


class UnleasedOutboxes(Conversations):
    """Any number of workers send from an outbox at once."""

    @override
    async def take_outbox(self, id: str, holder: str, now: datetime, until: datetime) -> Conversation | None:
        return await super().take_outbox(id, holder, now, until) or await self.get(id)

    @override
    async def renew_outbox(self, id: str, holder: str, until: datetime) -> bool:
        return True


class EverybodyIsThere(Agents):
    """Nobody is away, and nobody's account is deactivated, when it is decided who is told something."""

    @override
    async def away(self, named: Iterable[str], now: datetime) -> Mapping[str, TimeAway]:
        return {}


class ForgetfulSlack(WiredSlack):
    """A Slack in which nothing is ever found again."""

    @override
    async def find(self, channel: str, post_id: str, since: datetime, thread_ts: str | None = None) -> Posted | None:
        await super().find(channel, post_id, since, thread_ts)
        return None


class WithoutLookups(SimulatedWorld):
    """A world in which an attempt without an answer is as good as none."""

    @override
    def slack_client(self, process: SimulatedProcess, wire: FaultyWire) -> WiredSlack:
        return ForgetfulSlack(process, self.slack, wire)


class SlackWithoutThreads(WiredSlack):
    """A Slack that never tells what was written before a reply."""

    @override
    async def replies_between(self, thread: Posted, after: str, before: str) -> list[ThreadReply]:
        await super().replies_between(thread, after, before)
        return []


class WithoutOrder(SimulatedWorld):
    """A world in which a reply goes out when it comes."""

    @override
    def slack_client(self, process: SimulatedProcess, wire: FaultyWire) -> WiredSlack:
        return SlackWithoutThreads(process, self.slack, wire)

    @override
    def ports(self, machine: Machine, process: SimulatedProcess) -> Ports:
        found = super().ports(machine, process)
        _texts(UnorderedReplies, found.stores)
        return found


class DeafGateways(SimulatedWorld):
    """A world in which each gateway knows only of the texts that it took itself."""

    @override
    def connect(self, machine: Machine) -> None:
        pass


class EndlessLeases(SimulatedWorld):
    """A world in which no holder of a lease knows when it ends."""

    @override
    def ports(self, machine: Machine, process: SimulatedProcess) -> Ports:
        return replace(super().ports(machine, process), monotonic=lambda: 0.0)


def _with(change: Callable[[Stores], None]) -> type[SimulatedWorld]:
    """A world whose workers have other stores."""

    class Changed(SimulatedWorld):
        @override
        def ports(self, machine: Machine, process: SimulatedProcess) -> Ports:
            found = super().ports(machine, process)
            change(found.stores)
            return found

    return Changed


def _posts(stores: Stores) -> None:
    stores.posts = UnclaimedPosts(stores.posts._collection)


def _texts(kind: type[Texts], stores: Stores) -> None:
    stores.texts = kind(stores.texts._collection)


def _conversations(kind: type[Conversations], stores: Stores) -> None:
    stores.conversations = kind(stores.conversations._collection)


def _agents(stores: Stores) -> None:
    stores.agents = EverybodyIsThere(stores.agents._collection, stores.calendars)


def _plans(stores: Stores) -> None:
    stores.planned = UncomparedPlans(stores.planned._collection)


RULES: Final[Mapping[str, type[SimulatedWorld]]] = {
    "a post is claimed before the call": _with(_posts),
    "a text is claimed before the call": _with(partial(_texts, UnclaimedTexts)),
    "an attempt without an answer is looked up": WithoutLookups,
    "a text is sent again only when the first call is over": _with(partial(_texts, HastyResends)),
    "one worker at a time makes a pass": _with(partial(_conversations, UnleasedPasses)),
    "one worker at a time sends from an outbox": _with(partial(_conversations, UnleasedOutboxes)),
    "a holder knows when its lease ends": EndlessLeases,
    "a text waits for those that came before it": _with(partial(_texts, UnorderedTexts)),
    "gateways tell each other of the texts that they take": DeafGateways,
    "a text that comes alone looks for others that wait": _with(partial(_texts, TextsThatWaitForNobody)),
    "a reply waits for those that were written before it": WithoutOrder,
    "a planned text is changed only as it was read": _with(_plans),
    "a text that Clerk releases or says by itself has one id": _with(partial(_texts, TextsNamedAnew)),
    "nobody is told anything who is away or gone": _with(_agents),
}
"""The rules of the claim, the lease, the order and of who is told, each with a world without it."""


SHOWN_BY_EVERY: Final[Mapping[str, int]] = {
    "a text is sent again only when the first call is over": RESENDS_EVERY,
    "a planned text is changed only as it was read": PLANS_EVERY,
    "a text that Clerk releases or says by itself has one id": PLANS_EVERY,
    "nobody is told anything who is away or gone": ABSENT_EVERY,
}
"""The rules that only every so manieth seed can show."""

SHOWN_BY_FAULTS: Final[Mapping[str, Sequence[str]]] = {
    "a holder knows when its lease ends": ("stalls at claim",),
    "gateways tell each other of the texts that they take": ("second gateway", "held in hand"),
}
"""The rules that only some faults show, or show within so many seeds: a worker that stands still between a claim and
its call, for longer than others wait for it; or with a text in hand that nobody has stored, while the next one comes
through the other gateway."""

UNSHOWN: Final = frozenset({"one worker at a time sends from an outbox"})
"""The rules that no seed can show, because another covers them. A text is claimed by comparing the state that was read,
and the first text that is not settled keeps all behind it: without the lease, too, each text is sent at most once and
in order (`tests/decisions/workers/test_an_outbox_without_a_lease.py` goes every way). The lease spares the lookups of
workers that would look at each other's calls."""


def found_without(rule: str, within: int = WITHIN) -> tuple[int, str] | None:
    """The first seed that breaks a promise in a world without a rule, and what it breaks; None if none does."""
    every, kinds = SHOWN_BY_EVERY.get(rule, 1), SHOWN_BY_FAULTS.get(rule, HELD)
    for seed in range(every, within + 1, every):
        wrong = verdict(schedule(seed, kinds), kind=RULES[rule]).wrong
        if wrong and not verdict(schedule(seed, kinds)).wrong:
            return seed, str(wrong[0])
    return None


def missed_rules(words: str = "") -> Iterator[str]:
    """Say for each rule with some words which seed shows what it is for; those for which none does, though one did."""
    for rule in (each for each in RULES if words in each):
        found = found_without(rule)
        print(f"{rule}: " + (f"without it seed {found[0]} breaks a promise: {found[1]}" if found else "NOT FOUND"))
        if found is None and rule not in UNSHOWN:
            yield rule
