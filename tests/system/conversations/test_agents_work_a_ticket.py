"""Open, Assign, Hide and the modal, as the team sees them."""

from typing import Any

from tests.deployment import CHANNEL, World, field, new_contact
from tests.servers import wait_until
from tests.system.helpers import PatientLine, conversation, said_in_thread


def initial(view: dict[str, Any], block_id: str) -> Any:
    """The initial value of a modal's input."""
    element = next(block["element"] for block in view["blocks"] if block.get("block_id") == block_id)
    shown = [value for name, value in element.items() if name.startswith("initial_")]
    return shown[0] if shown else None


def test_every_field_set_in_the_modal_shows_on_every_card_and_in_one_thread_line(world: World) -> None:
    contact = new_contact()
    world.text(contact, "the heating is off")
    world.card(contact)
    world.assign(
        contact,
        notify=["U0BEN", "C0GENERAL"],
        assignees=["U0ADA"],
        subject="Heating",
        status="pending",
        priority="high",
        new_tags="heat, #Building-7",
        note="asked the janitor",
    )
    card = wait_until(lambda: [c for c in world.cards(contact) if field(c, "Status") == "Pending"], "Pending")[0]
    assert field(card, "Priority") == "High"
    assert field(card, "Subject") == "Heating"
    assert "heat" in field(card, "Tags")
    assert "building-7" in field(card, "Tags")
    assert field(card, "Notified") == "<@U0BEN> <#C0GENERAL>"
    assert field(card, "On it") == "<@U0ADA>"
    said_in_thread(world, contact, "<@U0ADA>")
    lines = [each for each in world.thread(contact) if "<@U0ADA>" in each["text"]]
    assert len(lines) == 1
    for said in ("Pending", "High", "Heating", "building-7", "<@U0BEN>", "asked the janitor"):
        assert said in lines[0]["text"]

    view = world.open_modal(card)
    assert initial(view, "notify") == ["U0BEN", "C0GENERAL"]
    assert initial(view, "assignees") == ["U0ADA"]
    assert initial(view, "subject") == "Heating"
    assert initial(view, "status")["value"] == "pending"
    assert initial(view, "priority")["value"] == "high"
    assert {each["value"] for each in initial(view, "tags")} == {"heat", "building-7"}
    assert "asked the janitor" in str(view["blocks"])
    assert world.violations() == []


def test_the_next_notification_goes_to_the_targets_that_the_ticket_lists(world: World) -> None:
    contact = new_contact()
    world.text(contact, "one")
    world.card(contact)
    world.assign(contact, notify=["U0BEN", "C0GENERAL"])
    wait_until(lambda: field(world.cards(contact)[0], "Notified") != f"<#{CHANNEL}>", "the list is saved")
    world.text(contact, "two")
    wait_until(lambda: world.cards(contact, "D0BEN"), "a direct message to ben")
    wait_until(lambda: world.cards(contact, "C0GENERAL"), "a card in the other channel")
    assert len(world.cards(contact)) == 1
    assert len(world.cards(contact, "D0BEN")) == len(world.cards(contact, "C0GENERAL")) == 1


def test_the_thread_names_an_unreachable_target_once_and_the_origin_channel_is_used(
    world: World,
) -> None:
    contact = new_contact()
    world.text(contact, "one")
    world.card(contact)
    world.assign(contact, notify=["C0SECRET"])
    wait_until(lambda: "C0SECRET" in field(world.cards(contact)[0], "Notified"), "the list is saved")
    world.text(contact, "two")
    wait_until(lambda: len(world.cards(contact)) == 2, "the origin channel gets it instead")
    warnings = wait_until(
        lambda: [m for m in world.thread(contact) if "Could not notify" in m["text"]], "a warning in the thread"
    )
    assert len(warnings) == 1


def test_opening_the_thread_cancels_the_pending_notification(world: World, patient_line: PatientLine) -> None:
    contact, card = conversation(world, patient_line.number)
    world.text(contact, "two", to=patient_line.number)
    patient_line.waits(contact)
    world.click(card, "ticket.open")
    patient_line.is_settled(contact)
    other, _ = conversation(world, patient_line.number)
    world.text(other, "two", to=patient_line.number)
    patient_line.waits(other)
    patient_line.end_the_wait(contact, other)
    wait_until(lambda: len(world.cards(other)) == 2, "a conversation that no agent opened is announced")
    assert len(world.cards(contact)) == 1


def test_an_unchanged_field_never_overwrites_another_agents_change(world: World) -> None:
    contact = new_contact()
    world.text(contact, "one")
    card = world.card(contact)
    stale = world.open_modal(card, "U0BEN")
    world.assign(contact, subject="By ada", priority="urgent")
    wait_until(lambda: field(world.cards(contact)[0], "Subject") == "By ada", "ada's change")
    world.submit(stale, "U0BEN", status="on_hold")
    card = wait_until(lambda: [c for c in world.cards(contact) if field(c, "Status") == "On-hold"], "ben's change")[0]
    assert (field(card, "Subject"), field(card, "Priority")) == ("By ada", "Urgent")


def test_hide_removes_a_card_and_undo_brings_it_back(world: World) -> None:
    contact = new_contact()
    world.text(contact, "one")
    world.card(contact)
    world.text(contact, "two")
    summary = wait_until(lambda: world.cards(contact)[1:], "a summary")[0]
    world.click(summary, "ticket.hide", "U0CLEO")
    wait_until(lambda: len(world.cards(contact)) == 1, "the card is gone")
    offer = wait_until(
        lambda: [e for e in world.state()["ephemerals"] if e["user"] == "U0CLEO" and "undo" in str(e["blocks"])],
        "an offer to undo",
    )[-1]
    world.click(offer, "ticket.undo_hide", "U0CLEO")
    wait_until(lambda: len(world.cards(contact)) == 2, "the card is back")


def test_hide_collapses_a_root_and_show_expands_it(world: World) -> None:
    contact = new_contact()
    world.text(contact, "one")
    root = world.card(contact)
    wait_until(lambda: world.texts_in_thread(contact) == ["one"], "the text in the thread")
    world.click(root, "ticket.hide")
    collapsed = wait_until(lambda: world.collapsed(contact), "one line with Show")[0]
    assert collapsed["ts"] == root["ts"]
    assert world.texts_in_thread(contact) == ["one"]
    world.click(collapsed, "ticket.show")
    wait_until(lambda: world.cards(contact), "the card again")


def test_an_invalid_input_gets_an_error_at_its_field(world: World) -> None:
    contact = new_contact()
    world.text(contact, "one")
    view = world.open_modal(world.card(contact))
    answer = world.submit(view, new_tags="no spaces! or bangs")
    assert answer["status"] == 200
    assert '"response_action": "errors"' in answer["body"]
    assert '"new_tags"' in answer["body"]


def test_a_click_that_no_longer_applies_is_refused_with_an_explanation(world: World) -> None:
    contact = new_contact()
    world.text(contact, "one")
    stale = world.open_modal(world.card(contact), "U0BEN")
    world.assign(contact, status="closed")
    wait_until(lambda: field(world.cards(contact)[0], "Status") == "Closed", "Closed")
    world.submit(stale, "U0BEN", status="pending")
    wait_until(lambda: any("Closed for good" in said for said in world.whispers("U0BEN")), "an explanation to ben")
    assert field(world.cards(contact)[0], "Status") == "Closed"


def test_a_text_after_closed_starts_a_new_ticket_in_the_same_thread(world: World) -> None:
    contact = new_contact()
    world.text(contact, "one")
    world.card(contact)
    world.assign(contact, status="closed")
    wait_until(lambda: field(world.cards(contact)[0], "Status") == "Closed", "Closed")
    world.text(contact, "it is broken again")
    new = wait_until(lambda: world.cards(contact)[1:], "a card of the new ticket")[0]
    assert field(new, "Status") == "New"
    assert "follows #" in str(new["blocks"])
    wait_until(lambda: world.texts_in_thread(contact) == ["one", "it is broken again"], "both in one thread")
    wait_until(lambda: "· New ·" in str(world.cards(contact)[0]["blocks"]), "the root shows the current ticket")
