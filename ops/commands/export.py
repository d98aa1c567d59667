"""`clerk export`: writes every document to one file of JSON lines."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from messages.process.settings import Settings
from ops.commands.options import Invalid
from ops.documents.transfer import Advance, counts, export_to
from ops.environment import with_documents


def export(file: Path, /) -> None:
    """Write every document to FILE, which only you can read. First stop the workers and the clock.

    Parameters
    ----------
    file
        A new file of JSON lines; compressed if its name ends in .gz.
    """
    if file.exists():
        raise Invalid(f"{file} already exists: choose another name, or remove it")
    with (
        with_documents(Settings.load()) as documents,
        progress("exported", sum(counts(documents).values())) as advance,
    ):
        written = export_to(file, documents, advance)
    say(written, f"exported to {file}")


@contextmanager
def progress(verb: str, total: int) -> Iterator[Advance]:
    """A progress bar on stderr, and the function that moves it on by one document."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(verb, total=total)
        yield lambda: bar.advance(task)


def say(counted: Mapping[str, int], what: str) -> None:
    """Print how many documents there were, in total and by collection."""
    print(
        f"{sum(counted.values())} documents {what}: {', '.join(f'{count} {name}' for name, count in counted.items())}"
    )
