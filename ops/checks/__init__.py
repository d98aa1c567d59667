"""What `clerk doctor` checks, one file for each subject."""
