"""What a check found, and what to do about it. Pure."""

from enum import StrEnum

from messages.base import Document


class Verdict(StrEnum):
    """Good; advice (it works, but not as well as it could); bad; skipped (it could not be checked)."""

    GOOD = "good"
    ADVICE = "advice"
    BAD = "bad"
    SKIPPED = "skipped"


class Finding(Document):
    """The outcome of one check: what was checked, what was found, what to do."""

    check: str
    state: Verdict
    found: str
    todo: str = ""


def good(check: str, found: str) -> Finding:
    """A finding that needs no action."""
    return Finding(check=check, state=Verdict.GOOD, found=found)


def advice(check: str, found: str, todo: str) -> Finding:
    """A finding to act on some time."""
    return Finding(check=check, state=Verdict.ADVICE, found=found, todo=todo)


def bad(check: str, found: str, todo: str) -> Finding:
    """A finding that stops something from working."""
    return Finding(check=check, state=Verdict.BAD, found=found, todo=todo)


def skipped(check: str, found: str, todo: str = "") -> Finding:
    """Something that could not be checked."""
    return Finding(check=check, state=Verdict.SKIPPED, found=found, todo=todo)
