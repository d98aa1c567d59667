"""What the table of `make bench` has rows of, one file a subject; each is measured within one run."""
