"""Whether a person speaks for the team: in a shared channel, people of other organisations write and click, too."""

from typing import Final

import structlog

from messages.base import Order
from workers.failures import CallError
from workers.last_words import last_words
from workers.platforms.organisations import is_of_the_team
from workers.platforms.slack_failures import is_lasting
from workers.ports import Ports

log = structlog.get_logger("clerk.worker")

NOT_YOURS: Final = (
    "Not done: only people of the team's own organisation work with Clerk in this channel. "
    "An admin can change that (clerk lines set LINE --other-organisations yes)."
)


async def is_outsider(user: str, team: str, ports: Ports) -> bool:
    """Whether a person of a workspace (blank: unknown) is of another organisation than the app."""
    if not team:
        return False
    try:
        return not await is_of_the_team(user, team, await ports.slack.home(), ports)
    except CallError as error:
        if not is_lasting(error):
            raise
        log.warning("Slack does not say to which organisation a person belongs", error=error.code)
        return True


async def is_refused(order: Order, ports: Ports) -> bool:
    """Whether somebody gave an order who does not speak for the team; they are told so.

    Where a line is set to hear other organisations, their people may give orders in its channel. A form does not say in
    which channel it was opened: whoever may open one on any line may submit it.
    """
    user = getattr(order, "by", None) or getattr(order, "user", None)
    if not user or not await is_outsider(user, order.team, ports):
        return False
    channel = getattr(order, "channel", None)
    lines = await ports.stores.lines.all()
    if any(line.other_organisations and channel in {None, line.channel} for line in lines):
        return False
    if (told := last_words(order)) is not None:
        url = getattr(order, "response_url", None)
        await ports.publisher.publish(told.model_copy(update={"text": NOT_YOURS, "response_url": url}))
    return True
