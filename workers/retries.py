"""What a failure means for its message: an outage costs time and never a try, every other failure uses up a try.

So does a message that only a newer version can read: it waits for a worker of that version.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from dramatiq.errors import ActorNotFound
from pymongo.errors import (
    CollectionInvalid,
    ConfigurationError,
    DuplicateKeyError,
    EncryptionError,
    InvalidName,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from messages.process.publishing import LONGEST_DELAY, Unpublished
from messages.release import MESSAGES
from workers.failures import Backoff, Temporary
from workers.runtime import Unparsable

OURS: Final = (CollectionInvalid, ConfigurationError, DuplicateKeyError, EncryptionError, InvalidName)
"""Errors of pymongo that say what is wrong with the request; the same request fails again, whatever the time."""

OUR_CODES: Final = frozenset(
    {
        *(2, 9, 14, 28, 40, 52, 54, 55, 56, 57, 59, 66, 67, 85, 86, 96, 115, 121, 146, 292),
        *(10334, 11000, 11001, 12582, 16836, 17280, 17419, 17420),
    }
)
"""The same for errors of the server: BadValue, TypeMismatch, ImmutableField, BSONObjectTooLarge and others
(https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml)."""


OUTAGE: Final = Backoff(first=timedelta(milliseconds=250))
"""A message that waited for the end of an outage goes on within half a minute after it."""

UPDATE: Final = Backoff()
"""A message of a newer version is handed back, and goes on within half a minute after a worker of that version runs."""

TOLD_AT: Final = 3
"""How often a message is handed back before its author is told that it waits: a rolling update is mostly faster."""


def is_for_newer(error: BaseException | None, options: Mapping[str, object]) -> bool:
    """Whether a message failed because it was published by a newer version, in words that this one can't read.

    A message without a version was published before messages had one.
    """
    version = options.get("version")
    return isinstance(error, Unparsable | ActorNotFound) and type(version) is int and version > MESSAGES


def is_outage(error: BaseException) -> bool:
    """Whether MongoDB, RabbitMQ, Slack or the provider is away or takes nothing now, and nothing happened there."""
    if isinstance(error, OperationFailure) and error.code in OUR_CODES:
        return False
    if isinstance(error, PyMongoError):
        return not isinstance(error, OURS)
    return isinstance(error, Unpublished | Temporary)


def is_felt(error: BaseException, outages: int) -> bool:
    """Whether a person who waits for a message is to be told that MongoDB keeps it waiting; true once a message.

    `outages` counts those that the message met before. A change of the primary is over in a second; that no server
    answered took seconds to find out.
    """
    if not isinstance(error, PyMongoError):
        return False
    return outages == (0 if isinstance(error, ServerSelectionTimeoutError | NetworkTimeout) else 3)


def outage_wait(error: BaseException, outages: int, share: float, backoff: Backoff) -> timedelta:
    """How long a message waits after an outage, `outages` having met it before: as the other side asks, or backing off.

    Never longer than LONGEST_DELAY: it waits unacknowledged in a worker.
    """
    asked = error.retry_after if isinstance(error, Temporary) else None
    return min(asked or backoff.wait(outages, share), LONGEST_DELAY)
