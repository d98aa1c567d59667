"""What the console says is wrong at a glance, and what to do about it. Pure."""

from datetime import datetime, timedelta
from typing import Final

from messages.base import Document
from ops.documents.processes import RunningProcess
from ops.durations import short
from ops.metrics.samples import parse_samples
from ops.metrics.silence import ENDED_AFTER, stuck
from ops.metrics.stages import SLACK_API, TWILIO_API, WEBHOOKS, Stage
from ops.queues.broker import STALLED, Snapshot

STUCK: Final = timedelta(minutes=1)
SKEW: Final = timedelta(seconds=2)

_ADMIN: Final = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_expired", "token_revoked"}
)
"""Answers of Slack that only an admin can do something about."""

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
"""How calls are counted that had no answer: Slack's by what happened, Twilio's by what it means."""


class Problem(Document):
    """Something that is wrong: what was found and what to do; `link` leads to where it can be seen."""

    found: str
    todo: str
    link: str = ""


def of_snapshot(snapshot: Snapshot | None) -> list[Problem]:
    """What is wrong with the queues."""
    if snapshot is None:
        return [
            Problem(
                found="RabbitMQ can't be reached.",
                todo="Webhooks are answered 503; Slack and Twilio try again for a while. Bring the broker back first.",
            )
        ]
    found = []
    idle = [queue.name for queue in snapshot.queues if queue.consumers == 0]
    if idle:
        todo = f"Start a worker: clerk worker --queues {','.join(idle)}"
        what = f"Nobody works on {'the queue' if len(idle) == 1 else 'the queues'} {', '.join(idle)}."
        found.append(Problem(found=what, todo=todo, link="/ops/queues"))
    for queue in snapshot.queues:
        link = f"/ops/queues/{queue.name}"
        if queue.consumers and queue.oldest is not None and queue.oldest > STUCK.total_seconds():
            todo = "Look at what its workers do (their log, run times below); add workers if they are busy."
            what = f"A message has waited {short(queue.oldest)} in {queue.name}."
            found.append(Problem(found=what, todo=todo, link=link))
        if queue.stalled is not None and queue.stalled > STALLED:
            todo = "ClerkQueueStalled in docs/operations.md: look at their log, restart them."
            what = f"Workers have {queue.held} messages of {queue.name} in hand, and have finished none for"
            found.append(Problem(found=f"{what} {short(queue.stalled)}.", todo=todo, link="/ops/queues"))
        if queue.dead:
            todo = "Look at the reason, repair it, then replay them."
            what = f"{queue.dead} dead {'letter' if queue.dead == 1 else 'letters'} in {queue.name}."
            found.append(Problem(found=what, todo=todo, link=f"/ops/dead?queue={queue.name}"))
    return found


def of_processes(processes: tuple[RunningProcess, ...]) -> list[Problem]:
    """What is wrong with the processes that tell of themselves."""
    found = []
    if processes and not any(each.kind in {"clock", "run"} for each in processes):
        todo = "Start one: clerk clock. Until then nothing overdue is found, and Solved tickets are not closed."
        found.append(Problem(found="No clock is running.", todo=todo))
    for each in processes:
        for pid, queues, silent in stuck(parse_samples(each.metrics)):
            what = f"A worker is stuck: process {pid} on {each.host} ({queues}) has done nothing for {short(silent)}."
            todo = (
                f"After {ENDED_AFTER} seconds it is ended and started again, and others get what it had in hand. "
                "If it happens again: ClerkWorkersStuck in docs/operations.md."
            )
            found.append(Problem(found=what, todo=todo))
        if abs(each.clock_ahead) > SKEW:
            way = "ahead of" if each.clock_ahead > timedelta() else "behind"
            what = f"The clock of {each.host} is {short(abs(each.clock_ahead).total_seconds())} {way} MongoDB's."
            found.append(Problem(found=what, todo="Let NTP set both clocks: signatures and due times rest on them."))
    return found


def of_documents(behind: int, throttled: dict[str, datetime], refusing: dict[str, str], now: datetime) -> list[Problem]:
    """What is wrong with what Slack should show."""
    found = []
    for channel, why in refusing.items():
        what = f"Slack takes no posts for {channel}: {why}."
        todo = "clerk doctor says what to do. Once it is done, what waits is posted within ten minutes."
        found.append(Problem(found=what, todo=todo, link="/ops/lines"))
    if behind:
        what = f"Slack does not show {behind} {'conversation' if behind == 1 else 'conversations'} as it should."
        todo = "See Lines for a channel that can't be written to, and the queue slack for what its workers do."
        found.append(Problem(found=what, todo=todo, link="/ops/lines"))
    for channel, until in throttled.items():
        what = f"Slack throttles {channel} for another {short((until - now).total_seconds())}."
        found.append(Problem(found=what, todo="Nothing to do: what waits is posted together, in order, when it ends."))
    return found


def of_stages(stages: tuple[Stage, ...]) -> list[Problem]:
    """What is wrong with what came in and went out in the last minute."""
    found = []
    for stage in stages:
        if stage.name == WEBHOOKS and {"rejected", "limited"} & set(stage.faults):
            todo = (
                "The gateway's log says why. If it is the signature: CLERK_SLACK_SIGNING_SECRET for Slack, "
                "CLERK_TWILIO_AUTH_TOKEN and CLERK_PUBLIC_URL for Twilio must be those that they use."
            )
            found.append(Problem(found="Webhooks were refused in the last minute.", todo=todo))
        if stage.name in {SLACK_API, TWILIO_API}:
            found += _of_calls(stage.name.removesuffix(" API"), set(stage.faults))
    return found


def _of_calls(provider: str, faults: set[str]) -> list[Problem]:
    found = []
    if silent := sorted(faults & _SILENCE):
        todo = "clerk doctor tries it too. A call is given up in time, and what asked for it is tried again later."
        found.append(Problem(found=f"{provider} does not answer: {', '.join(silent)}.", todo=todo))
    if refused := sorted(faults & _ADMIN):
        todo = "clerk doctor says what is wrong with the credentials."
        found.append(Problem(found=f"{provider} refuses calls: {', '.join(refused)}.", todo=todo))
    if "refused" in faults:
        todo = "The ticket's thread says why; if all are refused, clerk doctor says what is wrong with the credentials."
        found.append(Problem(found=f"{provider} refused a text in the last minute.", todo=todo))
    return found
