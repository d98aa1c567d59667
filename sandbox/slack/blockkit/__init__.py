"""Block Kit: what Slack accepts and refuses in blocks."""
