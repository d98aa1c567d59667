"""MongoDB: whether it answers, has its indexes, shows the same time, and which processes report to it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from messages.notification import Post
from messages.release import DOCUMENTS
from ops.checks.finding import Finding, advice, bad, good
from ops.counting import counted
from ops.documents.processes import RunningProcess, told_of_older_workers
from ops.documents.reader import Documents, DocumentsAway
from ops.durations import short
from ops.metrics.samples import parse_samples
from ops.metrics.silence import ENDED_AFTER, stuck
from workers.mongo.unreadable import Unreadable

NOT_SHOWN_FOR: Final = timedelta(days=1)
"""For how long what Slack did not accept is named."""

MOST_NAMED: Final = 5

SKEW: Final = timedelta(seconds=2)
STRANDED_FOR: Final = timedelta(minutes=2)
"""What has been due for so long is not just being worked on."""

CEILING: Final = 200_000
"""For how many documents the embedded form is made: an index that a new version adds takes minutes then."""

WARN_FROM: Final = 100_000

MOST_COUNTED: Final = 100
"""Up to how many overdue things are counted."""

MOST: Final = 1000
"""How many unreadable documents are looked at."""


def check(documents: Documents, now: datetime, *, shared: bool) -> Iterator[Finding]:
    """Whether MongoDB answers and has its indexes, and whether a gateway, workers and a clock run.

    The documents' times are compared with `now`, which is ahead of this machine's clock where a sandbox's was moved.
    """
    try:
        started = time.monotonic()
        version = documents.version()
        took = time.monotonic() - started
        yield good("documents", f"MongoDB {version} answers in {short(took)}")
        missing = documents.missing_indexes()
        if missing:
            todo = "Restart a worker or clock: it makes them when it starts. If they are still missing, read its log."
            yield bad("indexes", f"missing: {', '.join(missing)}", todo)
        else:
            yield good("indexes", "all exist")
        if not shared:
            yield from of_size(sum(documents.counts().values()))
        yield from of_version(documents.version_of_documents())
        yield from _clock(documents)
        yield from of_unreadable(documents.unreadable(MOST))
        yield from of_stranded(documents.stranded(now - STRANDED_FOR))
        yield from of_plans(documents.overdue_plans(now - STRANDED_FOR))
        yield from of_clocks(documents.overdue_clocks(now - STRANDED_FOR))
        yield from of_posts(documents.not_shown(now - NOT_SHOWN_FOR))
        if shared:
            yield from of_processes(documents.running_processes())
    except DocumentsAway as error:
        todo = "Start it, or correct CLERK_MONGO_URL. Until then texts wait in the queues."
        yield bad("documents", str(error), todo)


def _clock(documents: Documents) -> Iterator[Finding]:
    theirs = documents.server_time()
    if theirs is None:
        return
    apart = datetime.now(UTC) - theirs
    if abs(apart) > SKEW:
        found = f"this machine is {short(apart.total_seconds())} ahead of MongoDB's"
        yield bad("clocks", found, "Let NTP set both clocks: due times and leases depend on them.")


def of_size(count: int) -> Iterator[Finding]:
    """Whether the embedded database holds more than it should. Pure."""
    if count < WARN_FROM:
        yield good("size", f"{count:,} documents of the {CEILING:,} that the embedded form is made for")
    else:
        found = f"{count:,} documents; the embedded form is made for {CEILING:,}"
        yield advice("size", found, "Move to RabbitMQ and MongoDB before it gets slow (docs/operations.md, Moving).")


def of_version(version: int) -> Iterator[Finding]:
    """Whether the documents are those of this version. Pure."""
    if version > DOCUMENTS:
        todo = "Update Clerk. Until then it reads what it can, and leaves the rest as it is."
        yield advice("migrations", f"the documents are of a newer version ({version}, this one has {DOCUMENTS})", todo)
    elif version < DOCUMENTS:
        todo = "Start a worker or clock of this version and end the older ones: a clock finishes it within a minute."
        yield advice("migrations", f"some documents may be of an earlier version ({version} of {DOCUMENTS})", todo)
    else:
        yield good("migrations", "all are done")


def of_unreadable(found: Sequence[Unreadable]) -> Iterator[Finding]:
    """The documents that can't be read. Pure."""
    for error in found:
        todo = (
            "If a newer version of Clerk wrote it, update Clerk; else repair it in MongoDB. "
            "Until then its conversation waits, and nothing else does."
        )
        yield bad("unreadable document", f"{error.collection}/{error.id}: {error.faults}", todo)


def of_stranded(found: Mapping[str, int]) -> Iterator[Finding]:
    """What waits on lines that were removed. Pure."""
    for number, count in sorted(found.items()):
        what = f"{count} {'thing waits' if count == 1 else 'things wait'} on {number}, which is not a line any more"
        todo = f"If it should be a line: clerk lines add {number} --channel C…. Else leave it so: Clerk does nothing."
        yield advice("removed line", what, todo)


def of_plans(overdue: int) -> Iterator[Finding]:
    """The planned texts whose time has passed. Pure."""
    if overdue:
        texts = "planned text is" if overdue == 1 else "planned texts are"
        todo = (
            "Start a clock and workers (clerk planned list names the texts). After four hours each waits for a person."
        )
        yield bad("planned texts", f"{overdue} {texts} overdue", todo)


def of_clocks(overdue: int) -> Iterator[Finding]:
    """The tickets whose targets have passed without anybody noticing. Pure."""
    if overdue:
        count = f"{overdue} or more" if overdue >= MOST_COUNTED else str(overdue)
        found = f"the clocks of {count} {'ticket' if overdue == 1 else 'tickets'} have warned or fallen due unnoticed"
        todo = "Start a clock and workers. Until then nobody is told which answers are late (clerk sla explain)."
        yield bad("targets", found, todo)


def of_posts(posts: list[Post]) -> Iterator[Finding]:
    """What Slack's threads and cards do not show as it was written. Pure."""
    for post in posts[:MOST_NAMED]:
        doubt = post.failed is None and post.ts is None
        what = "nobody can tell whether Slack shows" if doubt else "Slack did not accept"
        yield advice(
            "not shown in Slack",
            f"{what} a message ({post.kind}) in {post.target}: {post.told}",
            "A line in the thread says so. `clerk trace` shows the text; if Slack could not be asked, /invite @clerk.",
        )
    if len(posts) > MOST_NAMED:
        yield advice(
            "not shown in Slack", f"and {counted(len(posts) - MOST_NAMED, 'other')} since yesterday", "/ops names them."
        )


def of_processes(processes: list[RunningProcess]) -> Iterator[Finding]:
    """What the reports of the running processes show. Pure."""
    kinds = [each.kind for each in processes]
    commands = {"gateway": "clerk gateway", "worker": "clerk worker", "clock": "clerk clock"}
    missing = [kind for kind in commands if kind not in kinds and "run" not in kinds]
    if missing:
        todo = f"Start: {', '.join(commands[kind] for kind in missing)}"
        yield bad("processes", f"no {' and no '.join(missing)} has reported in the last 30 seconds", todo)
    else:
        yield good("processes", ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)))
    if told := told_of_older_workers(processes):
        todo = "Update them. Until then they hand back the messages that they can't read, and nothing is lost."
        yield advice("versions", told, todo)
    for each in processes:
        for pid, queues, silent in stuck(parse_samples(each.metrics)):
            found = f"process {pid} on {each.host} (queues {queues}) has done nothing for {short(silent)}"
            todo = (
                f"After {ENDED_AFTER} seconds its supervisor starts it again (docs/operations.md, ClerkWorkersStuck)."
            )
            yield bad("worker is stuck", found, todo)
        if abs(each.clock_ahead) > SKEW:
            found = f"{each.host} ({each.kind}) is {short(each.clock_ahead.total_seconds())} ahead of MongoDB's"
            yield bad("clocks", found, "Let NTP set both clocks: due times and leases depend on them.")
