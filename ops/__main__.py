"""`clerk`, and `python -m ops`.

Probes run `clerk health` every few seconds in every container, so it does not wait for the imports of the others.
"""

import sys

from ops.health.sign import KINDS


def main() -> None:
    """Run the command line."""
    if len(sys.argv) == 3 and sys.argv[1] == "health" and sys.argv[2] in KINDS:
        from ops.health.probe import say

        sys.exit(say(sys.argv[2]))
    from ops.cli import main

    main()


if __name__ == "__main__":
    main()
