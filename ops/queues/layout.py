"""Which queues there are and what they are called: all that this package knows of an application. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import AwareDatetime, BaseModel, ConfigDict

Moment = AwareDatetime


class Shape(BaseModel):
    """A frozen value that is also JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True)
class Layout:
    """The queues of one Dramatiq application.

    `application` begins the names of the queues that replays and drops use; `queues` are the work queues;
    `declarations` maps the names of the durable queues behind one of them to their arguments.
    """

    application: str
    queues: tuple[str, ...]
    declarations: Callable[[str], Mapping[str, Mapping[str, object]]]

    @property
    def lock(self) -> str:
        """An exclusive queue: only the connection that has it may go through the dead letters."""
        return f"{self.application}.dead-letters"

    @property
    def claims(self) -> str:
        """The queue that holds one message while a replay runs: the ids that it moves."""
        return f"{self.application}.replay"


def delayed(queue: str) -> str:
    """The name of the queue of its delayed messages, by Dramatiq's convention."""
    return f"{queue}.DQ"


def dead(queue: str) -> str:
    """The name of the queue of its dead letters, by Dramatiq's convention."""
    return f"{queue}.XQ"


def family(queue: str) -> str:
    """The name of a queue without `.DQ` or `.XQ`."""
    return queue.removesuffix(".DQ").removesuffix(".XQ")


def urls_of(url: str) -> list[str]:
    """The URL of each node of a cluster: semicolons are between them, by Dramatiq's convention."""
    return [each.strip() for each in url.split(";") if each.strip()]
