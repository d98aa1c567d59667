"""Serves the sandbox by itself: `python -m sandbox --port 9000 --gateway http://127.0.0.1:8080`."""

import argparse

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from messages.settings import SANDBOX
from sandbox.app import build
from sandbox.config import Sandbox


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--gateway", default="http://127.0.0.1:8080", help="where webhooks are sent")
    parser.add_argument("--line", action="append", help="NUMBER=CHANNEL of a line; may be repeated")
    asked = parser.parse_args()
    config = Sandbox(
        gateway_url=asked.gateway,
        public_url=asked.gateway,
        base_url=f"http://127.0.0.1:{asked.port}",
        slack_bot_token=SANDBOX["slack_bot_token"],
        slack_signing_secret=SANDBOX["slack_signing_secret"],
        twilio_account_sid=SANDBOX["twilio_account_sid"],
        twilio_auth_token=SANDBOX["twilio_auth_token"],
        lines=dict(line.split("=", 1) for line in asked.line or ["+15550001111=C0TEXTS"]),
    )
    app = Starlette(routes=[Mount("/sandbox", build(config))])
    uvicorn.run(app, host="127.0.0.1", port=asked.port, log_level="warning")


if __name__ == "__main__":
    main()
