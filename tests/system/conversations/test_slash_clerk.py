"""/clerk as an agent types it: it texts any number once, sets names, and explains what is wrong with a command."""

from typing import Any

import pytest

from tests.deployment import CHANNEL, World, field, new_contact
from tests.servers import wait_until

OTHER_CHANNEL = "C0GENERAL"
NOBODY = ("+15551234567", "+15551239999")
"""The numbers of the wrong commands."""


def sent(world: World, contact: str) -> list[str]:
    """The texts that the provider has for a contact, oldest first."""
    return [each["body"] for each in world.state()["texts"] if each["to"] == contact]


def clerk(world: World, text: str, user: str = "U0ADA", channel: str = CHANNEL) -> None:
    """An agent types `/clerk` and a text."""
    answer = world.done("command", user=user, channel=channel, text=text)
    assert answer["status"] == 200, answer


def clicked(world: World, view: dict[str, Any], action: str, user: str) -> None:
    """A person clicks a button of a modal."""
    world.do("click", user=user, view_id=view["id"], action_id=action)


def whispered(world: World, words: str, user: str = "U0ADA") -> str:
    """The private message to an agent that contains these words, once it has been posted."""
    return wait_until(lambda: [said for said in world.whispers(user) if words in said], f"“{words}”")[-1]


def written(world: World, contact: str) -> list[dict[str, Any]]:
    """Our posts in a contact's thread that show what agents wrote."""
    return [each for each in world.thread(contact) if "rich_text" in str(each.get("blocks")) and each.get("bot_id")]


def test_send_begins_a_conversation_whose_thread_shows_the_author_the_text_and_its_delivery(world: World) -> None:
    contact = new_contact()
    clerk(world, f"send {contact} Your parcel is here :tada: & waiting")
    wait_until(lambda: sent(world, contact), "the text")
    card = world.card(contact)
    assert card["channel"] == CHANNEL
    assert field(card, "Status") == "Open"
    assert field(card, "On it") == "<@U0ADA>"
    assert "Nothing from the contact yet" in str(card["blocks"])
    post = wait_until(lambda: [p for p in written(world, contact) if "delivered" in str(p)], "delivered")[0]
    assert "<@U0ADA> wrote" in str(post["blocks"])
    assert "Your parcel is here 🎉 & waiting" in str(post["blocks"])
    assert len(written(world, contact)) == 1
    assert len(sent(world, contact)) == 1
    whispered(world, contact)
    assert world.violations() == []


def test_the_contacts_answer_is_announced_although_an_agents_text_began_the_thread(world: World) -> None:
    contact = new_contact()
    clerk(world, f"send {contact} Are you home?")
    world.card(contact)
    wait_until(lambda: "delivered" in str(written(world, contact)), "delivered")
    world.text(contact, "yes I am")
    cards = wait_until(lambda: world.cards(contact)[1:], "a notification at the bottom of the channel")
    assert "yes I am" in str(cards[0]["blocks"])
    assert world.texts_in_thread(contact) == ["yes I am"]


def test_send_uses_the_existing_thread_and_updates_its_ticket(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello?")
    world.card(contact)
    clerk(world, f"send {contact} Hello!", "U0BEN", OTHER_CHANNEL)
    wait_until(lambda: sent(world, contact) == ["Hello!"], "the text")
    card = wait_until(lambda: [c for c in world.cards(contact) if field(c, "Status") == "Open"], "Open")[0]
    assert field(card, "On it") == "<@U0BEN>"
    assert len(world.cards(contact)) == 1
    wait_until(lambda: written(world, contact), "the post in the thread")


def test_a_number_in_the_lines_country_needs_no_country_code(world: World) -> None:
    contact = new_contact()
    clerk(world, f"send ({contact[2:5]}) {contact[5:8]}-{contact[8:]} see you at 5")
    wait_until(lambda: sent(world, contact) == ["see you at 5"], "the text")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("send banana hello", "“banana” is not a phone number"),
        ("send 555-1234 hello", "no area code"),
        ("send +15551234567", "write the text after the number"),
        ("send +15551234567 " + "x" * 1601, "1,601 characters"),
        ("send +15551239999 // for us alone", "note for the team"),
        ("name +15551234567", "write the name after the number"),
        ("name Ann +15551234567", "“Ann” is not a phone number"),
        ("frobnicate", "does not know that word"),
    ],
)
def test_a_wrong_command_is_explained_in_private_and_sends_nothing(world: World, text: str, words: str) -> None:
    clerk(world, text, "U0CLEO")
    whispered(world, words, "U0CLEO")
    assert [each for number in NOBODY for each in sent(world, number)] == []


def test_a_contact_who_opted_out_gets_nothing_and_the_agent_learns_why(world: World) -> None:
    contact = new_contact()
    world.text(contact, "STOP")
    world.card(contact)
    clerk(world, f"send {contact} Just one more thing", "U0CLEO")
    whispered(world, "opted out", "U0CLEO")
    assert "Just one more thing" not in sent(world, contact)


def test_a_text_with_a_note_prefix_is_kept_as_a_note_and_never_sent(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello?")
    card = world.card(contact)
    clerk(world, f"send {contact} // ask ben first", "U0CLEO")
    whispered(world, "kept on the ticket", "U0CLEO")
    post = wait_until(lambda: written(world, contact), "the note in the thread")[0]
    assert "a note, not sent" in str(post["blocks"])
    wait_until(lambda: "ask ben first" in str(world.open_modal(card)["blocks"]), "the note on the ticket", every=0.5)
    clerk(world, f"send {contact} Hello!")
    wait_until(lambda: sent(world, contact), "a text")
    assert sent(world, contact) == ["Hello!"]


def test_the_thread_explains_a_failed_text_to_its_author(world: World) -> None:
    contact = new_contact()
    world.do("handling", number=contact, fail_times=1, fail_code=30005)
    clerk(world, f"send {contact} Hello?")
    world.card(contact)
    line = wait_until(lambda: [m for m in world.thread(contact) if "no longer in service" in m["text"]], "the reason")
    assert "<@U0ADA>" in line[0]["text"]
    wait_until(lambda: "not delivered" in str(written(world, contact)), "the state")


def test_a_name_shows_on_the_card_and_with_later_texts(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello")
    world.card(contact)
    clerk(world, f"name {contact} Ann Lee & Co <!here>")
    wait_until(lambda: "Ann Lee &amp; Co" in str(world.cards(contact)[0]["blocks"]), "the name on the card")
    whispered(world, "is now called Ann Lee &amp; Co")
    assert world.violations() == []


def test_help_lists_the_commands(world: World) -> None:
    clerk(world, "help", "U0BEN")
    for word in ("send", "name", "find", "help"):
        whispered(world, f"/clerk {word}", "U0BEN")


# -- finding ----------------------------------------------------------------------------------------------------------


def answers(world: World, user: str) -> list[str]:
    """The private messages to a person with their blocks, newest last."""
    return [str(each["blocks"]) for each in world.state()["ephemerals"] if each["user"] == user]


def test_find_matches_any_field_of_a_ticket_and_links_to_its_thread(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello")
    card = world.card(contact)
    number = str(card["blocks"]).partition("Ticket #")[2].partition(" ")[0]
    clerk(world, f"name {contact} Zenobia Quill")
    wait_until(lambda: "Zenobia Quill" in str(world.cards(contact)[0]["blocks"]), "the name")
    world.assign(contact, "U0CLEO", subject="Broken xylophone", status="on_hold", new_tags="zither-9")
    wait_until(lambda: field(world.cards(contact)[0], "Subject") == "Broken xylophone", "the subject")
    for query in (f"#{number}", number, contact, "zenobia", "xylo", "zither-9", "on-hold quill xylophone"):
        before = len(answers(world, "U0CLEO"))
        clerk(world, f"find {query}", "U0CLEO")
        said = wait_until(lambda before=before: answers(world, "U0CLEO")[before:], f"an answer to {query}")[0]  # type: ignore[misc]
        assert "Zenobia Quill" in said, query
        assert "Broken xylophone" in said
        assert f"|#{number}>" in said
        assert "/archives/C0TEXTS/p" in said
    clerk(world, "find xylophone solved", "U0CLEO")
    wait_until(lambda: "No ticket matches" in answers(world, "U0CLEO")[-1], "no ticket")
    assert world.violations() == []


# -- the card ---------------------------------------------------------------------------------------------------------


def pick(world: World, card: dict[str, Any], action: str, value: str, user: str = "U0ADA") -> None:
    """A person picks an option of a card's menu by the change that it makes."""
    menu = next(
        element
        for block in card["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action
    )
    option = next(each["value"] for each in menu["options"] if f'"{value}"' in each["value"])
    answer = world.click(card, action, user, selected=option)
    assert answer["status"] == 200, answer


def card_with(world: World, contact: str, name: str, value: str) -> dict[str, Any]:
    """A contact's card, once one of its fields shows a value."""
    return wait_until(lambda: [c for c in world.cards(contact) if field(c, name) == value], f"{name} {value}")[0]


def test_take_status_and_priority_need_one_click_each(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello")
    world.click(world.card(contact), "ticket.take", "U0BEN")
    card = card_with(world, contact, "Status", "Open")
    assert field(card, "On it") == "<@U0BEN>"
    pick(world, card, "ticket.priority", "high", "U0BEN")
    pick(world, card_with(world, contact, "Priority", "High"), "ticket.status", "pending", "U0BEN")
    card = card_with(world, contact, "Status", "Pending")
    assert '"new"' not in str(card["blocks"])
    assert '"none"' not in str(card["blocks"])
    pick(world, card, "ticket.status", "closed", "U0BEN")
    closed = card_with(world, contact, "Status", "Closed")
    assert "ticket.take" not in str(closed["blocks"])
    assert "ticket.status" not in str(closed["blocks"])
    pick(world, closed, "ticket.priority", "low", "U0BEN")
    card_with(world, contact, "Priority", "Low")
    assert world.violations() == []


# -- modals -----------------------------------------------------------------------------------------------------------


def test_reply_opens_a_modal_whose_text_is_sent_once(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello")
    card = world.card(contact)
    view = world.opened(lambda: world.click(card, "ticket.reply", "U0BEN"), "ticket.reply", "U0BEN")
    assert contact in str(view["blocks"])
    too_long = world.submit(view, "U0BEN", text="x" * 1601)
    assert '"errors": {"text": ' in too_long["body"]
    assert "1,601" in too_long["body"]
    blank = world.submit(view, "U0BEN", text="   ")
    assert '"errors": {"text": ' in blank["body"]
    assert sent(world, contact) == []
    answer = world.submit(view, "U0BEN", text="Hi & <bye> :wave:")
    assert (answer["status"], answer["body"]) == (200, "")
    wait_until(lambda: sent(world, contact) == ["Hi & <bye> 👋"], "the text")
    post = wait_until(lambda: [p for p in written(world, contact) if "delivered" in str(p)], "delivered")[0]
    assert "<@U0BEN> wrote" in str(post["blocks"])
    assert field(card_with(world, contact, "Status", "Open"), "On it") == "<@U0BEN>"
    whispered(world, "On its way", "U0BEN")
    assert world.violations() == []


def test_a_text_with_a_note_prefix_in_the_reply_modal_is_a_note(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello")
    card = world.card(contact)
    view = world.opened(lambda: world.click(card, "ticket.reply", "U0BEN"), "ticket.reply", "U0BEN")
    world.submit(view, "U0BEN", text="note: ask ben")
    wait_until(lambda: "a note, not sent" in str(written(world, contact)), "the note in the thread")
    assert sent(world, contact) == []


def test_the_dashboard_lists_open_tickets_with_mine_first_and_searches_and_sends(world: World) -> None:
    mine, other = new_contact(), new_contact()
    for contact in (mine, other):
        world.text(contact, "hello")
        world.card(contact)
    world.click(world.cards(mine)[0], "ticket.take", "U0CLEO")
    world.click(world.cards(other)[0], "ticket.take", "U0BEN")
    for contact in (mine, other):
        card_with(world, contact, "Status", "Open")
    view = world.opened(lambda: clerk(world, "", "U0CLEO"), "clerk.search", "U0CLEO")
    shown = str(view["blocks"])
    assert 0 < shown.index(mine) < shown.index(other)

    answer = world.submit(view, "U0CLEO", query=mine)
    assert '"response_action": "push"' in answer["body"]
    found = wait_until(lambda: mine in str(world.view("clerk.found", "U0CLEO")["blocks"]), "what was found")
    assert found
    world.do("close", user="U0CLEO", view_id=world.view("clerk.found", "U0CLEO")["id"])

    contact = new_contact()
    form = world.opened(lambda: clicked(world, view, "clerk.send", "U0CLEO"), "clerk.send", "U0CLEO")
    wrong = world.submit(form, "U0CLEO", number="banana", line="+15550001111", text="Hi")
    assert '"number": ' in wrong["body"]
    sending = world.submit(form, "U0CLEO", number=contact, line="+15550001111", text="From the dashboard")
    assert (sending["status"], sending["body"]) == (200, "")
    wait_until(lambda: sent(world, contact) == ["From the dashboard"], "the text")
    assert field(world.card(contact), "On it") == "<@U0CLEO>"
    assert world.violations() == []


def test_a_text_is_sent_to_the_contact_picked_in_the_dashboard(world: World) -> None:
    contact = new_contact()
    world.text(contact, "hello")
    world.card(contact)
    view = world.opened(lambda: clerk(world, "", "U0BEN"), "clerk.search", "U0BEN")
    form = world.opened(lambda: clicked(world, view, "clerk.send", "U0BEN"), "clerk.send", "U0BEN")
    world.submit(form, "U0BEN", contact=contact, line="+15550001111", text="Hi there")
    wait_until(lambda: sent(world, contact) == ["Hi there"], "the text")
