"""How every process logs: one structured line per event on stderr.

Logs hold ids, queue, outcome and duration, and never what a contact wrote, a number or a token.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import orjson
import structlog


def _json(fields: Any, **options: Any) -> str:
    return orjson.dumps(fields, **options).decode()


_TRACEBACKS: Final = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
"""Leaves out the frames' local variables, which hold tokens, numbers and texts."""


def _by_id(record: logging.LogRecord) -> bool:
    """Replace messages by their ids: Dramatiq would log what they say."""
    if isinstance(record.args, tuple):
        record.args = tuple(getattr(each, "message_id", each) for each in record.args)
    return True


_QUIET: Final = frozenset({"debug", "info"})


def _only_what_asks_for_attention(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out the lines about what goes as it should."""
    if fields.get("level") in _QUIET:
        raise structlog.DropEvent
    return fields


def configure_logging(log_format: str | None, *, quiet: bool = False) -> None:
    """One structured line per event on stderr: readable on a terminal, else JSON (or as `log_format` says).

    With `quiet` what is readable has warnings and errors only; the log trail and JSON have every line.
    """
    readable = (log_format or ("console" if sys.stderr.isatty() else "json")) == "console"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    quieted: list[Any] = [_only_what_asks_for_attention] if readable and quiet else []
    renderer: list[Any] = (
        [*quieted, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if readable
        else [structlog.processors.ExceptionRenderer(_TRACEBACKS), structlog.processors.JSONRenderer(_json)]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_by_id)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    # Dramatiq logs the exception of every failed message, which may quote a contact; workers/observe.py logs it safely.
    logging.getLogger("dramatiq.worker.WorkerThread").setLevel(logging.CRITICAL)
    logging.getLogger("clerk_retries").setLevel(logging.ERROR)
