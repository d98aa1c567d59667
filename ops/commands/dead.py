"""`clerk dead`: lists, shows, replays and drops dead letters."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from messages.queues import QUEUES
from ops import durations
from ops.broker import open_broker
from ops.commands.options import AsJson, Invalid, ShowText, Wide, in_one_line
from ops.commands.peek import describe
from ops.counting import counted
from ops.environment import command_settings
from ops.examples import examples_of
from ops.masking import masked_letter
from ops.queues.broker import Page, Report, Tally
from ops.queues.letters import UNREADABLE, Letter, Selection

dead = App(
    name="dead",
    help="List, show, replay and drop dead letters: messages that failed for good.",
    help_epilogue=examples_of("dead"),
)

EVERYTHING: Final = 1_000_000_000
Ids = Annotated[str, Parameter(name="ID", negative="", help="Ids from clerk dead list.")]
DryRun = Annotated[
    bool, Parameter(name="--dry-run", negative="", show_default=False, help="Say what would be done, and do nothing.")
]


@Parameter(name="*")
@dataclass(frozen=True)
class Filters:
    """Which dead letters; all the given filters must match.

    Parameters
    ----------
    queue
        Only those of this queue; may be given several times.
    actor
        Only those of this actor, such as slack.render.
    reason
        Only those whose reason contains this.
    older_than
        Only those that died longer ago than, for example, 90s, 10m, 2h or 7d.
    newer_than
        Only those that died within, for example, the last 90s, 10m, 2h or 7d.
    """

    queue: Annotated[tuple[str, ...], Parameter(negative="", consume_multiple=False, show_default=False)] = ()
    actor: str | None = None
    reason: str | None = None
    older_than: str | None = None
    newer_than: str | None = None

    def selection(self, ids: tuple[str, ...] = ()) -> Selection:
        """The selection that the filters describe; Invalid if one of them is wrong."""
        for queue in self.queue:
            if queue not in QUEUES:
                raise Invalid(f"--queue {queue}: there is no such queue; the queues are {', '.join(QUEUES)}")
        return Selection(
            queues=self.queue or QUEUES,
            actor=self.actor,
            reason=self.reason,
            older_than=_duration("--older-than", self.older_than),
            newer_than=_duration("--newer-than", self.newer_than),
            ids=ids,
        )


def _duration(option: str, text: str | None) -> timedelta | None:
    try:
        return None if text is None else durations.parse(text)
    except ValueError as error:
        raise Invalid(f"{option}: {error}") from None


@dead.command(name="list")
def list_(
    *,
    filters: Filters = Filters(),
    limit: Annotated[int, Parameter(name=("--limit", "-n"), help="How many to list at most.")] = 50,
    show_text: ShowText = False,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the earliest death first, as the console does."""
    if limit < 1:
        raise Invalid("--limit: at least 1")
    page = open_broker(command_settings()).dead(filters.selection(), 0, limit, EVERYTHING)
    shown = _masked(page, show_text=show_text)
    if as_json:
        print("[" + ",\n".join(letter.model_dump_json() for letter in shown) + "]")
        return
    now, console = datetime.now(UTC), Console()
    if not shown:
        console.print("No dead letters." if page.total == 0 else f"None of {page.total} dead letters match.")
        return
    for each in shown:
        died = durations.age(each.died_at or each.published_at, now)
        what = each.actor if each.actor != UNREADABLE else f"{each.work_queue}: {each.actor}"
        console.print(
            Text(f"{each.id}  ", style="bold") + Text(f"{what}  ×{each.attempts}  {died} ago"), soft_wrap=True
        )
        console.print(
            in_one_line(f"    {each.reason or 'not recorded'}", console, wide=wide), style="dim", soft_wrap=True
        )
    console.print(f"{len(shown)} of {counted(page.total, 'dead letter')} shown, the earliest first.", style="dim")


@dead.command
def show(id: str, /, *, show_text: ShowText = False, as_json: AsJson = False) -> None:
    """Show one dead letter and the message its actor got; what contacts wrote only with --show-text.

    Parameters
    ----------
    id
        An id from clerk dead list.
    """
    page = open_broker(command_settings()).dead(Selection(ids=(id,)), 0, 1, EVERYTHING)
    shown = _masked(page, show_text=show_text)
    if not shown:
        _fail(f"There is no dead letter {id}. See clerk dead list.")
    if as_json:
        print(shown[0].model_dump_json(indent=2))
    else:
        Console().print(describe(shown[0]))


@dead.command
def replay(*ids: Ids, filters: Filters = Filters(), dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Replay dead letters: those with the ids, those that match the filters, or all of them.

    A replayed message keeps its id. It is safe in its work queue before it leaves the dead letters. Ctrl-C stops
    between two messages; run the same command again to continue.
    """
    selection = filters.selection(ids)
    broker = open_broker(command_settings())
    if dry_run:
        _run("would be replayed", lambda report: broker.rehearse(selection, report), as_json=as_json)
    else:
        _run("replayed", lambda report: broker.replay(selection, report), as_json=as_json)


@dead.command
def drop(
    *ids: Ids,
    filters: Filters = Filters(),
    all_: Annotated[
        bool, Parameter(name="--all", negative="", show_default=False, help="Drop all dead letters.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Drop dead letters for good: those with the ids, those that match the filters, or --all."""
    selection = filters.selection(ids)
    if selection.is_everything() and not all_:
        raise Invalid("Say which: give ids, a filter such as --actor slack.render, or --all. You can't undo this.")
    broker = open_broker(command_settings())
    if dry_run:
        _run("would be dropped", lambda report: _as_dropped(broker.rehearse(selection, report)), as_json=as_json)
    else:
        _run("dropped", lambda report: broker.drop(selection, report), as_json=as_json)


def _masked(page: Page, *, show_text: bool) -> list[Letter]:
    return [letter if show_text else masked_letter(letter) for letter in page.letters]


def _as_dropped(tally: Tally) -> Tally:
    """The tally of a rehearsed drop: it also drops messages that no actor can read."""
    return tally.model_copy(update={"done": tally.done + tally.unreplayable, "unreplayable": 0})


def _run(verb: str, run: Callable[[Report], Tally], *, as_json: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with _asked_to_stop() as stopping, Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def report(tally: Tally) -> bool:
            so_far = f"{tally.done} {verb}; {tally.scanned} of {tally.total} looked at"
            progress.update(task, description=so_far, total=tally.total, completed=tally.scanned)
            return not stopping

        tally = run(report)
    _say(verb, tally, as_json=as_json)


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that is empty until SIGINT or SIGTERM comes."""
    signals: list[int] = []
    before = {each: signal.signal(each, lambda number, _: signals.append(number)) for each in _STOPS}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


def _say(verb: str, tally: Tally, *, as_json: bool) -> None:
    """Print what was done; exit status 1 if some of what was asked for was not, 130 if the run was stopped."""
    if as_json:
        print(tally.model_dump_json())
    else:
        print(f"{tally.done} of {counted(tally.total, 'dead letter')} {verb}.")
        if tally.already:
            print(f"A run that was killed had already replayed {tally.already}.")
        if tally.unreplayable:
            print(
                f"No actor can read {tally.unreplayable} of them; these stay. See clerk dead show ID, then drop them."
            )
        for id in tally.missing:
            print(f"There is no dead letter {id}.", file=sys.stderr)
        if tally.stopped:
            print("Stopped. Run the same command again to continue.", file=sys.stderr)
    if tally.stopped:
        sys.exit(130)
    if tally.missing or tally.unreplayable:
        sys.exit(1)


def _fail(why: str) -> None:
    print(why, file=sys.stderr)
    sys.exit(1)
