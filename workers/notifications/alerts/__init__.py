"""Alerts: what the team must be told about a ticket, whom, and until when."""
