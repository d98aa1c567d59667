"""`clerk import`: imports every document from a file that `clerk export` wrote."""

import asyncio
import sys
from pathlib import Path

from messages.process.settings import Settings
from ops.commands.export import progress, say
from ops.commands.options import Invalid
from ops.documents import seed
from ops.documents.reader import Documents
from ops.documents.transfer import NotAnExport, check, counts, import_from
from ops.environment import with_mongo


def import_(file: Path, /) -> None:
    """Import every document from FILE, which `clerk export` wrote, and count them afterwards.

    Parameters
    ----------
    file
        The file that clerk export wrote.
    """
    if not file.exists():
        raise Invalid(f"{file}: there is no such file")
    settings = Settings.load()
    try:
        total = sum(check(file).values())
    except NotAnExport as error:
        raise Invalid(str(error)) from None
    with with_mongo(settings) as stored:
        assert stored.mongo_url is not None
        asyncio.run(seed.prepare(stored.model_copy(update={"lines": {}})))
        with Documents(stored.mongo_url.get_secret_value()) as documents:
            before = counts(documents)
            with progress("imported", total) as advance:
                read = import_from(file, documents, advance)
            after = counts(documents)
    wrong = {
        name: (after.get(name, 0), count)
        for name, count in read.items()
        if not count <= after.get(name, 0) <= count + before.get(name, 0)
    }
    say(read, "imported")
    if wrong:
        for name, (there, expected) in wrong.items():
            print(f"{name}: {expected} documents were imported, but MongoDB has {there}.", file=sys.stderr)
        sys.exit(1)
