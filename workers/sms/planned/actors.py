"""Texts that are sent later: agents plan, change, cancel and release them, and the clock finds those that are due."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from messages.conversation import Contact, conversation_id
from messages.formats.later import Meant, at_instant, meant, objection_to_time, only_number
from messages.formats.numbers import NotANumber
from messages.formats.places import MeantIn, ZoneOf, meant_in
from messages.line import Line, ReplyMode, line_of
from messages.notification import Whisper
from messages.opt_outs import Parties
from messages.planned import (
    LIVE,
    WALL_FORMAT,
    ActOnPlanned,
    CancelPlan,
    ChangePlan,
    ListPlanned,
    LookAtPlanned,
    Planned,
    PlannedState,
    PlanText,
    PlanTyped,
    SendPlanNow,
)
from messages.process.publishing import correlation
from messages.sms import SlackFile, State, WriteText
from workers.failures import SlackError
from workers.observe import PLANNED_TEXTS
from workers.ports import Ports
from workers.redraw import redraw
from workers.runtime import LostVersionRace, actor
from workers.sms.compose import which_line
from workers.sms.known_files import known_files
from workers.sms.may_send import LINE_GONE, Hold, at_door, at_release, facts_of, night_end, objection
from workers.sms.mentioned_names import names
from workers.sms.plain_text import plain
from workers.sms.planned import words
from workers.sms.planned.attached import changed_files, is_to_check
from workers.sms.planned.filling import by_need, objection_to_placeholders
from workers.sms.planned.life import (
    Happening,
    PlanChange,
    PlanEvent,
    Surroundings,
    decide,
    first_look,
    happens,
    may_leave_now,
    refusal,
)
from workers.sms.planned.offer import ask_assignees
from workers.sms.planned.release import file_gone, filled_in, settle, surroundings, with_files
from workers.sms.replies import decide_reply

log = structlog.get_logger("clerk.planned")

TRIES: Final = 10
"""How often a change is decided again, because another worker was faster."""


@actor(handles=PlanTyped)
async def plan_typed(message: PlanTyped, ports: Ports) -> None:
    """Plan the text that an agent typed after `/clerk later`, or answer what is wrong with it."""
    if await _was_refused(message, ports):
        return
    lines = await ports.stores.lines.all()
    line = line_of(lines, message.channel)
    if line is None:
        await _refuse(message, which_line(lines), ports)
        return
    try:
        contact = only_number(message.number, line.id)
    except NotANumber as error:
        await _refuse(message, f"Nothing was planned. {error}", ports)
        return
    order = PlanText(
        planned=message.planned,
        line=line.id,
        contact=contact,
        text=message.text,
        when=message.when,
        by=message.by,
        at=message.at,
        channel=message.channel,
        response_url=message.response_url,
    )
    await plan(order, ports)


@actor(handles=PlanText)
async def plan(message: PlanText, ports: Ports) -> None:
    """Plan a text, once, or answer why not; create the conversation if there is none."""
    stores, conversation = ports.stores, conversation_id(message.line, message.contact)
    if (known := await stores.planned.get(message.planned)) is not None:
        await _compare(message, known, ports)
        await redraw(known.conversation, ports)
        contact = await stores.contacts.get(known.contact) or Contact(id=known.contact, created_at=ports.now())
        await _answer_once(message, words.done(known, contact), ports, known)
        return
    if await _was_refused(message, ports):
        return
    now, parties = ports.now(), await stores.opt_outs.parties(message.line, message.contact)
    if message.when.awake and await _leaves_at_once(message, parties, ports):
        return
    contact = parties.contact or Contact(id=message.contact, created_at=now)
    body = plain(message.text, await names(message.text, message.at, ports))
    files = await known_files(message.files, ports)
    where = await _meant_in(message.zone, contact, message.by, parties.line, ports)
    ends = night_end(parties, message.at) if message.when.awake else None
    time = meant(message.when, message.at, where.zone) if ends is None else at_instant(ends, where.zone)
    wrong = (
        (LINE_GONE if parties.line is None else "")
        or _objection_to_text(message.text, body, files, parties, now, fills=True)
        or objection_to_time(time.placed.instant, message.at)
        or words.objection_to_count(
            await stores.planned.count_of_conversation(conversation), await stores.planned.count_of_author(message.by)
        )
    )
    if wrong:
        await _refuse(message, wrong, ports)
        return
    await stores.contacts.ensure(contact.id, now)
    await stores.conversations.ensure(message.line, contact.id, now)
    await stores.conversations.expect_planned(conversation, message.planned)
    planned = _document(message, body, files, where.zone, time)
    if await stores.planned.add(planned):
        PLANNED_TEXTS.labels(planned.state).inc()
        await redraw(conversation, ports)
        agent, night_ends = await _zone_of(message.by, ports), _night_ends(planned.due_at, parties)
        said = words.confirmation(planned, contact, where, time, now, agent=agent, night_ends=night_ends)
        await _answer_once(message, said, ports, planned)


async def _leaves_at_once(message: PlanText, parties: Parties, ports: Ports) -> bool:
    """Whether a text for a contact who is to be awake is one to be sent at once, since it was day when it was written.

    That was decided if it is stored already: the hour does not decide it anew.
    """
    if await ports.stores.texts.get(message.planned) is None and night_end(parties, message.at) is not None:
        return False
    said = message.model_dump(include={"line", "contact", "text", "files", "by", "at", "channel", "response_url"})
    await ports.publisher.publish(WriteText.model_validate({"sms": message.planned, "awake": True, **said}))
    return True


async def _compare(message: PlanText, known: Planned, ports: Ports) -> None:
    """Tell the author of a form that was submitted twice with different texts that the second one is not planned."""
    if message.at == known.created_at or known.version > 1:
        return
    same_files = {each.id for each in message.files} == {each.id for each in known.files}
    if plain(message.text, await names(message.text, message.at, ports)) != known.body or not same_files:
        await _answer(message, words.ACCEPTED_BEFORE, ports)


async def _meant_in(zone: str | None, contact: Contact, agent: str, line: Line | None, ports: Ports) -> MeantIn:
    """In which zone a time is meant; Slack's and the line's are asked for only where they count."""
    now = ports.now()
    found = meant_in(zone, contact, None, None, now)
    if found.of is not ZoneOf.NOBODY:
        return found
    agents = await _zone_of(agent, ports)
    calendar = await ports.stores.calendars.get(line.calendar) if line and line.calendar else None
    lines = (line.zone if line else "") or (calendar.zone if calendar else "")
    return meant_in(zone, contact, agents, lines, now)


async def _zone_of(agent: str, ports: Ports) -> str:
    """An agent's zone; blank if Slack does not say it."""
    try:
        return await ports.slack.zone_of(agent)
    except SlackError as error:
        log.warning("Slack does not say in which zone an agent is", error=error.code)
        return ""


def _night_ends(due_at: datetime, parties: Parties) -> datetime | None:
    """When the night ends that puts off a text that is due then; None if none does."""
    verdict = at_release(due_at, *facts_of(parties, due_at), due_at)
    return verdict.until if isinstance(verdict, Hold) else None


def _objection_to_text(
    markup: str, body: str, files: Sequence[SlackFile], parties: Parties, now: datetime, *, fills: bool
) -> str:
    """Why a text can't be planned, in words; empty if it can."""
    if not body.strip() and not files:
        return words.NO_TEXT
    if fills and (wrong := objection_to_placeholders(body)):
        return wrong
    found = decide_reply(markup, body, files, ReplyMode.THREAD, objection(at_door(now, parties, now), parties))
    return words.NO_NOTE if found.state is State.NOTE else found.words


def _document(message: PlanText, body: str, files: tuple[SlackFile, ...], zone: str, time: Meant) -> Planned:
    """A new planned text as a document."""
    return Planned(
        id=message.planned,
        conversation=conversation_id(message.line, message.contact),
        line=message.line,
        contact=message.contact,
        body=body,
        files=files,
        by=message.by,
        created_at=message.at,
        since=message.at,
        wall=time.wall.strftime(WALL_FORMAT) if time.wall else "",
        zone=zone,
        due_at=time.placed.instant,
        if_reply=message.if_reply,
        fills=True,
        changed_by=message.by,
        look_at=first_look(time.placed.instant, files, message.at),
        correlation_id=correlation.get(),
    )


@actor(handles=LookAtPlanned)
async def look_at_planned(message: LookAtPlanned, ports: Ports) -> None:
    """Let happen to a conversation's planned texts what is due: release, hold, remind, cancel."""
    plans = await ports.stores.planned.live(message.conversation)
    if not plans:
        return
    around = await surroundings(plans, ports)
    changed = [await _look(planned, around, ports) for planned in by_need(plans)]
    if any(changed):
        await redraw(message.conversation, ports)


async def _look(planned: Planned, around: Surroundings, ports: Ports) -> bool:
    """Whether something happened to a planned text by itself, or another worker changed it meanwhile."""
    found, changed = planned, False
    for _ in range(TRIES):
        now = ports.now()
        happening = await with_files(found, happens(found, around, now), ports)
        if happening is not None:
            happening = await filled_in(found, happening, ports)
        after = found if happening is None else decide(found, happening, now).planned
        if happening is None and is_to_check(found, None, now):
            await ports.stores.planned.look_again(found, found.due_at)
        if after is found or await ports.stores.planned.save(after, found):
            _count(found, after)
            await settle(after, ports)
            if happening is not None and happening.event is PlanEvent.AUTHOR_GONE:
                await ask_assignees(after, ports)
            return changed or after is not found
        changed, newest = True, await ports.stores.planned.get(found.id)
        if newest is None:
            return True
        found = newest
    raise LostVersionRace


def _count(before: Planned, after: Planned) -> None:
    """Count a planned text that has come to another state."""
    if before.state is not after.state:
        PLANNED_TEXTS.labels(after.state).inc()


@actor(handles=ActOnPlanned)
async def act_on_planned(message: ActOnPlanned, ports: Ports) -> None:
    """Carry out an agent's order about a planned text, once; after a refusal, tell the agent why."""
    stores = ports.stores
    for _ in range(TRIES):
        planned = await stores.planned.get(message.planned)
        if planned is None:
            log.warning("an order about a planned text that does not exist")
            await _answer(message, words.GONE, ports)
            return
        contact = await stores.contacts.get(planned.contact) or Contact(id=planned.contact, created_at=ports.now())
        if message.order in planned.orders:
            await settle(planned, ports)
            await redraw(planned.conversation, ports)
            await _answer_once(message, words.done(planned, contact), ports, planned)
            return
        happening, answer = await _ordered(message, planned, contact, ports)
        if happening is None:
            await _answer(message, answer, ports)
            return
        decision = decide(planned, happening, ports.now())
        if decision.refusal:
            await redraw(planned.conversation, ports)
            await _answer(message, decision.refusal, ports)
            return
        if await stores.planned.save(decision.planned, planned):
            break
    else:
        raise LostVersionRace
    after = decision.planned
    _count(planned, after)
    await settle(after, ports)
    await redraw(after.conversation, ports)
    if happening.by is None:
        await _answer(message, refusal(after), ports)
    else:
        await _answer_once(message, answer or words.done(after, contact), ports, after)


async def _ordered(
    message: ActOnPlanned, planned: Planned, contact: Contact, ports: Ports
) -> tuple[Happening | None, str]:
    """What an order makes happen, and the answer if that is done; None, and why, if nothing."""
    command = message.command
    if isinstance(command, CancelPlan):
        return Happening(PlanEvent.CANCEL, message.by, message.order), ""
    if planned.state in LIVE:
        around = await surroundings([planned], ports)
        if (barring := may_leave_now(planned, around, ports.now())) is not None:
            return barring, ""
    if isinstance(command, ChangePlan):
        return await _changed(message, command, planned, contact, ports)
    event = PlanEvent.SEND_NOW if isinstance(command, SendPlanNow) else PlanEvent.KEEP
    happening = Happening(event, message.by, message.order)
    if is_to_check(planned, happening, ports.now()) and (gone := await file_gone(planned.files, ports)):
        return None, words.without_file(gone)
    happening = await filled_in(planned, happening, ports)
    if happening.event is PlanEvent.DUE_AND_UNFILLED:
        return None, words.unfilled(happening.why)
    return happening, ""


async def _changed(
    message: ActOnPlanned, command: ChangePlan, planned: Planned, contact: Contact, ports: Ports
) -> tuple[Happening | None, str]:
    """An edit as it is asked for, and the answer to it; None, and why, if it is not possible."""
    body, time, where = planned.body, None, MeantIn(command.zone or planned.zone, ZoneOf.CHOSEN)
    parties = await ports.stores.opt_outs.parties(planned.line, planned.contact)
    files = changed_files(planned, command.keep, await known_files(command.files, ports))
    if (kept := [each for each in files if each in planned.files]) and (gone := await file_gone(kept, ports)):
        return None, words.kept_file_gone(gone)
    if command.text is not None:
        body = plain(command.text, await names(command.text, message.at, ports))
        if wrong := _objection_to_text(command.text, body, files, parties, ports.now(), fills=planned.fills):
            return None, wrong
    wall, due_at = planned.wall, planned.due_at
    if command.when is not None:
        time = meant(command.when, message.at, where.zone)
        wall, due_at = time.wall.strftime(WALL_FORMAT) if time.wall else "", time.placed.instant
        if wrong := objection_to_time(due_at, message.at):
            return None, wrong
    elif due_at <= message.at and planned.state is PlannedState.HELD:
        return None, words.NEW_TIME
    if_reply = command.if_reply or planned.if_reply
    change = PlanChange(command.version, body, wall, where.zone, due_at, if_reply, files)
    shown = planned.model_copy(update={"body": body, "due_at": due_at, "zone": where.zone, "if_reply": if_reply})
    agent, night_ends = await _zone_of(message.by, ports), _night_ends(due_at, parties)
    answer = words.confirmation(shown, contact, where, time, ports.now(), agent=agent, night_ends=night_ends)
    return Happening(PlanEvent.EDIT, message.by, message.order, change=change), answer


@actor(handles=ListPlanned)
async def list_planned(message: ListPlanned, ports: Ports) -> None:
    """Show an agent the texts that they planned, the next one first."""
    plans = await ports.stores.planned.of_author(message.by, words.LISTED)
    count = await ports.stores.planned.count_of_author(message.by)
    told = Whisper(
        text=words.listing(count),
        user=message.by,
        response_url=message.response_url,
        channel=message.channel,
        markup=True,
        planned=tuple(each.id for each in plans),
    )
    await ports.publisher.publish(told)


type _Plans = PlanText | PlanTyped


async def _refuse(message: _Plans, text: str, ports: Ports) -> None:
    """Tell an agent why a text is not planned, and record it: a repeat of the order does not plan it later either."""
    await ports.stores.events.add(_refusal_id(message), Whisper(text=text, user=message.by))
    await _answer(message, text, ports)


async def _was_refused(message: _Plans, ports: Ports) -> bool:
    """Whether this order was refused before; if so, the agent is told again: the first answer may be lost."""
    told = await ports.stores.events.find(_refusal_id(message))
    if told is None:
        return False
    await _answer(message, str(told["text"]), ports)
    return True


def _refusal_id(message: _Plans) -> str:
    """The id under which the refusal of an order is kept; a form that was changed and submitted again has another."""
    said = message.model_dump_json(exclude={"at", "response_url"})
    return f"refused/{message.planned}/{hashlib.sha256(said.encode()).hexdigest()[:16]}"


async def _answer_once(message: PlanText | ActOnPlanned, text: str, ports: Ports, planned: Planned) -> None:
    """Tell an agent what became of an order that was carried out, unless they were told.

    A worker may have died before it told them: a repeat of the order then does.
    """
    order = (message.order or "") if isinstance(message, ActOnPlanned) else "planned"
    once = f"answered/{planned.id}/{order}"
    if order and await ports.stores.events.find(once) is not None:
        return
    told = await _answer(message, text, ports, planned if planned.state in LIVE else None)
    if order:
        await ports.stores.events.add(once, told)


async def _answer(message: _Plans | ActOnPlanned, text: str, ports: Ports, planned: Planned | None = None) -> Whisper:
    """Tell an agent what became of an order, with the buttons of a planned text if there is one."""
    told = Whisper(
        text=text,
        user=message.by,
        response_url=message.response_url,
        channel=message.channel,
        markup=True,
        planned=(planned.id,) if planned else (),
    )
    await ports.publisher.publish(told)
    return told
