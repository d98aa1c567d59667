"""What every queue message and every document has in common. Pure.

Their validators are made at first use: no process uses them all, and to make them took a fifth of the processor time of
each start (https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build).
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer


def _to_milliseconds(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Moment = Annotated[AwareDatetime, AfterValidator(_to_milliseconds)]
"""An aware UTC time in whole milliseconds: what BSON can hold (https://bsonspec.org/spec.html, UTC datetime)."""


def _in_milliseconds(duration: timedelta) -> timedelta:
    return timedelta(milliseconds=round(duration / timedelta(milliseconds=1)))


Duration = Annotated[timedelta, AfterValidator(_in_milliseconds), PlainSerializer(timedelta.total_seconds)]
"""A timedelta in whole milliseconds, written as seconds: added to a Moment it gives a Moment."""


class QueueMessage(BaseModel):
    """A frozen message; `actor` ("slice.function") names the actor that handles it, and the slice names its queue."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    actor: ClassVar[str]

    @classmethod
    def queue(cls) -> str:
        """The queue that carries this kind of message."""
        return cls.actor.partition(".")[0]


class Order(QueueMessage):
    """What a person's click, form or word after `/clerk` stands for.

    `team` is the workspace of who gave it; blank if Slack did not say, and where Clerk itself says what they did.
    """

    team: str = ""


class Document(BaseModel):
    """A frozen document; its `id` is MongoDB's `_id`. Change it with `model_copy(update=...)`."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)
