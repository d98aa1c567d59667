"""`clerk`, and `python -m ops`.

Probes run `clerk health` every few seconds in every container, so it does not wait for the imports of the others. The
gateway and the clock stay, and have no options: they do without the libraries of the command line.
"""

import sys
from collections.abc import Callable
from importlib import import_module

from ops.health.sign import KINDS


def main() -> None:
    """Run the command line."""
    if len(sys.argv) == 3 and sys.argv[1] == "health" and sys.argv[2] in KINDS:
        from ops.health.probe import say

        sys.exit(say(sys.argv[2]))
    if sys.argv[1:] in (["gateway"], ["clock"]):
        command = process(sys.argv[1])
        from ops import exit_status

        exit_status.run(command)
        return
    if sys.argv[1:2] not in (["run"], ["worker"]):  # what these log on a terminal is coloured
        from ops.running.without_terminal import import_without_terminal

        import_without_terminal("structlog")
    from ops.cli import main

    main()


def process(command: str) -> Callable[[], object]:
    """The function of a `clerk` command that stays, with nothing in memory that only the command line needs."""
    from ops.running.without_terminal import import_without_terminal

    import_without_terminal("structlog", "httpx")
    found: Callable[[], object] = getattr(import_module(f"ops.commands.processes.{command}"), command)
    return found


if __name__ == "__main__":
    main()
