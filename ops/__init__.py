"""The `clerk` command."""
