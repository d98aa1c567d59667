"""`clerk export`: writes every document to one file of JSON lines."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from messages.process.settings import Settings
from ops.commands.options import Invalid
from ops.counting import counted
from ops.documents.reader import Documents
from ops.documents.transfer import Advance, counts, export_to
from ops.environment import command_settings, with_documents
from ops.running.journal import is_in_use

SAY_EVERY: Final = 10_000
"""After so many documents progress is said where there is no terminal to draw a bar on."""


def export(file: Path, /) -> None:
    """Write every document to FILE, which only you can read. First stop the workers and the clock.

    Parameters
    ----------
    file
        A new file of JSON lines; compressed if its name ends in .gz.
    """
    if file.is_dir():
        raise Invalid(f"{file} is a folder: name a new file")
    if file.exists():
        raise Invalid(f"{file} already exists: choose another name, or remove it")
    started, settings = time.monotonic(), command_settings()
    with with_documents(settings) as documents:
        if who := running(documents, settings):
            print(f"{who}: what changes meanwhile may be missing in the file. For a backup, stop it.", file=sys.stderr)
        with progress("exported", sum(counts(documents).values())) as advance:
            try:
                written = export_to(file, documents, advance)
            except OSError as error:
                why = f"there is no folder {file.parent}" if not file.parent.exists() else error.strerror
                raise Invalid(f"{file} can't be written: {why}. Name another file.") from None
    say(written, f"exported to {file} ({file.stat().st_size / 1e6:.1f} MB)", started)


def running(documents: Documents, settings: Settings) -> str:
    """In words, which processes of Clerk use these documents now; empty if none does."""
    if settings.mongo_url is None:
        return f"a `clerk run` uses {settings.data_dir}" if is_in_use(settings.data_dir) else ""
    kinds = [each.kind for each in documents.running_processes()]
    running = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return f"Clerk is running ({running})" if kinds else ""


@contextmanager
def progress(verb: str, total: int) -> Iterator[Advance]:
    """Progress on stderr, and the function that moves it on by one document: a bar, or a line now and then."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task, done = bar.add_task(verb, total=total), 0

        def advance() -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if not console.is_terminal and done % SAY_EVERY == 0:
                print(f"{verb}: {done:,} of {total:,} documents", file=sys.stderr, flush=True)

        yield advance


def say(counts: Mapping[str, int], what: str, started: float) -> None:
    """Print how many documents there were, in total and by collection, and how long it took since `started`."""
    total, took = counted(sum(counts.values()), "document"), time.monotonic() - started
    each = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{total} {what} in {took:.0f} s" + (f": {each}" if each else ""))
