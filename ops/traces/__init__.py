"""What happened to one text or ticket: its timeline, and the log trail that part of it comes from."""
