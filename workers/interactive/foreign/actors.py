"""Carries out the clicks of another workspace's people if they speak for the team; refuses the others' in words."""

from typing import Final

import structlog

from messages.notification import AgentActed, Whisper
from messages.orders import clicks
from messages.orders.foreign_clicks import ForeignClick
from workers.failures import CallError
from workers.platforms.organisations import is_of_the_team
from workers.platforms.slack_failures import is_lasting
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.interactive")

FOREIGN: Final = (
    "Nothing was done: only people of the team's own organisation work its tickets from this channel. "
    "An admin can change that (clerk lines set LINE --other-organisations yes)."
)
NOT_TOLD: Final = (
    "Nothing was done: Slack does not say at the moment whether you are of the team's organisation. "
    "Click again in a minute."
)


@actor(handles=ForeignClick)
async def judge_click(message: ForeignClick, ports: Ports) -> None:
    """Order what a click orders if the person speaks for the team; tell them if not, unless Slack itself answers it."""
    orders = clicks.orders(message.click)
    speaks = await _speaks_for_the_team(message, ports)
    if speaks:
        for order in orders:
            await ports.publisher.publish(order)
    elif (message.channel or message.response_url) and not all(isinstance(order, AgentActed) for order in orders):
        told = Whisper(
            text=NOT_TOLD if speaks is None else FOREIGN,
            user=message.user,
            response_url=message.response_url,
            channel=message.channel,
        )
        await ports.publisher.publish(told)


async def _speaks_for_the_team(message: ForeignClick, ports: Ports) -> bool | None:
    """Whether a person may act in a channel, as of their organisation or as a line allows it; None if Slack is mute."""
    lines = await ports.stores.lines.all()
    if any(line.other_organisations for line in lines if line.channel == message.channel):
        return True
    try:
        return await is_of_the_team(message.user, message.team, await ports.slack.home(), ports)
    except CallError as error:
        log.warning("Slack does not say to which organisation a person belongs", error=error.code)
        return False if is_lasting(error) else None
