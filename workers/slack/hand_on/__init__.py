"""What somebody had in hand whose account was deactivated, told once to each line's channel."""
