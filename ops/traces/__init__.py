"""What became of one text or ticket, and the log lines that tell it."""
