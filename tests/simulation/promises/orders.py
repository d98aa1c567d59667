"""What must hold of snoozes, blocked contacts, and texts that are taken back: it happens once, and is said."""

from datetime import timedelta
from typing import Final

from messages.deadlines.alert import AlertCause
from messages.sms import Direction, Sms, State
from tests import make
from tests.simulation.people.acts import Act
from tests.simulation.people.requests import response_url
from tests.simulation.promises.seen import Broken, acts_of, answers_to, entries_of, sent_as, tickets_of, was_taken
from tests.simulation.world import SimulatedWorld
from workers.sms.changes.take_back import TEXT_LEFT, TEXT_TAKEN_BACK

TYPED_HERE: Final = ("snooze", "unsnooze", "block", "unblock", "send", "away", "back", "close", "open")

ON_THE_WAY: Final = timedelta(seconds=30)
"""So long a text may be on its way to the network that was begun before its contact was blocked."""


def _answered(world: SimulatedWorld) -> Broken:
    """Whoever typed or took back something is told what became of it."""
    orders = {entry.order for ticket in tickets_of(world) for entry in ticket.history if not entry.refusals}
    for act in acts_of(world, *TYPED_HERE):
        done = f"command/trigger{act.number}" in orders  # the thread says so
        if was_taken(world, act, "/slack/commands") and not done and not _answers(world, act):
            yield "command unanswered", f"{act.what} {act.number}"
    for act in acts_of(world, "take_back"):
        if was_taken(world, act, "/slack/interactions") and not answers_to(world, act):
            yield "take back unanswered", f"{act.number} of {act.detail}"


def _answers(world: SimulatedWorld, act: Act) -> list[str]:
    """What an agent was told about a command: by a worker, or at once by the gateway."""
    calls = [each for each in world.requests if each.act is act and each.taken_at is not None]
    return [*answers_to(world, act), *(words.decode() for each in calls for words in each.answers if words)]


def _snoozes(world: SimulatedWorld) -> Broken:
    """A ticket that woke because its time came is announced to people, unless somebody did something about it since."""
    told = {(each["ticket"], each["began_at"]) for each in _alerts(world) if each["cause"] == AlertCause.SNOOZE_OVER}
    for ticket in tickets_of(world):
        snooze = ticket.snooze
        if snooze is None or snooze.ended_at is None or (ticket.id, snooze.at, snooze.until) not in world.witness.woken:
            continue
        acted = any(each.by is not None and each.at >= snooze.until for each in ticket.history)
        over = ticket.blocked or ticket.status in {"solved", "closed"}
        if not acted and not over and (ticket.id, snooze.at) not in told:
            yield "woke, and nobody was told", f"ticket #{ticket.id}, snoozed until {snooze.until}"


def _alerts(world: SimulatedWorld) -> list[dict[str, object]]:
    return list(world.server.collection("alerts").documents.values())


def _blocked(world: SimulatedWorld) -> Broken:
    """A blocked contact's text counts as nothing, and none is sent to them; the witness sees what is announced."""
    texts = [each for each in world.texts().values() if each.seq is not None]
    margin = world.witness.margin + ON_THE_WAY
    for id, spans in world.witness.spans.items():
        for since, until in spans:
            for sent in world.network.outbound:
                if f"{make.LINE}:{sent.contact}" == id and since + margin < sent.sent.at < until:
                    yield "sent to a blocked contact", f"{sent.sent.body} at {sent.sent.at}, blocked at {since}"
            for text in texts:
                stored = text.stored_at
                heard = text.conversation == id and stored is not None and since + margin < stored < until - margin
                if heard and not text.muted and text.direction is Direction.INBOUND:
                    yield "a blocked contact's text counts", text.body


def _taken_back(world: SimulatedWorld) -> Broken:
    """A text that was typed or written in a form is sent, or refused, or taken back, and its author knows which."""
    texts = world.texts()
    for act in acts_of(world, "send", "form"):
        text = next((each for each in texts.values() if each.body == act.words and each.author), None)
        if text is None:
            if act.what == "send" and was_taken(world, act, "/slack/commands") and not _answers(world, act):
                yield "typed text lost", act.words
            continue
        sent = sent_as(world, text.id)
        if text.state in {State.WAITING, State.SENDING}:
            yield "typed text undecided", f"{act.words} is {text.state}"
        yield from _one_side_won(world, act, text, [each.sent.body for each in sent])


def _one_side_won(world: SimulatedWorld, act: Act, text: Sms, sent: list[str]) -> Broken:
    backs = [each for each in acts_of(world, "take_back") if each.detail == str(act.number)]
    urls = {response_url(each) for each in backs}
    told = {each.text for each in world.slack.told if each.response_url in urls}
    if text.withdrawn_at is not None and sent:
        yield "taken back and sent", act.words
    if TEXT_TAKEN_BACK in told and sent:
        yield "told that it was taken back, and sent", act.words
    if TEXT_LEFT in told and text.withdrawn_at is not None:
        yield "told that it left, and taken back", act.words


def _put_off(world: SimulatedWorld) -> Broken:
    """Who puts a ticket off by its card does so, or is told why not; the form opens, or they are told."""
    done = {by for by, _ in entries_of(world).values()}
    for act in acts_of(world, "menu", "put_off"):
        user = f"U1{act.number:03d}"
        clicks = (each for each in world.requests if each.path == "/slack/interactions")
        calls = [each for each in clicks if each.act is act and each.taken_at is not None]
        if not calls or answers_to(world, act) or any(words for each in calls for words in each.answers if words):
            continue
        if user in done or (len(calls) == 1 and f"trigger{act.number}" in world.slack.opened):
            continue
        yield "put off, and nothing happened", f"{act.what} {act.number} of {act.contact}"


PROMISES: Final = (_put_off, _answered, _snoozes, _blocked, _taken_back)
