"""The main job, as the contact and the team see it."""

from tests.deployment import World, field, new_contact
from tests.servers import wait_until
from tests.system.helpers import PatientLine


def test_the_first_text_is_a_card_and_the_first_reply_of_its_thread(world: World) -> None:
    contact = new_contact()
    world.text(contact, "Is <!channel> & *this* safe?")
    card = world.card(contact, within=60)
    assert field(card, "Status") == "New"
    assert "&lt;!channel&gt; &amp; *this* safe?" in str(card["blocks"])
    wait_until(lambda: world.texts_in_thread(contact) == ["Is &lt;!channel&gt; &amp; *this* safe?"], "the text")
    assert len(world.cards(contact)) == 1
    assert world.violations() == []


def test_a_busy_conversation_updates_its_card_and_is_announced_once_when_quiet(
    world: World, patient_line: PatientLine
) -> None:
    contact = new_contact()
    world.text(contact, "one", to=patient_line.number)
    world.card(contact)
    world.text(contact, "two", to=patient_line.number)
    wait_until(lambda: "two" in str(world.cards(contact)[0]["blocks"]), "the card shows the newest text")
    world.text(contact, "three", to=patient_line.number)
    wait_until(lambda: "three" in str(world.cards(contact)[0]["blocks"]), "the card shows the newest text")
    assert len(world.cards(contact)) == 1
    patient_line.end_the_wait(contact)
    summary = wait_until(lambda: world.cards(contact)[1:], "a summary after the quiet")[0]
    assert "three" in str(summary["blocks"])
    assert "+1 more" in str(summary["blocks"])
    assert world.texts_in_thread(contact) == ["one", "two", "three"]
