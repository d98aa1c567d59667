"""Records that accounts were deactivated, and activated again."""

from datetime import timedelta
from typing import Final

import structlog

from messages.team.agent import AccountChanged, HandOn
from workers.failures import CallError, Permanent
from workers.notifications.away_actors import redraw_cards_of
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.notifications")

HANDED_ON_WITHIN: Final = timedelta(seconds=20)
"""After this long the clock looks whether what somebody had in hand was handed on."""


@actor(handles=AccountChanged)
async def change_account(message: AccountChanged, ports: Ports) -> None:
    """Record what an account has become, unless something later is known of it; have handed on what was in hand."""
    agents = ports.stores.agents
    if not message.deleted:
        await agents.activate(message.user, message.at)
        await redraw_cards_of(message.user, ports)
        return
    if not await _is_deactivated(message.user, ports):
        log.info("an account was deactivated, and is active again")
        return
    if await agents.deactivate(message.user, message.at, ports.now() + HANDED_ON_WITHIN):
        await ports.publisher.publish(HandOn(user=message.user))
        await redraw_cards_of(message.user, ports)


async def _is_deactivated(user: str, ports: Ports) -> bool:
    """Whether Slack says of an account that it is deactivated: its event may come late; without an answer, it is."""
    try:
        return await ports.slack.is_deactivated(user)
    except Permanent as error:
        log.warning("Slack does not say whether an account is active", error=error.code)
        return True
    except CallError as error:
        log.warning("Slack does not say whether an account is active; trying again", error=error.code)
        raise
