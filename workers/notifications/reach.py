"""Whom a notification reaches while some of them are away. Pure."""

from collections.abc import Collection
from dataclasses import replace

from messages.conversation import Episode


def reached(episode: Episode, away: Collection[str], origin: str) -> Episode:
    """What is announced of a ticket, to those who are there; no target is the origin channel.

    If everybody who is assigned is away, it goes to the origin channel, too: somebody there can take it.
    """
    targets = tuple(each for each in episode.targets if each not in away)
    nobody = bool(episode.assignees) and all(each in away for each in episode.assignees)
    if nobody and targets and origin not in targets:
        targets = (*targets, origin)
    return replace(episode, targets=targets)
