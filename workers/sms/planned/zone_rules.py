"""Finds planned texts that leave at another instant than was known, because the rules of their zone have changed.

The rules come with a release of the package tzdata: so they change while no process of this version runs.
"""

from datetime import datetime, timedelta
from typing import Final

from messages.planned import LookAtPlanned
from workers.ports import Ports
from workers.sms.planned.life import displaced_to

LOOK_EVERY: Final = timedelta(days=1)
NEAR: Final = timedelta(days=3)
"""What is due later is looked at on another day: rules move a time by a few hours at most."""

PAGE: Final = 500


class ZoneRules:
    """Looks at what is due soon, when its process begins and once a day."""

    def __init__(self) -> None:
        self._look_at: datetime | None = None

    async def look(self, ports: Ports) -> int:
        """Wake the conversations of the planned texts that are displaced; how many there were."""
        now, found = ports.now(), 0
        if self._look_at is not None and now < self._look_at <= now + LOOK_EVERY:
            return 0
        since, last, until = now, "", now + NEAR
        while page := await ports.stores.planned.between(since, last, until, PAGE):
            displaced = {each.conversation for each in page if displaced_to(each) is not None}
            for conversation in sorted(displaced):
                await ports.publisher.publish(LookAtPlanned(conversation=conversation))
            found += len(displaced)
            since, last = page[-1].due_at, page[-1].id
        self._look_at = now + LOOK_EVERY
        return found
