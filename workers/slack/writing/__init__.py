"""Writes to Slack: what a pass may write, posts once, the thread and the lines in place of what Slack refuses."""
