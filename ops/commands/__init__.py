"""One file for each word of the `clerk` command."""
