"""Whether a reply's author speaks for the team: in a shared channel, people of other organisations write, too."""

import structlog

from messages.inbound import SlackReplyPosted
from messages.line import Line
from workers.failures import CallError
from workers.platforms.slack_failures import is_lasting
from workers.ports import Ports
from workers.sms.replies import is_foreign

log = structlog.get_logger("clerk.sms")


async def is_of_another_organisation(message: SlackReplyPosted, line: Line, ports: Ports) -> bool:
    """Whether a reply's author does not speak for the team, on a line that keeps to its own organisation.

    Workspaces of one organisation differ in their ids, and have the organisation's in common, which Slack is asked for.
    """
    if line.other_organisations or not message.team:
        return False
    home = frozenset(message.home) or await ports.slack.home()
    if not is_foreign(message.team, home):
        return False
    if not any(id.startswith("E") for id in home):
        return True
    try:
        return not home & await ports.slack.home_of(message.user)
    except CallError as error:
        if not is_lasting(error):
            raise
        log.warning("Slack does not say to which organisation a person belongs", error=error.code)
        return True
