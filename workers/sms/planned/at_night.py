"""Tells who writes in the contact's night so, or plans what they wrote for the contact's morning."""

from messages.conversation import Contact
from messages.notification import Whisper
from messages.opt_outs import Parties
from messages.sms import Sms, State
from workers.observe import PLANNED_TEXTS
from workers.ports import Ports
from workers.sms.may_send import Verdict, night_place, night_words
from workers.sms.planned.night import planned_of
from workers.sms.planned.words import held_until_morning


async def tell_author(text: Sms, verdict: Verdict, parties: Parties, ports: Ports) -> str:
    """What to tell the author of a new text about the hour, once a night and conversation; empty if nothing."""
    if text.state is not State.WAITING or (night := night_words(verdict, parties, ports.now())) is None:
        return ""
    told = Whisper(text=night.words, user=text.author or "")
    is_first = await ports.stores.events.add(f"night/{text.conversation}/{text.author}/{night.ends:%Y-%m-%d}", told)
    return night.words if is_first else ""


async def plan_for_morning(
    text: Sms, ports: Ports, *, channel: str | None, thread_ts: str | None = None, response_url: str | None = None
) -> None:
    """Plan a stored text for the end of the contact's night, and tell its author; once, however often it is repeated.

    That it is to be planned, and for when, is decided when it is stored: so a repeat by day sends it no second time.
    """
    stores, now = ports.stores, ports.now()
    if text.planned is None or await stores.planned.get(text.planned) is not None:
        return
    parties = await stores.opt_outs.parties(text.line, text.contact)
    place = night_place(parties, now)
    planned = planned_of(text, text.planned, place.zone)
    await stores.conversations.expect_planned(text.conversation, planned.id)
    if await stores.planned.add(planned):
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
