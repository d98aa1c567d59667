"""What a failure means for its message: an outage costs time and never a try, every other failure uses up a try."""

from datetime import timedelta
from typing import Final

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
from workers.failures import Backoff, Temporary

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
