"""What people do and see in the system tests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.deployment import CHANNEL, LINE, Deployment, World, new_contact
from tests.servers import PrivateRabbit, wait_until
from tests.wire_cutter import Wire


def sent(world: World, contact: str, line: str = LINE) -> list[str]:
    """The texts that the provider has from a line to a contact, oldest first."""
    texts = [each for each in world.state()["texts"] if each["to"] == contact and each["from"] == line]
    return [each["body"] for each in texts]


def reply(world: World, card: dict[str, Any], text: str, user: str = "U0ADA", **more: Any) -> None:
    """A person writes in a card's thread."""
    answer = world.do("reply", user=user, channel=card["channel"], thread_ts=card["ts"], text=text, **more)
    assert answer["status"] == 200, answer


def marks(world: World, text: str, channel: str = CHANNEL) -> list[str]:
    """Our reactions on the newest message with this text."""
    found = [each for each in world.messages(channel) if each["text"] == text and not each.get("bot_id")]
    return [each["name"] for each in found[-1].get("reactions", ())] if found else []


def conversation(world: World, line: str = LINE) -> tuple[str, dict[str, Any]]:
    """A new contact's number, and the card at the root of their thread."""
    contact = new_contact()
    world.text(contact, "hello", to=line)
    return contact, world.card(contact)


def operator_sees[T](look: Callable[[], T], what: str, within: float = 60) -> T:
    """What an operator sees once there is something to see: each look runs a whole command, or draws a page."""
    return wait_until(look, what, within, every=0.5)


BEARER = {"authorization": "Bearer test-ops-token"}


def publish(clerk: Deployment, queue: str, body: bytes) -> None:
    """Put any bytes into a queue."""
    import pika

    connection = pika.BlockingConnection(pika.URLParameters(clerk.environment["CLERK_AMQP_URL"]))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2), mandatory=True)
    connection.close()


@dataclass(frozen=True)
class Place:
    """A deployment with a broker of its own, and a connection to MongoDB that can be cut."""

    clerk: Deployment
    rabbit: PrivateRabbit
    mongo: Wire
