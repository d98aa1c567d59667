"""Whether a reply's author speaks for the team."""

import structlog

from messages.inbound import SlackReplyPosted
from messages.line import Line
from workers.failures import CallError
from workers.platforms.organisations import is_of_the_team
from workers.platforms.slack_failures import is_lasting
from workers.ports import Ports

log = structlog.get_logger("clerk.sms")


async def is_of_another_organisation(message: SlackReplyPosted, line: Line, ports: Ports) -> bool:
    """Whether a reply's author does not speak for the team, on a line that keeps to its own organisation."""
    if line.other_organisations or not message.team:
        return False
    home = frozenset(message.home) or await ports.slack.home()
    try:
        return not await is_of_the_team(message.user, message.team, home, ports)
    except CallError as error:
        if not is_lasting(error):
            raise
        log.warning("Slack does not say to which organisation a person belongs", error=error.code)
        return True
