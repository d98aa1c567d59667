"""Counts with their nouns. Pure."""


def counted(count: float, noun: str) -> str:
    """A count with its noun: `1 channel`, `2 channels`."""
    return f"{count:.0f} {noun}" if round(count) == 1 else f"{count:.0f} {noun}s"
