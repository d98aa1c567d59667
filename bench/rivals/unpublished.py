"""Floors for the gateway: the same server on the same route, without publishing.

`python -m bench.rivals.unpublished gateway` is Clerk's gateway with a publisher that does nothing;
`python -m bench.rivals.unpublished bare` only reads, verifies, parses and answers: no metrics, no log.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import uvloop

from gateway.__main__ import freeze_garbage_collector, server
from gateway.app import ASGIApp, Gateway, Receive, Scope, Send
from gateway.twilio_webhook import Account, sms
from gateway.webhook import Request
from messages.base import QueueMessage
from messages.process.logs import configure_logging
from messages.process.settings import Settings


class Nowhere:
    """A publisher that publishes nothing and is content."""

    async def publish(self, message: QueueMessage, *, delay: timedelta | None = None) -> None:
        """Nothing."""

    async def probe(self) -> str | None:
        """None: all is well."""
        return None


def bare(settings: Settings) -> ASGIApp:
    """An application that verifies a text and answers."""
    account = Account(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value().encode(), settings.url)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})
            return
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        answer = sms(Request(scope["path"], "", dict(scope["headers"]), body), account, datetime.now(UTC)).answer
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.head})
        await send({"type": "http.response.body", "body": answer.body})

    return app


def main() -> None:
    """Serve until told to stop."""
    settings = Settings.load()
    configure_logging(settings.log_format)
    app: ASGIApp = bare(settings) if sys.argv[1] == "bare" else Gateway(settings, Nowhere())
    freeze_garbage_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server(app, settings).serve())


if __name__ == "__main__":
    main()
