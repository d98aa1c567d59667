"""How much a ticket matters. Pure."""

from enum import StrEnum


class Priority(StrEnum):
    """How much a ticket matters, in the order shown to the user."""

    NONE = "none"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def label(self) -> str:
        """The priority as people read it."""
        return self.value.capitalize()
