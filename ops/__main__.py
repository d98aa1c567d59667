"""`python -m ops` is the `clerk` command."""

from ops.cli import main

main()
