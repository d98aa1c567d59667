"""The `clerk` command line: which words there are, and what a failure's exit status is.

A word's module is imported only when the word is used: each start would cost what all of them import.
"""

import logging
import sys
from importlib.metadata import version
from typing import Final

from cyclopts import App

WORDS: Final = {
    "run": "Run everything in one process: gateway, workers, clock, and (with nothing configured) the sandbox.",
    "gateway": "Serve the webhooks of Twilio and Slack.",
    "worker": "Serve queues (comma-separated; all by default); `interactive` from a process of its own.",
    "clock": "Look for due work, every CLERK_CLOCK_SECONDS; more than one does no harm.",
    "lines": "List, add, change and remove the team's phone numbers.",
    "queues": "Show every queue: ready, held by workers, delayed, dead, consumers, rates, age of the oldest message.",
    "peek": "Show the next messages of a queue without taking them.",
    "dead": "List, show, replay or drop dead letters: messages that failed for good.",
    "trace": "Follow a text, a ticket or a correlation id from webhook to Slack, in time order.",
    "doctor": "Check everything that Clerk rests on; say what to do.",
    "export": "Write every document to a file.",
    "import": "Store every document of a file that `clerk export` wrote.",
    "demo": "Play a believable morning on the sandbox of a running `clerk run`.",
}
"""Each word is a module of its name in ops/commands, with a function or an App of its name."""

app = App(
    name="clerk",
    help="Answer your team's text messages from Slack.",
    version=version("clerk"),
    version_flags=["--version"],
)
for word, summary in WORDS.items():
    name = "import_" if word == "import" else word
    app.command(f"ops.commands.{name}:{name}", name=word, help=summary)


def main() -> None:
    """Run the command line; exit status 0 good, 1 a finding or failure, 2 wrong usage."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it logs at length what its exceptions say
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        status = _exit_status(error)
        if status is None:
            raise
        print(error, file=sys.stderr)
        sys.exit(status)


def _exit_status(error: Exception) -> int | None:
    """The exit status of a failure whose text says what to do; None for any other, which is a defect."""
    from messages.process.settings import Misconfigured
    from ops.commands.options import Invalid
    from ops.documents.reader import DocumentsAway
    from ops.queues.broker import BrokerAway

    if isinstance(error, Misconfigured | Invalid):
        return 2
    return 1 if isinstance(error, BrokerAway | DocumentsAway) else None
