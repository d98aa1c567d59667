"""Serves the sandbox by itself: `python -m sandbox --port 9000 --gateway http://127.0.0.1:8080`.

Without a flag, a value comes from Clerk's own variables (CLERK_PUBLIC_URL, CLERK_LINES, the secrets). A gateway and
workers with the same environment use this sandbox once CLERK_SLACK_API_URL and CLERK_TWILIO_API_URL point to it.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.__main__ import GatewayServer
from messages.process.settings import Misconfigured, Settings
from sandbox.app import opened
from sandbox.config import SandboxConfig

LINES = {"+15550001111": "C0TEXTS"}

KEEP_ALIVE = 30
"""Seconds. Clients close an idle connection sooner, so the server never closes one while a request is on its way."""


@dataclass(frozen=True)
class CommandLine:
    """What the flags and the environment say: where to listen, and the folder that keeps the state, if any."""

    config: SandboxConfig
    host: str
    port: int
    folder: Path | None


def configuration(arguments: Sequence[str]) -> CommandLine:
    """Read the flags, and the environment for what the flags leave open."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--base-url", help="where Clerk and the browser reach the sandbox (default: http://HOST:PORT)")
    parser.add_argument("--gateway", help="where webhooks go (default: http://CLERK_HOST:CLERK_PORT)")
    parser.add_argument(
        "--public-url", help="the base of the URLs that Twilio signs (default: CLERK_PUBLIC_URL, else the gateway)"
    )
    parser.add_argument("--line", action="append", default=[], metavar="NUMBER=CHANNEL", help="may be repeated")
    parser.add_argument(
        "--service", action="append", default=[], metavar="NUMBER", help="put a line into a Messaging Service"
    )
    parser.add_argument("--advanced-opt-out", action="store_true", help="let the service send OptOutType")
    for name in ("slack-bot-token", "slack-signing-secret", "twilio-account-sid", "twilio-auth-token"):
        parser.add_argument(f"--{name}", help=f"default: CLERK_{name.upper().replace('-', '_')}")
    parser.add_argument("--echo", action="store_true", help="also send the app the events of its own messages")
    parser.add_argument(
        "--event-retries",
        type=_waits,
        default=SandboxConfig.event_retries,
        metavar="S,S,S",
        help="seconds to wait before each of Slack's three retries",
    )
    parser.add_argument(
        "--slack-timeout",
        type=float,
        default=SandboxConfig.slack_timeout,
        metavar="S",
        help="seconds in which Slack wants an answer (default: 3)",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the state in this folder (default: in memory only)"
    )
    given = parser.parse_args(arguments)
    settings = Settings.load(**({"lines": ",".join(given.line)} if given.line else {}))
    gateway = given.gateway or f"http://{settings.host}:{settings.port}"
    config = SandboxConfig(
        gateway_url=gateway,
        public_url=given.public_url or settings.public_url.rstrip("/") or gateway,
        base_url=given.base_url or f"http://{given.host}:{given.port}",
        slack_bot_token=given.slack_bot_token or settings.slack_bot_token.get_secret_value(),
        slack_signing_secret=given.slack_signing_secret or settings.slack_signing_secret.get_secret_value(),
        twilio_account_sid=given.twilio_account_sid or settings.twilio_account_sid,
        twilio_auth_token=given.twilio_auth_token or settings.twilio_auth_token.get_secret_value(),
        lines=settings.lines or LINES,
        service=tuple(given.service),
        advanced_opt_out=given.advanced_opt_out,
        echo=given.echo,
        event_retries=given.event_retries,
        slack_timeout=given.slack_timeout,
    )
    return CommandLine(config, given.host, given.port, given.keep)


def _waits(given: str) -> tuple[float, ...]:
    return tuple(map(float, given.split(",")))


async def serve(given: CommandLine) -> None:
    """Serve until a signal stops the server."""
    server: GatewayServer

    def stopping() -> bool:
        return server.should_exit

    async with opened(given.config, stopping=stopping, folder=given.folder) as sandbox:
        app = Starlette(routes=[Mount("/sandbox", sandbox)])
        quiet: dict[str, Any] = {"log_level": "warning", "lifespan": "off", "timeout_keep_alive": KEEP_ALIVE}
        server = GatewayServer(uvicorn.Config(app, host=given.host, port=given.port, **quiet))
        await server.serve()


def main() -> None:
    """Serve the sandbox that the command line describes."""
    try:
        given = configuration(sys.argv[1:])
    except Misconfigured as error:
        sys.exit(str(error))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given))


if __name__ == "__main__":
    main()
