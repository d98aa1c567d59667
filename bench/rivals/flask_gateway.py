"""The rival: a Flask gateway that checks the signature and publishes on a BlockingConnection with confirms.

It is written with care, not as in most tutorials: each thread keeps one connection open, and Twilio's own validator
checks the signature.
"""

import json
import os
import threading
from typing import Final

import pika
from flask import Flask, Response, request
from pika.adapters.blocking_connection import BlockingChannel
from twilio.request_validator import RequestValidator

from messages.process.settings import SANDBOX
from messages.queues import declarations

THREADS: Final = 8

app = Flask(__name__)
_validator = RequestValidator(SANDBOX["twilio_auth_token"])
_public_url = os.environ.get("CLERK_PUBLIC_URL", "")
_of_this_thread = threading.local()


@app.get("/healthz")
def healthz() -> str:
    """Say that the process serves."""
    return "ok"


@app.post("/twilio/sms")
def sms() -> Response:
    """Verify, publish, wait for the confirm, answer."""
    genuine = request.headers.get("X-Twilio-Signature", "")
    if not _validator.validate(f"{_public_url}/twilio/sms", request.form, genuine):
        return Response("forged", 403)
    _channel().basic_publish(
        exchange="",
        routing_key="ingestion",
        body=json.dumps(request.form.to_dict()).encode(),
        properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent.value),
        mandatory=True,
    )
    return Response("<Response/>", mimetype="text/xml")


def _channel() -> BlockingChannel:
    if not hasattr(_of_this_thread, "channel"):
        parameters = pika.URLParameters(os.environ["CLERK_AMQP_URL"])
        parameters.heartbeat = 0
        channel = pika.BlockingConnection(parameters).channel()
        for name, arguments in declarations("ingestion").items():
            channel.queue_declare(name, durable=True, arguments=arguments)
        channel.confirm_delivery()
        _of_this_thread.channel = channel
    found: BlockingChannel = _of_this_thread.channel
    return found
