"""The `dramatiq` command, in a process that is forked for it and ended when its supervisor dies.

Its parent has read the libraries (`ops.running.fork_server`), so that it begins at once, and they lie in memory once
(https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods, "forkserver").
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from multiprocessing import current_process, get_context, parent_process, set_start_method
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from setproctitle import setproctitle

from ops.running import parent_death, shared_folder

_context: Final = get_context("forkserver")
_context.set_forkserver_preload(["ops.running.fork_server"])


def process(name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> ForkServerProcess:
    """The command with these arguments and so much more environment, not started yet; `folder` stays while it runs.

    `name` is what `ps` calls it.
    """
    # As if started by `python -m ops`: of a script, a process that is forked would first import what it imports.
    sys.modules["__main__"].__spec__ = find_spec("ops.__main__")
    return _context.Process(name=name, target=_run, args=(arguments, environment, folder))


def _run(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    os.setsid()
    setproctitle(current_process().name)
    from ops.running import fork_server  # which the parent of this process has read, and nobody else may

    parent_death.end_with_parent(signal.SIGTERM, fork_server.PID)
    supervisor = parent_process()
    if supervisor is None or not supervisor.is_alive():  # it may have gone before the parent could be ended with it
        sys.exit("the supervisor is gone")
    os.environ.update(environment)
    set_start_method("fork", force=True)  # so that Dramatiq's processes have what this one has
    from dramatiq.cli import main, make_argument_parser

    with shared_folder.held(folder):
        sys.exit(main(make_argument_parser().parse_args(arguments)))  # type: ignore[no-untyped-call]
