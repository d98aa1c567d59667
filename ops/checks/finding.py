"""What a check found, and what to do about it."""

from enum import StrEnum

from messages.base import Document


class Verdict(StrEnum):
    """Good; advice (works, but not as well as it could); bad; skipped (could not be looked at)."""

    GOOD = "good"
    ADVICE = "advice"
    BAD = "bad"
    SKIPPED = "skipped"


class Finding(Document):
    """The outcome of one check: what it looked at, what was found, what to do."""

    check: str
    state: Verdict
    found: str
    todo: str = ""


def good(check: str, found: str) -> Finding:
    """A finding that asks for nothing."""
    return Finding(check=check, state=Verdict.GOOD, found=found)


def advice(check: str, found: str, todo: str) -> Finding:
    """A finding that can wait."""
    return Finding(check=check, state=Verdict.ADVICE, found=found, todo=todo)


def bad(check: str, found: str, todo: str) -> Finding:
    """A finding that keeps something from working."""
    return Finding(check=check, state=Verdict.BAD, found=found, todo=todo)


def skipped(check: str, found: str, todo: str = "") -> Finding:
    """Something that could not be looked at."""
    return Finding(check=check, state=Verdict.SKIPPED, found=found, todo=todo)
