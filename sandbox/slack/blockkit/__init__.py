"""What Slack accepts and refuses in blocks."""
