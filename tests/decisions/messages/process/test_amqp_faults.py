"""Who reads why RabbitMQ is away reads the cause, not how pika wraps it."""

from socket import gaierror

import pytest
from pika.adapters.utils.connection_workflow import (
    AMQPConnectionWorkflowFailed,
    AMQPConnectorAMQPHandshakeError,
    AMQPConnectorSocketConnectError,
    AMQPConnectorStackTimeout,
)
from pika.exceptions import AMQPConnectionError, ConnectionClosedByBroker, StreamLostError

from messages.process import amqp_faults
from ops.queues.amqp import causes

REFUSED = AMQPConnectorSocketConnectError(ConnectionRefusedError(111, "Connection refused"))
NOT_ALLOWED = ConnectionClosedByBroker(530, "NOT_ALLOWED - vhost clerk not found")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AMQPConnectionError(REFUSED), "Connection refused"),
        (AMQPConnectionError(AMQPConnectionWorkflowFailed([REFUSED])), "Connection refused"),
        (AMQPConnectionWorkflowFailed([REFUSED, AMQPConnectorStackTimeout("no answer")]), "no answer"),
        (gaierror(-2, "Name or service not known"), "Name or service not known"),
        (AMQPConnectorAMQPHandshakeError(NOT_ALLOWED), "(530, 'NOT_ALLOWED - vhost clerk not found')"),
        (StreamLostError("Stream connection lost"), "Stream connection lost"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_the_innermost_cause_is_said(error: BaseException, said: str) -> None:
    assert amqp_faults.why(error) == causes.why(error) == said
