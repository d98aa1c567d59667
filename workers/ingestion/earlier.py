"""Finds the unknown texts that came before a text, so that it does not overtake them.

The gateway names the text before it. A gateway that has just started knows none, and one of several does not know what
came through the others; a worker that died may have had it, or no gateway received its webhook. Then a worker reads the
provider's list. It does so, too, when the named text does not come, because a retry may have put it far behind in the
queue. The text itself is stored before that, so that nothing younger overtakes it meanwhile.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import structlog

from messages.inbound import SmsReceived
from messages.sms import Sms
from workers.failures import Refused, TextingError, TextingThrottled
from workers.ingestion.matching import times_of_arrival
from workers.ports import ListedText, Ports

log = structlog.get_logger("clerk.ingestion")

LOOK_BACK: Final = timedelta(minutes=10)
"""The clock finds unknown texts from before that (`workers/ingestion/missed.py`)."""
ANSWER_WITHIN: Final = timedelta(seconds=2)


@dataclass(frozen=True)
class Earlier:
    """What the provider lists before a text: the unknown texts, in order, and which text follows which of them."""

    found: Sequence[SmsReceived] = ()
    before: Mapping[str, str] = field(default_factory=dict)


async def earlier(text: Sms, attempts: int, ports: Ports) -> Earlier | None:
    """What came before a text at the provider; None if it does not answer."""
    inbox = await ports.stores.inboxes.get(text.line)
    if inbox is None:  # the line is too new for earlier texts
        return Earlier()
    since = max(inbox.began_at, text.received_at - LOOK_BACK)
    try:
        listed = await _listed(text, since, attempts, ports)
    except Refused:
        return Earlier()
    return None if listed is None else await _unknown(text, _before(text, listed, since), ports)


def _before(text: Sms, listed: Sequence[ListedText], since: datetime) -> Sequence[ListedText]:
    """The listed texts before a text: by their place in the list, or by time where the list does not have it yet."""
    sids = [each.sid for each in listed]
    if text.id in sids:
        return [each for each in listed[: sids.index(text.id)] if since <= each.at]
    return [each for each in listed if since <= each.at <= text.received_at]


async def _unknown(text: Sms, listed: Sequence[ListedText], ports: Ports) -> Earlier:
    sids = [each.sid for each in listed]
    known = {each.id: each.received_at for each in await ports.stores.texts.by_ids(sids)}
    times, befores = times_of_arrival([(each.sid, each.at) for each in listed], known), [None, *sids]
    found = [
        each.received(text.line, before).model_copy(update={"received_at": times[each.sid]})
        for each, before in zip(listed, befores, strict=False)
        if each.sid not in known
    ]
    for each in found:
        log.info("found an unknown text", sms=each.sid)
    unknown = {each.sid for each in found}
    return Earlier(found, {sid: before for before, sid in pairwise([*sids, text.id]) if before in unknown})


async def _listed(text: Sms, since: datetime, attempts: int, ports: Ports) -> Sequence[ListedText] | None:
    """The contact's texts at the provider since then; None if it does not answer now, Refused if it never will."""
    for _ in range(attempts):
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await ports.texting.received(line=text.line, since=since, contact=text.contact)
        except (TextingError, TimeoutError) as error:
            log.warning("the provider does not list the earlier texts", error=str(error) or type(error).__name__)
            if isinstance(error, Refused):
                raise
            if isinstance(error, TextingThrottled):
                break
    return None
