"""How much waits for the team's people. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Backlog:
    """Tickets that are late, alerts that Slack shows now, and planned texts that are held until somebody decides."""

    late: int
    alerts: int
    held: int
