"""The `clerk` command line: its commands.

A command's module is imported only when the command runs: otherwise every start would import all of them.
"""

import json
from typing import Final

from cyclopts import App

from messages.release import DOCUMENTS, MESSAGES, VERSION
from ops import exit_status
from ops.commands.options import AsJson
from ops.examples import examples_of

COMMANDS: Final = {
    "run": "Run everything in one process: gateway, workers, clock, and (with nothing configured) the sandbox.",
    "gateway": "Serve the webhooks of Twilio and Slack.",
    "worker": "Handle the messages of queues: all of them, or those of --queues.\n\n"
    "The queue `interactive` always has a process of its own.",
    "clock": "Find work that is due, every CLERK_CLOCK_SECONDS.\n\nYou may run more than one clock.",
    "health": "Say in one line whether the processes of a kind on this machine are well: exit status 0 or 1.\n\n"
    "It is cheap: for the probes of Docker, Kubernetes and monitors.",
    "lines": "List, add, change and remove the team's phone numbers.",
    "calendars": "List, show, add, change and remove calendars: the hours that lines name.",
    "planned": "List the texts that agents have planned for later, and those that are held.",
    "agents": "List agents who are away or have hours, and set their hours.",
    "sla": "List tickets that are late or due next, and explain the clocks of one.",
    "queues": "Show every queue: its messages, consumers, rates and oldest message.",
    "peek": "Show the next messages of a queue and leave them there.\n\n"
    "Messages that workers hold can't be shown. Each look at a work queue uses one of the 50 deliveries that RabbitMQ "
    "allows for a message.",
    "dead": "List, show, replay and drop dead letters: messages that failed for good.",
    "trace": "Show what happened to a text, a ticket or a correlation id.",
    "doctor": "Check everything that Clerk depends on, and say what to do.\n\n"
    "Exit status 0: nothing stops texts from arriving; 1: something does; 2: a variable is invalid.",
    "export": "Write every document to a file.\n\nFirst stop the workers and the clock.",
    "import": "Import every document from a file that `clerk export` wrote.",
    "demo": "Play a busy morning in the sandbox of a running `clerk run`.",
}
"""Each command is a module of its name in ops/commands, or in its processes, with a function or an App of its name."""

PROCESSES: Final = {"run", "gateway", "worker", "clock", "health"}
"""These have their modules in ops/commands/processes."""

GROUPS: Final = {"lines", "calendars", "agents", "planned", "sla", "dead"}
"""These have commands of their own, and say themselves what their help ends with."""


def module_of(command: str) -> str:
    """The module of a command."""
    room = "ops.commands.processes" if command in PROCESSES else "ops.commands"
    return f"{room}.{'import_' if command == 'import' else command}"


app = App(
    name="clerk",
    help_epilogue="Start with `clerk run`, then `clerk demo`. `clerk COMMAND --help` has each command's options.",
    help="Answer your team's text messages from Slack.",
    version=VERSION,
    version_flags=["--version"],
)
for place, (command, summary) in enumerate(COMMANDS.items()):
    app.command(
        f"{module_of(command)}:{'import_' if command == 'import' else command}",
        name=command,
        help=summary,
        sort_key=place,
        **({} if command in GROUPS else {"help_epilogue": examples_of(command)}),
    )
app.register_install_completion_command(help="Have the shell (bash, zsh, fish) complete what you type behind `clerk`.")


@app.command
def version(*, as_json: AsJson = False) -> None:
    """Show the version of Clerk, and of the messages and documents that it knows."""
    if as_json:
        print(json.dumps({"version": VERSION, "messages": MESSAGES, "documents": DOCUMENTS}))
    else:
        print(f"clerk {VERSION} (messages {MESSAGES}, documents {DOCUMENTS})")


def main() -> None:
    """Run the command line; exit status 0 good, 1 a finding or failure, 2 wrong usage."""
    exit_status.run(app)
