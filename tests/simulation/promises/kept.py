"""Checks at the end of a simulation that every promise was kept."""

from itertools import combinations
from typing import Any, Final

from messages.sms import State, outbound_id
from messages.ticket import Status, Ticket
from tests import make
from tests.simulation.people.acts import Act
from tests.simulation.people.requests import response_url
from tests.simulation.promises import automatic, orders, planned, team, watched
from tests.simulation.promises.seen import (
    Broken,
    acts_of,
    contacts_of,
    entries_of,
    requests_to,
    sent_as,
    sms_of,
    tickets_of,
)
from tests.simulation.twilio import SentToContact
from tests.simulation.world import SimulatedWorld
from workers.last_words import ORDER
from workers.sms.changes.take_back import CHANGED, TAKEN_BACK, TOO_LATE_TO_CHANGE

FORMS: Final = {f"interactive.open_{each}" for each in ("modal", "reply", "planned", "snooze")}

UNDECIDED: Final = {State.WAITING, State.SENDING}
SENT: Final = {State.QUEUED, State.SENT, State.DELIVERED}


def check(world: SimulatedWorld) -> None:
    """Note every promise that was not kept."""
    for promise in PROMISES:
        for kind, what in promise(world):
            world.found_wrong(kind, what)


def _in_thread(world: SimulatedWorld, contact: str) -> list[str]:
    """The contact's texts in the thread, in order."""
    own = f"{make.LINE}:{contact}/texts/"
    posts = sorted((each for each in world.slack.living() if each.post_id.startswith(own)), key=lambda each: each.ts)
    return [line for each in posts for line in each.text.splitlines()]


def _texts(world: SimulatedWorld) -> Broken:
    """Every text is in its thread once, and after those that were taken before it came."""
    requests = requests_to(world, "/twilio/sms")
    for contact in contacts_of(world):
        shown = _in_thread(world, contact)
        texts = [each for each in acts_of(world, "text") if each.contact == contact]
        for act in texts:
            if act.detail or act.words == world.slack.poison:
                continue
            if (count := shown.count(act.words)) != 1:
                yield ("text lost" if not count else "text twice"), f"{act.words} is in the thread {count} times"
        for one, other in combinations(texts, 2):
            first, second = requests[one.number], requests[other.number]
            if first.taken_at is None or first.taken_at > second.first_at or one.detail or other.detail:
                continue
            if one.words in shown and other.words in shown and shown.index(one.words) > shown.index(other.words):
                yield "texts out of order", f"{other.words} before {one.words}: {shown}"


def _replies(world: SimulatedWorld) -> Broken:
    """Every reply that was taken is decided, and shown so; those that were sent were sent in order."""
    texts, requests = world.texts(), requests_to(world, "/slack/events")
    for act in acts_of(world, "reply", "note"):
        if act.number not in requests or requests[act.number].taken_at is None:
            continue
        place = world.written[act.number]
        text = texts.get(outbound_id(*place))
        if text is None:
            yield "reply lost", act.words
        elif text.state in UNDECIDED:
            yield "reply undecided", f"{act.words} is {text.state}"
        elif not world.slack.reactions.get(place) and text.withdrawn_at is None:
            yield "reply unmarked", f"{act.words} is {text.state}"
    arrived = {sms_of(each) for each in world.network.outbound}
    for text in texts.values():
        if text.state in SENT and text.id not in arrived:
            yield "wrongly marked as sent", f"{text.body} is {text.state}"
    replies = {outbound_id(*place) for place in world.written.values()}
    for contact in contacts_of(world):
        sent = [each for each in world.network.outbound if each.contact == contact and sms_of(each) in replies]
        for first, second in combinations(sent, 2):
            if _written(first) > _written(second) and not _may_overtake(second, first, world):
                yield "replies out of order", f"{[each.sent.body for each in sent]}"
                break


def _changes(world: SimulatedWorld) -> Broken:
    """No reply is both taken back and sent, none is sent as it was before a change that counts, and whoever lost knows.

    A later change of the same reply may be the one of which they were told.
    """
    texts, told = world.texts(), {(each.user, each.text) for each in world.slack.told}
    requests = requests_to(world, "/slack/events")
    for act in acts_of(world, "delete", "edit"):
        place, reply = world.written.get(int(act.detail)), int(act.detail)
        text = texts.get(outbound_id(*place)) if place else None
        if place is None or text is None:
            continue
        sent = [each.sent.body for each in sent_as(world, outbound_id(*place))]
        if text.withdrawn_at is not None and sent:
            yield "taken back and sent", f"reply {reply}: {sent}"
        elif text.edited is not None and sent and sent != [text.body]:
            yield "sent as it was", f"reply {reply}: {sent}, not {text.body}"
        alone = sum(each.what == "reply" for each in world.schedule.acts) == 1
        if alone and sent and (text.author, TAKEN_BACK) in told:
            yield "told and sent", f"reply {reply}: {sent}"
        if act.number not in requests or requests[act.number].taken_at is None:
            continue
        if sent and text.edited is None and not told & {(text.author, each) for each in (TOO_LATE_TO_CHANGE, CHANGED)}:
            yield "change unanswered", f"{act.what} {act.number} of reply {reply}, which was sent"
        if text.withdrawn_at is not None and text.state is State.UNSENT and (text.author, TAKEN_BACK) not in told:
            yield "change unanswered", f"{act.what} {act.number} of reply {reply}, which was taken back"


def _written(text: SentToContact) -> str:
    """The time of the reply that a sent text is, as `ts`."""
    return text.callback.rpartition("-")[2]


def _may_overtake(earlier: SentToContact, later: SentToContact, world: SimulatedWorld) -> bool:
    """Whether a reply may go before one that was written earlier: a person decides about that one, because nobody
    knows whether it was sent; or Slack could not be asked what was written before.
    """
    told = any(each.post_id.endswith("/unknown") and _written(earlier) in each.post_id for each in world.slack.messages)
    asked = [at for at in world.slack.unanswered if at <= later.sent.at]
    return told or any(at.timestamp() >= float(_written(later)) for at in asked)


def _clicks(world: SimulatedWorld) -> Broken:
    """Every click that was taken had its effect, or its agent was told why not."""
    requests = requests_to(world, "/slack/interactions")
    tickets = tickets_of(world)
    for act in acts_of(world, "click"):
        request = requests.get(act.number)
        if request is None or request.taken_at is None:
            continue
        user = f"U1{act.number:03d}"
        told = any(each.user == user or each.response_url == response_url(act) for each in world.slack.told)
        if not (told or _took_effect(act, user, tickets, world)):
            kind = "modal unanswered" if act.detail == "ticket.assign" else "click unanswered"
            yield kind, f"{act.detail} {act.number}"


def _resends(world: SimulatedWorld) -> Broken:
    """Whoever clicked Resend was told why nothing is sent, or the text was sent again, or its outcome is known.

    That it is sent once, however often they click, the network looks at.
    """
    texts, told = world.texts(), {each.user for each in world.slack.told}
    for user, sms in world.resends.items():
        text = texts.get(sms)
        if text is not None and text.state is State.UNKNOWN and text.attempts < 2 and user not in told:
            yield "resend unanswered", f"{user} about {text.body}"


def _took_effect(act: Act, user: str, tickets: list[Ticket], world: SimulatedWorld) -> bool:
    history = [why for by, why in entries_of(world).values() if by == user]
    match act.detail:
        case "ticket.assign":
            return f"trigger{act.number}" in world.slack.opened
        case "ticket.take":
            return bool(history)
        case "ticket.status":
            return bool(history) or bool(tickets)  # setting the present status changes nothing
        case _:
            return True


def _notes(world: SimulatedWorld) -> Broken:
    """Every note is on its ticket once, and every click in the history once."""
    kept = [note.text for ticket in tickets_of(world) for note in ticket.notes]
    kept += [each["text"] for each in world.server.collection("notes").documents.values()]
    for words in sorted({each for each in kept if kept.count(each) > 1}):
        yield "note twice", words
    entries = [each for each in entries_of(world).values() if each[0].startswith("U1")]
    for by, why in sorted({each for each in entries if entries.count(each) > 1}):
        yield "order carried out twice", f"{why} of {by}"
    requests = requests_to(world, "/slack/events")
    for act in acts_of(world, "note"):
        if act.number in requests and requests[act.number].taken_at is not None and f"aside {act.number}" not in kept:
            yield "note lost", act.words


def _wishes(world: SimulatedWorld) -> Broken:
    """The latest STOP or START that was taken after all others counts."""
    for contact in contacts_of(world):
        asked = [each for each in acts_of(world, "text") if each.contact == contact and each.detail]
        requests = requests_to(world, "/twilio/sms")
        taken = [requests[each.number] for each in asked if each.number in requests]
        if not taken or any(each.taken_at is None for each in taken):
            continue
        last = max(taken, key=lambda each: each.first_at)
        if any(each is not last and (each.taken_at or 0) > last.first_at - 1 for each in taken):
            continue  # they came too close to each other
        opted_out = world.server.collection("conversations").documents[f"{make.LINE}:{contact}"].get("opted_out", False)
        if opted_out != (last.act.detail == "STOP"):
            yield "wish forgotten", f"{contact} sent {last.act.detail}, but opted_out is {opted_out}"


def _announcements(world: SimulatedWorld) -> Broken:
    """No text is left unannounced."""
    for id, conversation in world.server.collection("conversations").documents.items():
        debounce: dict[str, Any] = conversation.get("debounce") or {}
        count = sum(1 for each in acts_of(world, "text") if f"{make.LINE}:{each.contact}" == id)
        if debounce.get("considered", 0) != count or debounce.get("waiting_since") is not None:
            yield "unannounced", f"{count} texts, {debounce}"
        number = (debounce.get("latest") or {}).get("number", 0)
        if number > count:
            yield "announced twice", f"{count} texts, {number} notifications"


def _cards(world: SimulatedWorld) -> Broken:
    """The thread's root shows the status of its ticket."""
    newest: dict[str, Ticket] = {}
    for ticket in tickets_of(world):
        if ticket.conversation not in newest or newest[ticket.conversation].id < ticket.id:
            newest[ticket.conversation] = ticket
    for conversation, ticket in newest.items():
        roots = [each for each in world.slack.living() if each.post_id == f"{conversation}/root"]
        for root in roots:
            whole = str(root.blocks)
            if "*Status*" in whole and f"*Status*\\n{Status(ticket.status).label}" not in whole:
                yield "stale card", f"ticket #{ticket.id} is {ticket.status}"


def _letters(world: SimulatedWorld) -> Broken:
    """No message failed for good, but for a whisper that was heard although Slack answered none of its tries.

    A form is not opened by a worker that stood still for long, and whoever wanted it hears that.
    """
    heard = {each.text for each in world.slack.told}
    for message in world.broker.dead:
        if message.actor_name == "slack.whisper" and message.kwargs["message"]["text"] in heard:
            continue
        wanted_by = message.kwargs["message"].get("user") if message.actor_name in FORMS else None
        if any((each.user, each.text) == (wanted_by, ORDER) for each in world.slack.told):
            continue
        kinds = {"interactive.open_modal": "dead modal", "slack.whisper": "dead whisper"}
        yield kinds.get(message.actor_name, "dead letter"), message.actor_name


PROMISES: Final = (
    *(_texts, _replies, _changes, _clicks, _resends, _notes, _wishes, _announcements, _cards, _letters),
    *(planned.PROMISES),
    *(automatic.PROMISES),
    *(watched.PROMISES),
    *(orders.PROMISES),
    *(team.PROMISES),
)
"""All promises."""
