"""What becomes of a text that a person writes when it is night for the contact."""

from datetime import datetime

from messages.conversation import Contact
from messages.line import Quiet
from messages.notification import Whisper
from messages.opt_outs import Parties
from messages.planned import Planned
from messages.quiet import whereabouts
from messages.sms import Sms, State
from workers.ports import Ports
from workers.redraw import redraw
from workers.sms.may_send import Hold, Verdict, night_words
from workers.sms.planned.words import held_until


async def tell_author(text: Sms, verdict: Verdict, parties: Parties, ports: Ports) -> str:
    """What to tell the author of a new text about the hour, once a night and conversation; empty if nothing."""
    if text.state is not State.WAITING or (night := night_words(verdict, parties, ports.now())) is None:
        return ""
    told = Whisper(text=night.words, user=text.author or "")
    is_first = await ports.stores.events.add(f"night/{text.conversation}/{text.author}/{night.ends:%Y-%m-%d}", told)
    return night.words if is_first else ""


async def plan_for_morning(text: Sms, verdict: Verdict, parties: Parties, ports: Ports) -> Sms | None:
    """Plan a text that the line holds at night for the morning, once; None if it goes out at once, or not at all.

    A reply is stored without being sent: it keeps its place and its mark, and another post shows what becomes of it.
    """
    if parties.line is None or parties.line.quiet is not Quiet.HOLD:
        return None
    if text.state is not State.WAITING and not text.late:
        return None
    stores, id = ports.stores, f"night-{text.id}"
    planned = await stores.planned.get(id)  # the same order may come again when the night is over
    if planned is None:
        if text.state is not State.WAITING or not isinstance(verdict, Hold) or verdict.until is None:
            return None
        planned = _planned(id, text, verdict.until, parties)
        await stores.conversations.expect_planned(text.conversation, id)
        await stores.planned.add(planned)
    unsent = {"state": State.UNSENT, "rank": State.UNSENT.rank, "words": "", "late": False, "asking": False}
    held = text.model_copy(update={**unsent, "planned": id, "outbox": None, "due_at": None})
    is_new = await stores.texts.add(held) if text.ts is not None else planned.version == 1
    if is_new:
        words = held_until(planned, parties.contact or Contact(id=text.contact, created_at=ports.now()), ports.now())
        await _tell(words, text, planned, parties, ports)
    await redraw(text.conversation, ports)
    return held


def _planned(id: str, text: Sms, until: datetime, parties: Parties) -> Planned:
    """The planned text that a text becomes whose author wrote at night."""
    contact = parties.contact
    zones = whereabouts(text.contact, contact.zone if contact else "", parties.line.zone if parties.line else "").zones
    author = text.author or ""
    return Planned(
        id=id,
        conversation=text.conversation,
        line=text.line,
        contact=text.contact,
        body=text.body,
        files=text.files,
        by=author,
        created_at=text.received_at,
        since=text.received_at,
        zone=zones[0] if zones else "UTC",
        due_at=until,
        changed_by=author,
        look_at=until,
        correlation_id=text.correlation_id,
    )


async def _tell(words: str, text: Sms, planned: Planned, parties: Parties, ports: Ports) -> None:
    """Tell an author that their text is held, with buttons, where they wrote it."""
    thread = parties.conversation.thread if parties.conversation else None
    channel = text.channel or (thread.channel if thread else parties.line.channel if parties.line else None)
    ts = thread.ts if thread and thread.channel == channel else None
    told = Whisper(text=words, user=planned.by, channel=channel, thread_ts=ts, markup=True, planned=(planned.id,))
    await ports.publisher.publish(told)
