"""Records what concerns outbound texts: replies in a thread, and the provider's delivery reports."""

import structlog

from messages.inbound import DeliveryReported, SlackReplyPosted
from workers.ports import Ports
from workers.runtime import actor

log = structlog.get_logger("clerk.sms")


@actor(handles=SlackReplyPosted)
async def record_reply(message: SlackReplyPosted, ports: Ports) -> None:
    """Keep a person's reply in a thread, once; it is not sent."""
    if await ports.stores.events.add(f"reply/{message.channel}/{message.ts}", message):
        log.info("a reply is recorded", channel=message.channel)


@actor(handles=DeliveryReported)
async def record_delivery(message: DeliveryReported, ports: Ports) -> None:
    """Keep a delivery report, once."""
    if await ports.stores.events.add(f"delivery/{message.sms}/{message.status}", message):
        log.info("a delivery report is recorded", sms=message.sms, status=message.status)
