"""Which queues there are, and what they are called: everything that the other modules here are told. Pure."""

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

    `application` names the broker's objects that belong to the operator's side; `queues` are the work queues;
    `declarations` gives, for one of them, the name and the arguments of each durable queue behind it.
    """

    application: str
    queues: tuple[str, ...]
    declarations: Callable[[str], Mapping[str, Mapping[str, object]]]

    @property
    def lock(self) -> str:
        """An exclusive queue: RabbitMQ lets one connection at a time have it, and so go through the dead letters."""
        return f"{self.application}.dead-letters"

    @property
    def claims(self) -> str:
        """The queue that holds one message while a replay runs: the ids that it is moving."""
        return f"{self.application}.replay"


def delayed(queue: str) -> str:
    """The name of a queue's delayed messages, Dramatiq's convention."""
    return f"{queue}.DQ"


def dead(queue: str) -> str:
    """The name of a queue's dead letters, Dramatiq's convention."""
    return f"{queue}.XQ"


def family(queue: str) -> str:
    """The name of a queue without `.DQ` or `.XQ`."""
    return queue.removesuffix(".DQ").removesuffix(".XQ")
