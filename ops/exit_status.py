"""How each `clerk` command ends: its exit status, and a sentence on stderr for a failure that a person can mend."""

import logging
import os
import sys
from collections.abc import Callable
from typing import Final

import structlog

ENDED_BY_SIGPIPE: Final = 128 + 13
"""The exit status that a shell gives a program that wrote to a pipe which nobody reads."""

STATUSES: Final = {
    ("messages.process.variables", "Misconfigured"): 2,
    ("ops.commands.options", "Invalid"): 2,
    ("gateway.listening", "PortTaken"): 1,
    ("ops.documents.data_folder", "DiskFull"): 1,
    ("ops.documents.data_folder", "FolderInUse"): 1,
    ("ops.documents.reader", "DocumentsAway"): 1,
    ("ops.queues.broker", "BrokerAway"): 1,
}
"""The exit status of each exception whose text says what to do."""


def run(command: Callable[[], object]) -> None:
    """Run a command; exit status 0 good, 1 a finding or failure, 2 wrong usage."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # its exceptions say the same
    structlog.configure(  # a command's output is on stdout; a process that stays configures its log itself
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    os.umask(0o077)  # whatever files it makes hold what contacts wrote
    try:
        try:
            command()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the output has had enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that Python can flush when it ends
        sys.exit(ENDED_BY_SIGPIPE)
    except Exception as error:
        status = _status_of(error)
        if status is None:
            raise
        print(error, file=sys.stderr)
        sys.exit(status)


def _status_of(error: Exception) -> int | None:
    """The exit status of a failure whose text says what to do; None for any other, which is a defect."""
    for (module, name), status in STATUSES.items():
        # Its module is there if it was raised; to import all of them takes longer than most commands.
        if (there := sys.modules.get(module)) is not None and isinstance(error, getattr(there, name)):
            return status
    return None
