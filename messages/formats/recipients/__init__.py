"""What tells a list of recipients from a text that names a number."""
