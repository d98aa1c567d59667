"""The console with real queues and documents, served by a gateway in this process."""

import json
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import uvicorn

from gateway.app import Gateway
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Settings
from messages.queues import QUEUES, declarations
from ops.broker import rabbit
from ops.console.app import application
from ops.console.view import View
from ops.documents.reader import Documents
from ops.metrics.recorder import Recorder
from ops.queues.broker import Broker
from ops.settings import OpsSettings
from ops.traces import log_trail
from tests.servers import free_port, wait_until

TOKEN = "a-token-for-tests"


@contextmanager
def console(amqp_url: str | None, mongo_url: str, broker: Broker | None = None) -> Iterator[str]:
    """The address of a gateway with the console beside it, over a RabbitMQ or over the broker given."""
    port = free_port()
    settings = Settings(sandbox=True, ops_token=TOKEN, port=port, amqp_url=amqp_url, mongo_url=mongo_url)
    with Documents(mongo_url) as documents:
        if broker is None:
            assert amqp_url is not None
            broker = rabbit(amqp_url, OpsSettings(management_url="http://127.0.0.1:1"), timedelta(seconds=10))
        recorder = Recorder(broker, documents, dict, shared=True)
        recorder.start()
        app = application(View(settings, broker, documents, log_trail.TrailReader(documents), recorder))
        gateway = Gateway(settings, AmqpPublisher(amqp_url or "amqp://127.0.0.1:1/"), mounts={"/ops": app})
        server = uvicorn.Server(uvicorn.Config(gateway, port=port, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run)
        thread.start()
        wait_until(lambda: server.started, "the console is served")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(20)
            recorder.stop()


def declare(amqp_url: str) -> None:
    """Declare every queue while no worker runs."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    for queue in QUEUES:
        for name, arguments in declarations(queue).items():
            connection.channel().queue_declare(name, durable=True, arguments=arguments)
    connection.close()


def letter(number: int = 0, **more: Any) -> bytes:
    """A dead letter of the slack queue, as a worker publishes it; each number failed a second later."""
    died = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000) + number * 1000
    return json.dumps(
        {
            "queue_name": "slack",
            "actor_name": "slack.render",
            "args": [],
            "kwargs": {"message": {"conversation": "+15550001111:+15550200001"}},
            "options": {"reason": "Permanent: is_archived", "died_at": died, "retries": 3},
            "message_id": str(uuid.UUID(int=number)),
            "message_timestamp": died - 5000,
            **more,
        }
    ).encode()


def put(amqp_url: str, queue: str, bodies: Sequence[bytes]) -> None:
    """Put bodies into a queue, and return once they are there."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    before = channel.queue_declare(queue, passive=True).method.message_count
    for body in bodies:
        channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2))

    def there() -> bool:
        return bool(channel.queue_declare(queue, passive=True).method.message_count == before + len(bodies))

    wait_until(there, "all put", 120)
    connection.close()
