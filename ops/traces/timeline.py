"""The timeline of one text or ticket, or of all that one webhook caused: messages, documents, posts, provider calls."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from messages.base import Document
from messages.deadlines.snooze import SnoozeEnd
from messages.notification import Post, PostKind
from messages.sms import Direction, Sms, State
from messages.ticket import Change, Entry, Ticket
from ops.documents.reader import Documents
from ops.masking import masked_number
from ops.queues.letters import Letter
from ops.traces.log_trail import LogLine, Trail
from ops.traces.steps import Step

MOST: Final = 200
"""How many texts and how many posts one trace shows."""

_CAUSE: Final = re.compile(r"[0-9a-f]{32}")
_TICKET: Final = re.compile(r"#?([0-9]{1,12})")


class Trace(Document):
    """What is known about an id, in time order.

    `subject` says what the id is, None if nobody knows it; `related` has other ids worth tracing; `unasked` says what
    could not be read, and why."""

    id: str
    subject: str | None
    steps: tuple[Step, ...] = ()
    related: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


class Subject(Document):
    """The documents that an id leads to."""

    what: str
    texts: tuple[Sms, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    causes: tuple[str, ...] = ()


def trace(id: str, documents: Documents, trail: Trail | None, now: datetime, letters: Iterable[Letter] = ()) -> Trace:
    """Everything known about an id; of `letters`, messages in queues, it shows those that belong to the id."""
    subject = find(id.strip(), documents)
    causes = {*(subject.causes if subject else ()), *([id.strip()] if _CAUSE.fullmatch(id.strip()) else ())}
    lines = trail.find(causes) if trail is not None else []
    own = [letter for letter in letters if letter.correlation_id in causes or letter.id == id.strip()]
    if subject is None and not lines and not own:
        return Trace(id=id, subject=None)
    texts, tickets = (subject.texts, subject.tickets) if subject else ((), ())
    of_cause = {text.correlation_id: f"text {text.id}" for text in reversed(texts) if text.correlation_id}
    steps = [
        *(_about(f"text {text.id}", step) for text in texts for step in of_text(text, now)),
        *(
            _about(f"ticket #{ticket.id}", step)
            for ticket in tickets
            for step in of_ticket(_as_carried_out(ticket, documents), documents.history(ticket), now)
        ),
        *(_about(_shown_by(post, texts), of_post(post)) for post in _posts(documents, texts, tickets)),
        *(_about(_of_cause(line.correlation_id, of_cause), of_log_line(line)) for line in lines),
        *(_about(_of_cause(letter.correlation_id, of_cause), of_letter(letter)) for letter in own),
    ]
    return Trace(
        id=id,
        subject=subject.what if subject else f"the cause {id.strip()}" if lines else "a message",
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        related=_related(id.strip(), texts, tickets, causes),
    )


def _about(what: str, step: Step) -> Step:
    return step.model_copy(update={"about": what})


def _shown_by(post: Post, texts: Sequence[Sms]) -> str:
    """What a Slack message is about: the first of the texts that it shows, else its ticket."""
    if post.kind is PostKind.TEXTS:
        for text in texts:
            if text.conversation == post.conversation and text.seq == post.first:
                return f"text {text.id}"
    return f"ticket #{post.ticket}" if post.ticket is not None else "the conversation"


def _of_cause(cause: str | None, of_cause: Mapping[str, str]) -> str:
    """What a log line or a message is about: the text that its cause brought, else the cause itself."""
    return of_cause.get(cause or "", f"cause {cause}" if cause else "a message")


def find(id: str, documents: Documents) -> Subject | None:
    """What an id means: a text (the provider's sid, or our id), a ticket's number, or a correlation id."""
    if ticket := _TICKET.fullmatch(id):
        return _of_ticket(int(ticket[1]), documents)
    texts = documents.texts({"_id": id}, 1) or documents.texts({"sid": id}, 1)
    if texts:
        return _with_tickets(f"the {texts[0].direction} text {texts[0].id}", texts, documents)
    if _CAUSE.fullmatch(id):
        caused = documents.texts({"correlation_id": id}, MOST)
        if caused:
            return _with_tickets(f"the cause {id}", caused, documents)
    return None


def _of_ticket(number: int, documents: Documents) -> Subject | None:
    tickets = documents.tickets({"_id": number}, 1)
    if not tickets:
        return None
    ticket = tickets[0]
    filed = {"conversation": ticket.conversation, "seq": {"$gte": ticket.first_text, "$lte": ticket.last_text}}
    inbound = documents.texts({**filed, "direction": Direction.INBOUND}, MOST)
    sent = {
        "conversation": ticket.conversation,
        "direction": Direction.OUTBOUND,
        "received_at": _life(ticket, documents),
    }
    outbound = documents.texts(sent, MOST)
    texts = tuple({text.id: text for text in [*inbound, *outbound]}.values())
    causes = tuple({text.correlation_id for text in texts if text.correlation_id is not None})
    return Subject(what=f"ticket #{number}", texts=texts, tickets=(ticket,), causes=causes)


def _life(ticket: Ticket, documents: Documents) -> dict[str, datetime]:
    """The query for times at which this was the conversation's ticket, or a minute before: a reply may begin one."""
    life = {"$gte": ticket.created_at - timedelta(minutes=1)}
    later = [each for each in documents.tickets({"conversation": ticket.conversation}, 20) if each.id > ticket.id]
    return life | ({"$lt": min(each.created_at for each in later)} if later else {})


def _with_tickets(what: str, texts: Sequence[Sms], documents: Documents) -> Subject:
    tickets: dict[int, Ticket] = {}
    for text in texts:
        for ticket in documents.tickets({"conversation": text.conversation}, 20):
            if text.seq is not None and ticket.first_text <= text.seq <= ticket.last_text:
                tickets[ticket.id] = ticket
    causes = tuple({text.correlation_id for text in texts if text.correlation_id is not None})
    return Subject(what=what, texts=tuple(texts), tickets=tuple(tickets.values()), causes=causes)


def _posts(documents: Documents, texts: Sequence[Sms], tickets: Sequence[Ticket]) -> list[Post]:
    """The Slack messages that show these texts or tickets."""
    numbers = {ticket.id for ticket in tickets}
    places = {(text.conversation, text.seq) for text in texts if text.direction is Direction.INBOUND}
    conversations = {text.conversation for text in texts} | {ticket.conversation for ticket in tickets}
    return [
        post
        for conversation in conversations
        for post in documents.posts({"conversation": conversation}, 10 * MOST)
        if post.ticket in numbers or any((conversation, seq) in places for seq in range(post.first, post.last + 1))
    ][:MOST]


def of_text(text: Sms, now: datetime) -> list[Step]:
    """The steps that a text's document shows."""
    return [*(_received if text.direction is Direction.INBOUND else _sent)(text), *_due(text, now)]


def _facts(text: Sms, *more: str) -> str:
    media = len(text.media) + len(text.files)
    attached = (f"{media} attached",) if media else ()
    return ", ".join([text.id, *more, f"{len(text.body)} characters", *attached, masked_number(text.conversation)])


def _received(text: Sms) -> Iterator[Step]:
    place = "without a place in its conversation yet" if text.seq is None else f"number {text.seq} of its conversation"
    facts = _facts(text, place, *_keyword(text))
    yield Step(at=text.received_at, where="webhook", what="the gateway received a text", detail=facts)


def _keyword(text: Sms) -> Iterator[str]:
    """What a text asked of the provider, and which Messaging Service its webhook named."""
    if text.wish is not None:
        yield f"the keyword {text.wish}"
    if text.unheeded is not None:
        yield f"like {text.unheeded}, but no keyword of this line"
    if text.pool:
        yield f"in {text.pool}"


def _sent(text: Sms) -> Iterator[Step]:
    by = f"by {text.author}" if text.is_of_team else f"by Clerk itself ({text.origin})"
    yield Step(at=text.received_at, where="text", what="a text to the contact was written", detail=_facts(text, by))
    state, code = text.state or "unknown", "" if text.error_code is None else f", error {text.error_code}"
    tried = f"{text.attempts} {'attempt' if text.attempts == 1 else 'attempts'}, {text.sid or 'no sid yet'}"
    bad = text.state in {State.FAILED, State.UNDELIVERED, State.REFUSED, State.UNKNOWN}
    what = f"the text is {state}{code}" if text.claimed_at is None else f"given to the provider: {state}{code}"
    yield Step(at=text.claimed_at or text.received_at, where="Twilio", what=what, detail=tried, trouble=bad)


def _due(text: Sms, now: datetime) -> Iterator[Step]:
    if text.due_at is not None:
        inbound = text.direction is Direction.INBOUND
        waiting = (
            "not under a ticket, or not considered, yet: the clock tries again" if inbound else "the clock tries again"
        )
        yield Step(at=text.due_at, where="clock", what=waiting, trouble=text.due_at < now)


def _as_carried_out(ticket: Ticket, documents: Documents) -> Ticket:
    """A ticket that says so if its last change was announced: until Slack shows it, the conversation alone does."""
    conversation = documents.conversation(ticket.conversation) if ticket.due_at is not None else None
    if conversation is None or not conversation.debounce.has_decided(ticket.id, ticket.version):
        return ticket
    return ticket.model_copy(update={"settled": {**ticket.settled, "notifications": ticket.version}})


def of_ticket(ticket: Ticket, history: Sequence[Entry], now: datetime) -> list[Step]:
    """The steps that a ticket's documents show: its creation, each entry of its history, and what is due."""
    number = f"#{ticket.id}"
    made = Step(at=ticket.created_at, where="ticket", what=f"{number} was created", detail=masked_number(ticket.line))
    entries = [
        Step(
            at=entry.at,
            where="ticket",
            what=f"{number} changed: {', '.join(map(_changed, entry.changes)) or 'nothing'}",
            detail=f"version {entry.version}, by {entry.by or 'Clerk'}, {entry.why}",
        )
        for entry in history
    ]
    late = [
        Step(
            at=ticket.due_at,
            where="clock",
            what=f"{slice} has not applied the last change of {number} yet: the clock tries again",
            trouble=ticket.due_at < now - timedelta(seconds=30),
        )
        for slice in ("notifications", "slack")
        if ticket.due_at is not None and ticket.settled.get(slice, 0) < ticket.version
    ]
    return [made, *entries, *_wakes(ticket), *late]


def _changed(change: Change) -> str:
    """What an entry of the history changed, in a word or two."""
    match change.what:
        case "snoozed":
            return f"snoozed until {_utc(datetime.fromisoformat(change.after['until']))}"
        case "woken":
            return f"woken by {_WOKEN_BY.get(str(change.after), str(change.after))}"
        case what:
            return what


_WOKEN_BY: Final[Mapping[str, str]] = {
    SnoozeEnd.TIME: "the clock, in time",
    SnoozeEnd.TEXT: "the contact's text",
    SnoozeEnd.STATUS: "another status",
    SnoozeEnd.AGENT: "an agent",
}


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _wakes(ticket: Ticket) -> Iterator[Step]:
    """When a snoozed ticket wakes: later if its line is closed then."""
    if ticket.asleep is not None:
        yield Step(
            at=ticket.asleep.until,
            where="clock",
            what=f"#{ticket.id} wakes, once its line is open",
            detail=f"snoozed by {ticket.asleep.by}",
        )


_POSTS: Final = {
    PostKind.ROOT: "the thread's first message",
    PostKind.CARD: "a notification",
    PostKind.PAST_CARD: "an earlier notification",
    PostKind.TEXTS: "a message with texts",
    PostKind.LINE: "a line in the thread",
    PostKind.DIGEST: "a digest",
    PostKind.ALERT: "an alert",
    PostKind.HAND_ON: "a list of tickets to hand on",
}


def of_post(post: Post) -> Step:
    """The step that a post's document shows."""
    what = _POSTS.get(post.kind, str(post.kind))
    if refused := post.failed or post.refused:
        return Step(
            at=post.created_at,
            where="Slack",
            what=f"Slack refused {what}: {refused}",
            detail=post.target,
            trouble=True,
        )
    if post.ts is None:
        return Step(
            at=post.created_at,
            where="Slack",
            what=f"Slack has not confirmed {what}",
            detail=post.target,
            trouble=True,
        )
    texts = f", texts {post.first} to {post.last}" if post.kind is PostKind.TEXTS else ""
    return Step(at=post.created_at, where="Slack", what=f"{what} was posted", detail=f"{post.channel} {post.ts}{texts}")


def of_log_line(line: LogLine) -> Step:
    """A log line, with its ids and numbers."""
    fields = {name: value for name, value in line.fields.items() if name not in {"actor", "message_id", "outcome"}}
    actor, outcome = line.fields.get("actor"), line.fields.get("outcome")
    return Step(
        at=line.at,
        where="message" if actor else "webhook" if line.event == "webhook" else line.process.split(" ")[0],
        what=" ".join(str(part) for part in (actor, line.event, outcome) if part),
        detail=masked_number(", ".join([*(f"{name} {_brief(value)}" for name, value in fields.items()), line.process])),
        trouble=outcome in {"retried", "dead", "rejected", "unpublished"} or line.event == "dead letter",
        took=_seconds(line.fields.get("milliseconds")),
    )


def _seconds(milliseconds: object) -> float:
    return max(0.0, milliseconds / 1000) if isinstance(milliseconds, int | float) else 0.0


def of_letter(letter: Letter) -> Step:
    """A message in a queue."""
    buried = letter.queue.endswith(".XQ")
    at = letter.died_at or letter.published_at or datetime.now(UTC)
    return Step(
        at=at,
        where="queue",
        what=f"{letter.actor} is {'among the dead letters of' if buried else 'in'} {letter.work_queue}",
        detail=f"{letter.id}, {masked_number(letter.reason or '')}".rstrip(", "),
        trouble=buried,
    )


def _related(id: str, texts: Sequence[Sms], tickets: Sequence[Ticket], causes: Iterable[str]) -> tuple[str, ...]:
    ids = [*(f"#{ticket.id}" for ticket in tickets), *(text.id for text in texts), *sorted(causes)]
    return tuple(each for each in dict.fromkeys(ids) if each.lstrip("#") != id.lstrip("#"))[:50]


def _brief(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
