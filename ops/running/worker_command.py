"""`python -m ops.running.worker_command SUPERVISOR ARGUMENT...`: a `dramatiq` command that ends with its supervisor.

SUPERVISOR is the process id of the supervisor; the arguments are those of `dramatiq`.
"""

import gc
import multiprocessing
import signal
import sys

from ops.running.parent_death import end_with_parent


def main() -> int:
    """Run the command until its worker processes have ended; its exit status."""
    supervisor, *arguments = sys.argv[1:]
    end_with_parent(signal.SIGTERM, int(supervisor))
    multiprocessing.set_start_method("fork")  # Python 3.14 has another default
    # What is imported before the fork is in memory once, and is not imported again by each worker process.
    import workers.wiring  # noqa: F401

    gc.collect()
    gc.freeze()  # the collector leaves these objects alone, so that their pages are not copied
    from dramatiq.cli import main, make_argument_parser

    status: int = main(make_argument_parser().parse_args(arguments))  # type: ignore[no-untyped-call]
    return status


if __name__ == "__main__":
    sys.exit(main())
