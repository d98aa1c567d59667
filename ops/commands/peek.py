"""`clerk peek`: shows the next messages of a queue."""

import json
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from messages.queues import QUEUES
from ops.broker import open_broker
from ops.commands.options import AsJson, Invalid, ShowText
from ops.durations import age, short
from ops.environment import command_settings
from ops.masking import masked_letter
from ops.queues.broker import held_words
from ops.queues.layout import family
from ops.queues.letters import Letter


def peek(
    queue: str, /, *, limit: Annotated[int, Parameter(name=("--limit", "-n"))] = 10, show_text: ShowText = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the next messages of a queue and leave them there; QUEUE may end in .DQ (delayed) or .XQ (dead).

    Messages that workers hold can't be shown. Each look at a work queue uses one of the 50 deliveries that RabbitMQ
    allows for a message.

    Parameters
    ----------
    queue
        Such as slack, slack.DQ (delayed) or slack.XQ (dead).
    limit
        How many messages to show.
    """
    if family(queue) not in QUEUES:
        raise Invalid(f"{queue}: no such queue; the queues are {', '.join(QUEUES)}, each also with .DQ and .XQ")
    if limit < 1:
        raise Invalid("--limit: at least 1")
    broker = open_broker(command_settings())
    found = broker.peek(queue, limit)
    shown = found if show_text else [masked_letter(letter) for letter in found]
    if as_json:
        print("[" + ",\n".join(letter.model_dump_json() for letter in shown) + "]")
        return
    console = Console()
    held = held_words(queue, broker.snapshot(), len(shown), datetime.now(UTC)) if len(shown) < limit else ""
    if not shown:
        console.print(f"No messages wait in {queue}{' that can be shown' if held else ''}.")
    for letter in shown:
        console.print(describe(letter), "")
    if held:
        console.print(held)


def describe(letter: Letter) -> RenderableType:
    """A table of everything about one message."""
    now = datetime.now(UTC)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows = {
        "id": letter.id,
        "queue": letter.queue,
        "actor": letter.actor,
        "attempts": str(letter.attempts),
        "correlation id": letter.correlation_id,
        "published": _since(letter.published_at, now),
        "due": _since(letter.due_at, now),
        "died": _since(letter.died_at, now),
        "reason": letter.reason,
        "message": _pretty(letter.payload),
        "body": letter.unread,
        "traceback": letter.traceback,
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, Text(value))
    return table


def _since(moment: datetime | None, now: datetime) -> str | None:
    if moment is None:
        return None
    when = f"in {short((moment - now).total_seconds())}" if moment > now else f"{age(moment, now)} ago"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC ({when})"


def _pretty(payload: object) -> str | None:
    return None if payload is None else json.dumps(payload, indent=2, ensure_ascii=False)
