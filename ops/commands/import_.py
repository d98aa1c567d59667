"""`clerk import`: imports every document from a file that `clerk export` wrote."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ops.commands.export import progress, running, say
from ops.commands.options import Invalid
from ops.documents import seed
from ops.documents.reader import Documents
from ops.documents.transfer import NotAnExport, check, counts, import_from
from ops.environment import command_settings, with_mongo
from workers.mongo import Stores


def import_(file: Path, /, *, force: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Import every document from FILE, which `clerk export` wrote, and count them afterwards. First stop Clerk.

    Parameters
    ----------
    file
        The file that clerk export wrote.
    force
        Import although Clerk is running: what it has in hand may be put back, texts and posts be repeated.
    """
    started = time.monotonic()
    if not file.exists():
        raise Invalid(f"{file}: there is no such file")
    settings = command_settings()
    try:
        total = sum(check(file).values())
    except NotAnExport as error:
        raise Invalid(str(error)) from None
    # It can be repeated: to wait for the disk after each document would take longer than all else.
    with with_mongo(settings, durable=False) as stored:
        assert stored.mongo_url is not None
        with Documents(stored.mongo_url.get_secret_value()) as documents:
            if not force and (who := running(documents, settings)):
                raise Invalid(f"{who}: stop it first. (--force imports all the same, and may repeat texts and posts.)")
        asyncio.run(seed.prepare(stored.model_copy(update={"lines": {}})))
        with Documents(stored.mongo_url.get_secret_value()) as documents:
            before = counts(documents)
            with progress("imported", total) as advance:
                read = import_from(file, documents, advance)
            after = counts(documents)
        asyncio.run(_migrate(stored.mongo_url.get_secret_value()))
    wrong = {
        name: (after.get(name, 0), count)
        for name, count in read.items()
        if not count <= after.get(name, 0) <= count + before.get(name, 0)
    }
    say(read, "imported", started)
    if wrong:
        for name, (there, expected) in wrong.items():
            print(f"{name}: {expected} were to be imported, but MongoDB has {there}.", file=sys.stderr)
        sys.exit(1)


async def _migrate(url: str) -> None:
    """Make what was imported the documents of this version, whichever wrote them."""
    stores = Stores(url)
    try:
        await stores.migrate(again=True)
    finally:
        stores.close()
