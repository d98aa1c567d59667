"""Reads what the cards of alerts say."""

from collections.abc import Sequence

from messages.deadlines.alert import Alert, AlertCause
from workers.ports import Ports
from workers.slack.alerts.card import AlertCard


async def cards_of(alerts: Sequence[Alert], ports: Ports) -> dict[str, AlertCard]:
    """The alerts with what their cards say, by id; without those whose ticket is gone."""
    if not alerts:
        return {}
    stores = ports.stores
    tickets = {each.id: each for each in await stores.tickets.by_ids({each.ticket for each in alerts})}
    contacts = await stores.contacts.by_ids({each.contact for each in tickets.values()})
    names = {each.id: each.name for each in contacts}
    found = await stores.conversations.by_ids({each.conversation for each in alerts})
    conversations = {each.id: each for each in found}
    people = {each for ticket in tickets.values() for each in ticket.assignees}
    away = await stores.agents.away(people, ports.now())
    cards = {}
    for each in alerts:
        if (ticket := tickets.get(each.ticket)) is None:
            continue
        conversation = conversations.get(each.conversation)
        thread = conversation.thread if conversation is not None else None
        outcome = conversation.outcome if conversation is not None else None
        why = outcome.failed if outcome is not None and each.cause is AlertCause.FAILED_TEXT else ""
        permalink = thread.permalink if thread is not None else None
        cards[each.id] = AlertCard(each, ticket, names.get(ticket.contact, ""), permalink, why, away)
    return cards
