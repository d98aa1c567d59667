"""Puts released planned texts into the outbox, and reads what planned texts depend on and are filled in with."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from messages.opt_outs import OptOut
from messages.planned import Planned, PlannedState
from messages.sms import Direction, Origin, SendTexts, SlackFile, Sms, State
from messages.ticket import AgentWrote
from workers.failures import Permanent, SlackError
from workers.ports import Ports
from workers.sms.compose import DECIDED_WITHIN
from workers.sms.known_files import gone
from workers.sms.may_send import facts_of
from workers.sms.planned.attached import gone_words, is_to_check, without_files
from workers.sms.planned.filling import asked_for, with_filling
from workers.sms.planned.life import Happening, Surroundings
from workers.sms.sending import WAIT_FOR_EARLIER

log = structlog.get_logger("clerk.planned")

DELETED: Final = frozenset({"file_deleted", "file_not_found"})
"""https://docs.slack.dev/reference/methods/files.info#errors"""


async def surroundings(plans: Sequence[Planned], ports: Ports) -> Surroundings:
    """What some planned texts of one conversation depend on, now."""
    stores, first = ports.stores, plans[0]
    parties = await stores.opt_outs.parties(first.line, first.contact)
    contact, line = facts_of(parties, ports.now())
    blocking = parties.conversation.blocking if parties.conversation else None
    since = min(each.since for each in plans)
    wrote = [text for text in await stores.texts.inbound_since(first.conversation, since) if not text.reaction]
    return Surroundings(
        contact=contact,
        line=line,
        wrote_at=max((text.noticed_at for text in wrote), default=None),
        stopped_at=max((text.noticed_at for text in wrote if text.wish == OptOut.STOP), default=None),
        gone_since=await _gone_since({each.by for each in plans}, ports),
        blocked_at=blocking.blocked_at if blocking else None,
    )


async def _gone_since(authors: Collection[str], ports: Ports) -> Mapping[str, datetime]:
    """Since when the accounts are deactivated of those authors whose are."""
    known = await ports.stores.agents.named(authors)
    return {each.id: each.account_at for each in known if each.deactivated and each.account_at is not None}


async def with_files(planned: Planned, happening: Happening | None, ports: Ports) -> Happening | None:
    """What happens to a planned text: if it leaves, or soon does, while Slack shows its files; or it is held."""
    if not is_to_check(planned, happening, ports.now()):
        return happening
    return without_files(happening, await file_gone(planned.files, ports))


async def file_gone(files: Sequence[SlackFile], ports: Ports) -> str:
    """Which of some files Slack does not show any more, in words; empty if it shows all of them."""
    found = await gone(files, ports)
    return "" if found is None else gone_words(found[0], deleted=found[1] in DELETED)


async def filled_in(planned: Planned, happening: Happening, ports: Ports) -> Happening:
    """What happens to a planned text: if that releases it, with what its placeholders say now, or it is held."""
    asked = asked_for(planned, happening, ports.now())
    return with_filling(planned, happening, await _values(planned, asked, ports)) if asked else happening


async def _values(planned: Planned, asked: Collection[str], ports: Ports) -> Mapping[str, str]:
    """What is filled in for the placeholders that are asked for."""
    values = dict.fromkeys(asked, "")
    if "name" in asked and (contact := await ports.stores.contacts.get(planned.contact)) is not None:
        values["name"] = contact.name
    if "line" in asked and (line := await ports.stores.lines.get(planned.line)) is not None:
        values["line"] = line.label
    if "agent" in asked:
        try:
            values["agent"] = await ports.slack.user_name(planned.by)
        except SlackError as error:
            if not isinstance(error, Permanent):
                raise
            log.warning("Slack does not name the author of a planned text", user=planned.by, error=error.code)
    return values


async def settle(planned: Planned, ports: Ports) -> None:
    """Put a released text into the outbox, once, and let the ticket know.

    If that comes hours later, the gate sends nothing, and a person decides.
    """
    if planned.state is not PlannedState.RELEASED or planned.look_at is None:
        return
    text = sms_of(planned)
    await ports.stores.texts.add(text)
    wrote = AgentWrote(conversation=text.conversation, by=planned.by, at=text.received_at, order=text.id, planned=True)
    await ports.publisher.publish(wrote)
    await ports.publisher.publish(SendTexts(conversation=text.conversation), delay=WAIT_FOR_EARLIER)
    await ports.stores.planned.set_settled(planned)


def sms_of(planned: Planned) -> Sms:
    """The text that a planned one becomes: always the same, and its place is that of its release."""
    released_at = planned.ended_at or planned.due_at
    return Sms(
        id=planned.sms,
        conversation=planned.conversation,
        line=planned.line,
        contact=planned.contact,
        direction=Direction.OUTBOUND,
        body=planned.body,
        files=planned.files,
        received_at=released_at,
        correlation_id=planned.correlation_id,
        state=State.WAITING,
        rank=State.WAITING.rank,
        author=planned.by,
        origin=Origin.PLANNED,
        exempt=planned.changed_by is not None,
        outbox=planned.conversation,
        due_at=released_at + DECIDED_WITHIN,
        unshown=planned.conversation,
    )
