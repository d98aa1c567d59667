"""`python -m ops.running.worker_command SUPERVISOR ARGUMENT...`: a `dramatiq` command that ends with its supervisor.

SUPERVISOR is the process id of the supervisor; the arguments are those of `dramatiq`.
"""

import gc
import multiprocessing
import signal
import sys

from ops.running.parent_death import end_with_parent
from ops.running.without_terminal import import_without_terminal


def import_all_that_workers_need() -> None:
    """Import it before the fork: then it is in memory once, and no worker process has to import it again."""
    import_without_terminal("structlog")
    from messages.process import logs  # noqa: F401
    from ops import settings  # noqa: F401
    from ops.running import heartbeat, thread_death  # noqa: F401
    from ops.traces import log_trail  # noqa: F401
    from workers import broker  # noqa: F401
    from workers.wiring import load_actors

    load_actors()


def main() -> int:
    """Run the command until its worker processes have ended; its exit status."""
    supervisor, *arguments = sys.argv[1:]
    end_with_parent(signal.SIGTERM, int(supervisor))
    multiprocessing.set_start_method("fork")  # Python 3.14 has another default
    import_all_that_workers_need()
    gc.collect()
    gc.freeze()  # the collector leaves these objects alone, so that their pages are not copied
    from dramatiq.cli import main, make_argument_parser

    status: int = main(make_argument_parser().parse_args(arguments))  # type: ignore[no-untyped-call]
    return status


if __name__ == "__main__":
    sys.exit(main())
