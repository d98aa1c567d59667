"""`clerk queues`: how many messages are in each queue, and how fast they move."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from messages.process.settings import Settings
from messages.queues import QUEUES
from ops.broker import open_broker
from ops.commands.options import AsJson, Invalid
from ops.counting import counted
from ops.durations import short
from ops.environment import command_settings, due_times
from ops.queues.broker import STALLED, QueueState, Snapshot

_WARN: Final = 60.0
"""Seconds after which the age of a waiting message is shown in yellow."""

NOTED: Final = 20.0
"""Seconds that workers may hold messages and finish none before a line says so: most actors take less than one."""


def queues(
    *,
    watch: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    every: float = 2.0,
    as_json: AsJson = False,
) -> None:
    """Show every queue: messages ready, held by workers, delayed and dead; consumers; rates; oldest message.

    Parameters
    ----------
    watch
        Show them again and again until Ctrl-C.
    every
        Seconds between two looks with --watch.
    as_json
        Print JSON; with --watch, one line for each look.
    """
    if every <= 0:
        raise Invalid("--every: must be more than 0")
    with _opened(command_settings()) as look:
        _show(look, watch=watch, every=every, as_json=as_json)


def _show(look: Callable[[], Snapshot], *, watch: bool, every: float, as_json: bool) -> None:
    if not watch:
        print(look().model_dump_json(indent=2)) if as_json else Console().print(draw(look()))
        return
    pause = threading.Event()
    if as_json:
        while True:
            print(look().model_dump_json(), flush=True)
            pause.wait(every)
    with Live(draw(look()), auto_refresh=False) as live:
        while True:
            pause.wait(every)
            live.update(draw(look()), refresh=True)


@contextmanager
def _opened(settings: Settings) -> Iterator[Callable[[], Snapshot]]:
    """A function that takes a snapshot, with due times from the documents where processes share a MongoDB."""
    broker = open_broker(settings)
    if settings.mongo_url is None:
        yield broker.snapshot
        return
    from ops.documents.reader import Documents  # with the driver, which those have no use for who ask a `clerk run`

    with Documents(settings.mongo_url.get_secret_value()) as documents:
        yield lambda: due_times(broker.snapshot(), documents)


def draw(snapshot: Snapshot) -> RenderableType:
    """The table of all queues."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("queue", no_wrap=True, min_width=max(map(len, QUEUES)))
    for heading in ("ready", "held", "delayed", "next due", "dead", "consumers", "in/s", "out/s", "oldest"):
        table.add_column(heading, justify="right")
    for each in snapshot.queues:
        table.add_row(*_row(each, snapshot.at))
    return Group(
        table,
        *(
            Text(
                f"{each.name}: workers hold {counted(each.held or 0, 'message')} and have finished none for "
                f"{short(each.stalled)}",
                style="red bold" if each.stalled > STALLED else "yellow",
            )
            for each in snapshot.queues
            if each.stalled is not None and each.stalled > NOTED
        ),
        Text(f"{snapshot.at:%H:%M:%S} UTC, from {snapshot.source}", style="dim"),
    )


def _row(each: QueueState, now: datetime) -> list[Text]:
    due = None if each.next_due_at is None else (each.next_due_at - now).total_seconds()
    stuck = each.ready > 0 and each.consumers == 0
    old = each.oldest is not None and each.oldest > _WARN
    oldest = ("> " if each.oldest_at_least else "") + short(each.oldest)
    return [
        Text(each.name, style="bold"),
        _number(each.ready),
        _number(each.held),
        _number(each.delayed),
        Text("–" if due is None else f"in {short(max(0.0, due))}"),
        Text(str(each.dead), style="red bold" if each.dead else ""),
        Text(str(each.consumers), style="red bold" if stuck or each.consumers == 0 else ""),
        _number(each.rate_in),
        _number(each.rate_out),
        Text(oldest, style="yellow" if old else ""),
    ]


def _number(value: float | None) -> Text:
    return Text("–" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value))
