"""What people do and see in the system tests."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from messages.conversation import conversation_id
from messages.notification import ConsiderNotifying
from messages.process.publishing import AmqpPublisher, Unpublished
from ops.masking import masked_number
from tests.deployment import CHANNEL, LINE, Deployment, World, clerk_command, new_contact
from tests.servers import PrivateRabbit, asked, wait_until
from tests.wire_cutter import Wire


def sent(world: World, contact: str, line: str = LINE) -> list[str]:
    """The texts that the provider has from a line to a contact, oldest first."""
    texts = [each for each in world.state()["texts"] if each["to"] == contact and each["from"] == line]
    return [each["body"] for each in texts]


def reply(world: World, card: dict[str, Any], text: str, user: str = "U0ADA", **more: Any) -> None:
    """A person writes in a card's thread. What the gateway does not take, Slack sends again by itself."""
    answer = world.do("reply", user=user, channel=card["channel"], thread_ts=card["ts"], text=text, **more)
    assert answer["status"] == 200 or answer["status"] >= 500, answer


def said_in_thread(world: World, contact: str, words: str) -> dict[str, Any]:
    """The first message with these words in a contact's thread, once it is there."""
    return wait_until(lambda: [m for m in world.thread(contact) if words in m["text"]], f"“{words}” in the thread")[0]


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
class PatientLine:
    """A line that announces no second text before a test ends the wait: no machine is too slow for its window."""

    clerk: Deployment
    number: str

    def waits(self, *contacts: str) -> None:
        """Return once texts of these contacts wait to be announced, as the console shows it."""
        wait_until(lambda: all(self._is_pending(each) for each in contacts), f"texts of {contacts} wait")

    def is_settled(self, contact: str) -> None:
        """Return once no text of this contact waits to be announced."""
        wait_until(lambda: not self._is_pending(contact), f"no text of {contact} waits")

    def end_the_wait(self, *contacts: str) -> None:
        """Shorten the window to nothing; return once the texts of these contacts wait no longer."""
        done = clerk_command(self.clerk, "lines", "set", self.number, "--window", "0.1", "--cap", "0.1")
        assert done.returncode == 0, done.stderr

        def look() -> bool:
            asyncio.run(self._look_again(contacts))  # what waits has its time from before
            return not any(self._is_pending(each) for each in contacts)

        wait_until(look, f"no text of {contacts} waits", every=0.5)

    async def _look_again(self, contacts: Sequence[str]) -> None:
        publisher = AmqpPublisher(self.clerk.environment["CLERK_AMQP_URL"])
        try:
            for each in contacts:
                with suppress(Unpublished):
                    await publisher.publish(ConsiderNotifying(conversation=conversation_id(self.number, each)))
        finally:
            await publisher.close()

    def _is_pending(self, contact: str) -> bool:
        rows = asked(f"{self.clerk.gateway_url}/ops/pending", BEARER).text.split("<tr>")
        return any(masked_number(contact) in row and masked_number(self.number) in row for row in rows)


@dataclass(frozen=True)
class Place:
    """A deployment with a broker of its own, and a connection to MongoDB that can be cut."""

    clerk: Deployment
    rabbit: PrivateRabbit
    mongo: Wire
