"""What `clerk doctor` looks at, one file a subject."""
