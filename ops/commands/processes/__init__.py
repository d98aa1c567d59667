"""The words of the `clerk` command that start processes and look after them."""
