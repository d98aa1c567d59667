"""What makes an earlier version's documents those of this one: steps that run once, in order, beside old processes.

A step can be repeated, does harm to no process of before (or waits until there is none), and none of this version waits
for it: a field that is not there yet has its default. While a process from before a step still runs, it may write as it
used to; so a step counts as done only when it has run without one. Until then each start repeats it, and a clock every
minute.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from messages.release import DOCUMENTS, VERSION
from messages.ticket import Status
from workers.mongo.collection import Database
from workers.mongo.deadlines.opted_out_before import let_opted_out_wait_for_nothing

log = structlog.get_logger("clerk.documents")

REPORTED_WITHIN: Final = timedelta(seconds=60)
"""A process whose last report is older than that has ended: each reports every few seconds."""

LAST: Final = "1/9999999999"
"""The place of tickets of which it is not known whether anybody waits."""


@dataclass(frozen=True)
class Migration:
    """One step: `number` is the version of the documents that it makes."""

    number: int
    what: str
    run: Callable[[Database], Awaitable[None]]
    alone: bool = False
    """It waits for processes of before to end: they would not understand what it makes."""


async def _place_tickets(database: Database) -> None:
    """Put the tickets that no process since then has saved behind those that wait; New ones stay in front."""
    others = [status.value for status in Status if status is not Status.NEW]
    await database["tickets"].update_many(
        {"status": {"$in": others}, "waits": {"$exists": False}}, {"$set": {"waits": LAST}}
    )


async def _let_log_lines_expire(database: Database) -> None:
    """Let MongoDB delete the log lines that processes of before would have deleted themselves."""
    until = _now() + timedelta(days=7)
    await database["trail"].update_many({"expires_at": {"$exists": False}}, {"$set": {"expires_at": until}})


async def _let_opted_out_wait_for_nothing(database: Database) -> None:
    """Let contacts who had opted out before an opt-out ended a wait wait for nothing."""
    await let_opted_out_wait_for_nothing(database, _now)


MIGRATIONS: Final = (
    Migration(1, "tickets of before have a place among those that wait", _place_tickets),
    Migration(2, "log lines of before expire by themselves", _let_log_lines_expire),
    Migration(
        3, "nobody waits who had opted out before that ended a wait", _let_opted_out_wait_for_nothing, alone=True
    ),
)

assert MIGRATIONS[-1].number == DOCUMENTS, "DOCUMENTS in messages/release.py is the number of the last migration"


async def migrate(
    database: Database, migrations: Collection[Migration] = MIGRATIONS, now: Callable[[], datetime] | None = None
) -> bool:
    """Run each step that is not done, in order; whether all are done now."""
    done = {int(each["_id"]) async for each in database["migrations"].find({})}
    if newer := {number for number in done if number > max(each.number for each in migrations)}:
        log.warning("the documents are of a newer version of Clerk", version=max(newer), known=DOCUMENTS)
    for each in migrations:
        if each.number in done:
            continue
        older = await _older_processes(database, each.number, (now or _now)())
        if not (older and each.alone):
            await each.run(database)
        if older:
            log.info("a migration is repeated until older processes have ended", step=each.number, older=older)
            return False
        fields = {"what": each.what, "release": VERSION, "done_at": (now or _now)()}
        await database["migrations"].update_one({"_id": each.number}, {"$set": fields}, upsert=True)
        log.info("documents migrated", step=each.number, what=each.what)
    return True


async def migrate_again(database: Database) -> bool:
    """Run every step, also those that are done: documents of an earlier version have been put in."""
    await database["migrations"].delete_many({})
    return await migrate(database)


async def _older_processes(database: Database, version: int, now: datetime) -> list[str]:
    """The running processes that write documents as before this version, by their ids."""
    reported = database["processes"].find({"seen_at": {"$gt": now - REPORTED_WITHIN}})
    return sorted([str(each["_id"]) async for each in reported if each.get("documents", 0) < version])


def _now() -> datetime:
    return datetime.now(UTC)
