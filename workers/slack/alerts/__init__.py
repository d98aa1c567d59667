"""Alerts in Slack: each is one message at each of its targets, or a line of a list where too many came at once."""
