"""Alerts: what a person must be told about a ticket that waits too long, or about something that failed. Pure."""

from messages.base import QueueMessage


class ConsiderAlerts(QueueMessage):
    """Decide what the team must be told about a ticket now: one of its clocks, its snooze or an order has moved."""

    actor = "notifications.consider_alerts"
    ticket: int
