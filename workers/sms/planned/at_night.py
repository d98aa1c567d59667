"""Says to who writes in the contact's night that it is, or plans what they wrote for the contact's morning."""

from typing import NamedTuple

from messages.conversation import Contact
from messages.notification import Whisper
from messages.opt_outs import Parties
from messages.planned import LIVE
from messages.sms import Sms, State
from workers.observe import PLANNED_TEXTS
from workers.ports import Ports
from workers.sms.may_send import Verdict, night_place, night_words
from workers.sms.planned.night import planned_of
from workers.sms.planned.words import held_until_morning


class SaidOfTheHour(NamedTuple):
    """What is to be said of the hour, and the name under which it is recorded once that was said; blank: nothing."""

    words: str = ""
    once: str = ""


async def of_the_hour(text: Sms, verdict: Verdict, parties: Parties, ports: Ports) -> SaidOfTheHour:
    """What to tell the author of a text about the hour, once a night and conversation.

    Whoever tells them records that after it: a worker that dies in between tells it twice, and none leaves it unsaid.
    """
    if text.state is not State.WAITING or (night := night_words(verdict, parties, ports.now())) is None:
        return SaidOfTheHour()
    once = f"night/{text.conversation}/{text.author}/{night.ends:%Y-%m-%d}"
    return SaidOfTheHour() if await ports.stores.events.find(once) is not None else SaidOfTheHour(night.words, once)


async def plan_for_morning(
    text: Sms, ports: Ports, *, channel: str | None, thread_ts: str | None = None, response_url: str | None = None
) -> None:
    """Plan a stored text for the end of the contact's night, and tell its author; once, however often it is repeated.

    That it is to be planned, and for when, is decided when it is stored: so a repeat by day sends it no second time.
    """
    if text.planned is None:
        return
    stores, now, once = ports.stores, ports.now(), f"answered/{text.planned}/planned"
    planned = await stores.planned.get(text.planned)
    if planned is not None and (planned.state not in LIVE or await stores.events.find(once) is not None):
        return
    parties = await stores.opt_outs.parties(text.line, text.contact)
    place = night_place(parties, now)
    if planned is None:
        planned = planned_of(text, text.planned, place.zone)
        await stores.conversations.expect_planned(text.conversation, planned.id)
        if not await stores.planned.add(planned):
            return
        PLANNED_TEXTS.labels(planned.state).inc()
    contact = parties.contact or Contact(id=text.contact, created_at=now)
    told = Whisper(
        text=held_until_morning(planned, contact, now, surely=place.surely),
        user=planned.by,
        channel=channel,
        thread_ts=thread_ts,
        response_url=response_url,
        markup=True,
        planned=(planned.id,),
    )
    await ports.publisher.publish(told)
    await stores.events.add(once, told)
