"""The problems that the console shows at a glance, each with what to do about it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from messages.base import Document
from messages.notification import Post
from ops.counting import counted
from ops.documents.processes import RunningProcess, starting_workers, told_of_older_workers
from ops.durations import short
from ops.metrics.samples import parse_samples
from ops.metrics.silence import ENDED_AFTER, stuck
from ops.metrics.stages import SLACK_API, TWILIO_API, WEBHOOKS, Calls, Stage
from ops.queues.broker import STALLED, Snapshot
from workers.mongo.unreadable import Unreadable

STUCK: Final = timedelta(minutes=1)
SKEW: Final = timedelta(seconds=2)

_ADMIN: Final = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_expired", "token_revoked"}
)
"""Errors of Slack that only an admin can repair."""

_SILENCE: Final = frozenset(
    {
        "ClientConnectorError",
        "ClientOSError",
        "ConnectionTimeoutError",
        "ServerDisconnectedError",
        "SocketTimeoutError",
        "TimeoutError",
        "undecided",
        "unreachable",
    }
)
"""The outcomes of calls that had no answer: for Slack the kind of error, for Twilio what it means for the text."""


_USUAL: Final = frozenset(
    {"already_reacted", "exchanged_trigger_id", "no_reaction", "ratelimited", "refused", "trigger_exchanged"}
)
"""Outcomes that belong to a good day, or that another problem names: Clerk asks for what is done already, or waits."""

CALLS: Final = "/ops/calls"
NAMED: Final = 3
"""How many kinds of failing calls one problem names."""


class Problem(Document):
    """Something that is wrong, and what to do about it; `link` leads to the page that shows it."""

    found: str
    todo: str
    link: str = ""


def of_publishing(trouble: str | None) -> list[Problem]:
    """What is wrong with publishing, as the gateway saw it last."""
    if trouble is None:
        return []
    todo = "Repair what it says. Until then this gateway answers webhooks with 503; Slack and Twilio try again."
    return [Problem(found=f"This gateway can't publish: {trouble}.", todo=todo)]


def of_snapshot(snapshot: Snapshot | None, processes: Sequence[RunningProcess] = ()) -> list[Problem]:
    """What is wrong with the queues; a queue whose worker has just been started is not among it."""
    if snapshot is None:
        return [
            Problem(
                found="RabbitMQ can't be reached.",
                todo="Bring it back first. Until then Clerk answers webhooks with 503; Slack and Twilio try again.",
            )
        ]
    found = []
    idle = [queue.name for queue in snapshot.queues if queue.consumers == 0]
    if idle and not starting_workers(processes, idle):
        todo = f"Start a worker: clerk worker --queues {','.join(idle)}"
        what = f"No worker serves {'the queue' if len(idle) == 1 else 'the queues'} {', '.join(idle)}."
        found.append(Problem(found=what, todo=todo, link="/ops/queues"))
    for queue in snapshot.queues:
        link = f"/ops/queues/{queue.name}"
        if queue.consumers and queue.oldest is not None and queue.oldest > STUCK.total_seconds():
            todo = "See what its workers do (their log, the run times below). Add workers if they are busy."
            what = f"A message has waited {short(queue.oldest)} in {queue.name}."
            found.append(Problem(found=what, todo=todo, link=link))
        if queue.stalled is not None and queue.stalled > STALLED:
            todo = "Look at the workers' log, then restart them (docs/operations.md, ClerkQueueStalled)."
            what = f"Workers hold {counted(queue.held or 0, 'message')} of {queue.name} and have finished none for"
            found.append(Problem(found=f"{what} {short(queue.stalled)}.", todo=todo, link="/ops/queues"))
        if queue.dead:
            todo = "Look at the reason, repair the cause, then replay the dead letters."
            what = f"{queue.dead} dead {'letter' if queue.dead == 1 else 'letters'} in {queue.name}."
            found.append(Problem(found=what, todo=todo, link=f"/ops/dead?queue={queue.name}"))
    return found


def of_processes(processes: tuple[RunningProcess, ...]) -> list[Problem]:
    """What is wrong with the processes that report."""
    found = []
    if processes and not any(each.kind in {"clock", "run"} for each in processes):
        todo = "Start one: clerk clock. Until then Clerk does not find overdue work and does not close Solved tickets."
        found.append(Problem(found="No clock is running.", todo=todo))
    if told := told_of_older_workers(processes):
        todo = "Update them. Until then they hand back the messages that they can't read, and nothing is lost."
        found.append(Problem(found=f"{told[0].upper()}{told[1:]}.", todo=todo))
    for each in processes:
        for pid, queues, silent in stuck(parse_samples(each.metrics)):
            what = f"A worker is stuck: process {pid} on {each.host} ({queues}) has done nothing for {short(silent)}."
            todo = (
                f"After {ENDED_AFTER} seconds its supervisor starts it again, and other workers get its messages. "
                "If it happens again, see ClerkWorkersStuck in docs/operations.md."
            )
            found.append(Problem(found=what, todo=todo))
        if abs(each.clock_ahead) > SKEW:
            way = "ahead of" if each.clock_ahead > timedelta() else "behind"
            what = f"The clock of {each.host} is {short(abs(each.clock_ahead).total_seconds())} {way} MongoDB's."
            found.append(Problem(found=what, todo="Let NTP set both clocks: signatures and due times depend on them."))
    return found


def of_documents(behind: int, throttled: dict[str, datetime], refusing: dict[str, str], now: datetime) -> list[Problem]:
    """What Slack does not show as it should."""
    found = []
    for channel, why in refusing.items():
        what = f"Slack refuses posts to {channel}: {why}."
        todo = "Run clerk doctor: it says what to do. Clerk then posts what waits within ten minutes."
        found.append(Problem(found=what, todo=todo, link="/ops/lines"))
    if behind:
        what = f"Slack is not up to date with {behind} {'conversation' if behind == 1 else 'conversations'}."
        todo = "Look at Lines for a channel that refuses posts, and at the log of the workers of the queue slack."
        found.append(Problem(found=what, todo=todo, link="/ops/lines"))
    for key, until in throttled.items():
        channel, _, method = key.partition(" ")  # see throttle_key
        place = f"{method} calls in {channel}" if method else channel
        what = f"Slack throttles {place} for another {short((until - now).total_seconds())}."
        found.append(Problem(found=what, todo="Nothing to do: Clerk then posts what waits, in order."))
    return found


def of_absences(channels: Sequence[str]) -> list[Problem]:
    """The lines' channels that the bot was removed from."""
    todo = "Invite it there: /invite @clerk. Until then no reply in a thread of that channel reaches a contact."
    return [Problem(found=f"Clerk is not a member of {channel}.", todo=todo, link="/ops/lines") for channel in channels]


def of_unreadable(found: Sequence[Unreadable]) -> list[Problem]:
    """The documents that can't be read, but for phone numbers in their ids."""
    todo = "Run clerk doctor: it says what to do. Until then its conversation waits, and nothing else does."
    return [Problem(found=f"A document can't be read: {error}.", todo=todo) for error in found]


def of_posts(posts: list[Post]) -> list[Problem]:
    """What a line in a thread stands for since yesterday: not accepted by Slack, or nobody can look it up."""
    reasons = sorted({f"{post.target}: {post.told}" for post in posts})
    if not posts:
        return []
    noun = "message is" if len(posts) == 1 else "messages are"
    todo = "The thread says so, and names the text for clerk trace. If Clerk is not in the channel, invite it."
    what = f"{len(posts)} {noun} not shown in Slack since yesterday, or nobody can tell ({', '.join(reasons[:5])})."
    return [Problem(found=what, todo=todo)]


def of_stages(stages: tuple[Stage, ...]) -> list[Problem]:
    """What is wrong with what came in and went out in the last minute."""
    found = []
    for stage in stages:
        if stage.name == WEBHOOKS and {"rejected", "limited"} & set(stage.faults):
            todo = (
                "The gateway's log says why. If the signature is wrong, correct CLERK_SLACK_SIGNING_SECRET for Slack, "
                "CLERK_TWILIO_AUTH_TOKEN or CLERK_PUBLIC_URL for Twilio."
            )
            found.append(Problem(found="Webhooks were refused in the last minute.", todo=todo, link=CALLS))
    return found


def of_calls(calls: Sequence[Calls]) -> list[Problem]:
    """What Slack and Twilio did not do in the last minute, and which calls those were."""
    return [
        problem
        for stage in (SLACK_API, TWILIO_API)
        for problem in _of_provider(stage.removesuffix(" API"), [each for each in calls if each.stage == stage])
    ]


def _of_provider(provider: str, calls: Sequence[Calls]) -> list[Problem]:
    found, failed = [], [each for each in calls if each.failed]
    faults = {each.outcome for each in failed}
    if silent := sorted(faults & _SILENCE):
        todo = "Run clerk doctor to try it from here. Clerk gives up each call in time and tries again later."
        found.append(Problem(found=f"{provider} does not answer: {', '.join(silent)}.", todo=todo, link=CALLS))
    if refused := sorted(faults & _ADMIN):
        todo = "Run clerk doctor: it says what is wrong with the credentials."
        found.append(Problem(found=f"{provider} refuses calls: {', '.join(refused)}.", todo=todo, link=CALLS))
    if "refused" in faults:
        todo = f"The ticket's thread says why. If {provider} refuses all texts, clerk doctor checks the credentials."
        found.append(Problem(found=f"{provider} refused a text in the last minute.", todo=todo, link=CALLS))
    others = [each for each in failed if each.outcome not in _SILENCE | _ADMIN | _USUAL]
    if others:
        count = sum(each.count for each in calls)
        share = f"{sum(each.count for each in others):,.0f} of {count:,.0f} {'call' if round(count) == 1 else 'calls'}"
        named = ", ".join(f"{each.method} {each.outcome} ({each.count:,.0f})" for each in others[:NAMED])
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        todo = "Clerk tries again where that helps. If it goes on, run clerk doctor, and see the log of the workers."
        what = f"{share} of {provider} failed in the last minute: {named}{more}."
        found.append(Problem(found=what, todo=todo, link=CALLS))
    return found
